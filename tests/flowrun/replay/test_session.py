"""Test a whole replay: its rounds, its times, and where it goes on."""

import asyncio
import signal
from pathlib import Path

import orjson
import pytest

from flowrun.recording.entry import Entry, write_line
from flowrun.replay.delivery import Outcome
from flowrun.replay.plan import Plan
from flowrun.replay.resume import Progress
from flowrun.replay.session import Request, Result, replay, stop_on_signals
from tests.flowrun.jumping import run_jumping
from tests.flowrun.replay.scripted import ACKNOWLEDGED, ScriptedTarget

T0_MS = 1_600_000_000_000


def plan(directory: Path, limit: int | None = None) -> Plan:
    """Plan to send three entries of one flow, with the times of their sending in them."""
    file = directory / "three.ndjson"
    bodies = [{"event_id": f"e{n}", "flowId": "a", "time": T0_MS // 1000 + n} for n in range(3)]
    file.write_bytes(b"".join(write_line(Entry(orjson.dumps(body), T0_MS + 1000 * n)) for n, body in enumerate(bodies)))
    return Plan((file,), limit=limit)


def play(request: Request, target: ScriptedTarget, progress: Progress | None = None) -> Result:
    """Run a replay to its end."""
    result = Result()

    async def run() -> None:
        await replay(request, target, result, progress=progress, stop=asyncio.Event())

    run_jumping(run())
    return result


def ids(target: ScriptedTarget) -> list[str]:
    """Return the event ids that arrived."""
    return [orjson.loads(body)["event_id"] for body in target.bodies]


def test_everything_is_sent_once(tmp_path: Path) -> None:
    """Without a loop there is one round, and the counts add up."""
    target, what = ScriptedTarget(ACKNOWLEDGED), plan(tmp_path)
    result = play(Request(what, what.survey()), target)
    assert ids(target) == ["e0", "e1", "e2"]
    assert (result.tally.sent, result.tally.acknowledged, result.tally.accepted, result.tally.rounds) == (3, 3, 3, 1)


def test_a_loop_sends_news_in_each_round(tmp_path: Path) -> None:
    """The first round has the recorded ids, each later one its own; the limit ends it."""
    target, what = ScriptedTarget(ACKNOWLEDGED), plan(tmp_path, limit=8)
    result = play(Request(what, what.survey(), loops=True), target)
    assert (ids(target)[:3], len(set(ids(target))), result.tally.rounds) == (["e0", "e1", "e2"], 8, 3)


def test_a_loop_of_nothing_ends(tmp_path: Path) -> None:
    """There is nothing to wait for."""
    target, what = ScriptedTarget(ACKNOWLEDGED), plan(tmp_path, limit=0)
    assert play(Request(what, what.survey(), loops=True), target).tally.rounds == 1


def test_times_are_moved_to_a_moment(tmp_path: Path) -> None:
    """The last record comes to it, and the others keep their distance."""
    target, what = ScriptedTarget(ACKNOWLEDGED), plan(tmp_path)
    play(Request(what, what.survey(), rebase=T0_MS + 1_002_500), target)
    assert [orjson.loads(body)["time"] - T0_MS // 1000 for body in target.bodies] == [1_000, 1_001, 1_002]


def test_the_recorded_speed_is_kept(tmp_path: Path) -> None:
    """At twice the speed a second takes half of one."""
    target, what = ScriptedTarget(ACKNOWLEDGED), plan(tmp_path)
    play(Request(what, what.survey(), speed=2.0), target)
    assert target.times_s == [0, 0.5, 1]


def test_an_interrupted_replay_goes_on(tmp_path: Path) -> None:
    """What was acknowledged is not sent again, and the rest is moved by the seconds of the beginning."""
    what, state = plan(tmp_path), tmp_path / "state.json"
    refusing = ScriptedTarget(ACKNOWLEDGED, Outcome("refused_all", "401"))
    first = play(Request(what, what.survey(), rebase=T0_MS + 1_002_000), refusing, Progress(state))
    progress = Progress(state)
    progress.load()
    target = ScriptedTarget(ACKNOWLEDGED)
    second = play(Request(what, what.survey(), rebase=T0_MS + 9_002_000), target, progress)
    assert (first.tally.acknowledged, first.missing(3), ids(target), second.tally.skipped) == (1, 1, ["e1", "e2"], 1)
    assert [orjson.loads(body)["time"] - T0_MS // 1000 for body in target.bodies] == [1_001, 1_002]
    assert not state.exists()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_stops_in_order(number: signal.Signals) -> None:
    """It sets the event and is noted; Ctrl-C works as usual again after it."""
    result = Result()

    async def run() -> bool:
        stop = stop_on_signals(result)
        signal.raise_signal(number)
        async with asyncio.timeout(5):
            return await stop.wait()

    assert (asyncio.run(run()), result.is_interrupted) == (True, True)
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
