"""Split a body into the records of ``flowrun.raw``: exact bytes, key and headers. Pure: the replay to Kafka uses it too."""

import hashlib
import re
from collections.abc import Mapping
from typing import Any, Final, NamedTuple

import msgspec
import orjson

from schemas import raw
from schemas.times import from_text

MAX_TEXT_BYTES: Final = 1024
"""The longest identifier or header that is carried; a longer one counts as absent. Keeps a record within Kafka's limit."""

FLOW_ID_PATHS: Final[tuple[tuple[str | int, ...], ...]] = (
    ("flowId",),
    ("event", "flowId"),
    ("data", "flowId"),
    ("detail", "flowId"),
    ("detail", "event", "flowId"),
    ("event", "data", "flowId"),
    ("messages", 0, "value", "flowId"),
)
"""Where a flow id is visible, in order of preference (CONTRACT.md 2)."""

DEFAULT_TYPE: Final = b"adobe.io.event"
DEFAULT_SOURCE: Final = "urn:adobe:io"
SOURCE_HEADER: Final = "x-flowrun-source"
"""The request header by which ``flowrun replay`` and the journal's reader say where a notification comes from."""

_WEBHOOK: Final = b"webhook"
_OTHER_SOURCES: Final = {"replay": b"replay", "journal": b"journal"}
_EVENT_ID, _EVENT_CODE, _PROVIDER, *_ = raw.SENDER_HEADERS
_EVENT_CODE_PATH: Final = ("event", "header", "_adobeio", "eventCode")
_TRACEPARENT: Final = re.compile(r"(?!ff)[0-9a-f]{2}-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}")
_TIME: Final = re.compile(r"\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d)")
_JSON: Final = "application/json"
_BYTES: Final = "application/octet-stream"
_CE_BATCH: Final = "application/cloudevents-batch+json"
_CE_SINGLE: Final = "application/cloudevents+json"

_elements = msgspec.json.Decoder(list[msgspec.Raw]).decode

Header = tuple[str, bytes]


class Record(NamedTuple):
    """Hold one record of ``flowrun.raw`` as it is produced."""

    key: bytes
    value: bytes
    headers: list[Header]


class Body(NamedTuple):
    """Hold a body that was looked into. ``documents`` has what each of ``values`` says; ``None`` for no JSON."""

    values: list[bytes]
    documents: list[Any]
    is_batch: bool


def split(body: bytes) -> Body:
    """Split a top-level JSON array into its elements' exact bytes, nothing deeper. All else stays whole, valid or not."""
    try:
        document = orjson.loads(body)
    except orjson.JSONDecodeError:
        return Body([body], [None], False)
    if type(document) is not list:
        return Body([body], [document], False)
    try:
        values = [bytes(element) for element in _elements(body)]
    except (msgspec.DecodeError, RecursionError):
        return Body([body], [None], False)
    return Body(values, document, True)


def validation_url(body: Body) -> str | None:
    """Return the URL of Adobe's asynchronous validation (DOMAIN.md 1.1) if the body is that and no notification."""
    if body.is_batch or not isinstance(body.documents[0], dict):
        return None
    document: dict[str, Any] = body.documents[0]
    url = document.get("validationUrl")
    if not isinstance(url, str) or _flow_id(document) is not None or _own_event_id(document) is not None:
        return None
    return url


def records(body: Body, request: Mapping[str, str], received_at: str) -> list[Record]:
    """Make the records of a body.

    Args:
        body: what :func:`split` returned.
        request: the request's headers, found by lower-case name.
        received_at: RFC 3339, UTC.
    """
    shared = _shared_headers(request, received_at)
    count = len(body.values)
    made = []
    for number, (value, document) in enumerate(zip(body.values, body.documents, strict=True), 1):
        fields: dict[str, Any] = document if type(document) is dict else {}
        event_id = _own_event_id(fields) or (None if body.is_batch else _identifier(request.get(_EVENT_ID)))
        digest = "" if event_id else hashlib.sha256(value).hexdigest()
        headers = _own_headers(fields, event_id or digest, request, received_at, is_json=document is not None)
        headers += shared
        if body.is_batch:
            headers.append((raw.BATCH, f"{number}/{count}".encode()))
        key = _flow_id(fields) or event_id or digest
        made.append(Record(key.encode(), value, headers))
    return made


