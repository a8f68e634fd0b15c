"""A rules file is understood in full, or refused with every mistake in it."""

from functools import partial
from pathlib import Path

import pytest

from processors.watch.durations import DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS
from processors.watch.rule_book import FlowSettings, RuleBook, WindowSettings, built_in
from processors.watch.rules import KINDS, OrgFailures, Rule
from processors.watch.rules.consecutive_failures import ConsecutiveFailures
from processors.watch.rules.failure_count import FailureCount
from processors.watch.rules.failure_ratio import FailureRatio
from processors.watch.rules.new_error_code import NewErrorCode
from processors.watch.rules.overdue import Overdue
from processors.watch.rules.partial_errors import PartialErrors
from processors.watch.rules.record_loss import RecordLoss
from processors.watch.rules.rule import RuleHead
from processors.watch.rules.slow import Slow
from processors.watch.rules.stalled import Stalled
from processors.watch.rules.zero_records import ZeroRecords
from processors.watch.rules_file import RulesInvalid, load, parse

DURATION = "must be a duration above 0 such as 30s, 150m, 6h, 7d or 1h30m"
COUNT = "must be a whole number from 1 to"
UNKNOWN = "is not known here; allowed:"

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


ALL = """\
[[rule]]
name = "a"
kind = "failure_count"
escalate_at = 10
[[rule]]
name = "b"
kind = "failure_ratio"
threshold = 0.2
min_runs = 10
[[rule]]
name = "c"
kind = "consecutive_failures"
escalate_at = 9
[[rule]]
name = "d"
kind = "record_loss"
threshold = 1
min_records = 1000
[[rule]]
name = "e"
kind = "partial_errors"
escalate_at = 0.5
[[rule]]
name = "f"
kind = "zero_records"
threshold = 1
[[rule]]
name = "g"
kind = "stalled"
factor = 2
escalate_at = 4.5
[[rule]]
name = "h"
kind = "stalled"
after = "2h"
escalate_at = "1d"
[[rule]]
name = "i"
kind = "overdue"
after = "1h"
escalate_at = "90m"
[[rule]]
name = "j"
kind = "slow"
factor = 1.5
min_runs = 3
[[rule]]
name = "k"
kind = "new_error_code"
memory = "7d"
[[rule]]
name = "l"
kind = "org_failures"
escalate_at = 20
"""


def test_every_kind_with_its_parameters() -> None:
    """Numbers may be whole or not; what is not said has the default of the contract."""
    head = partial(RuleHead, severity="warning", match={})
    book = parse(ALL, "rules.toml")
    assert book.rules == (
        FailureCount(head("a", escalate_at=10), 3, 6 * HOUR_MS, 1),
        FailureRatio(head("b"), 0.2, DAY_MS, 10, 0.2),
        ConsecutiveFailures(head("c", escalate_at=9), 3),
        RecordLoss(head("d"), 1.0, 1000),
        PartialErrors(head("e", escalate_at=0.5), 0.005),
        ZeroRecords(head("f"), 1),
        Stalled(head("g"), 2.0, 5, None, 4.5),
        Stalled(head("h"), 3.0, 5, 2 * HOUR_MS, DAY_MS),
        Overdue(head("i", escalate_at=5_400), HOUR_MS),
        Slow(head("j"), 1.5, 3),
        NewErrorCode(head("k"), 7 * DAY_MS),
    )
    assert book.org_rules == (OrgFailures(head("l", escalate_at=20), 5),)


def test_the_defaults_are_those_of_the_contract() -> None:
    """Each kind without a parameter."""
    text = "".join(f'[[rule]]\nname = "{kind}"\nkind = "{kind}"\n' for kind in KINDS)
    head = partial(RuleHead, severity="warning", match={})
    assert parse(text, "rules.toml").rules == (
        FailureCount(head("failure_count"), 3, 6 * HOUR_MS, 1),
        FailureRatio(head("failure_ratio"), 0.5, 24 * HOUR_MS, 4, 0.25),
        ConsecutiveFailures(head("consecutive_failures"), 3),
        RecordLoss(head("record_loss"), 0.01, 1),
        PartialErrors(head("partial_errors"), 0.005),
        ZeroRecords(head("zero_records"), 3),
        Stalled(head("stalled"), 3.0, 5, None),
        Overdue(head("overdue"), 150 * MINUTE_MS),
        Slow(head("slow"), 2.0, 5),
        NewErrorCode(head("new_error_code"), 30 * DAY_MS),
    )
    assert parse(text, "rules.toml").org_rules == (OrgFailures(head("org_failures"), 5),)


