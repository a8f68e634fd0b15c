"""Test what is shown of the effective settings."""

import sys
from pathlib import Path

import pytest

from schemas.settings import SETTINGS
from tests.flowrun.invoke import Flowrun


def test_every_setting_has_a_line(flowrun: Flowrun) -> None:
    """Name, value and origin, in the order of their declaration."""
    said = flowrun("config")
    assert (said.code, said.err) == (0, "")
    assert [line.split("=")[0] for line in said.out.splitlines()] == [setting.name for setting in SETTINGS]
    assert "FLOWRUN_PARTITIONS=6 (default)\n" in said.out


def test_origins(flowrun: Flowrun, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A value comes from its default, the environment or a file."""
    (tmp_path / "ca").write_text("here:1\n")
    monkeypatch.setenv("FLOWRUN_BOOTSTRAP_SERVERS_FILE", str(tmp_path / "ca"))
    monkeypatch.setenv("FLOWRUN_PARTITIONS", "3")
    shown = flowrun("config", "--json").json
    names = ("FLOWRUN_BOOTSTRAP_SERVERS", "FLOWRUN_PARTITIONS", "FLOWRUN_APP_ID", "FLOWRUN_RULES")
    assert [shown[name] for name in names] == [
        {"value": "here:1", "origin": "file"},
        {"value": "3", "origin": "environment"},
        {"value": "flowrun", "origin": "default"},
        {"value": None, "origin": "default"},
    ]


@pytest.mark.parametrize("options", [[], ["--json"]])
@pytest.mark.parametrize("is_terminal", [False, True])
def test_secrets_are_hidden(
    flowrun: Flowrun, monkeypatch: pytest.MonkeyPatch, options: list[str], is_terminal: bool
) -> None:
    """Their values are in no form of the output."""
    monkeypatch.setattr(sys.stdout, "isatty", lambda: is_terminal)
    monkeypatch.setenv("FLOWRUN_TOKEN", "sesame")
    said = flowrun("config", *options)
    assert ("(hidden)" in said.out, "sesame" in said.out + said.err) == (True, False)


def test_a_table_on_a_terminal(flowrun: Flowrun, monkeypatch: pytest.MonkeyPatch) -> None:
    """Names stay whole, also on a narrow one."""
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    monkeypatch.setenv("COLUMNS", "80")
    said = flowrun("config")
    assert [setting.name for setting in SETTINGS if f"{setting.name} " not in said.out] == []


def test_mistakes_are_all_told(flowrun: Flowrun, monkeypatch: pytest.MonkeyPatch) -> None:
    """The settings are shown all the same, every mistake has a line, and the exit code is 2."""
    monkeypatch.setenv("FLOWRUN_PARTITIONS", "many")
    monkeypatch.setenv("FLOWRUN_RULES", "/nix")
    monkeypatch.setenv("FLOWRUN_SASL_MECHANISM", "PLAIN")
    said = flowrun("config")
    assert (said.code, "FLOWRUN_PARTITIONS=many (environment)\n" in said.out) == (2, True)
    assert said.err.splitlines() == [
        "flowrun: FLOWRUN_SASL_MECHANISM needs FLOWRUN_SECURITY_PROTOCOL=SASL_SSL or SASL_PLAINTEXT",
        "flowrun: FLOWRUN_PARTITIONS must be a whole number of at least 1, not 'many'",
        "flowrun: FLOWRUN_RULES must be a file that can be read (no such file or directory), not '/nix'",
    ]
