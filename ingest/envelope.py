"""Make the records of ``flowrun.raw`` out of a delivery: exact bytes, key and headers (CONTRACT.md 2)."""

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Final, NamedTuple
from urllib.parse import quote

from ingest import hints
from ingest.split import Batch, split
from schemas import raw, times
from schemas.run import Source

SOURCE_HEADER: Final = "x-flowrun-source"
"""The request header by which our own tools say that they send a notification again."""

UNKNOWN_TYPE: Final = "adobe.io.event"
"""``ce_type`` where nothing says what happened."""
UNKNOWN_SOURCE: Final = "urn:adobe:io"
"""``ce_source`` where nothing says who the provider is; else it is followed by the provider."""
JSON: Final = "application/json"

_SOURCES: Final[Mapping[str | None, Source]] = {"replay": "replay", "journal": "journal"}
_RFC_3339: Final = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)")
_TRACEPARENT: Final = re.compile(r"(?!ff)[0-9a-f]{2}-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}")
_MAX_CONTENT_TYPE: Final = 200
_EVENT_ID, _EVENT_CODE, _PROVIDER = raw.SENDER_HEADERS[:3]


Headers = list[tuple[str, str | bytes | None]]
"""Kafka headers as confluent-kafka types them; here the values are bytes always."""


class Record(NamedTuple):
    """Hold one record to be written."""

    key: bytes
    value: bytes
    headers: Headers
    event_id: str
    """What the log calls it: the event id, else its CloudEvents id, else the SHA-256 that stands for one."""


@dataclass(frozen=True, slots=True)
class Delivery:
    """Hold what a delivery says besides its body."""

    received_ms: int
    """When it was received, wall clock, milliseconds since the epoch."""
    source: Source
    content_type: str
    traceparent: str | None
    """W3C trace context; ``None`` if there is none or it is malformed."""
    sender: Mapping[str, str]
    """Those of :data:`schemas.raw.SENDER_HEADERS` that are given and not overlong, by their names in lower case."""


def describe(headers: Mapping[str, str], received_ms: int, source: Source | None = None) -> Delivery:
    """Read a delivery's headers, looked up in lower case; bytes that are no UTF-8 come as surrogate escapes.

    ``source`` ``None`` leaves it to the header :data:`SOURCE_HEADER`, and to ``webhook`` without it.
    """
    get = headers.get
    traceparent = get(raw.TRACEPARENT)
    return Delivery(
        received_ms,
        source or _SOURCES.get(get(SOURCE_HEADER), "webhook"),
        _content_type(get(raw.CONTENT_TYPE)),
        traceparent if traceparent and _TRACEPARENT.fullmatch(traceparent) else None,
        {name: value for name in raw.SENDER_HEADERS if (value := get(name)) and len(value) <= hints.MAX_TEXT},
    )


def records(body: bytes, delivery: Delivery) -> list[Record]:
    """Make the records of a body: one for each element of a top-level array (none for ``[]``), else one."""
    return of_batch(split(body), delivery)


def of_batch(batch: Batch, delivery: Delivery) -> list[Record]:
    """Make the records of a body that is split already."""
    if not batch.is_array:
        return [record(batch.values[0], delivery)]
    count = len(batch.values)
    return [record(value, delivery, (number, count)) for number, value in enumerate(batch.values, 1)]


def record(value: bytes, delivery: Delivery, place: tuple[int, int] | None = None) -> Record:
    """Make the record of one notification. ``place`` is its number (from 1) and the count in a batch."""
    seen = hints.read(value)
    sender = delivery.sender
    event_id = seen.event_id
    if event_id is None and place is None:  # in a batch the header cannot belong to each element
        event_id = _short(sender.get(_EVENT_ID))
    cloud_id = seen.cloud_id or event_id or _sha256(value)
    key = seen.flow_id or event_id or _sha256(value)
    received_at = times.to_text(delivery.received_ms).encode()
    headers: Headers = [
        (raw.CE_SPECVERSION, b"1.0"),
        (raw.CE_ID, _bytes(cloud_id)),
        (raw.CE_SOURCE, _bytes(seen.cloud_source or _source_uri(sender.get(_PROVIDER) or seen.provider))),
        (raw.CE_TYPE, _bytes(seen.cloud_type or sender.get(_EVENT_CODE) or seen.event_code or UNKNOWN_TYPE)),
        (raw.CE_TIME, _time(seen.cloud_time) or received_at),
        (raw.CONTENT_TYPE, _bytes(delivery.content_type)),
        (raw.SOURCE, delivery.source.encode()),
        (raw.RECEIVED_AT, received_at),
    ]
    if place is not None:
        headers.append((raw.BATCH, b"%d/%d" % place))
    if delivery.traceparent is not None:
        headers.append((raw.TRACEPARENT, delivery.traceparent.encode()))
    headers.extend((name, _bytes(text)) for name, text in sender.items())
    return Record(_bytes(key), value, headers, event_id or cloud_id)


def _content_type(sent: str | None) -> str:
    """Return the media type of the value. In the binary binding it cannot be that of a CloudEvent."""
    if not sent or len(sent) > _MAX_CONTENT_TYPE or sent.lower().startswith("application/cloudevents"):
        return JSON
    return sent


def _short(identifier: str | None) -> str | None:
    return identifier if identifier and len(identifier) <= hints.MAX_IDENTIFIER else None


def _sha256(value: bytes) -> str:
    return hashlib.sha256(value).hexdigest()


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape")


@lru_cache(maxsize=256)
def _source_uri(provider: str | None) -> str:
    """Write Adobe's provider as a URI."""
    return f"{UNKNOWN_SOURCE}:{quote(_bytes(provider), safe='')}" if provider else UNKNOWN_SOURCE


def _time(text: str | None) -> bytes | None:
    """Return a CloudEvent's time as sent if it is one."""
    if text is None or _RFC_3339.fullmatch(text) is None:
        return None
    try:
        times.from_text(text)
    except (ValueError, OverflowError):
        return None
    return text.encode()
