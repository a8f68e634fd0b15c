"""Serve until told to stop, then end in order: nothing new, answer what is in flight, flush."""

import asyncio
import logging
import os
import signal
from collections.abc import Coroutine
from dataclasses import replace
from typing import Final

import uvloop
from aiohttp import web

from ingest import descriptors, management, openapi
from ingest.access_log import AccessLog, Write, to_stderr
from ingest.authentication import authenticator
from ingest.confirmation import Confirmation
from ingest.handler import Handler
from ingest.http.server import Server
from ingest.limits import Limits
from ingest.load import Load
from ingest.metrics import Statistics, registry
from ingest.ports import require_free
from ingest.producer import RawProducer
from ingest.readiness import Readiness
from ingest.settings import IngestSettings
from ingest.tracing import NoTracing, Tracing, tracing

log = logging.getLogger("flowrun.ingest")

_MEASURE_S: Final = 0.25
_MARGIN_S: Final = 1.0
"""What a drain allows beyond the deadline of the last request."""


def run(settings: IngestSettings) -> int:
    """Serve until SIGTERM or SIGINT and return the exit code. Blocks. Kafka need not be there at the start.

    Raises:
        PortTaken: one of the two addresses cannot be listened on.
        LoginRefused: a certificate or key file is not what it should be.
    """
    return run_loop(_run(settings))


def run_loop(main: Coroutine[None, None, int]) -> int:
    """Run a service on an event loop of its own, and return its exit code."""
    return uvloop.run(main)


def stop_event() -> asyncio.Event:
    """Return an event that SIGTERM or SIGINT sets, on the running loop."""
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    return stop


def limits_here() -> Limits:
    """Return the usual limits, as far as this machine lets us have connections."""
    usual = Limits()
    return replace(usual, connections=min(usual.connections, descriptors.raise_limit()))


async def _run(settings: IngestSettings) -> int:
    stop = stop_event()
    async with Ingest(settings, limits_here(), tracing=tracing(os.environ)):
        log.info("listening", extra={"webhook": str(settings.listen), "management": str(settings.management)})
        await stop.wait()
        log.info("stopping: answering what is in flight")
    log.info("stopped")
    return 0


class Ingest:
    """Run the whole service on the current event loop between ``async with``; its end is the drain."""

    def __init__(
        self,
        settings: IngestSettings,
        limits: Limits | None = None,
        statistics: Statistics | None = None,
        write_log: Write = to_stderr,
        *,
        tracing: Tracing | None = None,
        is_one_of_many: bool = False,
    ) -> None:
        """Prepare. One of many processes shares its port with the others, and leaves management to their parent."""
        self._settings = settings
        self._is_one_of_many = is_one_of_many
        self._limits = limits or Limits()
        self._write_log = write_log
        self._tracing = tracing or NoTracing()
        self.statistics = statistics or Statistics()

    async def __aenter__(self) -> "Ingest":
        """Start both ports.

        Raises:
            PortTaken: one of the two addresses cannot be listened on.
            LoginRefused: a certificate or key file is not what it should be.
        """
        settings, limits, statistics = self._settings, self._limits, self.statistics
        if not self._is_one_of_many:
            # First: from here on Kafka's client may log that it finds no broker, which would bury this.
            require_free(settings.listen, "FLOWRUN_LISTEN")
            require_free(settings.management, "FLOWRUN_MANAGEMENT_LISTEN")
        self._producer = RawProducer(settings.connection, settings.raw_topic, limits, statistics)
        self._readiness = Readiness(self._producer.topics, settings.raw_topic, limits.probe_s)
        self._authenticator = authenticator(settings, statistics)
        self._confirmation = Confirmation(settings.confirms_validation, statistics)
        self._access_log = AccessLog(settings.log, self._write_log)
        load = Load(limits, statistics)
        self._handler = Handler(
            self._authenticator,
            self._producer,
            self._confirmation,
            load,
            limits,
            statistics,
            self._access_log,
            self._tracing,
        )
        self._server = Server(self._handler, limits, load, statistics)
        self._site: web.AppRunner | None = None
        try:
            if not self._is_one_of_many:
                self._site = await management.serve(
                    settings.management,
                    self.why_not_ready,
                    registry(lambda: statistics),
                    openapi.document(settings.auth, settings.listen),
                )
            await self._server.listen(settings.listen, is_shared=self._is_one_of_many)
        except BaseException:
            await self._end()
            raise
        self._measure()
        statistics.serving.set(1)
        return self

    async def __aexit__(self, *_: object) -> None:
        """Drain, flush, and let go of everything."""
        await self.drain()
        self._timer.cancel()
        await self._end()

    async def drain(self) -> None:
        """Accept nothing, answer what is in flight, close idle connections. Doing it again changes nothing."""
        self._server.refuse_new()
        self._handler.is_draining = True
        self.statistics.serving.set(0)
        if self._server.has_connections:
            # First answer what comes on kept connections (503, Connection: close): their senders cannot know that we
            # stop, and a connection closed as they write is a request without an answer.
            await asyncio.sleep(self._limits.linger_s)
        cut = await self._server.close(self._limits.deadline_s + _MARGIN_S)
        if cut:
            log.warning("connections were cut", extra={"connections": cut})

    async def why_not_ready(self) -> str | None:
        """Return why requests would not get 202 now, ``None`` if they would."""
        if self._handler.is_draining:
            return "shutting down"
        return await self._readiness.why_not()

    def flush_log(self) -> None:
        """Write the lines of the access log that wait for the next moment."""
        self._access_log.flush()

    def _measure(self) -> None:
        """Note every so often what nobody else notes."""
        self.statistics.queue_records.set(self._producer.queue_records)
        self._timer = asyncio.get_running_loop().call_later(_MEASURE_S, self._measure)

    async def _end(self) -> None:
        await self._producer.close(self._limits.message_timeout_ms / 1000)
        await self._authenticator.close()
        await self._confirmation.close()
        self._access_log.flush()
        await asyncio.to_thread(self._tracing.close)
        if self._site is not None:
            await self._site.cleanup()
