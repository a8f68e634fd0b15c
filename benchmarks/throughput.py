"""Measure CPU per event of normalize and watch, beside a plain loop on the same data in the same run.

The workers run once as the image has them (their steps compiled) and once interpreted, as in a checkout.

``python -m benchmarks.throughput [COUNT]`` prints a table; ``--steady`` adds what a worker costs that keeps up with a
steady rate, ``--latency`` the time from POST to a readable alert.
"""

import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from itertools import zip_longest
from pathlib import Path
from typing import Final, NamedTuple

from confluent_kafka.admin import (  # type: ignore[attr-defined]  # exported, but not in the way mypy asks for
    AdminClient,
    NewTopic,
)

from benchmarks import latency, steady
from benchmarks.cluster import PARTITIONS, create, fill, wait_until_done
from benchmarks.notifications import notifications
from tests.compiled.build import CannotBuild, build, environment
from tests.kafka.apache import ApacheKafka
from tests.service import Service

WIDTH: Final = 52
FLOWS: Final = (1_000, 50_000)
TWO_RULES: Final = """
[[rule]]
name = "repeated-failures"
kind = "failure_count"
severity = "critical"

[[rule]]
name = "consecutive-failures"
kind = "consecutive_failures"
severity = "warning"
"""


class Figure(NamedTuple):
    """Hold one row of the table."""

    what: str
    events: int
    cpu_s: float
    wall_s: float

    @property
    def cost_us(self) -> float:
        """CPU microseconds per event."""
        return 1e6 * self.cpu_s / self.events

    def __str__(self) -> str:
        figures = f"{self.cost_us:7.1f} {self.events / self.wall_s:11,.0f} {self.events / self.cpu_s:11,.0f}"
        return f"{self.what:{WIDTH}} {figures}"


def plain(bootstrap: str, source: str, count: int) -> Figure:
    """Run the yardstick over the raw topic."""
    target = f"plain-{source}"
    admin = AdminClient({"bootstrap.servers": bootstrap})
    admin.create_topics([NewTopic(target, PARTITIONS, 1)])[target].result()
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.plain_loop", bootstrap, source, target, str(count)],
        check=True, capture_output=True, text=True,
    )  # fmt: skip
    cpu, wall = done.stdout.split()
    return Figure("plain loop (no guarantee)", count, float(cpu), float(wall))


def process(agent: str, bootstrap: str, prefix: str, count: int, log: Path, what: str, **settings: str) -> Figure:
    """Run one worker over everything in its input topic; CPU counts from the moment its partitions are open."""
    worker = Service(["process", agent], bootstrap, prefix, log, PARTITIONS, **settings)
    try:
        worker.wait_ready()
        cpu, started = worker.cpu_s, time.monotonic()
        wait_until_done(worker, "watch" if agent == "all" else agent, count)
        return Figure(what, count, worker.cpu_s - cpu, time.monotonic() - started)
    finally:
        worker.stop()


