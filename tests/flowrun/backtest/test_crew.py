"""Many runs are judged by several processes as one would."""

import os
import signal
from collections.abc import Iterator

import pytest

from flowrun.backtest import crew
from flowrun.backtest.judge import Outcome
from flowrun.backtest.recorded import RecordedRun
from tests.flowrun.backtest.runs import failing, recorded
from tests.processors.watch.records import at
from tests.processors.watch.rules import book, in_a_row, stalled

BOOKS = crew.Books(book(in_a_row()), book(in_a_row(threshold=2), stalled(after_ms=3_600_000)))
PARTITIONS = 5


def many() -> list[RecordedRun]:
    """Return runs of several flows in several partitions, in the order of time."""
    runs = [each for n in range(PARTITIONS) for each in recorded(*failing(f"f{n}", count=6), partition=n)]
    return sorted(runs, key=lambda run: run.arrived_ms)


def found(outcome: Outcome) -> list[object]:
    """Return all that an outcome says, in an order that does not depend on the processes."""
    incidents = [sorted(map(repr, each)) for each in (outcome.candidate, outcome.present)]
    return [outcome.runs, outcome.flows, outcome.first_ms, outcome.last_ms, *incidents]


@pytest.fixture
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let processes start already for few runs, and hand over a few at a time."""
    monkeypatch.setattr(crew, "FEW", 4)
    monkeypatch.setattr(crew, "CHUNK", 7)


@pytest.mark.parametrize("until", [None, at("20:00")])
@pytest.mark.usefixtures("few")
def test_processes_find_what_one_finds(until: int | None) -> None:
    """Incidents, reports and figures of all partitions."""
    alone = crew.judge(iter(many()), BOOKS, crew.Until(until), 1)
    together = crew.judge(iter(many()), BOOKS, crew.Until(until), 2)
    assert found(together) == found(alone)
    assert len(alone.candidate) == PARTITIONS


def test_few_runs_need_no_process(monkeypatch: pytest.MonkeyPatch) -> None:
    """Starting one would take longer."""
    monkeypatch.setattr(crew, "_Crew", None)
    assert crew.judge(iter(many()), BOOKS, crew.Until(None), 2).runs == len(many())


@pytest.mark.usefixtures("few")
def test_a_process_that_is_killed_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its partitions are not just left out; nothing is left running."""
    started: list[int] = []
    hire = crew._Crew.__init__

    def hire_and_note(self: crew._Crew, books: crew.Books, processes: int) -> None:
        hire(self, books, processes)
        started.extend(worker.pid or 0 for worker in self._workers)

    monkeypatch.setattr(crew._Crew, "__init__", hire_and_note)

    def runs() -> Iterator[RecordedRun]:
        yield from many()
        os.kill(started[0], signal.SIGKILL)

    with pytest.raises(crew.WorkerEnded, match="is there enough memory"):
        crew.judge(runs(), BOOKS, crew.Until(None), 2)
    for pid in started:
        with pytest.raises(ProcessLookupError):
            os.kill(pid, 0)


def test_until() -> None:
    """A given moment stays; else the last arrival counts."""
    given, last = crew.Until(5), crew.Until(None)
    for until in (given, last):
        until.note([RecordedRun(0, 0, 9, b""), RecordedRun(0, 1, 7, b"")])
    assert (given.moment_ms, last.moment_ms) == (5, 9)
