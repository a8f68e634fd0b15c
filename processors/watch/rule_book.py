"""Hold what a rules file says, and what follows from it for how long things are kept."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from processors.watch.durations import DAY_MS, HOUR_MS, SECOND_MS
from processors.watch.rules.consecutive_failures import ConsecutiveFailures
from processors.watch.rules.failure_count import FailureCount
from processors.watch.rules.new_error_code import NewErrorCode
from processors.watch.rules.org_failures import OrgFailures
from processors.watch.rules.overdue import Overdue
from processors.watch.rules.partial_errors import PartialErrors
from processors.watch.rules.record_loss import RecordLoss
from processors.watch.rules.rule import STARTED, Rule, RuleHead
from processors.watch.rules.slow import Slow
from processors.watch.rules.stalled import Stalled

NEWEST_KEPT: Final = 20
"""At least so many of a flow's newest finished runs are kept whatever their age: weekly flows have few in the grace."""

FORGET_AFTER_MS: Final = 90 * DAY_MS
"""A flow without an open incident that has been silent for so long is forgotten, as its rows are by then."""


@dataclass(frozen=True, slots=True)
class WindowSettings:
    """Say how windows are cut and how long they may change. Milliseconds."""

    size_ms: int = HOUR_MS
    size: str = "1h"
    """As the rules file writes it, and as rows tell it."""
    final_after_ms: int = HOUR_MS
    grace_ms: int = 7 * DAY_MS
    idle_ms: int = 30 * SECOND_MS


@dataclass(frozen=True, slots=True)
class FlowSettings:
    """Say of one flow what its notifications do not."""

    name: str | None = None
    every_ms: int | None = None
    """The expected interval, for rules that miss runs."""
    labels: Mapping[str, str] = field(default_factory=dict)


_NO_SETTINGS: Final = FlowSettings()


@dataclass(frozen=True, slots=True)
class RuleBook:
    """Hold everything that a rules file says."""

    window: WindowSettings
    rules: tuple[Rule, ...]
    flows: Mapping[str, FlowSettings]
    org_rules: tuple[OrgFailures, ...] = ()
    """Rules about all flows of an organisation, which have an agent of their own."""

    def flow(self, flow_id: str) -> FlowSettings:
        """Return what the rules file says of a flow, which is mostly nothing."""
        return self.flows.get(flow_id, _NO_SETTINGS)

    @property
    def keep_ms(self) -> int:
        """How long past its end a window is kept: it may still be corrected, become final, or be looked back at."""
        window = self.window
        return max([window.grace_ms, window.final_after_ms, *(rule.reach_ms for rule in self.rules)])

    @property
    def tail(self) -> int:
        """How many of a flow's newest finished runs are kept whatever their age."""
        return max([NEWEST_KEPT, *(rule.needs_runs for rule in self.rules)])

    @property
    def memory_ms(self) -> int:
        """How long an error code of a flow is remembered; 0 if no rule asks for it."""
        return max((rule.remembers_ms for rule in self.rules), default=0)

    @property
    def tracks_started(self) -> bool:
        """Tell whether a rule waits for the end of runs that have started."""
        return any(rule.wakes_on & STARTED for rule in self.rules)

    @property
    def forget_ms(self) -> int:
        """After how much silence a flow is forgotten; never before its windows are, and no rule misses its codes."""
        latest = self.window.size_ms + self.window.grace_ms
        return max(FORGET_AFTER_MS, self.keep_ms + self.window.size_ms + 1, self.memory_ms + latest)


def built_in() -> RuleBook:
    """Return the rules that hold without a file."""
    return RuleBook(
        WindowSettings(),
        (
            FailureCount(RuleHead("repeated-failures", "critical")),
            ConsecutiveFailures(RuleHead("consecutive-failures", "warning")),
            RecordLoss(RuleHead("record-loss", "warning")),
            PartialErrors(RuleHead("partial-errors", "warning")),
            Stalled(RuleHead("stalled", "warning")),
            Overdue(RuleHead("overdue", "warning")),
            Slow(RuleHead("slow", "info")),
            NewErrorCode(RuleHead("new-error-code", "info")),
        ),
        {},
        (OrgFailures(RuleHead("org-failures", "critical")),),
    )
