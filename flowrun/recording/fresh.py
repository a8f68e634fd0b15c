"""Give a recording new identities, so that sending it once more is news and not a duplicate."""

import re
import uuid
from collections.abc import Iterator
from dataclasses import replace
from typing import Any, Final

import orjson

from flowrun.recording.entry import Entry
from flowrun.recording.facts import MAX_DEPTH
from schemas.raw import SENDER_HEADERS

EVENT_ID_HEADER: Final = SENDER_HEADERS[0]
_EVENT_IDS: Final = ("event_id", "eventid")
_RUN_IDS: Final = ("flowRunId",)
_IN_URLS_FROM: Final = 16
"""Ids of this length also stand in links; shorter ones might be part of another word."""


def freshen(entry: Entry, round_name: str) -> Entry:
    """Replace the event ids and run ids of an entry, in its body and headers.

    The new id is a UUID made from ``round_name`` and the old id alone (UUID version 5), so that what belongs together
    within a round still does: the start and the end of a run, a notification and its repetition.
    A body that is not JSON keeps its ids.
    """
    namespace = uuid.uuid5(uuid.NAMESPACE_URL, f"flowrun:replay:{round_name}")
    body = entry.body
    for old in sorted(set(_ids(body)), key=lambda each: (-len(each), each)):
        new = str(uuid.uuid5(namespace, old)).encode()
        quoted = re.escape(orjson.dumps(old)[1:-1])
        pattern = quoted if len(old) >= _IN_URLS_FROM else rb'(?<=")' + quoted + rb'(?=")'
        body = re.sub(pattern, new, body)
    headers = [(name, value) for name, value in entry.headers if name.lower() != EVENT_ID_HEADER]
    event_id = entry.header(EVENT_ID_HEADER)
    if event_id is not None:
        headers.append((EVENT_ID_HEADER, str(uuid.uuid5(namespace, event_id.decode("latin-1"))).encode()))
    return replace(entry, body=body, headers=tuple(headers))


def _ids(body: bytes) -> Iterator[str]:
    try:
        payload = orjson.loads(body)
    except orjson.JSONDecodeError:
        return iter(())
    return (value for value in _candidates(payload, MAX_DEPTH) if isinstance(value, str) and value)


def _candidates(value: Any, depth: int) -> Iterator[Any]:
    if depth == 0:
        return
    if isinstance(value, dict):
        yield from (value.get(name) for name in (*_EVENT_IDS, *_RUN_IDS))
        if "flowId" in value or "specversion" in value:  # only there is `id` a run's or an event's
            yield value.get("id")
    if isinstance(value, dict | list):
        for inner in value.values() if isinstance(value, dict) else value:
            yield from _candidates(inner, depth - 1)
