"""Deliver the day's notifications as the sender does: some in arrays, some twice, some late."""

import random
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any, Final

import orjson

from flowrun.data.flows import Flow
from flowrun.data.payloads import event_code, provider, run_object, wrap
from flowrun.data.runs import FlowRun, make_id
from flowrun.recording.entry import Entry

BATCH_MS: Final = 600_000
MAX_BATCH: Final = 20
"""How many notifications the sender puts into one array at most (DOMAIN.md 1.4)."""
LATE: Final = 0.02
"""Which part of the steady flows' notifications arrives minutes to two hours late."""
TWICE: Final = 0.02
"""Which part is delivered again, because the sender missed the answer."""
LATEST_MS: Final = 2 * 3_600_000


@dataclass(frozen=True, slots=True)
class Notification:
    """Hold one notification and when it is delivered."""

    sent_ms: int
    payload: Any
    event_id: str
    code: str
    provider: str
    flow_id: str
    retry: int = 0


def notify(run: FlowRun, rng: random.Random) -> list[Notification]:
    """Make the notifications of a run: its end, and for the bare shape also its start."""
    if run.flow.shape != "bare":
        return [_notification(run, rng, is_start=False)]
    start = _notification(run, rng, is_start=True)
    return [start] if run.ended_ms is None else [start, _notification(run, rng, is_start=False)]


def _notification(run: FlowRun, rng: random.Random, *, is_start: bool) -> Notification:
    event_id, etag = make_id(rng), f"{rng.getrandbits(32):08x}-0000-0200-0000-{rng.getrandbits(32):08x}0000"
    body = run_object(run, etag, is_start=is_start)
    code = event_code(run, is_start=is_start)
    payload = wrap(run, body, event_id, code)
    sent_ms = body["updatedAt"] + 300 + rng.randrange(3_000)
    return Notification(sent_ms, payload, event_id, code, provider(run), run.flow_id)


def disturb(notifications: Iterable[Notification], flow: Flow, end_ms: int, rng: random.Random) -> list[Notification]:
    """Delay some notifications of steady flows, and repeat some of any flow, none beyond the end of the day."""
    disturbed: list[Notification] = []
    for original in notifications:
        notification = original
        if flow.is_steady and not flow.in_batches and rng.random() < LATE:
            later_ms = original.sent_ms + 120_000 + rng.randrange(LATEST_MS - 120_000)
            notification = replace(original, sent_ms=min(later_ms, end_ms - 1))
        disturbed.append(notification)
        if not flow.in_batches and rng.random() < TWICE:
            retry = rng.randrange(1, 4)
            again_ms = notification.sent_ms + 60_000 * (2**retry - 1)
            if again_ms < end_ms:
                disturbed.append(replace(notification, sent_ms=again_ms, retry=retry))
    return disturbed


def deliver(notification: Notification) -> Entry:
    """Make one delivery of one notification."""
    headers = [
        ("content-type", _content_type(notification.payload)),
        ("x-adobe-event-id", notification.event_id),
        ("x-adobe-event-code", notification.code),
        ("x-adobe-provider", notification.provider),
        *([("x-adobe-retry-count", str(notification.retry))] if notification.retry else []),
    ]
    return entry(notification.sent_ms, orjson.dumps(notification.payload), headers, notification.flow_id)


def deliver_in_batches(notifications: Iterable[Notification]) -> list[Entry]:
    """Put notifications into one array for each stretch of time; codes and flows mix."""
    stretches: dict[int, list[Notification]] = defaultdict(list)
    for notification in sorted(notifications, key=lambda each: each.sent_ms):
        stretches[notification.sent_ms // BATCH_MS].append(notification)
    batches = []
    for together in stretches.values():
        for start in range(0, len(together), MAX_BATCH):
            part = together[start : start + MAX_BATCH]
            body = orjson.dumps([notification.payload for notification in part])
            headers = [("content-type", "application/json; charset=utf-8"), ("x-adobe-provider", part[0].provider)]
            batches.append(entry(part[-1].sent_ms + 500, body, headers, None))
    return batches


def entry(sent_ms: int, body: bytes, headers: list[tuple[str, str]], flow_id: str | None) -> Entry:
    """Make one line of the recording."""
    return Entry(
        body=body,
        time_ms=sent_ms,
        topic="flowrun.raw",
        key=flow_id.encode() if flow_id is not None else None,
        headers=tuple((name, value.encode()) for name, value in headers),
    )


def _content_type(payload: Any) -> str:
    is_cloud_event = isinstance(payload, dict) and "specversion" in payload
    return "application/cloudevents+json; charset=UTF-8" if is_cloud_event else "application/json; charset=utf-8"
