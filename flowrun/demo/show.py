"""Run the demo: start the services, replay the day, watch what comes, end everything."""

import asyncio
import json
import math
import os
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import aiohttp
from prometheus_client.parser import text_string_to_metric_families

from flowrun.data import EXPECTED, RECORDING
from flowrun.demo.expectations import Expectations
from flowrun.demo.processes import Child
from flowrun.demo.spectator import Spectator
from flowrun.demo.stage import Stage
from flowrun.replay.http import HttpTarget
from flowrun.replay.plan import Plan
from flowrun.replay.session import Request, Result, replay
from flowrun.tail.reader import Reader
from flowrun.terminal import Printer
from processors.metrics import LAG
from schemas.settings import Address

DEADLINE_S: Final = 60.0
"""When the expected alerts must have arrived, from the start."""
READY_S: Final = 30.0
SETTLE_S: Final = 1.0
"""How long nothing may come for the counts to be final."""
POLL_S: Final = 0.1
READ_S: Final = 0.05
WATCHABLE_SPEED: Final = 7_200.0
"""A day in twelve seconds, for people. Without a terminal it goes as fast as it can."""


class DemoFailed(Exception):
    """What must happen has not happened in time. The message says what is missing."""


@dataclass(slots=True)
class Show:
    """Hold a running demo."""

    stage: Stage
    children: Sequence[Child]
    stop: asyncio.Event
    printer: Printer
    began: float

    def require_alive(self) -> None:
        """Check all services.

        Raises:
            ChildDied: one has ended.
        """
        for child in self.children:
            child.require_alive()

    @property
    def seconds(self) -> float:
        """How long the demo has run."""
        return time.monotonic() - self.began


def start_children(stage: Stage, logs: Path) -> list[Child]:
    """Start ingest and the processors."""
    services: list[tuple[str, list[str], Address]] = [
        ("ingest", ["ingest"], stage.ingest_management),
        ("processors", ["process", "all"], stage.process_management),
    ]
    return [
        Child(name, arguments, stage.environment(os.environ, management), logs / f"{name}.log")
        for name, arguments, management in services
    ]


async def run(show: Show, *, once: bool) -> None:
    """Play the whole demo. With ``once`` return after the expected alerts, else when ``show.stop`` is set.

    Raises:
        ChildDied: a service ended.
        DemoFailed: something is missing after 60 s.
    """
    await _until_ready(show)
    if show.stop.is_set():
        return
    _tell_where(show)
    expectations = Expectations.from_file(EXPECTED)
    spectator = Spectator(show.stage.topics, expectations, show.printer)
    over = asyncio.Event()
    watching = asyncio.create_task(_watch(show.stage, spectator, over))
    result = Result()
    sending = asyncio.create_task(_send(show, result, once=once))
    try:
        await _until_complete(show, spectator, expectations, result, (watching, sending))
        if show.stop.is_set():
            return
        _summarise(show, result, spectator)
        if not once:
            show.printer.text("Everything keeps running until you press Ctrl-C.", "bold")
            await _until_stopped(show, (watching,))
    finally:
        over.set()
        sending.cancel()
        await asyncio.gather(watching, sending, return_exceptions=True)


async def _until_ready(show: Show) -> None:
    waiting = {f"http://{address}/readyz" for address in (show.stage.ingest_management, show.stage.process_management)}
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=2)) as session:
        while waiting and not show.stop.is_set():
            show.require_alive()
            waiting -= {url for url in waiting if await _is_ready(session, url)}
            if waiting and show.seconds > READY_S:
                raise DemoFailed(f"not ready after {READY_S:.0f} s: {', '.join(sorted(waiting))}")
            await asyncio.sleep(POLL_S if waiting else 0)


async def _is_ready(session: aiohttp.ClientSession, url: str) -> bool:
    try:
        async with session.get(url) as response:
            return response.status == 200
    except (aiohttp.ClientError, TimeoutError):
        return False


