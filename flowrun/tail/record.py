"""Define a record as it was read, and its form for programs."""

from dataclasses import dataclass
from typing import Any, Final

import orjson

from flowrun.recording.entry import Entry, write_line
from schemas.times import to_text

REASON: Final = "flowrun_reason"
DETAIL: Final = "flowrun_detail"


@dataclass(frozen=True, slots=True)
class Record:
    """Hold one record of a topic."""

    topic: str
    partition: int
    offset: int
    time_ms: int
    key: bytes | None
    value: bytes | None
    headers: tuple[tuple[str, bytes], ...] = ()

    def header(self, name: str) -> str | None:
        """Return the first value of a header as text."""
        return next((value.decode(errors="replace") for own, value in self.headers if own == name), None)


def json_value(record: Record) -> dict[str, Any] | None:
    """Return the value of a record that holds a JSON object, ``None`` of any other."""
    try:
        value = orjson.loads(record.value or b"")
    except orjson.JSONDecodeError:
        return None
    return value if isinstance(value, dict) else None


def envelope(record: Record) -> dict[str, Any]:
    """Return a record of exact bytes for programs.

    It has the fields of a recording's line (a program may keep it and replay it), headers as an object,
    ``partition``, ``offset``, and ``reason`` and ``detail`` of a dead letter.
    """
    entry = Entry(record.value or b"", record.time_ms, record.topic, record.key, record.headers)
    line: dict[str, Any] = orjson.loads(write_line(entry))
    line |= {"partition": record.partition, "offset": record.offset, "headers": dict(line["headers"])}
    reason = record.header(REASON)
    return line if reason is None else {"reason": reason, "detail": record.header(DETAIL), **line}


def time_text(time_ms: int) -> str:
    """Write a record's time as people read it, to the second."""
    return to_text(max(0, time_ms))[:19].replace("T", " ")
