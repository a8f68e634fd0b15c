"""Test what is said of a rules file."""

import pytest

from flowrun.rules.summary import all_rules, for_programs, lines, parameters
from flowrun.terminal import plain
from processors.watch.rules_file import built_in, parse

FILE = """
[window]
size = "10m"

[[rule]]
name = "often"
kind = "failure_count"
severity = "critical"
match = { flow_name = "CRM*" }

[[rule]]
name = "all-at-once"
kind = "org_failures"

[flow.f1]
every = "1h"
"""


def test_for_people() -> None:
    """The windows, then a line for each rule with all that holds for it, also what the file leaves out."""
    assert [plain(line) for line in lines(parse(FILE, "r.toml"), "r.toml")] == [
        "r.toml: right: 2 rules, 1 flow described",
        "windows of 10m, final after 1h, grace 7d, idle 30s",
        'often        critical  failure_count: threshold 3, within 6h, resolve_below 1, match flow_name = "CRM*"',
        "all-at-once  warning   org_failures: threshold 5",
    ]


def test_for_programs() -> None:
    """The same as JSON."""
    assert for_programs(parse(FILE, "r.toml"), "r.toml") == {
        "file": "r.toml",
        "is_valid": True,
        "mistakes": [],
        "window": {"size": "10m", "final_after": "1h", "grace": "7d", "idle": "30s"},
        "rules": [
            {
                "name": "often",
                "kind": "failure_count",
                "severity": "critical",
                "match": {"flow_name": "CRM*"},
                "parameters": {"threshold": 3, "within": "6h", "resolve_below": 1},
            },
            {
                "name": "all-at-once",
                "kind": "org_failures",
                "severity": "warning",
                "match": {},
                "parameters": {"threshold": 5},
            },
        ],
        "flows": ["f1"],
    }


@pytest.mark.parametrize(
    ("rule", "told"),
    [
        (
            'kind = "failure_count"\nthreshold = 2\nwithin = "90m"\nescalate_at = 9',
            {"threshold": 2, "within": "90m", "resolve_below": 1, "escalate_at": 9},
        ),
        ('kind = "stalled"\nescalate_at = 5', {"factor": 3.0, "min_runs": 5, "escalate_at": 5.0}),
        (
            'kind = "stalled"\nafter = "2h"\nescalate_at = "4h"',
            {"factor": 3.0, "min_runs": 5, "after": "2h", "escalate_at": "4h"},
        ),
        ('kind = "overdue"\nescalate_at = "6h"', {"after": "150m", "escalate_at": "6h"}),
        ('kind = "record_loss"\nescalate_at = 0.5', {"threshold": 0.01, "min_records": 1, "escalate_at": 0.5}),
        ('kind = "org_failures"\nescalate_at = 8', {"threshold": 5, "escalate_at": 8}),
        ('kind = "new_error_code"\nmemory = "7d"', {"memory": "7d"}),
    ],
)
def test_parameters_are_told_as_the_file_writes_them(rule: str, told: dict[str, object]) -> None:
    """Durations as durations, the second limit in the unit of its kind, defaults filled in."""
    (only,) = all_rules(parse(f'[[rule]]\nname = "r"\n{rule}\n', "r.toml"))
    assert parameters(only) == told


def test_a_summary_is_a_rules_file_again() -> None:
    """What is told of the built-in rules, written as a file, says the same: no kind is told wrongly."""
    told = for_programs(built_in(), "x")["rules"]
    text = "".join(
        f'[[rule]]\nname = "{rule["name"]}"\nkind = "{rule["kind"]}"\nseverity = "{rule["severity"]}"\n'
        + "".join(
            f'{name} = "{value}"\n' if isinstance(value, str) else f"{name} = {value}\n"
            for name, value in rule["parameters"].items()
        )
        for rule in told
    )
    assert parse(text, "x") == built_in()
