"""Spread the partitions of many recorded runs over processes, and join what comes of them."""

import multiprocessing
import os
from collections.abc import Iterable, Iterator
from itertools import chain, islice
from multiprocessing.connection import Connection
from typing import Final, NamedTuple

import msgspec

from flowrun.backtest.judge import Judge, Outcome
from flowrun.backtest.recorded import RecordedRun
from processors import interpreter
from processors.watch.rule_book import RuleBook

CHUNK: Final = 1_000
"""Runs handed over at a time."""
FEW: Final = 20_000
"""So many runs are judged sooner than another process has started."""

_encode: Final = msgspec.msgpack.Encoder().encode
_decode_runs: Final = msgspec.msgpack.Decoder(list[RecordedRun]).decode
_decode_outcome: Final = msgspec.msgpack.Decoder(Outcome).decode
_END: Final = b""


class WorkerEnded(Exception):
    """A process that judged some of the partitions has ended by itself."""


class Books(NamedTuple):
    """Hold what a judge needs to know."""

    candidate: RuleBook
    apart: RuleBook | None


class Until:
    """Know the end of what was recorded: a given moment, else the last arrival."""

    def __init__(self, moment_ms: int | None) -> None:
        self._given = moment_ms is not None
        self.moment_ms = moment_ms or 0

    def note(self, chunk: list[RecordedRun]) -> list[RecordedRun]:
        """Take note of when these arrived, and return them."""
        if not self._given:
            self.moment_ms = max(self.moment_ms, max(run.arrived_ms for run in chunk))
        return chunk


def cores() -> int:
    """Return how many processors this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def judge(runs: Iterator[RecordedRun], books: Books, until: Until, processes: int) -> Outcome:
    """Judge all runs: few in this process, many in ``processes`` of their own if that is more than one.

    Raises:
        WorkerEnded: one of the processes was ended by something else.
    """
    first = list(islice(runs, FEW))
    if processes < 2 or len(first) < FEW:
        return _alone(chain(first, runs), books, until)
    crew = _Crew(books, processes)
    try:
        for chunk in _chunks(chain(first, runs)):
            crew.hand_over(until.note(chunk))
        return crew.finish(until.moment_ms)
    except (BrokenPipeError, ConnectionResetError, EOFError) as error:
        raise WorkerEnded("a process that judged some of the runs was ended; is there enough memory?") from error
    finally:
        crew.dismiss()


def _alone(runs: Iterable[RecordedRun], books: Books, until: Until) -> Outcome:
    judge = Judge(books.candidate, books.apart)
    for chunk in _chunks(runs):
        judge.take(until.note(chunk))
    return judge.finish(until.moment_ms)


def _chunks(runs: Iterable[RecordedRun]) -> Iterator[list[RecordedRun]]:
    remaining = iter(runs)
    while chunk := list(islice(remaining, CHUNK)):
        yield chunk


class _Crew:
    """Processes that each judge some of the partitions."""

    def __init__(self, books: Books, processes: int) -> None:
        # Not forked: the threads of a Kafka client do not survive that.
        context = multiprocessing.get_context("spawn")
        self._workers = []
        self._ends: list[Connection] = []
        for _ in range(processes):
            ours, theirs = context.Pipe()
            worker = context.Process(target=_work, args=(theirs, books), daemon=True)
            worker.start()
            theirs.close()
            self._workers.append(worker)
            self._ends.append(ours)

    def hand_over(self, chunk: list[RecordedRun]) -> None:
        """Give each worker the runs of its partitions. Waits while it has enough to do."""
        shares: list[list[RecordedRun]] = [[] for _ in self._ends]
        for run in chunk:
            shares[run.partition % len(shares)].append(run)
        for end, share in zip(self._ends, shares, strict=True):
            if share:
                end.send_bytes(_encode(share))

    def finish(self, until_ms: int) -> Outcome:
        """Let all come to their end, and join what they found."""
        for end in self._ends:
            end.send_bytes(_END)
            end.send(until_ms)
        outcome = Outcome()
        for end in self._ends:
            outcome.add(_decode_outcome(end.recv_bytes()))
        return outcome

    def dismiss(self) -> None:
        """End all processes, whatever they do."""
        for end in self._ends:
            end.close()
        for worker in self._workers:
            worker.terminate()
            worker.join()


def _work(end: Connection, books: Books) -> None:
    interpreter.set_up()
    judge = Judge(books.candidate, books.apart)
    try:
        while data := end.recv_bytes():
            judge.take(_decode_runs(data))
        end.send_bytes(_encode(judge.finish(end.recv())))
    except (EOFError, BrokenPipeError, KeyboardInterrupt):
        return  # the parent has ended, and with it the question
