"""A rules file is understood in full, or refused with every mistake in it."""

from pathlib import Path

import pytest

from processors.watch.durations import DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS
from processors.watch.rule_book import FlowSettings, RuleBook, WindowSettings, built_in
from processors.watch.rules.consecutive_failures import ConsecutiveFailures
from processors.watch.rules.failure_count import FailureCount
from processors.watch.rules.rule import RuleHead
from processors.watch.rules_file import RulesInvalid, load, parse

FULL = """\
[window]
size = "30m"
final_after = "2h"
grace = "3d"
idle = "1m30s"

[[rule]]
name = "repeated"
kind = "failure_count"
threshold = 5
within = "12h"
resolve_below = 2
severity = "critical"
match = { flow_name = "CRM*", org_id = "A*" }

[[rule]]
name = "in-a-row"
kind = "consecutive_failures"

[flow."1c6f"]
name = "CRM nightly"
every = "1h"
labels = { team = "crm" }
"""


def mistakes(text: str) -> list[str]:
    """Return the mistakes of a text that is refused, as they are shown."""
    with pytest.raises(RulesInvalid) as refused:
        parse(text, "rules.toml")
    assert str(refused.value) == "\n".join(map(str, refused.value.mistakes))
    return [str(mistake) for mistake in refused.value.mistakes]


def rule(lines: str = "", kind: str = "failure_count") -> str:
    """Return the text of one rule; ``lines`` begin on line 4."""
    return f'[[rule]]\nname = "r"\nkind = "{kind}"\n{lines}\n'


def test_everything_that_can_be_said() -> None:
    """Window, rules with and without parameters, and a flow."""
    assert parse(FULL, "rules.toml") == RuleBook(
        WindowSettings(30 * MINUTE_MS, "30m", 2 * HOUR_MS, 3 * DAY_MS, 90 * SECOND_MS),
        (
            FailureCount(RuleHead("repeated", "critical", {"flow_name": "CRM*", "org_id": "A*"}), 5, 12 * HOUR_MS, 2),
            ConsecutiveFailures(RuleHead("in-a-row", "warning"), 3),
        ),
        {"1c6f": FlowSettings("CRM nightly", HOUR_MS, {"team": "crm"})},
    )


def test_without_a_file_the_rules_are_built_in() -> None:
    """The same as an empty file."""
    assert load(None) == built_in()
    assert parse("", "rules.toml") == built_in()


def test_a_file_without_rules_keeps_the_built_in_ones() -> None:
    """Somebody who names a flow does not lose the alerts."""
    book = parse('[flow.f]\nname = "F"\n', "rules.toml")
    assert book.rules == built_in().rules
    assert book.flow("f") == FlowSettings("F")
    assert book.flow("another") == FlowSettings()


def test_an_empty_list_of_rules_means_no_rules() -> None:
    """It is said on purpose."""
    assert parse("rule = []", "rules.toml").rules == ()


DURATION = "must be a duration above 0 such as 30s, 150m, 6h, 7d or 1h30m"
COUNT = "must be a whole number from 1 to"
UNKNOWN = "is not known here; allowed:"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("[window]\nsize = 3", f"2: window.size: {DURATION}, not 3"),
        ('[window]\nsize = "32d"', '2: window.size: must be at most 31d, not "32d"'),
        ('[window]\ngrace = "0h"', f'2: window.grace: {DURATION}, not "0h"'),
        ('[window]\nslide = "1h"', f"2: window.slide: {UNKNOWN} size, final_after, grace, idle"),
        ("window = 1", "1: window: must be a table"),
        ("rule = 1", "1: rule: must be written as [[rule]]"),
        ("[rule]\nname = 1", "1: rule: must be written as [[rule]]"),
        ("\nrules = 1", f"2: rules: {UNKNOWN} window, rule, flow"),
        ('[[rule]]\nkind = "failure_count"', "1: rule[1].name: is missing; every rule needs a name of its own"),
        (rule("severity = 'high'"), '4: rule[1].severity: must be one of critical, warning, info, not "high"'),
        (rule("threshold = 0"), f"4: rule[1].threshold: {COUNT} 10000, not 0"),
        (rule("threshold = 3.5"), f"4: rule[1].threshold: {COUNT} 10000, not 3.5"),
        (rule("threshold = true"), f"4: rule[1].threshold: {COUNT} 10000, not true"),
        (rule("threshold = 501", "consecutive_failures"), f"4: rule[1].threshold: {COUNT} 500, not 501"),
        (
            rule("resolve_below = 4"),
            "4: rule[1].resolve_below: must not be above threshold (3), or nothing would ever fire",
        ),
        (
            rule('within = "1h"', "consecutive_failures"),
            f"4: rule[1].within: {UNKNOWN} name, kind, severity, match, threshold, escalate_at",
        ),
        (rule('match = "CRM*"'), "4: rule[1].match: must be a table"),
        (
            rule("match = { name = 'x' }"),
            f"4: rule[1].match.name: {UNKNOWN} flow_id, flow_name, org_id, sandbox_name",
        ),
        (rule("match = { org_id = 7 }"), "4: rule[1].match.org_id: must be a text, not 7"),
        ("[flow.f]\nevery = 60", f"2: flow.f.every: {DURATION}, not 60"),
        ("[flow.f]\nname = ''", '2: flow.f.name: must be a text that is not empty, not ""'),
        ('[flow."a b"]\nage = 1', f'2: flow."a b".age: {UNKNOWN} name, every, labels'),
        (
            "[flow.f]\nlabels = { severity = 'x' }",
            "2: flow.f.labels.severity: is set by flowrun itself, as are alertname, flow_id, flow_name, org_id, "
            "sandbox_name, severity, error_code; choose another",
        ),
        ("[flow.f.labels]\nteam = 1", "2: flow.f.labels.team: must be a text, not 1"),
        ("flow.f = 1", "1: flow.f: must be a table"),
    ],
)
def test_one_mistake(text: str, told: str) -> None:
    """File, line, key and what is allowed."""
    assert mistakes(text) == [f"rules.toml:{told}"]