def _own_headers(
    fields: dict[str, Any], event_id: str, request: Mapping[str, str], received_at: str, *, is_json: bool
) -> list[Header]:
    """Write the headers that differ between the elements of a batch: the CloudEvents binary binding."""
    is_cloud_event = isinstance(fields.get("specversion"), str)
    cloud: dict[str, Any] = fields if is_cloud_event else {}
    moment = cloud.get("time")
    own_type = _identifier(cloud.get("type")) or _identifier(request.get(_EVENT_CODE))
    own_type = own_type or _identifier(_at(fields, _EVENT_CODE_PATH))
    return [
        (raw.CE_SPECVERSION, b"1.0"),
        (raw.CE_ID, (_identifier(cloud.get("id")) or event_id).encode()),
        (raw.CE_SOURCE, (_identifier(cloud.get("source")) or _provider(request)).encode()),
        (raw.CE_TYPE, own_type.encode() if own_type else DEFAULT_TYPE),
        (raw.CE_TIME, (moment if _is_time(moment) else received_at).encode()),
        (raw.CONTENT_TYPE, _content_type(request, is_json=is_json)),
    ]


def _shared_headers(request: Mapping[str, str], received_at: str) -> list[Header]:
    """Write the headers that all records of a request have."""
    source = _OTHER_SOURCES.get(request.get(SOURCE_HEADER, ""), _WEBHOOK)
    headers = [(raw.SOURCE, source), (raw.RECEIVED_AT, received_at.encode())]
    trace = request.get(raw.TRACEPARENT)
    if trace is not None and _TRACEPARENT.fullmatch(trace):
        headers.append((raw.TRACEPARENT, trace.encode()))
    for name in raw.SENDER_HEADERS:
        value = request.get(name)
        if value is not None and len(carried := _carried(value)) <= MAX_TEXT_BYTES:
            headers.append((name, carried))
    return headers


def _carried(value: str) -> bytes:
    """Return a header's bytes as they were received: aiohttp decodes them so."""
    return value.encode("utf-8", "surrogateescape")


def _content_type(request: Mapping[str, str], *, is_json: bool) -> bytes:
    sent = request.get("content-type") or (_JSON if is_json else _BYTES)
    if sent.lower().startswith(_CE_BATCH):
        sent = _CE_SINGLE + sent[len(_CE_BATCH) :]
    carried = _carried(sent)
    return carried if len(carried) <= MAX_TEXT_BYTES else _BYTES.encode()


def _provider(request: Mapping[str, str]) -> str:
    provider = _identifier(request.get(_PROVIDER))
    return f"{DEFAULT_SOURCE}:{provider}" if provider else DEFAULT_SOURCE


def _own_event_id(fields: dict[str, Any]) -> str | None:
    """Return the event id that the payload tells; only a CloudEvent's ``id`` is one (a run's is the run's)."""
    event_id = _identifier(fields.get("event_id")) or _identifier(fields.get("eventid"))
    if event_id is None and isinstance(fields.get("specversion"), str):
        return _identifier(fields.get("id"))
    return event_id


def _flow_id(fields: dict[str, Any]) -> str | None:
    for path in FLOW_ID_PATHS:
        found = _identifier(_at(fields, path))
        if found is not None:
            return found
    return None


def _at(document: Any, path: tuple[str | int, ...]) -> Any:
    """Follow a path through parsed JSON; ``None`` where it leads nowhere."""
    for step in path:
        if type(step) is str and type(document) is dict:
            document = document.get(step)
        elif type(step) is int and type(document) is list and step < len(document):
            document = document[step]
        else:
            return None
    return document


def _identifier(value: Any) -> str | None:
    """Return a text that can serve as an identifier: not empty, not overlong, and Unicode."""
    if type(value) is not str or not value or len(value) > MAX_TEXT_BYTES:
        return None
    try:
        return value if len(value.encode()) <= MAX_TEXT_BYTES else None
    except UnicodeEncodeError:
        return None


def _is_time(value: Any) -> bool:
    if type(value) is not str or not _TIME.fullmatch(value):
        return False
    try:
        from_text(value)
    except (ValueError, OverflowError):
        return False
    return True
