"""Hold requests and answers, and write answers as bytes."""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import TYPE_CHECKING, Final, NamedTuple

from ingest.metrics import Outcome

if TYPE_CHECKING:
    from ingest.adobe.signature import Pair
    from ingest.tracing import Trace

_REASONS: Final = {int(status): status.phrase for status in HTTPStatus}


@dataclass(slots=True)
class Request:
    """Hold one request. The body is there once all of it has come."""

    method: str
    target: str
    """Path and query as sent; with scheme and host if the sender wrote them (RFC 9112, 3.2.2)."""
    headers: Mapping[str, str]
    """By name in lower case; repeated ones are joined by commas; bytes that are no UTF-8 are surrogate escapes."""
    version: str
    """``1.0`` or ``1.1``."""
    began: float
    """When its first byte came, by ``time.monotonic``: uvloop's own time has no fractions of a millisecond."""
    body: bytes = b""
    signatures: "Sequence[Pair]" = ()
    """What its sender is to be known by, once it is admitted."""
    trace: "Trace | None" = None
    """Who follows it, if anybody does."""
    event_ids: list[str] = field(default_factory=list)
    """What the access log calls its notifications, once they are known."""

    @property
    def path(self) -> str:
        """The path, as sent."""
        return self._split()[0]

    @property
    def query(self) -> str:
        """The query, as sent; empty without one."""
        return self._split()[1]

    def _split(self) -> tuple[str, str]:
        target = self.target
        if not target.startswith("/"):
            _, _, behind = target.partition("://")
            _, slash, target = behind.partition("/")
            target = slash + target
        path, _, query = target.partition("?")
        return path, query


class Answer(NamedTuple):
    """Hold one answer, and how the request ended."""

    status: int
    """0 where nobody was there to read one."""
    outcome: Outcome
    body: bytes = b""
    headers: tuple[tuple[str, str], ...] = ()
    records: int = 0
    """How many records Kafka has acknowledged for it."""
    level: int = logging.INFO
    """How the log has it."""


def write(answer: Answer, date: bytes, connection: bytes, *, has_body: bool = True) -> bytes:
    """Write an answer. ``connection`` is the value of its ``Connection`` header, empty for none."""
    status = answer.status
    lines = [b"HTTP/1.1 %d %s\r\nDate: %s\r\n" % (status, _REASONS[status].encode(), date)]
    lines.extend(f"{name}: {value}\r\n".encode() for name, value in answer.headers)
    lines.append(b"Content-Length: %d\r\n" % len(answer.body))
    if connection:
        lines.append(b"Connection: %s\r\n" % connection)
    lines.append(b"\r\n")
    if has_body:
        lines.append(answer.body)
    return b"".join(lines)
