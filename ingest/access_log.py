"""Write one line for each request: what it was, how it ended, and which events it carried."""

import asyncio
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from functools import lru_cache
from typing import Final

import msgspec

from ingest.http.message import Answer, Request
from ingest.metrics import Outcome
from ingest.settings import LogFormat
from schemas.times import to_text

_LOGGER: Final = "flowrun.ingest.access"
_FLUSH_S: Final = 0.1
_FLUSH_LINES: Final = 500
_MAX_TEXT: Final = 200
_MAX_IDS: Final = 20
"""Adobe's largest batch. Of a larger one the first are named; ``records`` tells how many there were."""

_time_text = lru_cache(maxsize=1)(to_text)
"""Many requests end in the same millisecond."""

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
        self._form = _json if form == "json" else _text
        self._write = write
        self._lines: list[bytes] = []
        self._loop = asyncio.get_running_loop()
        self._timer: asyncio.TimerHandle | None = None

    def write(self, request: Request | None, answer: Answer, now: float) -> None:
        """Take one request that has ended at ``now``, by ``time.monotonic``."""
        self._lines.append(self._form(_line(request, answer, now)))
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


def _line(request: Request | None, answer: Answer, now: float) -> "_Line":
    line = _Line(_time_text(time.time_ns() // 1_000_000), answer.status, answer.outcome, answer.records)
    if request is not None and request.method:
        line.method = request.method
        line.path = request.path[:_MAX_TEXT]
        line.bytes = len(request.body)
        line.duration_ms = round((now - request.began) * 1000, 3)
        headers = request.headers
        line.event_ids = request.event_ids[:_MAX_IDS] or _short(headers.get("x-adobe-event-id"))
        line.retry_count = (headers.get("x-adobe-retry-count") or "")[:_MAX_TEXT]
        line.traceparent = (headers.get("traceparent") or "")[:_MAX_TEXT]
    return line


def _short(sent: str | None) -> list[str]:
    return [sent[:_MAX_TEXT]] if sent else []


class _Line(msgspec.Struct, omit_defaults=True):
    """Hold one line: as JSON the fields in this order, those that are empty left out."""

    time: str
    status: int
    outcome: Outcome
    records: int
    method: str = ""
    path: str = ""
    bytes: int = 0
    duration_ms: float = 0.0
    event_ids: list[str] = []
    retry_count: str = ""
    traceparent: str = ""
    level: str = ""
    logger: str = ""
    message: str = ""


def _json(line: _Line) -> bytes:
    line.level, line.logger, line.message = "info", _LOGGER, "request"
    try:
        return msgspec.json.encode(line) + b"\n"
    except UnicodeEncodeError:  # a header that is no UTF-8
        return (
            msgspec.json.encode({name: _readable(value) for name, value in msgspec.structs.asdict(line).items()})
            + b"\n"
        )


def _text(line: _Line) -> bytes:
    text = (
        f"{line.time} info {_LOGGER}: request status={line.status} outcome={line.outcome} records={line.records}"
        f" method={line.method} path={line.path} bytes={line.bytes} duration_ms={line.duration_ms}"
        f" event_ids={','.join(line.event_ids)} retry_count={line.retry_count} traceparent={line.traceparent}"
    )
    return text.encode("utf-8", "replace").replace(b"\r", b"\\r").replace(b"\n", b"\\n") + b"\n"


def _readable(value: object) -> object:
    if isinstance(value, str):
        return value.encode("utf-8", "replace").decode()
    return [_readable(each) for each in value] if isinstance(value, list) else value