async def _is_all_processed(stage: Stage) -> bool:
    """Tell whether the processors have read everything: on a busy machine the topics may be quiet before that."""
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=2)) as session:
        try:
            async with session.get(f"http://{stage.process_management}/metrics") as response:
                metrics = await response.text()
        except (aiohttp.ClientError, TimeoutError):
            return False
    lags = [sample.value for family in text_string_to_metric_families(metrics) for sample in family.samples
            if sample.name == LAG]  # fmt: skip
    return bool(lags) and not any(lags)


def _tell_where(show: Show) -> None:
    stage = show.stage
    prefix = " ".join(f"{name}={text}" for name, text in stage.settings().items())
    for what, where in (
        ("broker", f"{stage.connection.bootstrap_servers}{' (embedded)' if stage.embedded else ''}"),
        ("post notifications to", stage.url),
        ("metrics of ingest", f"http://{stage.ingest_management}/metrics"),
        ("metrics of processors", f"http://{stage.process_management}/metrics"),
        ("see the alerts", f"{prefix} flowrun tail alerts"),
        ("see failed runs", f"{prefix} flowrun tail runs --where status=failed"),
    ):
        show.printer.line([(f"{what:<23}", "bold"), (where, "")])


async def _send(show: Show, result: Result, *, once: bool) -> None:
    plan = Plan((RECORDING,))
    request = Request(plan, plan.survey(), rebase="now", speed=None if once else WATCHABLE_SPEED)
    async with HttpTarget(show.stage.url) as target:
        await replay(request, target, result, stop=show.stop)


async def _watch(stage: Stage, spectator: Spectator, over: asyncio.Event) -> None:
    """Read until told to end; not to be cancelled while a thread uses the reader."""
    topics = [stage.topics.runs, stage.topics.metrics, stage.topics.alerts, stage.topics.dead_letters]
    with await asyncio.to_thread(Reader, stage.connection, topics, "beginning") as reader:
        while not over.is_set():
            for record in await asyncio.to_thread(reader.read, READ_S):
                spectator.see(record)


async def _until_complete(
    show: Show,
    spectator: Spectator,
    expectations: Expectations,
    result: Result,
    tasks: Sequence[asyncio.Task[None]],
) -> None:
    """Return when all was acknowledged, everything expected came, and the topics are quiet; or at Ctrl-C."""
    sending = tasks[-1]
    processed_at = math.inf
    while not show.stop.is_set():
        _check(show, tasks)
        is_sent = sending.done() and not result.tally.failed
        if is_sent and spectator.is_complete and await _is_all_processed(show.stage):
            processed_at = min(processed_at, time.monotonic())
            if time.monotonic() - max(processed_at, spectator.newest_at) >= SETTLE_S:
                return
        else:
            processed_at = math.inf
        if show.seconds > DEADLINE_S:
            if is_sent and expectations.are_met:
                return
            raise DemoFailed(_what_is_missing(expectations, result))
        await asyncio.sleep(POLL_S)
    if result.given_up:
        raise DemoFailed(result.given_up.detail)


def _what_is_missing(expectations: Expectations, result: Result) -> str:
    tally = result.tally
    missing = [f"{tally.failed} not acknowledged ({tally.first_failure})"] if tally.failed else expectations.missing()
    return f"not all came within {DEADLINE_S:.0f} s: {'; '.join(missing) or 'the replay has not ended'}"


def _check(show: Show, tasks: Sequence[asyncio.Task[None]]) -> None:
    """Look whether a service or a task of ours has failed."""
    show.require_alive()
    for task in tasks:
        if task.done():
            task.result()


async def _until_stopped(show: Show, tasks: Sequence[asyncio.Task[None]]) -> None:
    while not show.stop.is_set():
        _check(show, tasks)
        await asyncio.sleep(POLL_S)


def _summarise(show: Show, result: Result, spectator: Spectator) -> None:
    summary = {
        "sent": result.tally.sent,
        "acknowledged": result.tally.acknowledged,
        "notifications": result.tally.accepted,
        "runs": spectator.runs,
        "windows": spectator.windows,
        "alerts": spectator.alerts,
        "dead_letters": spectator.dead_letters,
        "seconds": round(show.seconds, 1),
    }
    if sys.stdout.isatty():
        show.printer.text(", ".join(f"{name.replace('_', ' ')} {value:,}" for name, value in summary.items()), "bold")
    else:
        show.printer.text(json.dumps(summary))
