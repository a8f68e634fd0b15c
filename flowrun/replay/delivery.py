"""Deliver one entry: try again for as long as it can still succeed and patience lasts."""

import asyncio
from dataclasses import dataclass
from typing import Final, Literal, NamedTuple, Protocol

from flowrun.recording.entry import Entry

Verdict = Literal["acknowledged", "later", "refused", "refused_all"]

FIRST_PAUSE_S: Final = 0.2
LONGEST_PAUSE_S: Final = 5.0


class Outcome(NamedTuple):
    """Tell how one attempt ended."""

    verdict: Verdict
    """``later``: worth trying again. ``refused_all``: so will every other be, such as a wrong token."""
    detail: str = ""
    retry_after_s: float | None = None
    accepted: int = 0
    """How many notifications the receiver counted."""
    is_unreachable: bool = False
    """Nobody answered."""
    status: int | None = None
    """The HTTP status of the answer, if there was one."""


class Target(Protocol):
    """Stand for where entries are sent."""

    async def send(self, entry: Entry) -> Outcome:
        """Try once, in bounded time. Never raises for what the receiver does."""
        ...


@dataclass(slots=True)
class Tally:
    """Count what happened; the summary of a replay."""

    sent: int = 0
    acknowledged: int = 0
    accepted: int = 0
    failed: int = 0
    retries: int = 0
    skipped: int = 0
    rounds: int = 0
    first_failure: str | None = None


@dataclass(frozen=True, slots=True)
class Patience:
    """Say how long to try."""

    give_up_s: float = 30.0
    """For one entry, from its first attempt."""
    first_contact_s: float = 8.0
    """For a receiver that has never answered."""


async def deliver(target: Target, entry: Entry, tally: Tally, patience: Patience, stop: asyncio.Event) -> Outcome:
    """Send until it is acknowledged or refused, patience ends, or ``stop`` is set; return the last outcome."""
    loop = asyncio.get_running_loop()
    began = loop.time()
    pause_s = FIRST_PAUSE_S
    while True:
        outcome = await target.send(entry)
        if outcome.verdict != "later":
            return outcome
        never_heard = outcome.is_unreachable and not tally.acknowledged
        limit_s = min(patience.first_contact_s, patience.give_up_s) if never_heard else patience.give_up_s
        left_s = limit_s - (loop.time() - began)
        if left_s <= 0 or await is_set_within(stop, min(max(pause_s, outcome.retry_after_s or 0), left_s)):
            return outcome
        tally.retries += 1
        pause_s = min(2 * pause_s, LONGEST_PAUSE_S)


async def is_set_within(event: asyncio.Event, seconds: float) -> bool:
    """Wait for an event at most that long; tell whether it is set."""
    if seconds > 0 and not event.is_set():
        try:
            await asyncio.wait_for(event.wait(), seconds)
        except TimeoutError:
            return False
    return event.is_set()
