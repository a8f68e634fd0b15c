"""Define what a kind of rule has to be able to do."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Final, Protocol

import msgspec

from processors.watch.facts import Fact
from processors.watch.flows import Flow
from schemas.alert import AlertReason, Severity


class Change(msgspec.Struct, frozen=True, gc=False):
    """Tell what a notification did to a flow: a run came in, or took the place of its earlier notification."""

    added: Fact
    removed: Fact | None

    def is_correction(self, flow: Flow) -> bool:
        """Tell whether a re-sent run, or a late one that is not the flow's newest with an outcome, made the change."""
        return self.removed is not None or not flow.finished or flow.finished[-1] is not self.added


@dataclass(frozen=True, slots=True)
class Opening:
    """Say that an incident starts. Times are milliseconds of event time."""

    starts_at: int
    """When the condition became true: the event time of the run that crossed the threshold."""
    value: float
    evidence: Sequence[Fact]
    """The failed runs behind it, oldest first, at least one."""
    window_start: int
    window_end: int


@dataclass(frozen=True, slots=True)
class Closing:
    """Say that an incident is over."""

    reason: AlertReason
    ends_at: int
    value: float
    window_start: int | None = None
    window_end: int | None = None


Verdicts = Sequence[Opening | Closing]
NONE: Final[Verdicts] = ()


@dataclass(frozen=True, slots=True)
class RuleHead:
    """What every rule has, whatever its kind."""

    name: str
    severity: Severity
    match: Mapping[str, str] = field(default_factory=dict)
    """Globs by field: flow_id, flow_name, org_id, sandbox_name. A flow must match all of them."""

    def matches(self, labels: Mapping[str, str | None]) -> bool:
        """Tell whether the rule looks at a flow with these labels; case counts, and an unknown label is empty text."""
        return all(fnmatchcase(labels.get(name) or "", glob) for name, glob in self.match.items())


class Rule(Protocol):
    """One rule of the rules file. Pure: what it says depends on the flow and the watermark alone.

    :meth:`look` and :meth:`on_time` say what changes: an :class:`Opening` only while no incident of the rule is open
    (``flow.incidents``), a :class:`Closing` only while one is.
    """

    @property
    def head(self) -> RuleHead: ...

    @property
    def kind(self) -> str:
        """The kind's name in the rules file."""

    @property
    def threshold(self) -> float:
        """The limit, as alerts tell it."""

    @property
    def reach_ms(self) -> int:
        """How far behind the watermark a run can still matter to the rule; 0 if it looks at a number of runs."""

    @property
    def needs_runs(self) -> int:
        """How many of the flow's newest finished runs the rule looks at, whatever their age."""

    def look(self, flow: Flow, change: Change, watermark: int) -> Verdicts:
        """Judge the flow after a notification changed its runs. Whatever was due at the watermark has been judged."""

    def deadline(self, flow: Flow) -> int | None:
        """Return the watermark at which :meth:`on_time` is to be asked, ``None`` if time alone changes nothing.

        Asked after each change of the flow. It may move; what was to be asked too early is asked again.
        """

    def on_time(self, flow: Flow, moment: int) -> Verdicts:
        """Judge the flow as of ``moment``, a deadline that it had: say nothing if its deadline is later by now.

        The watermark may be far beyond. What was said is the case at the moment, so that everything that falls due
        comes in the order of event time.
        """

    def describe_opening(self, opening: Opening) -> str:
        """Say what happened, to stand behind the flow's name: ``failed 3 times within 6h``."""

    def describe_closing(self, closing: Closing) -> str:
        """Say how it ended, to stand behind the flow's name."""


class Parameters(Protocol):
    """Read the parameters of one rule. Mistakes are noted, and a default returned, so that all are found at once."""

    def count(self, key: str, default: int, *, at_most: int = 10_000) -> int:
        """Read a whole number of at least 1."""

    def duration(self, key: str, default_ms: int) -> int:
        """Read a duration as milliseconds."""

    def wrong(self, key: str, problem: str) -> None:
        """Note a mistake."""
