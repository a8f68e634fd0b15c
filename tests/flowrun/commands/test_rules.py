"""Test what ``flowrun rules check`` says, and how it ends."""

from pathlib import Path

import pytest

from tests.flowrun.invoke import Flowrun

WRONG = """\
[window]
size = 1

[[rule]]
kind = "often"
severity = "bad"
"""
KINDS = (
    "failure_count, failure_ratio, consecutive_failures, record_loss, partial_errors, zero_records, stalled, "
    "overdue, slow, new_error_code, org_failures"
)
DURATION = "must be a duration above 0 such as 30s, 150m, 6h, 7d or 1h30m, not 1"
MISTAKES = [
    (2, "window.size", DURATION),
    (4, "rule[1].name", "is missing; every rule needs a name of its own"),
    (5, "rule[1].kind", f'must be one of {KINDS}, not "often"'),
    (6, "rule[1].severity", 'must be one of critical, warning, info, not "bad"'),
]


@pytest.fixture
def wrong(tmp_path: Path) -> Path:
    """A file with four mistakes."""
    path = tmp_path / "rules.toml"
    path.write_text(WRONG)
    return path


def test_every_mistake_is_listed(flowrun: Flowrun, wrong: Path) -> None:
    """One line each: file, line, key, what is allowed."""
    said = flowrun("rules", "check", wrong)
    expected = "".join(f"flowrun: {wrong}:{line}: {key}: {problem}\n" for line, key, problem in MISTAKES)
    assert (said.code, said.out, said.err) == (2, "", expected)


def test_every_mistake_as_json(flowrun: Flowrun, wrong: Path) -> None:
    """The same for programs, on stdout, with the same exit code."""
    said = flowrun("rules", "check", wrong, "--json")
    mistakes = [{"file": str(wrong), "line": line, "key": key, "problem": problem} for line, key, problem in MISTAKES]
    assert (said.code, said.json, said.err) == (2, {"file": str(wrong), "is_valid": False, "mistakes": mistakes}, "")


def test_a_right_file_is_summed_up(flowrun: Flowrun, tmp_path: Path) -> None:
    """An empty one leaves the built-in rules."""
    path = tmp_path / "rules.toml"
    path.write_text("")
    said = flowrun("rules", "check", path)
    assert (said.code, said.err) == (0, "")
    assert said.out.splitlines()[0] == f"{path}: right: 9 rules, 0 flows described"


def test_a_right_file_as_json(flowrun: Flowrun, tmp_path: Path) -> None:
    """Programs get the rules by name."""
    path = tmp_path / "rules.toml"
    path.write_text('[[rule]]\nname = "a"\nkind = "stalled"\n')
    said = flowrun("rules", "check", path, "--json")
    assert (said.code, said.err, said.json["is_valid"]) == (0, "", True)
    assert [rule["name"] for rule in said.json["rules"]] == ["a"]


@pytest.mark.parametrize(
    ("content", "line"),
    [
        (None, ":1: file: cannot be read: no such file or directory"),
        (b"\xff", ":1: file: is not UTF-8 text"),
        (b"[window\n", ":1: syntax: is not TOML: Expected ']' at the end of a table declaration (at line 1, column 8)"),
    ],
)
def test_what_is_no_rules_file(flowrun: Flowrun, tmp_path: Path, content: bytes | None, line: str) -> None:
    """One line, whatever it is."""
    path = tmp_path / "rules.toml"
    if content is not None:
        path.write_bytes(content)
    said = flowrun("rules", "check", path)
    assert (said.code, said.out, said.err) == (2, "", f"flowrun: {path}{line}\n")


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (["rules"], "Missing command; see flowrun rules --help"),
        (["rules", "check"], "Missing argument 'FILE'; see flowrun rules check --help"),
    ],
)
def test_wrong_usage(flowrun: Flowrun, arguments: list[str], line: str) -> None:
    """One line says what is missing."""
    said = flowrun(*arguments)
    assert (said.code, said.out, said.err) == (2, "", f"flowrun: {line}\n")
