"""Make rule books for tests."""

from typing import Any, Final

from processors.watch.rule_book import FlowSettings, RuleBook, WindowSettings
from processors.watch.rules.consecutive_failures import ConsecutiveFailures
from processors.watch.rules.failure_count import FailureCount
from processors.watch.rules.rule import Rule, RuleHead

WINDOWS: Final = WindowSettings()


def head(name: str = "r", **more: Any) -> RuleHead:
    """Return what every rule has."""
    return RuleHead(name, **({"severity": "warning"} | more))


def book(*rules: Rule, window: WindowSettings = WINDOWS, **flows: FlowSettings) -> RuleBook:
    """Return a rule book with these rules; ``f1=FlowSettings(...)`` says what is known of flow f1."""
    return RuleBook(window, rules, flows)


def often(**more: Any) -> FailureCount:
    """Return the rule ``often``: three failures within six hours, unless told otherwise."""
    return FailureCount(head("often", severity="critical"), **more)


def in_a_row(**more: Any) -> ConsecutiveFailures:
    """Return the rule ``in-a-row``: three failures in a row, unless told otherwise."""
    return ConsecutiveFailures(head("in-a-row"), **more)
