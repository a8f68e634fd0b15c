"""Read run records, and keep of each run what windows and rules need."""

from datetime import UTC, datetime, timedelta
from typing import Annotated, Final, NamedTuple

import msgspec
import orjson
from msgspec import Meta

from schemas.dead_letter import Reason
from schemas.run import FINISHED, Stage, Status

COUNTED: Final = FINISHED | {"unknown"}
"""The statuses that count in a window. A started or scheduled run has no outcome, and replaces none."""

MAX_CODES: Final = 100
"""Error codes kept of one run, as many as normalize writes. The deepest causes come first."""

MAX_MESSAGE: Final = 200
"""Characters kept of an error's text, for the sentence of an alert."""

MAX_URL: Final = 2_000
MAX_DETAIL: Final = 500

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND: Final = timedelta(milliseconds=1)

# Far above what normalize lets through, and low enough for keys and records to fit into Kafka's.
_Identifier = Annotated[str, Meta(min_length=1, max_length=1_000)]
_Name = Annotated[str, Meta(max_length=2_000)]
_Count = Annotated[int, Meta(ge=0, le=2**63 - 1)]
_Moment = Annotated[datetime, Meta(tz=True)]

Labels = tuple[str | None, str | None, str | None]
"""What a run says of its flow: name, organisation, sandbox."""

NO_LABELS: Final[Labels] = (None, None, None)


class RecordCounts(msgspec.Struct, frozen=True, gc=False):
    """The record counts that windows add up."""

    input: _Count | None = None
    output: _Count | None = None
    failed: _Count | None = None
    lost: _Count | None = None


class ByteCounts(msgspec.Struct, frozen=True, gc=False):
    """The sizes that windows add up."""

    input: _Count | None = None
    output: _Count | None = None


class ErrorSeen(msgspec.Struct, gc=False):
    """One error of a run."""

    code: _Identifier
    message: str | None = None
    stage: Stage = "other"


class RunSeen(msgspec.Struct, gc=False, kw_only=True):
    """The part of a run record that is read here."""

    event_id: str = ""
    flow_id: _Identifier
    run_id: _Identifier
    status: Status
    occurred_at: _Moment
    started_at: _Moment | None = None
    flow_name: _Name | None = None
    org_id: _Name | None = None
    sandbox_name: _Name | None = None
    url: str | None = None
    duration_ms: _Count | None = None
    records: RecordCounts = RecordCounts()
    bytes: ByteCounts = ByteCounts()
    errors: list[ErrorSeen] = []


class Fact(msgspec.Struct, array_like=True, gc=False):
    """What is known of one counted run; its figures never change.

    ``arrival`` is its offset in the runs topic, the order of notifications. ``labels`` are left out (``None``) where
    they are those of the chunk that holds the fact; ``chunk`` is that chunk's number in the pane.
    """

    run_id: str
    occurred_at: int
    arrival: int
    status: Status
    duration_ms: int | None
    input: int | None
    output: int | None
    failed: int | None
    lost: int | None
    bytes_in: int | None
    bytes_out: int | None
    codes: tuple[str, ...]
    labels: Labels | None = None
    chunk: int = 0

    @property
    def order(self) -> tuple[int, int]:
        """Sort by event time; of the same time the later arrival is newer."""
        return (self.occurred_at, self.arrival)


class LastFailure(msgspec.Struct, array_like=True, frozen=True, gc=False):
    """What the newest failed run of a flow said, for the wording of alerts."""

    run_id: str
    occurred_at: int
    arrival: int
    code: str | None
    message: str | None
    stage: Stage
    url: str | None


class Unreadable(NamedTuple):
    """Say why a value of the runs topic is no run record. Only a foreign writer can cause it."""

    reason: Reason
    detail: str


_decode: Final = msgspec.json.Decoder(RunSeen).decode


def read_run(value: bytes | None) -> RunSeen | Unreadable:
    """Decode a run record. Never raises: whatever a foreign writer put there must not stop the partition."""
    try:
        return _decode(value or b"")
    except (msgspec.MsgspecError, ValueError, RecursionError, OverflowError) as error:
        return _unreadable(value, str(error))


def _unreadable(value: bytes | None, detail: str) -> Unreadable:
    try:
        orjson.loads(value or b"")
    except orjson.JSONDecodeError as error:
        return Unreadable("not_json", str(error)[:MAX_DETAIL])
    return Unreadable("unknown_shape", f"no run record: {detail}"[:MAX_DETAIL])


def occurred_ms(run: RunSeen) -> int:
    """Return the event time in milliseconds since the epoch."""
    return (run.occurred_at - _EPOCH) // _MILLISECOND


def started_ms(run: RunSeen, occurred_at: int) -> int:
    """Return when a run that has no outcome yet was started: never later than it was notified, never before 1970."""
    if run.started_at is None:
        return occurred_at
    return min(occurred_at, max(0, (run.started_at - _EPOCH) // _MILLISECOND))


def labels_of(run: RunSeen) -> Labels:
    """Return what the run says of its flow; an empty text says nothing."""
    return (run.flow_name or None, run.org_id or None, run.sandbox_name or None)


def fact_of(run: RunSeen, occurred_at: int, arrival: int) -> Fact:
    """Keep what counts of a run. Each code counts once, even if a foreign writer repeats it."""
    records, sizes, errors = run.records, run.bytes, run.errors
    return Fact(
        run.run_id,
        occurred_at,
        arrival,
        run.status,
        run.duration_ms,
        records.input,
        records.output,
        records.failed,
        records.lost,
        sizes.input,
        sizes.output,
        tuple(dict.fromkeys(error.code for error in errors[:MAX_CODES])) if errors else (),
    )


def failure_of(run: RunSeen, fact: Fact) -> LastFailure:
    """Keep what a failed run said: its deepest cause and where to look."""
    # A link is shown to people: nothing but a web address is one.
    url = run.url if run.url and len(run.url) <= MAX_URL and run.url.startswith(("https://", "http://")) else None
    if not run.errors:
        return LastFailure(fact.run_id, fact.occurred_at, fact.arrival, None, None, "other", url)
    deepest = run.errors[0]
    message = deepest.message[:MAX_MESSAGE] if deepest.message else None
    return LastFailure(fact.run_id, fact.occurred_at, fact.arrival, deepest.code, message, deepest.stage, url)
