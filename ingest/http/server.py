"""Accept connections, keep their number and their patience bounded, and end them in order."""

import asyncio
from contextlib import suppress
from email.utils import formatdate
from time import monotonic
from typing import Final

from ingest import errors
from ingest.http.application import Application
from ingest.http.connection import Connection
from ingest.limits import Limits
from ingest.load import Load
from ingest.metrics import Statistics
from schemas.settings import Address

_BACKLOG: Final = 1024
_SWEEP_S: Final = 0.25
"""How often patience is checked: one timer for all connections, however many there are."""


class Server:
    """Serve one address. All of its connections share the application, the limits and the load."""

    def __init__(self, application: Application, limits: Limits, load: Load, statistics: Statistics) -> None:
        self.application = application
        self.limits = limits
        self.load = load
        self.statistics = statistics
        self.loop = asyncio.get_running_loop()
        self.date = b""
        self._connections: dict[Connection, None] = {}
        self._empty = asyncio.Event()
        self._empty.set()
        self._listener: asyncio.Server | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._swept_at = monotonic()

    async def listen(self, address: Address, *, is_shared: bool = False) -> None:
        """Accept connections. A shared port may be listened on by other processes of ours (SO_REUSEPORT).

        Raises:
            PortTaken: another process listens there, or the address is not this machine's.
        """
        self._sweep()
        try:
            self._listener = await self.loop.create_server(
                lambda: Connection(self), address.host, address.port, backlog=_BACKLOG, reuse_port=is_shared or None
            )
        except OSError as error:
            await self.close()
            raise errors.PortTaken(address, errors.why(error), "FLOWRUN_LISTEN") from error

    def refuse_new(self) -> None:
        """Accept no connection any more; those that are open stay."""
        if self._listener is not None:
            self._listener.close()

    async def close(self, timeout_s: float = 0.0) -> int:
        """Close each connection once it is answered, all after ``timeout_s``; return how many were cut."""
        self.refuse_new()
        for connection in [each for each in self._connections if each.is_idle]:
            connection.abort()
        with suppress(TimeoutError):
            async with asyncio.timeout(timeout_s):
                await self._empty.wait()
        cut = list(self._connections)
        for connection in cut:
            connection.abort()
        if self._timer is not None:
            self._timer.cancel()
        return len(cut)

    @property
    def has_connections(self) -> bool:
        """Whether a connection is open."""
        return bool(self._connections)

    def opened(self, connection: Connection) -> bool:
        """Count a connection in; at the limit another that is of no use has to go for it."""
        if len(self._connections) >= self.limits.connections and not self._make_room():
            self.statistics.closed.add("too-many")
            return False
        self._connections[connection] = None
        self._empty.clear()
        self.statistics.connections.add(1)
        return True

    def lost(self, connection: Connection) -> None:
        """Count a connection out."""
        if connection in self._connections:
            del self._connections[connection]
            self.statistics.connections.add(-1)
            if not self._connections:
                self._empty.set()

    def _make_room(self) -> bool:
        """Close the oldest connection that waits for its sender, an idle one rather than one in a request."""
        expendable = [other for other in self._connections if other.is_expendable]  # the oldest come first
        other = next((each for each in expendable if each.is_idle), next(iter(expendable), None))
        if other is None:
            return False
        other.abort()
        self.lost(other)  # now: its own report comes with the next turn of the loop
        self.statistics.closed.add("crowded-out")
        return True

    def _sweep(self) -> None:
        """End what has been waited for too long; renew what changes with time."""
        self._timer = self.loop.call_later(_SWEEP_S, self._sweep)  # first: whatever fails below, it goes on
        now = monotonic()
        for connection in [each for each in self._connections if each.due <= now]:
            reason = connection.expire()
            if reason is not None:
                self.statistics.closed.add(reason)
        self.date = formatdate(usegmt=True).encode()
        if now > self._swept_at:
            self.load.tick(now - self._swept_at)
            self._swept_at = now
