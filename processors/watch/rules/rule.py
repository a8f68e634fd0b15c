"""Define what a kind of rule has to be able to do."""

from abc import abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from fnmatch import fnmatchcase
from typing import Final, Protocol

from processors.watch.fact import Fact
from processors.watch.flows import Flow
from processors.watch.incident import Incident
from schemas.alert import AlertReason, Severity

FAILED: Final = frozenset({"failed"})
SUCCEEDED: Final = frozenset({"success", "partial"})
STARTED: Final = frozenset({"in_progress", "scheduled"})


class Change:
    """Tell what a notification did to a flow: a run came in, or took the place of its earlier notification."""

    __slots__ = ("added", "is_correction", "removed")

    def __init__(self, flow: Flow, added: Fact, removed: Fact | None) -> None:
        """``flow`` is the flow after the change."""
        finished = flow.finished
        self.added = added
        self.removed = removed
        self.is_correction = removed is not None or not finished or finished[-1] is not added
        """Whether a re-sent run, or a late one that is not the flow's newest with an outcome, made the change."""

    @property
    def better_reason(self) -> AlertReason:
        """Why an incident is over that this change ends."""
        return "corrected" if self.is_correction else "recovered"


@dataclass(frozen=True)
class Opening:
    """Say that an incident starts, or that an open one got worse. Times are milliseconds of event time."""

    starts_at: int
    """When the condition became true: the event time of the run that crossed the threshold."""
    value: float
    evidence: Sequence[Fact]
    """The runs behind it, oldest first, at least one."""
    window_start: int
    window_end: int
    subject: str = ""
    """What the incident is about, for a rule that may have several of a flow open: an error code."""
    threshold: float | None = None
    """The limit where it is the flow's own, else ``None`` for that of the rule."""
    is_escalation: bool = False


@dataclass(frozen=True)
class Closing:
    """Say that an incident is over."""

    reason: AlertReason
    ends_at: int
    value: float
    window_start: int | None = None
    window_end: int | None = None
    subject: str = ""
    evidence: Sequence[Fact] = ()
    """The run that ended it; nothing for rules about failures, whose records tell the newest failures."""


Verdicts = Sequence[Opening | Closing]
NONE: Final[Verdicts] = ()


@dataclass(frozen=True)
class RuleHead:
    """What every rule has, whatever its kind."""

    name: str
    severity: Severity
    match: Mapping[str, str] = field(default_factory=dict)
    """Globs by field: flow_id, flow_name, org_id, sandbox_name. A flow must match all of them."""
    escalate_at: float | None = None
    """A second limit, in the unit of the alert's value; an incident that crosses it is critical from then on."""

    def matches(self, labels: Mapping[str, str | None]) -> bool:
        """Tell whether the rule looks at a flow with these labels; case counts, and an unknown label is empty text."""
        return all(fnmatchcase(labels.get(name) or "", glob) for name, glob in self.match.items())

    def __reduce__(self) -> tuple[object, ...]:
        # As for the rules themselves: see there.
        return RuleHead, (self.name, self.severity, self.match, self.escalate_at)

    def escalates(self, incident: Incident, value: float) -> bool:
        """Tell whether an open incident has got so much worse that it has to be said."""
        return self.escalate_at is not None and not incident.has_escalated and value >= self.escalate_at


