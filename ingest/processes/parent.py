"""Start several processes that serve one address, start those again that die, and show them as one."""

import asyncio
import logging
import os
import signal
import time
from collections.abc import Sequence
from typing import Any, Final

from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient

from broker.connection import Connection
from broker.errors import LoginRefused
from ingest import management, openapi
from ingest.metrics import registry
from ingest.processes.place import Place
from ingest.processes.reservation import Reservation
from ingest.processes.shared import SharedFigures
from ingest.readiness import Readiness
from ingest.service import limits_here, run_loop, stop_event
from ingest.settings import IngestSettings

log = logging.getLogger("flowrun.ingest.processes")

MISUSE: Final = 2
"""The exit code of a child whose settings are wrong: starting it again would not help."""
_FIRST_PAUSE_S: Final = 0.5
_LONGEST_PAUSE_S: Final = 10.0
_SETTLED_S: Final = 10.0
"""A child that has lived for so long is started again without delay."""
_GRACE_S: Final = 3.0
"""What a child may take to end beyond the deadline of its last request and the flush of its producer."""


def run(settings: IngestSettings, count: int, command: Sequence[str]) -> int:
    """Serve by ``count`` processes until SIGTERM or SIGINT, and return the exit code. Blocks.

    ``command`` starts one of them when its place is added to it. The environment is handed on.

    Raises:
        PortTaken: one of the two addresses cannot be listened on.
        LoginRefused: a certificate or key file is not what it should be.
    """
    return run_loop(_run(settings, count, command))


async def _run(settings: IngestSettings, count: int, command: Sequence[str]) -> int:
    stop = stop_event()
    reservation = Reservation(settings.listen)
    family = Family(settings, count, command, reservation, stop)
    try:
        site = await management.serve(
            settings.management,
            family.why_not_ready,
            registry(family.figures.total),
            openapi.document(settings.auth, reservation.address),
        )
        log.info("listening", extra={"webhook": str(reservation.address), "processes": count})
        code = await family.live()
        await site.cleanup()
    finally:
        reservation.close()
    log.info("stopped")
    return code


class Family:
    """Keep the children. Each has a task that starts it, waits for its end, and starts it again."""

    def __init__(
        self,
        settings: IngestSettings,
        count: int,
        command: Sequence[str],
        reservation: Reservation,
        stop: asyncio.Event,
    ) -> None:
        self.figures = SharedFigures.create(count)
        self._count = count
        self._command = command
        self._stop = stop
        self._limits = limits_here()
        self._environment = _environment(reservation)
        # The parent alone keeps the writing end; it closes with it, even by kill -9, and every child notices.
        self._leash, self._leash_end = os.pipe()
        self._children: dict[int, asyncio.subprocess.Process] = {}
        kafka = _client(settings.connection)
        self._readiness = Readiness(
            lambda timeout_s: kafka.list_topics(timeout=timeout_s).topics, settings.raw_topic, self._limits.probe_s
        )

    async def live(self) -> int:
        """Run until told to stop, and return the exit code: 0 if all ended well."""
        keeping = [asyncio.create_task(self._keep(number)) for number in range(self._count)]
        await self._stop.wait()
        log.info("stopping: every process answers what is in flight")
        for child in list(self._children.values()):
            _signal(child, signal.SIGTERM)
        try:
            async with asyncio.timeout(self._limits.deadline_s + self._limits.message_timeout_ms / 1000 + _GRACE_S):
                codes = await asyncio.gather(*keeping)
        except TimeoutError:
            log.error("processes did not end in time and are killed")
            for child in list(self._children.values()):
                _signal(child, signal.SIGKILL)
            codes = [1]
        return MISUSE if MISUSE in codes else int(any(codes))

    async def why_not_ready(self) -> str | None:
        """Return why requests would not get 202 now, ``None`` if they would."""
        if self._stop.is_set():
            return "shutting down"
        if not int(self.figures.total().serving):
            return "no process serves"
        return await self._readiness.why_not()

    async def _keep(self, number: int) -> int:
        """Have a process in one place until told to stop; return the exit code of the last."""
        pause_s = _FIRST_PAUSE_S
        while True:
            began = time.monotonic()
            code = await self._live_once(number)
            if self._stop.is_set():
                return code
            if code == MISUSE:
                self._stop.set()
                return code
            if time.monotonic() - began >= _SETTLED_S:
                pause_s = _FIRST_PAUSE_S
            log.error("a process has ended and is started again", extra={"place": number, "exit_code": code})
            if await self._is_stopped_within(pause_s):
                return 0
            pause_s = min(2 * pause_s, _LONGEST_PAUSE_S)

    async def _live_once(self, number: int) -> int:
        place = Place(number, self._count, self.figures.descriptor, self._leash)
        child = await asyncio.create_subprocess_exec(
            *self._command,
            str(place),
            stdin=asyncio.subprocess.DEVNULL,
            env=self._environment,
            pass_fds=(self.figures.descriptor, self._leash),
        )
        self._children[number] = child
        if self._stop.is_set():  # it was set while the child was being made
            _signal(child, signal.SIGTERM)
        code = await child.wait()
        del self._children[number]
        self.figures.of(number).forget_present()
        return code

    async def _is_stopped_within(self, seconds: float) -> bool:
        try:
            async with asyncio.timeout(seconds):
                await self._stop.wait()
        except TimeoutError:
            return False
        return True


def _client(connection: Connection) -> AdminClient:
    config: dict[str, Any] = connection.for_confluent()
    try:
        return AdminClient(config | {"logger": logging.getLogger("flowrun.ingest.librdkafka"), "log_level": 2})
    except KafkaException as error:
        raise LoginRefused(connection.bootstrap_servers, error.args[0].str()) from None


def _environment(reservation: Reservation) -> dict[str, str]:
    """Hand the environment on, with the address that was found to be free."""
    kept = {name: value for name, value in os.environ.items() if name != "FLOWRUN_LISTEN_FILE"}
    return kept | {"FLOWRUN_LISTEN": str(reservation.address)}


def _signal(child: asyncio.subprocess.Process, number: signal.Signals) -> None:
    if child.returncode is None:
        child.send_signal(number)
