"""Look into a payload just far enough to select and order it: which flows, how named, with what outcome."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

import orjson

MAX_DEPTH: Final = 12
"""How deep envelopes are followed; the documented ones end at 6."""
STATUSES: Final = {
    "success": "success",
    "failed": "failed",
    "partialsuccess": "partial",
    "inprogress": "in_progress",
    "scheduled": "scheduled",
    "firing": "firing",
    "inactive": "resolved",
}
"""A status as sent, in lower case, and our word for it. The last two are of platform alerts."""


@dataclass(frozen=True, slots=True)
class Subject:
    """Name what one part of a payload is about."""

    flow_id: str
    flow_name: str | None
    status: str
    """One of the words of :data:`STATUSES`, or ``unknown``."""


def subjects(body: bytes) -> list[Subject]:
    """List the flows that a payload tells of, in its order; empty for what is not JSON or names none."""
    try:
        payload = orjson.loads(body)
    except orjson.JSONDecodeError:
        return []
    return [_subject(part) for part in _objects(payload, MAX_DEPTH) if isinstance(part.get("flowId"), str)]


def _objects(value: Any, depth: int) -> Iterator[dict[str, Any]]:
    if depth == 0 or not isinstance(value, dict | list):
        return
    if isinstance(value, dict):
        yield value
    for inner in value.values() if isinstance(value, dict) else value:
        yield from _objects(inner, depth - 1)


def _subject(part: dict[str, Any]) -> Subject:
    name = part.get("flowName")
    metrics = part.get("metrics")
    summary = metrics.get("statusSummary") if isinstance(metrics, dict) else None
    status = summary.get("status") if isinstance(summary, dict) else part.get("status")
    return Subject(
        flow_id=part["flowId"],
        flow_name=name if isinstance(name, str) else None,
        status=STATUSES.get(status.lower(), "unknown") if isinstance(status, str) else "unknown",
    )
