"""Test how long and how often one entry is tried."""

import asyncio

import pytest

from flowrun.recording.entry import Entry
from flowrun.replay.delivery import Outcome, Patience, Tally, deliver, is_set_within
from tests.flowrun.jumping import run_jumping
from tests.flowrun.replay.scripted import ACKNOWLEDGED, LATER, ScriptedTarget

REFUSED = Outcome("refused", "400")
REFUSED_ALL = Outcome("refused_all", "401")
UNREACHABLE = Outcome("later", "refused", is_unreachable=True)
ENTRY = Entry(b"{}")


def attempts(
    target: ScriptedTarget, patience: Patience, *, acknowledged: int = 0
) -> tuple[Outcome, list[float], Tally]:
    """Deliver one entry; return the last outcome, when it was tried, and the counts."""
    tally = Tally(acknowledged=acknowledged)

    async def run() -> Outcome:
        return await deliver(target, ENTRY, tally, patience, asyncio.Event())

    return run_jumping(run()), target.times_s, tally


@pytest.mark.parametrize(
    ("outcomes", "times_s"),
    [
        ([ACKNOWLEDGED], [0]),
        ([LATER, ACKNOWLEDGED], [0, 0.2]),
        ([LATER, LATER, LATER, ACKNOWLEDGED], [0, 0.2, 0.6, 1.4]),
        ([LATER] * 7 + [ACKNOWLEDGED], [0, 0.2, 0.6, 1.4, 3.0, 6.2, 11.2, 16.2]),
        ([Outcome("later", "busy", 3.0), ACKNOWLEDGED], [0, 3.0]),
        ([Outcome("later", "busy", 0.0), ACKNOWLEDGED], [0, 0.2]),
        ([REFUSED], [0]),
        ([REFUSED_ALL], [0]),
        ([LATER, REFUSED], [0, 0.2]),
    ],
)
def test_pauses_grow_to_five_seconds(outcomes: list[Outcome], times_s: list[float]) -> None:
    """They double from 0.2 s, are never shorter than Retry-After asks, and end with what is not worth trying again."""
    outcome, tried_s, tally = attempts(ScriptedTarget(*outcomes), Patience())
    assert (outcome, tried_s, tally.retries) == (outcomes[-1], times_s, len(times_s) - 1)


@pytest.mark.parametrize(
    ("outcome", "acknowledged", "patience", "ends_s"),
    [
        (LATER, 0, Patience(), 30.0),
        (LATER, 0, Patience(give_up_s=1.0), 1.0),
        (UNREACHABLE, 0, Patience(), 8.0),
        (UNREACHABLE, 0, Patience(give_up_s=1.0), 1.0),
        (UNREACHABLE, 1, Patience(), 30.0),
        (Outcome("later", "busy", 3600.0), 0, Patience(), 30.0),
    ],
)
def test_patience_ends(outcome: Outcome, acknowledged: int, patience: Patience, ends_s: float) -> None:
    """The last attempt is at the end of patience, which is shorter for a receiver that was never heard."""
    last, tried_s, _ = attempts(ScriptedTarget(outcome), patience, acknowledged=acknowledged)
    assert (last, tried_s[-1]) == (outcome, ends_s)


def test_being_told_to_stop_ends_a_pause() -> None:
    """Nothing is tried after it, and the last outcome tells how it stands."""

    async def run() -> tuple[Outcome, float]:
        stop = asyncio.Event()
        asyncio.get_running_loop().call_later(0.1, stop.set)
        outcome = await deliver(ScriptedTarget(LATER), ENTRY, Tally(), Patience(), stop)
        return outcome, asyncio.get_running_loop().time()

    outcome, ended_s = run_jumping(run())
    assert (outcome, round(ended_s, 3)) == (LATER, 0.1)


@pytest.mark.parametrize(
    ("set_after_s", "waits_s", "expected"), [(1, 2, (True, 1)), (2, 1, (False, 1)), (1, 0, (False, 0))]
)
def test_waiting_for_an_event(set_after_s: float, waits_s: float, expected: tuple[bool, float]) -> None:
    """It returns when the event is set, or when the time is over."""

    async def run() -> tuple[bool, float]:
        event = asyncio.Event()
        asyncio.get_running_loop().call_later(set_after_s, event.set)
        is_set = await is_set_within(event, waits_s)
        return is_set, round(asyncio.get_running_loop().time(), 3)

    assert run_jumping(run()) == expected
