"""Measure how many recorded runs a second ``flowrun rules backtest`` judges.

``python -m benchmarks.backtest [COUNT]`` judges COUNT runs (200,000) of 500 flows, one in ten failed, by the built-in
rules; then by a file that changes two of them, which means that the present ones are judged as well.
"""

import random
import sys
import time
from collections.abc import Iterator
from typing import Final

import msgspec

from flowrun.backtest import crew
from flowrun.backtest.backtest import backtest
from flowrun.backtest.recorded import RecordedRun
from processors import interpreter
from processors.watch.rule_book import RuleBook
from processors.watch.rules_file import built_in, parse
from schemas import times
from schemas.ids import EventId, FlowId, RunId
from schemas.run import Activity, Bytes, RawPosition, Records, Run, RunError

FLOWS: Final = 500
PARTITIONS: Final = 6
EVERY_MS: Final = 900_000
BEGIN_MS: Final = times.from_text("2026-03-01T00:00:00Z")
CHANGED: Final = """
[[rule]]
name = "repeated-failures"
kind = "failure_count"
severity = "critical"
threshold = 4

[[rule]]
name = "consecutive-failures"
kind = "consecutive_failures"
threshold = 4
"""


class Made:
    """Runs made up before the clock starts: of each flow one every 15 minutes."""

    def __init__(self, count: int) -> None:
        rng = random.Random(1)  # noqa: S311
        self._runs = [_run(number, failed=rng.random() < 0.1) for number in range(count)]

    def runs(self) -> Iterator[RecordedRun]:
        """Yield them in the order of time."""
        return iter(self._runs)

    def statistics(self) -> dict[str, int]:
        """Nothing is dropped."""
        return {}


def _run(number: int, *, failed: bool) -> RecordedRun:
    round_, flow = divmod(number, FLOWS)
    moment_ms = BEGIN_MS + round_ * EVERY_MS + flow * (EVERY_MS // FLOWS)
    moment = times.to_text(moment_ms)
    run = Run(
        event_id=EventId(f"event-{number:026d}"),
        flow_id=FlowId(f"flow-{flow:031d}"),
        flow_name=f"Flow {flow}",
        run_id=RunId(f"run-{number:032d}"),
        status="failed" if failed else "success",
        org_id="{ORG_ID}",
        sandbox_name="prod",
        occurred_at=moment,
        started_at=moment,
        completed_at=moment,
        duration_ms=60_000 + number % 1_000,
        records=Records(input=100, output=0 if failed else 100),
        bytes=Bytes(input=2_048, output=1_024),
        errors=[RunError("CONNECTOR-1001-500", "Error in copying the data.", "copy")] if failed else [],
        activities=[Activity("copyActivity", None, "copy", "failed" if failed else "success", 60_000)],
        received_at=moment,
        raw=RawPosition(flow % PARTITIONS, number),
    )
    return RecordedRun(flow % PARTITIONS, number, moment_ms, msgspec.json.encode(run))


def measure(what: str, made: Made, count: int, candidate: RuleBook, processes: int) -> None:
    """Judge all runs, and print one line."""
    cpu, started = time.process_time(), time.perf_counter()
    result = backtest(made, candidate, built_in(), None, processes)
    wall, cpu = time.perf_counter() - started, time.process_time() - cpu
    per_cpu = f"{count / cpu:11,.0f}" if processes == 1 else f"{'':11}"
    print(f"{what:32} {processes:9} {count / wall:11,.0f} {per_cpu} {len(result.compared):10,}")


def main(count: int) -> None:
    """Print the table."""
    made = Made(count)
    interpreter.set_up()
    changed = parse(CHANGED, "changed.toml")
    print(f"{'':32} {'processes':>9} {'runs/s':>11} {'per CPU s':>11} {'incidents':>10}")
    for processes in dict.fromkeys((1, crew.cores())):
        measure("built-in rules", made, count, built_in(), processes)
        measure("two other rules, and built-in", made, count, changed, processes)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 200_000)
