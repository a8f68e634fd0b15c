"""Test that many entries go at once and those of a flow in order."""

import asyncio
from collections.abc import Sequence

import pytest

from flowrun.recording.entry import Entry
from flowrun.replay.delivery import Outcome, Patience, Tally
from flowrun.replay.drive import AHEAD_MS, IN_FLIGHT, Driver
from flowrun.replay.pace import Pacer
from flowrun.replay.plan import Numbered
from tests.flowrun.jumping import run_jumping
from tests.flowrun.replay.scripted import ACKNOWLEDGED, LATER, ScriptedTarget


def numbered(number: int, *flows: str, time_ms: int | None = None) -> Numbered:
    """Make an entry of some flows; its body is its number."""
    return Numbered(number, Entry(b"%d" % number, time_ms, place=f"f:{number}"), frozenset(flows))


def drive(
    target: ScriptedTarget,
    entries: Sequence[Numbered],
    *,
    stop_after_s: float | None = None,
    speed: float | None = None,
) -> tuple[Driver, Tally, list[int], float]:
    """Send entries; return the driver, the counts, the numbers that were acknowledged, and how long it took."""
    tally, acknowledged = Tally(), list[int]()

    async def run() -> tuple[Driver, float]:
        stop = asyncio.Event()
        loop = asyncio.get_running_loop()
        if stop_after_s is not None:
            loop.call_later(stop_after_s, stop.set)
        driver = Driver(target, tally, stop, patience=Patience(give_up_s=5), acknowledged=acknowledged.append)
        await driver.send(entries, Pacer(speed))
        return driver, round(loop.time(), 3)

    driver, took_s = run_jumping(run())
    return driver, tally, acknowledged, took_s


def test_entries_of_different_flows_go_together() -> None:
    """As many as may be are on their way at once, and no more."""
    target = ScriptedTarget(ACKNOWLEDGED, takes_s=1)
    _, tally, _, took_s = drive(target, [numbered(each, str(each)) for each in range(2 * IN_FLIGHT)])
    assert (target.most_on_their_way, took_s, tally.acknowledged) == (IN_FLIGHT, 2, 2 * IN_FLIGHT)


def test_entries_of_one_flow_go_one_after_the_other() -> None:
    """The second is sent when the first is acknowledged, however often that had to be tried."""
    target = ScriptedTarget(LATER, ACKNOWLEDGED, takes_s=1)
    drive(target, [numbered(0, "a"), numbered(1, "a"), numbered(2, "a")])
    assert (target.bodies, target.times_s) == ([b"0", b"0", b"1", b"2"], [0, 1.2, 2.2, 3.2])


def test_a_batch_keeps_the_order_of_all_its_flows() -> None:
    """It waits for each of its flows, and each waits for it."""
    target = ScriptedTarget(ACKNOWLEDGED, takes_s=1)
    drive(target, [numbered(0, "a"), numbered(1, "b"), numbered(2, "a", "b"), numbered(3, "b"), numbered(4, "c")])
    assert (target.bodies, target.times_s) == ([b"0", b"1", b"4", b"2", b"3"], [0, 0, 0, 1, 2])


def test_what_names_no_flow_waits_for_nothing() -> None:
    """Such entries have no order to keep."""
    target = ScriptedTarget(ACKNOWLEDGED, takes_s=1)
    drive(target, [numbered(0), numbered(1), numbered(2)])
    assert target.times_s == [0, 0, 0]


def test_time_does_not_run_ahead_of_what_is_on_its_way() -> None:
    """What was recorded more than five minutes later waits, of whatever flow it is; what has no time does not."""
    target = ScriptedTarget(ACKNOWLEDGED, takes_s=1)
    entries = [
        numbered(0, "a", time_ms=0),
        numbered(1, "b", time_ms=AHEAD_MS),
        numbered(2, "c", time_ms=AHEAD_MS + 1),
        numbered(3, "d"),
    ]
    drive(target, entries)
    assert (target.bodies, target.times_s) == ([b"0", b"1", b"2", b"3"], [0, 0, 1, 1])


def test_a_refused_entry_does_not_stop_the_others() -> None:
    """It is counted and told with its place."""
    target = ScriptedTarget(Outcome("refused", "the receiver answers 413"), ACKNOWLEDGED)
    driver, tally, acknowledged, _ = drive(target, [numbered(0, "a"), numbered(1, "a"), numbered(2, "b")])
    assert (tally.sent, tally.acknowledged, tally.failed, tally.accepted) == (3, 2, 1, 2)
    assert (tally.first_failure, sorted(acknowledged), driver.given_up) == (
        "f:0: the receiver answers 413",
        [1, 2],
        None,
    )


@pytest.mark.parametrize("outcome", [Outcome("refused_all", "the receiver answers 401", status=401), LATER])
def test_a_receiver_is_given_up(outcome: Outcome) -> None:
    """After one that everything will meet, or when patience ends, nothing more is begun."""
    driver, tally, _, _ = drive(ScriptedTarget(outcome), [numbered(each, "a") for each in range(9)])
    assert (driver.given_up, tally.sent, tally.failed, tally.acknowledged) == (outcome, 1, 1, 0)


def test_being_told_to_stop_waits_for_what_is_on_its_way() -> None:
    """It is acknowledged and counted; nothing new is begun, and the receiver is not given up."""
    target = ScriptedTarget(ACKNOWLEDGED, takes_s=1)
    driver, tally, acknowledged, took_s = drive(target, [numbered(each, "a") for each in range(9)], stop_after_s=1.5)
    assert (tally.sent, acknowledged, took_s, driver.given_up) == (2, [0, 1], 2, None)


def test_being_told_to_stop_is_not_giving_up() -> None:
    """What was still being tried counts as failed; nothing is said against the receiver."""
    driver, tally, _, took_s = drive(ScriptedTarget(LATER), [numbered(0, "a"), numbered(1, "a")], stop_after_s=1)
    assert (driver.given_up, tally.sent, tally.failed, took_s) == (None, 1, 1, 1)


def test_recorded_gaps_are_kept() -> None:
    """Each entry is sent when it is due, and being told to stop ends the waiting."""
    target = ScriptedTarget(ACKNOWLEDGED)
    entries = [
        numbered(0, time_ms=0),
        numbered(1, time_ms=20_000),
        numbered(2, time_ms=60_000),
        numbered(3, time_ms=90_000),
    ]
    _, _, _, took_s = drive(target, entries, speed=10, stop_after_s=7)
    assert (target.times_s, took_s) == ([0, 2, 6], 7)
