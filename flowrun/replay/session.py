"""Run a whole replay: rounds, times, progress, interruption."""

import asyncio
import signal
import time
from collections.abc import Iterator
from dataclasses import dataclass, field

from flowrun.replay.delivery import Outcome, Patience, Tally, Target
from flowrun.replay.drive import Driver
from flowrun.replay.pace import Pacer
from flowrun.replay.plan import Numbered, Plan, Survey, shift_for
from flowrun.replay.resume import Progress


@dataclass(frozen=True, slots=True)
class Request:
    """Say what to send and how."""

    plan: Plan
    survey: Survey
    rebase: int | str | None = None
    """Where the recording's last record goes: ``now``, or milliseconds since the epoch."""
    speed: float | None = None
    """A factor of the recorded speed; ``None`` is as fast as possible."""
    max_gap_ms: int | None = None
    loops: bool = False
    patience: Patience = field(default_factory=Patience)


@dataclass(slots=True)
class Result:
    """Tell how a replay went; grows while it goes on."""

    tally: Tally = field(default_factory=Tally)
    seconds: float = 0.0
    given_up: Outcome | None = None
    """The attempt after which the receiver was given up, if it was."""
    is_interrupted: bool = False

    def missing(self, expected: int) -> int:
        """Tell how many of the expected entries were never tried."""
        return max(0, expected - self.tally.skipped - self.tally.sent)


async def replay(
    request: Request, target: Target, result: Result, *, progress: Progress | None = None, stop: asyncio.Event
) -> None:
    """Send everything, counting in ``result``. Setting ``stop`` ends it once what is on its way has ended.

    Raises:
        StateUnwritable: progress is kept, and its file cannot be written.
    """
    began = time.monotonic()
    began_ms = round(time.time() * 1000)
    driver = Driver(
        target,
        result.tally,
        stop,
        patience=request.patience,
        acknowledged=progress.note if progress is not None else lambda number: None,
    )
    sent = 0
    while not stop.is_set():
        shift_s = shift_for(request.rebase, request.survey, round(time.time() * 1000))
        if progress is not None:
            shift_s = progress.keep_shift(shift_s)
        fresh = f"{began_ms}/{result.tally.rounds}" if result.tally.rounds else None
        entries = request.plan.round(shift_s, fresh, already=sent)
        await driver.send(_unsent(entries, progress, result.tally), Pacer(request.speed, request.max_gap_ms))
        sent += request.survey.entries
        limit = request.plan.limit
        if not request.loops or not request.survey.entries or (limit is not None and sent >= limit):
            break
    result.given_up = driver.given_up
    result.seconds = time.monotonic() - began
    if progress is not None:
        progress.close(is_complete=result.tally.acknowledged + result.tally.skipped >= request.survey.entries)


def stop_on_signals(result: Result) -> asyncio.Event:
    """Return an event that the first Ctrl-C or SIGTERM sets; a second Ctrl-C ends the process as usual."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()

    def interrupted() -> None:
        result.is_interrupted = True
        stop.set()
        loop.remove_signal_handler(signal.SIGINT)

    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, interrupted)
    return stop


def _unsent(entries: Iterator[Numbered], progress: Progress | None, tally: Tally) -> Iterator[Numbered]:
    for numbered in entries:
        if progress is not None and progress.is_done(numbered.number):
            tally.skipped += 1
        else:
            yield numbered