@pytest.mark.parametrize("name", ['""', '" a"', '"a|b"', "7", f'"{"x" * 101}"', '"a\\nb"'])
def test_a_name_that_keys_cannot_hold(name: str) -> None:
    """Names stand in keys before a bar, so they have none in them."""
    [told] = mistakes(f'[[rule]]\nname = {name}\nkind = "failure_count"')
    assert told.startswith('rules.toml:2: rule[1].name: must be a text of at most 100 characters without "|", not ')


def test_a_name_of_the_platforms_alerts() -> None:
    """``platform:`` is the prefix of what Adobe reports itself."""
    [told] = mistakes('[[rule]]\nname = "platform:x"\nkind = "failure_count"')
    assert told.startswith('rules.toml:2: rule[1].name: must not begin with "platform:"')


def test_two_rules_of_one_name() -> None:
    """Told at the second one."""
    [told] = mistakes(rule() + rule())
    assert told == 'rules.toml:6: rule[2].name: "r" is the name of an earlier rule too; names must differ'


@pytest.mark.parametrize(
    ("kind", "told"), [("", "is missing"), ('kind = "often"', 'not "often"'), ("kind = 3", "not 3")]
)
def test_a_kind_that_is_not_there(kind: str, told: str) -> None:
    """The message lists the kinds."""
    [mistake] = mistakes(f'[[rule]]\nname = "r"\n{kind}')
    assert told in mistake
    assert "failure_count, " in mistake
    assert "consecutive_failures" in mistake


def test_every_mistake_at_once_in_the_order_of_the_file() -> None:
    """A person mends the file once, not once for each start."""
    bad_rule = '[[rule]]\nkind = "x"\nseverity = "y"\n'
    text = "[window]\nsize = 1\n" + bad_rule + rule("").strip() + "\nwithin = 2\n"
    assert [mistake.rsplit(": ", 1)[0].split(": ")[0] for mistake in mistakes(text)] == [
        "rules.toml:2",
        "rules.toml:3",
        "rules.toml:4",
        "rules.toml:5",
        "rules.toml:9",
    ]


def test_a_long_value_is_shown_in_part() -> None:
    """A mistake is one line, whatever was written."""
    [told] = mistakes(rule(f'severity = "{"x" * 1000}"'))
    assert len(told) < 200


def test_a_text_that_is_no_toml() -> None:
    """The line is that of TOML's own message."""
    [told] = mistakes('[window]\nsize = "1h"\nidle = \n')
    assert told.startswith("rules.toml:3: syntax: is not TOML: Invalid value")
    [told] = mistakes('[window]\nsize = """1h')
    assert told.startswith("rules.toml:2: syntax: is not TOML: ")


def test_a_file_is_read(tmp_path: Path) -> None:
    """The same as its text."""
    file = tmp_path / "rules.toml"
    file.write_text(FULL)
    assert load(file) == parse(FULL, str(file))


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    """Said as a mistake of the file."""
    with pytest.raises(RulesInvalid) as refused:
        load(tmp_path / "none.toml")
    assert str(refused.value) == f"{tmp_path}/none.toml:1: file: cannot be read: no such file or directory"


def test_a_file_that_is_no_text(tmp_path: Path) -> None:
    """TOML is UTF-8."""
    file = tmp_path / "rules.toml"
    file.write_bytes(b"\xff\xfe")
    with pytest.raises(RulesInvalid, match="is not UTF-8 text"):
        load(file)


def test_windows_are_kept_as_long_as_anything_looks_back() -> None:
    """The grace, the final row, or twice the longest span."""
    assert parse("", "f").keep_ms == 7 * DAY_MS
    assert parse(rule('within = "10d"'), "f").keep_ms == 20 * DAY_MS
    assert parse("[window]\ngrace = '1h'\nfinal_after = '2d'", "f").keep_ms == 2 * DAY_MS


def test_as_many_runs_are_kept_as_a_rule_looks_at() -> None:
    """At least twenty; ``slow`` compares with twenty earlier ones."""
    assert parse("rule = []", "f").tail == 20
    assert parse("", "f").tail == 21
    assert parse(rule("threshold = 40", "consecutive_failures"), "f").tail == 40
