"""Serve one connection: requests in order, one at a time, each answered, none waited for without end."""

import asyncio
from contextlib import suppress
from time import monotonic
from typing import Final, Protocol

from ingest import errors
from ingest.http.application import Application
from ingest.http.incoming import Incoming
from ingest.http.message import Answer, Request, write
from ingest.http.reader import Reader
from ingest.limits import Limits
from ingest.load import Load
from ingest.metrics import Statistics
from ingest.metrics.names import Closed

_CONTINUE: Final = b"HTTP/1.1 100 Continue\r\n\r\n"
_KEPT: Final = {"1.0": b"keep-alive"}
"""What a sender of that version has to be told if the connection stays open; later ones expect it."""
NEVER: Final = float("inf")


class Owner(Protocol):
    """What a connection needs of its server."""

    application: Application
    limits: Limits
    load: Load
    statistics: Statistics
    loop: asyncio.AbstractEventLoop
    date: bytes
    """The time now, as the ``Date`` header wants it."""

    def opened(self, connection: "Connection") -> bool:
        """Count a connection in; ``False`` if there are too many."""

    def lost(self, connection: "Connection") -> None:
        """Count it out."""


class Connection(asyncio.Protocol):
    """Serve one connection.

    Invariants: at most one ``_task`` is answering; while it does, or while answers are not read, ``_reader.ready``
    waits. ``due`` is the time at which the connection's patience with its sender ends (``NEVER`` while it is our turn).
    """

    __slots__ = (
        "_has_sender_ended",
        "_is_blocked",
        "_is_ending",
        "_is_paused",
        "_owner",
        "_reader",
        "_task",
        "_transport",
        "due",
    )

    def __init__(self, owner: Owner) -> None:
        self._owner = owner
        self._reader = Reader(owner.limits, owner.application.admit, owner.load, monotonic)
        self._transport: asyncio.Transport
        self._task: asyncio.Task[None] | None = None
        self._has_sender_ended = False
        self._is_paused = False
        self._is_blocked = False
        self._is_ending = False
        """Whether nothing more is read: the last answer is written or being worked on."""
        self.due = NEVER

    @property
    def is_idle(self) -> bool:
        """Whether it is between requests."""
        return self._task is None and not self._is_ending and self._reader.began is None and not self._reader.ready

    @property
    def is_expendable(self) -> bool:
        """Whether it may be closed for another's sake: it waits for its sender, and nothing of it is being answered."""
        return self._task is None and not self._reader.ready

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin."""
        self._transport = transport  # type: ignore[assignment]  # a TCP server makes transports that read and write
        if self._owner.opened(self):
            self._wait()
        else:
            self._is_ending = True
            self._transport.abort()

    def data_received(self, data: bytes) -> None:
        """Take bytes, and answer what they complete."""
        if self._is_ending or self._reader.is_ended:
            return
        try:
            self._reader.feed(data)
        except errors.RequestRefused as error:
            self._end_reading(error)
        self._advance()

    def eof_received(self) -> bool:
        """Answer what has come although its sender has ended its side; half a request is refused."""
        if self._reader.current is not None and not self._is_ending:
            self._end_reading(errors.BodyBroken("The body ended before its announced length."))
        self._is_ending = self._has_sender_ended = True
        self._advance()
        return self._task is not None or bool(self._reader.ready)

    def pause_writing(self) -> None:
        """Stop answering: the sender does not read."""
        self._is_blocked = True
        self.due = monotonic() + self._owner.limits.deadline_s

    def resume_writing(self) -> None:
        """Go on answering."""
        self._is_blocked = False
        self._advance()

    def connection_lost(self, error: Exception | None) -> None:
        """Let go of everything; a request that Kafka has already is not called back."""
        self._owner.lost(self)
        self._is_ending = True
        current = self._reader.current
        if current is not None and current.refusal is None:
            self._owner.application.note(current.request, Answer(0, "sender-left"), is_sent=False)
        self._reader.drop()

    def expire(self) -> Closed | None:
        """End what the sender has kept waiting for too long, and say what it was; ``None`` if it is to be ignored."""
        reader = self._reader
        if self._is_blocked:
            self._transport.abort()
            return "slow-reader"
        if self._is_ending or reader.began is None:
            was_ending = self._is_ending
            self.abort()
            return None if was_ending else "idle"
        reason: Closed = "slow-head" if reader.is_in_head else "slow-body"
        self._end_reading(errors.DeadlinePassed("The request took too long to come; send it again."))
        self._advance()
        return reason

    def abort(self) -> None:
        """End it at once, whatever it does."""
        self._is_ending = True
        self._transport.abort()

    def _end_reading(self, error: errors.RequestRefused) -> None:
        """Refuse the request that is being read, and take nothing after it."""
        self._is_ending = True
        incoming, self._reader.current = self._reader.current, None
        if incoming is None:
            incoming = Incoming(Request("", "", {}, "1.1", monotonic()), self._owner.load)
        if incoming.refusal is None:
            incoming.refuse(error)
        self._reader.ready.append(incoming)

    def _advance(self) -> None:
        """Answer what can be answered now, in order."""
        reader = self._reader
        while self._task is None and not self._is_blocked and not self._transport.is_closing():
            if reader.ready:
                self._begin(reader.ready.popleft())
            elif reader.current is not None and reader.current.refusal is not None:
                self._end_reading(reader.current.refusal)  # no need to wait for the rest of it
            else:
                break
        self._pause(bool(reader.ready))
        if self._task is None and not self._is_blocked:
            self._wait()

    def _wait(self) -> None:
        """Wait for the sender, so long and no longer."""
        reader, limits = self._reader, self._owner.limits
        if self._is_ending or reader.is_ended:
            self._end()
        elif reader.began is None:
            self.due = monotonic() + limits.keep_alive_s
        else:
            self.due = reader.began + (limits.head_s if reader.is_in_head else limits.deadline_s)
            if reader.current is not None and reader.current.wants_continue():
                self._transport.write(_CONTINUE)

    def _end(self) -> None:
        """End our side; the sender gets a moment to read the last answer and to end its own."""
        if self._transport.is_closing() or self._task is not None or self._reader.ready:
            return
        self._is_ending = True
        if self._has_sender_ended:
            self._transport.close()
            return
        with suppress(OSError):  # it has left by now
            self._transport.write_eof()
        self.due = monotonic() + self._owner.limits.refused_s

    def _begin(self, incoming: Incoming) -> None:
        """Answer a refused request at once, any other by a task of its own."""
        if incoming.refusal is None:
            incoming.begin()
        if incoming.refusal is not None:
            self._send(incoming, self._owner.application.refuse(incoming.request, incoming.refusal))
            return
        self.due = NEVER
        self._task = self._owner.loop.create_task(self._answer(incoming))

    async def _answer(self, incoming: Incoming) -> None:
        answer = await self._owner.application.answer(incoming.request)
        self._task = None
        self._send(incoming, answer)
        self._advance()

    def _send(self, incoming: Incoming, answer: Answer) -> None:
        """Write one answer and let go of its request."""
        is_sent = not self._transport.is_closing()
        # First counted, then sent: who has read the answer finds it in the figures, whatever happens to this process.
        self._owner.application.note(incoming.request, answer, is_sent=is_sent)
        if is_sent:
            is_last = not incoming.keeps_connection or self._owner.application.is_draining or self._is_last()
            has_body = incoming.request.method != "HEAD"
            said = b"close" if is_last else _KEPT.get(incoming.request.version, b"")
            self._transport.write(write(answer, self._owner.date, said, has_body=has_body))
            if is_last:
                self._is_ending = True
                self._reader.drop()
        incoming.release()

    def _is_last(self) -> bool:
        """Tell whether nothing more is read and nothing more waits."""
        return (self._is_ending or self._reader.is_ended) and not self._reader.ready

    def _pause(self, is_full: bool) -> None:
        """Read no further while a complete request waits for its turn."""
        if is_full != self._is_paused and not self._transport.is_closing():
            self._is_paused = is_full
            self._transport.pause_reading() if is_full else self._transport.resume_reading()