class Table:
    """Measure the plain loop and both agents, apart and together, over ``flows`` flows. The rows stay by name."""

    def __init__(self, bootstrap: str, count: int, flows: int, log: Path) -> None:
        self.flows = flows
        self.figures: dict[str, Figure] = {}
        self._bootstrap = bootstrap
        self._count = count
        self._log = log
        self._now_ms = time.time_ns() // 1_000_000
        two_rules = log.with_name("two-rules.toml")
        two_rules.write_text(TWO_RULES)
        self._two_rules = {"FLOWRUN_RULES": str(two_rules)}

    def fill(self, name: str, environment: Mapping[str, str]) -> Iterator[None]:
        """Measure a row between two yields, with the workers that these variables make; ``name`` is theirs."""
        prefix, raw = self._prepare(f"{name}-nine")
        if "plain" not in self.figures:
            self._keep("plain", plain(self._bootstrap, raw, self._count))
            yield
        self._run(prefix, "normalize", name, "normalize", environment)
        yield
        self._run(prefix, "watch", name, "watch, the nine built-in rules", environment)
        yield
        prefix, _ = self._prepare(f"{name}-two")
        process("normalize", self._bootstrap, prefix, self._count, self._log, "not kept", **environment)
        self._run(prefix, "watch", name, "watch, two rules", {**environment, **self._two_rules})
        yield
        prefix, _ = self._prepare(f"{name}-both-two")
        self._run(prefix, "all", name, "both in one process, two rules", {**environment, **self._two_rules})
        yield
        prefix, _ = self._prepare(f"{name}-both-nine")
        self._run(prefix, "all", name, "both in one process, built-in rules", environment)

    def _prepare(self, name: str) -> tuple[str, str]:
        prefix = f"{name}-{self.flows}."
        raw = create(self._bootstrap, prefix).raw.name
        fill(self._bootstrap, raw, notifications(self._count, self.flows, self._now_ms))
        return prefix, raw

    def _run(self, prefix: str, agent: str, name: str, what: str, environment: Mapping[str, str]) -> None:
        row = f"{what}, {name}"
        self._keep(row, process(agent, self._bootstrap, prefix, self._count, self._log, row, **environment))

    def _keep(self, row: str, figure: Figure) -> None:
        self.figures[row] = figure
        print(f"{self.flows:7,} flows  {figure}", flush=True)


def compare(bootstrap: str, count: int, workers: Mapping[str, Mapping[str, str]], log: Path) -> None:
    """Print a table of few flows and one of many, and what both say together.

    Each row is measured for the one right after the other: over minutes a machine changes by more than they differ.
    """
    few, many = (Table(bootstrap, count, flows, log) for flows in FLOWS)
    for name, variables in workers.items():
        for _ in zip_longest(few.fill(name, variables), many.fill(name, variables)):
            pass
    for table in (few, many):
        print(f"\n{count:,} notifications of 2 KB of {table.flows:,} flows, {PARTITIONS} partitions")
        print(f"{'':{WIDTH}} {'µs/event':>7} {'events/s':>11} {'per CPU s':>11}")
        print(*table.figures.values(), sep="\n")
    print()
    plain_s = few.figures["plain"].cpu_s
    for row, figure in few.figures.items():
        if row.startswith("both"):
            print(f"{row}: {plain_s / figure.cpu_s:.2f} of the plain loop, per CPU second")
    for row, figure in few.figures.items():
        if row != "plain":
            print(f"{row}: {many.flows:,} flows cost {many.figures[row].cpu_s / figure.cpu_s:.2f} of {few.flows:,}")


def main(count: int, *, with_steady: bool, with_latency: bool) -> None:
    """Print the tables."""
    with (
        tempfile.TemporaryDirectory(prefix="flowrun-bench-") as directory,
        ApacheKafka(quick=False, heap="1g") as kafka,
    ):
        workers: dict[str, Mapping[str, str]] = {}
        try:
            build(Path(directory, "compiled"))
            workers["compiled"] = environment(Path(directory, "compiled"))
        except CannotBuild as error:
            print(f"only interpreted: {error}", file=sys.stderr)
        workers["interpreted"] = {}
        log = Path(directory) / "workers.log"
        compare(kafka.bootstrap, count, workers, log)
        if with_steady:
            first = next(iter(workers.values()))
            for flows in FLOWS:
                for figure in steady.measure(kafka.bootstrap, flows, log, **first):
                    print(figure, flush=True)
        if with_latency:
            for rate in latency.RATES_PER_S:
                print(latency.measure(kafka.bootstrap, log, rate), flush=True)


if __name__ == "__main__":
    counts = [int(argument) for argument in sys.argv[1:] if argument.isdigit()]
    main(counts[0] if counts else 200_000, with_steady="--steady" in sys.argv, with_latency="--latency" in sys.argv)