class Rule:
    """One rule of the rules file. Pure: what it says depends on the flow and the watermark alone.

    :meth:`look` and :meth:`on_time` say what changes: an :class:`Opening` only while no incident of the rule (and
    subject) is open (``flow.incidents``), or once to escalate an open one; a :class:`Closing` only while one is open.

    Its kinds are frozen dataclasses. It is a plain base class, neither a protocol nor an ABC: compiled, it calls the
    methods of its kinds directly. What is the same for a whole kind is a property, since mypyc takes a ``ClassVar`` of
    a dataclass for a field.
    """

    head: RuleHead

    @property
    @abstractmethod
    def kind(self) -> str:
        """The kind's name in the rules file."""

    @property
    @abstractmethod
    def limit(self) -> int | float:
        """The limit, as alerts tell it."""

    @property
    @abstractmethod
    def wakes_on(self) -> frozenset[str]:
        """The statuses of a run that can open an incident. With an open one, and at corrections, it always looks."""

    @property
    def reach_ms(self) -> int:
        """How far behind the watermark a run can still matter to the rule; 0 if it looks at a number of runs."""
        return 0

    @property
    def needs_runs(self) -> int:
        """How many of the flow's newest finished runs the rule looks at, whatever their age."""
        return 0

    @property
    def remembers_ms(self) -> int:
        """How long an error code of a flow matters to the rule; 0 if it asks for none."""
        return 0

    @property
    def is_timed(self) -> bool:
        """Tell whether :meth:`deadline` may name one."""
        return False

    @property
    def is_about_failures(self) -> bool:
        """Tell whether the newest failure explains an incident: its stage and its error are told then."""
        return False

    @abstractmethod
    def look(self, flow: Flow, change: Change, watermark: int) -> Verdicts:
        """Judge the flow after a notification changed its runs. Whatever was due at the watermark has been judged."""

    def deadline(self, flow: Flow, now: int) -> int | None:
        """Return the watermark at which :meth:`on_time` is to be asked, ``None`` if time alone changes nothing.

        ``now`` is the watermark, or the moment that was judged. Asked after each look. It may move; what was to be
        asked too early is asked again, and one that has passed at once.
        """
        return None

    def on_time(self, flow: Flow, moment: int) -> Verdicts:
        """Judge the flow as of ``moment``, a deadline that it had: say nothing if its deadline is later by now.

        The watermark may be far beyond. What was said is the case at the moment, so that everything that falls due
        comes in the order of event time.
        """
        return NONE

    @abstractmethod
    def describe_opening(self, opening: Opening) -> str:
        """Say what happened, to stand behind the flow's name: ``failed 3 times within 6h``."""

    @abstractmethod
    def describe_closing(self, closing: Closing) -> str:
        """Say how it ended, to stand behind the flow's name."""

    @abstractmethod
    def describe_limit(self, limit: float) -> str:
        """Write a limit (``threshold`` of an alert) for people: ``3``, ``50%``, ``2h``."""

    def __reduce__(self) -> tuple[object, ...]:
        # Rules are handed to other processes, and what is both frozen and compiled cannot be pickled by itself.
        return type(self), tuple(getattr(self, field.name) for field in fields(self))  # type: ignore[arg-type]


class Parameters(Protocol):
    """Read the parameters of one rule. Mistakes are noted, and a default returned, so that all are found at once."""

    def has(self, key: str) -> bool:
        """Tell whether the rule says anything of it."""

    def count(self, key: str, default: int, *, at_most: int = 10_000) -> int:
        """Read a whole number of at least 1."""

    def number(self, key: str, default: float, *, at_most: float) -> float:
        """Read a number above 0."""

    def duration(self, key: str, default_ms: int) -> int:
        """Read a duration as milliseconds."""

    def wrong(self, key: str, problem: str) -> None:
        """Note a mistake."""


def escalating(head: RuleHead, parameters: Parameters, limit: float, shown: str, read: Callable[[], float]) -> RuleHead:
    """Return the head with ``escalate_at``, if the rule has one. It must lie above ``limit``, shown as ``shown``."""
    if not parameters.has("escalate_at"):
        return head
    value = read()
    if value <= limit:
        parameters.wrong("escalate_at", f"must be above the limit at which the rule fires ({shown})")
    return RuleHead(head.name, head.severity, head.match, value)


def percent(ratio: float) -> str:
    """Write a share for people: ``50%``, ``0.5%``, ``33.3%``."""
    return f"{100 * ratio:.3g}%"
