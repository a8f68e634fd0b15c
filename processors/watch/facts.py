"""Read run records, and keep of each run what windows and rules need."""

from datetime import UTC, datetime
from typing import Final

import msgspec
import orjson

from processors.watch.durations import DAY_MS, SECOND_MS
from processors.watch.fact import Fact, Labels, LastFailure
from processors.watch.run_seen import RunSeen, Unreadable
from schemas.run import FINISHED

COUNTED: Final = FINISHED | {"unknown"}
"""The statuses that count in a window. A started or scheduled run has no outcome, and replaces none."""

MAX_CODES: Final = 100
"""Error codes kept of one run, as many as normalize writes. The deepest causes come first."""

MAX_MESSAGE: Final = 200
"""Characters kept of an error's text, for the sentence of an alert."""

MAX_URL: Final = 2_000
MAX_DETAIL: Final = 500

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)

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
    return _epoch_ms(run.occurred_at)


def _epoch_ms(moment: datetime) -> int:
    # Of its parts: to divide one timedelta by another takes three times as long.
    since = moment - _EPOCH
    return since.days * DAY_MS + since.seconds * SECOND_MS + since.microseconds // 1_000


def started_ms(run: RunSeen, occurred_at: int) -> int:
    """Return when a run that has no outcome yet was started: never later than it was notified, never before 1970."""
    if run.started_at is None:
        return occurred_at
    return min(occurred_at, max(0, _epoch_ms(run.started_at)))


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
