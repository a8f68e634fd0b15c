"""Test that everything is counted, and that alerts stand out."""

import orjson
import pytest

from flowrun.demo.expectations import Expectations
from flowrun.demo.spectator import SAMPLE_S, Spectator
from flowrun.tail.record import Record
from flowrun.terminal import Printer
from schemas.topics import Topic, declare

TOPICS = declare()
ALERT = {"rule": "r", "state": "firing", "labels": {"flow_id": "f"}}


class Clock:
    """Show the time that a test sets."""

    now_s = 0.0

    def __call__(self) -> float:
        return self.now_s


def record(topic: Topic, value: object) -> Record:
    """Make a record of JSON."""
    return Record(topic.name, 0, 0, 0, b"k", orjson.dumps(value))


def spectator(clock: Clock, *, runs: int = 0, dead_letters: int = 0) -> Spectator:
    """Make a spectator that waits for one alert and some records."""
    expectations = Expectations({("r", "f"): ("CRM", ["firing"])}, runs=runs, dead_letters=dead_letters)
    return Spectator(TOPICS, expectations, Printer(), clock)


def test_everything_is_counted(capsys: pytest.CaptureFixture[str]) -> None:
    """Runs, alerts and dead letters one by one; a window row once, however often it was written."""
    watching = spectator(Clock())
    for topic, value in [
        *[(TOPICS.runs, {})] * 3,
        *[(TOPICS.metrics, {"flow_id": flow, "window_start": start}) for flow, start in ("a1", "a1", "a2", "b1")],
        *[(TOPICS.alerts, ALERT)] * 2,
        (TOPICS.dead_letters, "ping"),
    ]:
        watching.see(record(topic, value))
    assert (watching.runs, watching.windows, watching.alerts, watching.dead_letters) == (3, 3, 2, 1)
    assert [line.split()[0] for line in capsys.readouterr().out.splitlines()] == [
        "run",
        "window",
        "alert",
        "alert",
        "dead",
    ]


def test_runs_are_shown_as_a_sample(capsys: pytest.CaptureFixture[str]) -> None:
    """At most one in a while, so that people can read; the first at once."""
    clock = Clock()
    watching = spectator(clock)
    for now_s in (0, SAMPLE_S / 2, SAMPLE_S, SAMPLE_S * 1.5):
        clock.now_s = now_s
        watching.see(record(TOPICS.runs, {"flow_name": f"at {now_s}"}))
    shown = capsys.readouterr().out
    assert [now_s for now_s in (0, SAMPLE_S / 2, SAMPLE_S, SAMPLE_S * 1.5) if f"at {now_s}\n" in shown] == [0, SAMPLE_S]


@pytest.mark.parametrize(
    ("seen", "is_complete"),
    [
        ([], False),
        ([(TOPICS.alerts, ALERT)], False),
        ([(TOPICS.alerts, ALERT), (TOPICS.runs, {})], False),
        ([(TOPICS.alerts, ALERT), (TOPICS.runs, {}), (TOPICS.dead_letters, {})], True),
        ([(TOPICS.alerts, ALERT), (TOPICS.dead_letters, {})], False),
        ([(TOPICS.runs, {}), (TOPICS.dead_letters, {})], False),
    ],
)
@pytest.mark.usefixtures("capsys")
def test_complete(seen: list[tuple[Topic, object]], is_complete: bool) -> None:
    """It is when all expected alerts, runs and dead letters have come."""
    watching = spectator(Clock(), runs=1, dead_letters=1)
    for topic, value in seen:
        watching.see(record(topic, value))
    assert watching.is_complete is is_complete


@pytest.mark.usefixtures("capsys")
def test_the_newest_record_has_its_time() -> None:
    """By it the end is known: nothing has come for a while."""
    clock = Clock()
    watching = spectator(clock)
    clock.now_s = 5.0
    watching.see(record(TOPICS.runs, {}))
    assert watching.newest_at == 5.0