def test_the_built_in_rules() -> None:
    """Names, kinds and severities of the contract."""
    built = built_in()
    rules: list[Rule | OrgFailures] = [*built.rules, *built.org_rules]
    assert [(rule.head.name, rule.kind, rule.head.severity) for rule in rules] == [
        ("repeated-failures", "failure_count", "critical"),
        ("consecutive-failures", "consecutive_failures", "warning"),
        ("record-loss", "record_loss", "warning"),
        ("partial-errors", "partial_errors", "warning"),
        ("stalled", "stalled", "warning"),
        ("overdue", "overdue", "warning"),
        ("slow", "slow", "info"),
        ("new-error-code", "new_error_code", "info"),
        ("org-failures", "org_failures", "critical"),
    ]


NUMBER = "must be a number above 0 and at most"
ESCALATE = "must be above the limit at which the rule fires"


@pytest.mark.parametrize(
    ("kind", "line", "told"),
    [
        ("failure_ratio", "threshold = 1.5", f"threshold: {NUMBER} 1, not 1.5"),
        ("failure_ratio", "threshold = 0", f"threshold: {NUMBER} 1, not 0"),
        ("failure_ratio", "threshold = -0.1", f"threshold: {NUMBER} 1, not -0.1"),
        ("failure_ratio", 'threshold = "50%"', f'threshold: {NUMBER} 1, not "50%"'),
        ("failure_ratio", "threshold = true", f"threshold: {NUMBER} 1, not true"),
        ("failure_ratio", "threshold = nan", f"threshold: {NUMBER} 1, not nan"),
        ("failure_ratio", "threshold = inf", f"threshold: {NUMBER} 1, not inf"),
        (
            "failure_ratio",
            "resolve_below = 0.6",
            "resolve_below: must not be above threshold (0.5), or nothing would ever fire",
        ),
        ("failure_ratio", "escalate_at = 0.5", f"escalate_at: {ESCALATE} (0.5)"),
        ("failure_count", "escalate_at = 3", f"escalate_at: {ESCALATE} (3)"),
        ("failure_count", "escalate_at = 3.5", f"escalate_at: {COUNT} 10000, not 3.5"),
        ("consecutive_failures", "escalate_at = 501", f"escalate_at: {COUNT} 500, not 501"),
        ("record_loss", "threshold = 2", f"threshold: {NUMBER} 1, not 2"),
        ("record_loss", "min_records = 0", f"min_records: {COUNT} 1000000000000, not 0"),
        ("record_loss", "escalate_at = 0.01", f"escalate_at: {ESCALATE} (0.01)"),
        ("partial_errors", "threshold = 1.1", f"threshold: {NUMBER} 1, not 1.1"),
        ("zero_records", "threshold = 101", f"threshold: {COUNT} 100, not 101"),
        ("stalled", "factor = 0", f"factor: {NUMBER} 1000, not 0"),
        ("stalled", "after = 60", f"after: {DURATION}, not 60"),
        ("stalled", "escalate_at = 3", f"escalate_at: {ESCALATE} (3)"),
        ("stalled", 'escalate_at = "1h"', f'escalate_at: {NUMBER} 1000, not "1h"'),
        ("stalled", 'after = "1h"\nescalate_at = "1h"', f"escalate_at: {ESCALATE} (1h)"),
        ("stalled", 'after = "1h"\nescalate_at = 2', f"escalate_at: {DURATION}, not 2"),
        ("overdue", "after = 150", f"after: {DURATION}, not 150"),
        ("overdue", 'escalate_at = "2h"', f"escalate_at: {ESCALATE} (150m)"),
        ("slow", "min_runs = 21", f"min_runs: {COUNT} 20, not 21"),
        ("slow", "threshold = 2", f"threshold: {UNKNOWN} name, kind, severity, match, factor, min_runs, escalate_at"),
        ("new_error_code", "escalate_at = 2", f"escalate_at: {UNKNOWN} name, kind, severity, match, memory"),
        ("org_failures", "threshold = 0", f"threshold: {COUNT} 10000, not 0"),
    ],
)
def test_a_wrong_parameter(kind: str, line: str, told: str) -> None:
    """One mistake for one wrong value, on its line."""
    number = 4 + line.count("\n")
    assert mistakes(rule(line, kind)) == [f"rules.toml:{number}: rule[1].{told}"]


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


def test_the_built_in_rule_about_organisations() -> None:
    """Five flows, as in a file that says nothing of it."""
    (rule,) = built_in().org_rules
    (read,) = parse('[[rule]]\nname = "x"\nkind = "org_failures"\n', "rules.toml").org_rules
    assert (rule.threshold, read.threshold) == (5, 5)
