"""Define one recorded notification and its line in a recording.

A recording is NDJSON (``.ndjson``, or ``.ndjson.gz``), one record a line::

    {"time": "2026-11-03T08:00:00.000Z", "topic": "flowrun.raw", "key": "…", "headers": [["name", "…"]], "body": "…"}

``body`` is the record's exact bytes as text where they are UTF-8, else ``body_base64`` holds them; the same for ``key``
and ``key_base64``. A header value that is not UTF-8 is ``{"base64": "..."}``. Only the body is required.
"""

import base64
import binascii
from dataclasses import dataclass
from typing import Any

import orjson

from schemas.times import from_text, to_text

Headers = tuple[tuple[str, bytes], ...]


class RecordingInvalid(Exception):
    """A file holds something that is no record. The message names file and line and says what is allowed."""

    def __init__(self, place: str, problem: str) -> None:
        self.place = place
        self.problem = problem
        super().__init__(f"{place}: {problem}")


@dataclass(frozen=True, slots=True)
class Entry:
    """Hold one notification to send again."""

    body: bytes
    time_ms: int | None = None
    """When it was recorded; ``None`` for a bare payload."""
    topic: str | None = None
    key: bytes | None = None
    headers: Headers = ()
    place: str = ""
    """The file, and the line of a recording, for messages."""

    def header(self, name: str) -> bytes | None:
        """Return the first value of a header, whatever the case of its name."""
        return next((value for own, value in self.headers if own.lower() == name), None)


def write_line(entry: Entry) -> bytes:
    """Write an entry as one line, with its line feed."""
    line: dict[str, Any] = {
        "time": None if entry.time_ms is None else to_text(entry.time_ms),
        "topic": entry.topic,
        **({"key": None} if entry.key is None else _bytes_field("key", entry.key)),
        "headers": [[name, _header_value(value)] for name, value in entry.headers],
        **_bytes_field("body", entry.body),
    }
    return orjson.dumps(line) + b"\n"


def read_line(line: bytes, place: str) -> Entry:
    """Read one line of a recording. Unknown fields are passed over.

    Raises:
        RecordingInvalid: it is not JSON, or a field is missing or of another type.
    """
    try:
        record = orjson.loads(line)
    except orjson.JSONDecodeError as error:
        raise RecordingInvalid(place, f"is not JSON ({error})") from None
    if not isinstance(record, dict):
        raise RecordingInvalid(place, "must be a JSON object")
    body = _read_bytes(record, "body", place)
    if body is None:
        raise RecordingInvalid(place, "has neither 'body' nor 'body_base64'; a bare payload belongs in a .json file")
    topic = record.get("topic")
    if topic is not None and not isinstance(topic, str):
        raise RecordingInvalid(place, "'topic' must be text")
    return Entry(
        body=body,
        time_ms=_read_time(record.get("time"), place),
        topic=topic,
        key=_read_bytes(record, "key", place),
        headers=_read_headers(record.get("headers"), place),
        place=place,
    )


def _bytes_field(name: str, value: bytes) -> dict[str, str]:
    try:
        return {name: value.decode()}
    except UnicodeDecodeError:
        return {f"{name}_base64": base64.b64encode(value).decode()}


def _header_value(value: bytes) -> str | dict[str, str]:
    try:
        return value.decode()
    except UnicodeDecodeError:
        return {"base64": base64.b64encode(value).decode()}


def _read_bytes(record: dict[str, Any], name: str, place: str) -> bytes | None:
    text, encoded = record.get(name), record.get(f"{name}_base64")
    if isinstance(text, str) and encoded is None:
        return text.encode()
    if isinstance(encoded, str) and text is None:
        return _decode(encoded, f"{name}_base64", place)
    if text is None and encoded is None:
        return None
    raise RecordingInvalid(place, f"needs one of '{name}' and '{name}_base64', as text")


def _decode(text: str, name: str, place: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise RecordingInvalid(place, f"'{name}' is not base64") from None


def _read_time(value: object, place: str) -> int | None:
    if value is None:
        return None
    try:
        time_ms = from_text(value) if isinstance(value, str) else None
    except (ValueError, OverflowError):
        time_ms = None
    if time_ms is None or time_ms < 0:
        raise RecordingInvalid(place, "'time' must be an RFC 3339 time such as 2026-11-03T08:00:00.000Z")
    return time_ms


def _read_headers(value: object, place: str) -> Headers:
    """Read pairs, or an object where no name repeats."""
    pairs = list(value.items()) if isinstance(value, dict) else [] if value is None else value
    if not isinstance(pairs, list):
        raise RecordingInvalid(place, "'headers' must be a list of [name, value]")
    return tuple(_read_header(pair, place) for pair in pairs)


def _read_header(pair: object, place: str) -> tuple[str, bytes]:
    match pair:
        case [str(name), str(text)] | (str(name), str(text)):
            return name, text.encode()
        case [str(name), {"base64": str(encoded)}] | (str(name), {"base64": str(encoded)}):
            return name, _decode(encoded, f"headers.{name}", place)
        case [str(name), None] | (str(name), None):
            return name, b""
    raise RecordingInvalid(place, "'headers' must be a list of [name, value] with text in them")
