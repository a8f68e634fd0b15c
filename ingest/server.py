"""Speak HTTP on the webhook port: aiohttp's low-level server, with answers of our own to what is no HTTP."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Any, Final

from aiohttp import web
from aiohttp.web_protocol import RequestHandler

from ingest import errors, problems
from ingest.body import BodyIncomplete
from ingest.limits import Limits
from ingest.metrics import Statistics
from schemas.settings import Address

log = logging.getLogger("flowrun.ingest.server")

Handle = Callable[[web.BaseRequest], Awaitable[web.StreamResponse]]

_BACKLOG: Final = 1024
_LINGER_S: Final = 2.0
"""How long the rest of a refused body is read, so that the sender gets to read the answer."""


class Connection(RequestHandler):
    """Serve one connection."""

    __slots__ = ("has_sender_ended", "statistics")

    def __init__(self, server: web.Server, statistics: Statistics, **arguments: Any) -> None:
        super().__init__(server, **arguments)
        self.statistics = statistics
        self.has_sender_ended = False

    def handle_error(
        self,
        request: web.BaseRequest,
        status: int = 500,
        exc: BaseException | None = None,
        message: str | None = None,
    ) -> web.StreamResponse:
        """Answer what aiohttp could not parse; its own words may repeat what the sender sent, so they are not used."""
        error = errors.RequestMalformed("This is no HTTP request that can be read here.")
        self.statistics.requests[problems.PROBLEMS[type(error)].name] += 1
        log.info("a request could not be parsed", extra={"reason": type(exc).__name__})
        response = problems.answer(error)
        response.force_close()
        return response

    def eof_received(self) -> bool | None:  # type: ignore[override]  # aiohttp closes always; asyncio takes a bool
        """Answer the request in flight although the sender has ended its side, then close."""
        is_idle = self._request_count == 0 or (self._waiter is not None and not self._waiter.done())
        if is_idle:
            return None
        self.has_sender_ended = True
        request = self._current_request
        if request is not None:
            refuse_incomplete(request)
        self.close()
        return True


def refuse_incomplete(request: web.BaseRequest) -> None:
    """End the reading of a body whose rest cannot come any more, because its sender has ended its side."""
    content = request.content
    connection = request.protocol
    if isinstance(connection, Connection) and connection.has_sender_ended and not content.is_eof():
        content.set_exception(BodyIncomplete())


class Server(web.Server):
    """Make the connections."""

    def __init__(self, handle: Handle, limits: Limits, statistics: Statistics) -> None:
        async def answer(request: web.BaseRequest) -> web.StreamResponse:
            refuse_incomplete(request)  # the sender may have ended its side before we began
            response = await handle(request)
            connection = request.protocol
            if isinstance(connection, Connection) and connection.has_sender_ended:
                request.content.feed_eof()  # or aiohttp would read on for the rest, and log what it gets as our error
            return response

        super().__init__(
            answer,
            access_log=None,
            auto_decompress=False,
            keepalive_timeout=limits.keep_alive_s,
            lingering_time=_LINGER_S,
            logger=logging.getLogger("flowrun.ingest.aiohttp"),
        )
        self._statistics = statistics

    def __call__(self) -> RequestHandler:
        """Make one connection."""
        return Connection(self, self._statistics, loop=self._loop, **self._kwargs)


async def listen(server: Server, address: Address) -> asyncio.Server:
    """Accept connections.

    Raises:
        PortTaken: another process listens there, or the address is not this machine's.
    """
    loop = asyncio.get_running_loop()
    try:
        return await loop.create_server(server, address.host, address.port, backlog=_BACKLOG)
    except OSError as error:
        raise errors.PortTaken(address, errors.why(error), "FLOWRUN_LISTEN") from error
