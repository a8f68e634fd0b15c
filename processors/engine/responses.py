"""Receive what a broker answers where it stays, instead of through a stream that is copied again and again.

aiokafka reads its connections through asyncio's streams: a response of some megabytes goes into a buffer that grows by
parts and is moved each time, is copied out of it, and its records are copied out of that; all of it is memory that the
system has to clear first. Here a large response is received into one piece of memory, the records of a fetch are read
there, and then another one is received into it.
"""

import asyncio
import time
from collections import deque
from typing import Any, Final

from aiokafka import conn
from aiokafka.protocol.fetch import FetchRequest

_SIZE: Final = 4
"""Bytes in front of each response that tell its length (Kafka's protocol guide, "Protocol Primitives")."""

SCRATCH: Final = 65_536
"""Bytes received at once while no large response is under way, and the length from which one is large."""

LARGEST: Final = 128 * 2**20
"""Bytes of the largest response that is believed. Ours are of 8 MiB, or of one record; any four bytes are a length to
something that is no Kafka broker, and memory would be taken for it."""

KEPT: Final = 3
"""Pieces of memory that a connection keeps: one is received into while others are read."""

LARGEST_KEPT: Final = 16 * 2**20
"""Bytes of the largest piece that is kept."""

_ROUNDED_TO: Final = 2**20


class Memory:
    """Lend memory for large responses, each piece again when nobody looks at it any more."""

    def __init__(self) -> None:
        self._pieces: list[bytearray] = []

    def lend(self, size: int) -> memoryview:
        """Return memory of this size; what is in it means nothing."""
        for piece in self._pieces:
            if len(piece) >= size and _is_free(piece):
                return memoryview(piece)[:size]
        piece = bytearray(-(-size // _ROUNDED_TO) * _ROUNDED_TO)
        if len(piece) <= LARGEST_KEPT:
            self._pieces = [*self._pieces[1 - KEPT :], piece]
        return memoryview(piece)[:size]


def _is_free(piece: bytearray) -> bool:
    try:
        piece.pop()
    except BufferError:  # as long as there is a view of it, its size is fixed
        return False
    piece.append(0)
    return True


class Responses(conn.AIOKafkaProtocol, asyncio.BufferedProtocol):  # type: ignore[misc]
    """Cut what a broker sends into responses. Small ones are ``bytes``, large ones lent :class:`Memory`."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._scratch = memoryview(bytearray(SCRATCH))
        self._filled = 0
        """Bytes in the scratch that belong to no response yet."""
        self._memory = Memory()
        self._large: memoryview | None = None
        """The large response under way, and how much of it there is."""
        self._received = 0
        self._whole: deque[bytes | memoryview] = deque()
        self._ended: BaseException | None = None
        self._waiting: asyncio.Future[None] | None = None

    def get_buffer(self, sizehint: int) -> memoryview:
        """Return where to receive the next bytes, never beyond a large response."""
        if self._large is None:
            return self._scratch[self._filled :]
        return self._large[self._received :]

    def buffer_updated(self, nbytes: int) -> None:
        """Learn how many bytes were received there."""
        if self._ended is not None:
            return
        if self._large is None:
            self._filled += nbytes
            self._cut()
        else:
            self._received += nbytes
            if self._received == len(self._large):
                self._whole.append(self._large)
                self._large = None
        if self._whole:
            self._wake()

    def _cut(self) -> None:
        scratch, start = self._scratch, 0
        while self._filled - start >= _SIZE:
            begin = start + _SIZE
            size = int.from_bytes(scratch[start:begin], signed=True)
            if not 0 <= size <= LARGEST:
                self._end(ConnectionError(f"a response of {size} bytes: this is no Kafka broker"))
                self._filled = 0
                return
            if size > SCRATCH - _SIZE:
                self._large, self._received = self._memory.lend(size), self._filled - begin
                self._large[: self._received] = scratch[begin : self._filled]
                self._filled = start
                break
            if self._filled - begin < size:
                break
            start = begin + size
            self._whole.append(scratch[begin:start].tobytes())
        rest = scratch[start : self._filled].tobytes()
        scratch[: len(rest)] = rest
        self._filled = len(rest)

    def eof_received(self) -> bool | None:
        """Learn that nothing follows."""
        self._end(EOFError("the broker closed the connection"))
        return super().eof_received()

    def connection_lost(self, exc: Exception | None) -> None:
        """Learn that the connection is gone."""
        self._end(exc or EOFError("the connection was closed"))
        super().connection_lost(exc)

    def _end(self, reason: BaseException) -> None:
        self._ended = self._ended or reason
        self._wake()

    def _wake(self) -> None:
        waiting, self._waiting = self._waiting, None
        if waiting is not None and not waiting.done():
            waiting.set_result(None)

    async def next(self) -> bytes | memoryview:
        """Return the next response, without its length. One at a time.

        Raises:
            OSError, EOFError: no further one comes.
        """
        while not self._whole:
            if self._ended is not None:
                raise self._ended
            self._waiting = asyncio.get_running_loop().create_future()
            await self._waiting
        return self._whole.popleft()


class Reader:
    """Read a large response as aiokafka's types do, of which they need one method."""

    def __init__(self, response: memoryview) -> None:
        self._rest = response

    def read(self, size: int) -> bytes | memoryview:
        """Return the next bytes, fewer at the end; as a view if they are many: those are records."""
        found, self._rest = self._rest[:size], self._rest[size:]
        return found if size > SCRATCH else found.tobytes()


class Connection(conn.AIOKafkaConnection):  # type: ignore[misc]
    """A connection to a broker that takes whole responses from :class:`Responses`."""

    @staticmethod
    async def _read(self_ref: Any) -> None:
        # Held weakly in between, so that a connection that nobody uses any more ends.
        connection = self_ref()
        if connection is None:
            return
        responses = connection._protocol
        del connection
        while True:
            response = await responses.next()
            connection = self_ref()
            if connection is None:
                return
            connection._handle_frame(response)
            # Nor may its memory be held, into which the next one is received.
            del connection, response

    def _handle_frame(self, response: bytes | memoryview) -> None:
        correlation_id, request, answer = self._requests[0]
        is_fetch = request is not None and request.API_KEY == FetchRequest.API_KEY
        if not is_fetch or isinstance(response, bytes) or answer.done():
            super()._handle_frame(bytes(response))
            return
        reader = Reader(response)
        if request.parse_response_header(reader).correlation_id != correlation_id:
            super()._handle_frame(bytes(response))  # which says so, and closes
            return
        answer.set_result(request.RESPONSE_TYPE.decode(reader))
        self._last_action = time.monotonic()
        self._requests.popleft()


def install() -> None:
    """Make every connection of aiokafka in this process one of these."""
    conn.AIOKafkaProtocol = Responses
    conn.AIOKafkaConnection = Connection
