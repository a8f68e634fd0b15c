"""Serve until told to stop, then end in order: nothing new, answer what is in flight, flush."""

import asyncio
import logging
import signal
from typing import Final

from aiohttp import web

from ingest import management
from ingest.authentication import authenticator
from ingest.handler import Handler
from ingest.limits import Limits
from ingest.metrics import Statistics, registry
from ingest.producer import RawProducer
from ingest.readiness import Readiness
from ingest.server import Server, listen
from ingest.settings import IngestSettings

log = logging.getLogger("flowrun.ingest")

_MARGIN_S: Final = 1.0
"""What a drain allows beyond the deadline of the last request."""
_CLOSE_S: Final = 1.0


def run(settings: IngestSettings) -> int:
    """Serve until SIGTERM or SIGINT and return the exit code. Blocks. Kafka need not be there at the start.

    Raises:
        PortTaken: one of the two addresses cannot be listened on.
        LoginRefused: a certificate or key file is not what it should be.
    """
    return asyncio.run(_run(settings))


async def _run(settings: IngestSettings) -> int:
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    async with Ingest(settings):
        log.info("listening", extra={"webhook": str(settings.listen), "management": str(settings.management)})
        await stop.wait()
        log.info("stopping: answering what is in flight")
    log.info("stopped")
    return 0


class Ingest:
    """Run the whole service on the current event loop between ``async with``; its end is the drain."""

    def __init__(self, settings: IngestSettings, limits: Limits | None = None) -> None:
        self._settings = settings
        self._limits = limits or Limits()
        self.statistics = Statistics()

    async def __aenter__(self) -> "Ingest":
        """Start both ports.

        Raises:
            PortTaken: one of the two addresses cannot be listened on.
            LoginRefused: a certificate or key file is not what it should be.
        """
        settings, limits = self._settings, self._limits
        self._producer = RawProducer(settings.connection, settings.raw_topic, limits, self.statistics)
        self._readiness = Readiness(self._producer.topics, settings.raw_topic, limits.probe_s)
        self._handler = Handler(authenticator(settings), self._producer, limits, self.statistics)
        self._server = Server(self._handler, limits, self.statistics)
        metrics = registry(self.statistics, lambda: self._producer.queue_records)
        self._site: web.AppRunner | None = None
        try:
            self._site = await management.serve(settings.management, self.why_not_ready, metrics)
            self._socket = await listen(self._server, settings.listen)
        except BaseException:
            await self._end()
            raise
        return self

    async def __aexit__(self, *_: object) -> None:
        """Drain: accept nothing, answer what is in flight, close idle connections, flush."""
        self._socket.close()
        try:
            linger_s = self._limits.linger_s if self._server.connections else 0
            await self._handler.drain(linger_s, self._limits.deadline_s + _MARGIN_S)
        except TimeoutError:
            log.warning("requests were cut unanswered", extra={"requests": self.statistics.in_flight})
        self._server.pre_shutdown()
        await self._server.shutdown(_CLOSE_S)
        await self._end()

    async def why_not_ready(self) -> str | None:
        """Return why requests would not get 202 now, ``None`` if they would."""
        if self._handler.is_draining:
            return "shutting down"
        return await self._readiness.why_not()

    async def _end(self) -> None:
        await self._producer.close(self._limits.message_timeout_ms / 1000)
        if self._site is not None:
            await self._site.cleanup()
