"""Make rule books for tests."""

from typing import Any, Final

from processors.watch.rule_book import FlowSettings, RuleBook, WindowSettings
from processors.watch.rules.consecutive_failures import ConsecutiveFailures
from processors.watch.rules.failure_count import FailureCount
from processors.watch.rules.failure_ratio import FailureRatio
from processors.watch.rules.new_error_code import NewErrorCode
from processors.watch.rules.overdue import Overdue
from processors.watch.rules.partial_errors import PartialErrors
from processors.watch.rules.record_loss import RecordLoss
from processors.watch.rules.rule import Rule, RuleHead
from processors.watch.rules.slow import Slow
from processors.watch.rules.stalled import Stalled
from processors.watch.rules.zero_records import ZeroRecords

WINDOWS: Final = WindowSettings()


def head(name: str = "r", **more: Any) -> RuleHead:
    """Return what every rule has."""
    return RuleHead(name, **({"severity": "warning"} | more))


def book(*rules: Rule, window: WindowSettings = WINDOWS, **flows: FlowSettings) -> RuleBook:
    """Return a rule book with these rules; ``f1=FlowSettings(...)`` says what is known of flow f1."""
    return RuleBook(window, rules, flows)


def often(escalate_at: float | None = None, **more: Any) -> FailureCount:
    """Return the rule ``often``: three failures within six hours, unless told otherwise."""
    return FailureCount(head("often", severity="critical", escalate_at=escalate_at), **more)


def in_a_row(escalate_at: float | None = None, **more: Any) -> ConsecutiveFailures:
    """Return the rule ``in-a-row``: three failures in a row, unless told otherwise."""
    return ConsecutiveFailures(head("in-a-row", escalate_at=escalate_at), **more)


def ratio(escalate_at: float | None = None, **more: Any) -> FailureRatio:
    """Return the rule ``ratio``: half of at least four runs within a day."""
    return FailureRatio(head("ratio", escalate_at=escalate_at), **more)


def loss(escalate_at: float | None = None, **more: Any) -> RecordLoss:
    """Return the rule ``loss``: a hundredth of the input."""
    return RecordLoss(head("loss", escalate_at=escalate_at), **more)


def partly(escalate_at: float | None = None, **more: Any) -> PartialErrors:
    """Return the rule ``partly``: a two-hundredth of the input."""
    return PartialErrors(head("partly", escalate_at=escalate_at), **more)


def empty(escalate_at: float | None = None, **more: Any) -> ZeroRecords:
    """Return the rule ``empty``: three runs in a row."""
    return ZeroRecords(head("empty", escalate_at=escalate_at), **more)


def stalled(**more: Any) -> Stalled:
    """Return the rule ``stalled``: three times the interval, after five runs."""
    return Stalled(head("stalled"), **more)


def overdue(escalate_at: float | None = None, **more: Any) -> Overdue:
    """Return the rule ``overdue``: 150 minutes."""
    return Overdue(head("overdue", escalate_at=escalate_at), **more)


def slow(escalate_at: float | None = None, **more: Any) -> Slow:
    """Return the rule ``slow``: twice the median, after five runs."""
    return Slow(head("slow", escalate_at=escalate_at), **more)


def new_code(**more: Any) -> NewErrorCode:
    """Return the rule ``new-code``: thirty days."""
    return NewErrorCode(head("new-code"), **more)
