"""Write one line for each request: what it was, how it ended, and which events it carried."""

import asyncio
import sys
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Final

import msgspec

from ingest.http.message import Answer, Request
from ingest.settings import LogFormat
from schemas.times import to_text

_LOGGER: Final = "flowrun.ingest.access"
_FLUSH_S: Final = 0.1
_FLUSH_LINES: Final = 500
_MAX_TEXT: Final = 200
_MAX_IDS: Final = 20
"""Adobe's largest batch. Of a larger one the first are named; ``records`` tells how many there were."""

Write = Callable[[bytes], object]


def to_stderr(lines: bytes) -> None:
    """Write where the other logs go. That nobody reads them any more is no reason to stop serving."""
    with suppress(OSError, ValueError):  # ValueError: it is closed
        sys.stderr.buffer.write(lines)
        sys.stderr.buffer.flush()


class AccessLog:
    """Collect lines for a moment, and write them together: a write for each would be a tenth of a request's cost.

    Never holds a body, a query, a header that proves something, or an address of a sender.
    """

    def __init__(self, form: LogFormat, write: Write) -> None:
        self._line = _json if form == "json" else _text
        self._write = write
        self._lines: list[bytes] = []
        self._loop = asyncio.get_running_loop()
        self._timer: asyncio.TimerHandle | None = None

    def write(self, request: Request | None, answer: Answer, now: float) -> None:
        """Take one request that has ended at ``now``, a time of the event loop."""
        self._lines.append(self._line(_fields(request, answer, now)))
        if self._timer is None:
            self._timer = self._loop.call_later(_FLUSH_S, self.flush)
        elif len(self._lines) >= _FLUSH_LINES:
            self.flush()

    def flush(self) -> None:
        """Write what was collected."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        lines, self._lines = self._lines, []
        if lines:
            self._write(b"".join(lines))


def _fields(request: Request | None, answer: Answer, now: float) -> dict[str, object]:
    fields: dict[str, object] = {
        "time": to_text(time.time_ns() // 1_000_000),
        "level": "info",
        "logger": _LOGGER,
        "message": "request",
        "status": answer.status,
        "outcome": answer.outcome,
    }
    if request is not None and request.method:
        fields["method"] = request.method
        fields["path"] = request.path[:_MAX_TEXT]
        fields["bytes"] = len(request.body)
        fields["duration_ms"] = round((now - request.began) * 1000, 3)
        fields |= _events(request, answer)
    return fields


def _events(request: Request, answer: Answer) -> Mapping[str, object]:
    headers = request.headers
    ids = request.notes.get("event_ids")
    if not isinstance(ids, list):
        sent = headers.get("x-adobe-event-id")
        ids = [sent] if sent else []
    told: dict[str, object] = {"records": answer.records}
    if ids:
        told["event_ids"] = [each[:_MAX_TEXT] for each in ids[:_MAX_IDS]]
    for name, header in (("retry_count", "x-adobe-retry-count"), ("traceparent", "traceparent")):
        if sent := headers.get(header):
            told[name] = sent[:_MAX_TEXT]
    return told


def _json(fields: Mapping[str, object]) -> bytes:
    try:
        return msgspec.json.encode(fields) + b"\n"
    except UnicodeEncodeError:  # a header that is no UTF-8
        return msgspec.json.encode({name: _readable(value) for name, value in fields.items()}) + b"\n"


def _text(fields: Mapping[str, object]) -> bytes:
    rest = dict(fields)
    head = f"{rest.pop('time')} {rest.pop('level')} {rest.pop('logger')}: {rest.pop('message')}"
    line = head + "".join(f" {name}={_words(value)}" for name, value in rest.items())
    return line.encode("utf-8", "replace").replace(b"\r", b"\\r").replace(b"\n", b"\\n") + b"\n"


def _words(value: object) -> str:
    return ",".join(map(str, value)) if isinstance(value, list) else str(value)


def _readable(value: object) -> object:
    if isinstance(value, str):
        return value.encode("utf-8", "replace").decode()
    return [_readable(each) for each in value] if isinstance(value, list) else value
