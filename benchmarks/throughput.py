"""Measure CPU per event of normalize and watch, beside a plain loop on the same data in the same run.

``python -m benchmarks.throughput [COUNT]`` prints a table; ``--latency`` adds the time from POST to a readable alert.
"""

import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Final, NamedTuple

from confluent_kafka.admin import (  # type: ignore[attr-defined]  # exported, but not in the way mypy asks for
    AdminClient,
    NewTopic,
)

from benchmarks import latency
from benchmarks.cluster import PARTITIONS, PATIENCE_S, MeasurementFailed, create, fill
from benchmarks.notifications import notifications
from tests.kafka.apache import ApacheKafka
from tests.service import Service

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
        return (
            f"{self.what:46} {self.cost_us:7.1f} {self.events / self.wall_s:11,.0f} {self.events / self.cpu_s:11,.0f}"
        )


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
        last = "watch" if agent == "all" else agent
        _wait_until_done(worker, last, count)
        return Figure(what, count, worker.cpu_s - cpu, time.monotonic() - started)
    finally:
        worker.stop()


def _wait_until_done(worker: Service, agent: str, count: int) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while time.monotonic() < deadline:
        done = worker.figure("flowrun_processors_records_total", f'agent="{agent}"')
        if done >= count:
            return
        time.sleep(0.25)
    raise MeasurementFailed(f"{agent} did not finish, see {worker.log}")


def measure(bootstrap: str, count: int, flows: int, log: Path) -> dict[str, Figure]:
    """Measure the plain loop and both agents, apart and together, over ``flows`` flows."""
    now_ms = time.time_ns() // 1_000_000
    two_rules = log.with_name("two-rules.toml")
    two_rules.write_text(TWO_RULES)

    def prepare(name: str) -> tuple[str, str]:
        prefix = f"{name}{flows}."
        raw = create(bootstrap, prefix).raw.name
        fill(bootstrap, raw, notifications(count, flows, now_ms))
        return prefix, raw

    def run(agent: str, prefix: str, what: str, **settings: str) -> Figure:
        return process(agent, bootstrap, prefix, count, log, f"{what}, {flows:,} flows", **settings)

    prefix, raw = prepare("apart")
    figures = {"plain": plain(bootstrap, raw, count), "normalize": run("normalize", prefix, "normalize")}
    figures["watch"] = run("watch", prefix, "watch, the nine built-in rules")
    prefix, _ = prepare("two")
    run("normalize", prefix, "")
    figures["two"] = run("watch", prefix, "watch, two rules", FLOWRUN_RULES=str(two_rules))
    prefix, _ = prepare("both")
    figures["both"] = run("all", prefix, "both in one process")
    return figures


def main(count: int, *, with_latency: bool) -> None:
    """Print the tables."""
    with (
        tempfile.TemporaryDirectory(prefix="flowrun-bench-") as directory,
        ApacheKafka(quick=False, heap="1g") as kafka,
    ):
        log = Path(directory) / "workers.log"
        print(f"{count:,} notifications of 2 KB, {PARTITIONS} partitions")
        print(f"{'':46} {'µs/event':>7} {'events/s':>11} {'per CPU s':>11}")
        tables = [measure(kafka.bootstrap, count, flows, log) for flows in (1_000, 50_000)]
        for table in tables:
            print(*table.values(), sep="\n")
            print(f"{'both / plain, per CPU second':46} {table['plain'].cpu_s / table['both'].cpu_s:7.2f}")
        for name in ("normalize", "two", "watch"):
            few, many = (table[name] for table in tables)
            print(f"{many.what} / {few.what}: {many.cpu_s / few.cpu_s:.2f}")
        if with_latency:
            print(latency.measure(kafka.bootstrap, log))


if __name__ == "__main__":
    counts = [int(argument) for argument in sys.argv[1:] if argument.isdigit()]
    main(counts[0] if counts else 200_000, with_latency="--latency" in sys.argv)
