"""Write one line for each request: what it was, how it ended, and which events it carried."""

import asyncio
import logging
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

_LEVELS: Final = {getattr(logging, name): name.lower() for name in ("DEBUG", "INFO", "WARNING", "ERROR")}
_REFUSED: Final = 400
_LOGGER: Final = "flowrun.ingest.access"
_FLUSH_S: Final = 0.1
_FLUSH_LINES: Final = 500
_BURST: Final = 100
_WINDOW_S: Final = 10.0
"""How many refusals of one kind are written in how long: strangers can make as many as they like."""
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
        self._refusals: dict[Outcome, Refusals] = {}

    def write(self, request: Request | None, answer: Answer, now: float) -> None:
        """Take one request that has ended at ``now``, by ``time.monotonic``."""
        repeated = 0
        if answer.status >= _REFUSED:
            refusals = self._refusals.setdefault(answer.outcome, Refusals())
            if not refusals.may_pass(now):
                return
            repeated = refusals.take_held_back()
        self._lines.append(self._form(_line(request, answer, now, repeated)))
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


class Refusals:
    """Let the first refusals of a kind pass in each window, and count the others."""

    __slots__ = ("_began", "_held_back", "_passed")

    def __init__(self) -> None:
        self._began = -_WINDOW_S
        self._passed = 0
        self._held_back = 0

    def may_pass(self, now: float) -> bool:
        """Decide on one."""
        if now - self._began >= _WINDOW_S:
            self._began, self._passed = now, 0
        if self._passed >= _BURST:
            self._held_back += 1
            return False
        self._passed += 1
        return True

    def take_held_back(self) -> int:
        """Return how many were held back since this was asked last."""
        count, self._held_back = self._held_back, 0
        return count


def _line(request: Request | None, answer: Answer, now: float, repeated: int) -> "_Line":
    level = _LEVELS[answer.level]
    line = _Line(_time_text(time.time_ns() // 1_000_000), answer.status, answer.outcome, answer.records, level)
    line.repeated = repeated
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
    level: str
    method: str = ""
    path: str = ""
    bytes: int = 0
    duration_ms: float = 0.0
    event_ids: list[str] = []
    retry_count: str = ""
    traceparent: str = ""
    repeated: int = 0
    logger: str = ""
    message: str = ""


def _json(line: _Line) -> bytes:
    line.logger, line.message = _LOGGER, "request"
    try:
        return msgspec.json.encode(line) + b"\n"
    except UnicodeEncodeError:  # a header that is no UTF-8
        return (
            msgspec.json.encode({name: _readable(value) for name, value in msgspec.structs.asdict(line).items()})
            + b"\n"
        )


def _text(line: _Line) -> bytes:
    text = (
        f"{line.time} {line.level} {_LOGGER}: request status={line.status} outcome={line.outcome}"
        f" records={line.records} method={line.method} path={line.path} bytes={line.bytes}"
        f" duration_ms={line.duration_ms} event_ids={','.join(line.event_ids)}"
        f" retry_count={line.retry_count} traceparent={line.traceparent}"
    )
    if line.repeated:
        text += f" repeated={line.repeated}"
    return text.encode("utf-8", "replace").replace(b"\r", b"\\r").replace(b"\n", b"\\n") + b"\n"


def _readable(value: object) -> object:
    if isinstance(value, str):
        return value.encode("utf-8", "replace").decode()
    return [_readable(each) for each in value] if isinstance(value, list) else value
