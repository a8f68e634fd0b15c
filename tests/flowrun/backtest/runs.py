"""Make incidents and recorded runs for tests."""

from collections.abc import Iterator, Sequence
from typing import Any

import msgspec

from flowrun.backtest.fired import Fired
from flowrun.backtest.recorded import RecordedRun
from processors.watch.rule_book import RuleBook
from processors.watch.rules_file import parse
from tests.processors.watch.records import at, run


def fired(starts: str = "10:00", ends: str | None = None, **more: Any) -> Fired:
    """Return an incident of rule ``r`` and flow ``f1``; times of the test day as ``"10:30"``."""
    day = "2026-03-02T{}:00.000Z"
    told = {
        "rule": "r",
        "kind": "failure_count",
        "severity": "warning",
        "flow_id": "f1",
        "flow_name": None,
        "org_id": None,
        "sandbox_name": None,
        "error_code": None,
        "starts_at": day.format(starts),
        "ends_at": None if ends is None else day.format(ends),
        "reason": None if ends is None else "expired",
        "summary": "s",
    }
    return Fired(**(told | more))


def recorded(*runs: dict[str, Any], partition: int = 0, begin: int = 0) -> list[RecordedRun]:
    """Give run records their offsets; each arrived when it occurred."""
    return [
        RecordedRun(partition, begin + offset, arrival(each), msgspec.json.encode(each))
        for offset, each in enumerate(runs)
    ]


def arrival(record: dict[str, Any]) -> int:
    """Return when a run occurred, in milliseconds."""
    hour, minute = record["occurred_at"][11:13], record["occurred_at"][14:16]
    days = int(record["occurred_at"][8:10]) - 2
    return at(f"{hour}:{minute}", days)


def failing(flow_id: str = "f1", count: int = 3, more: dict[str, Any] | None = None) -> list[dict[str, Any]]:
    """Return runs of a flow, one a minute from 10:00 on, that all failed."""
    return [run(f"{flow_id}-{n}", "failed", at("10:00") + 60_000 * n, flow_id, **(more or {})) for n in range(count)]


def book(text: str) -> RuleBook:
    """Read a rules file."""
    return parse(text, "rules.toml")


def rule(name: str, kind: str, **parameters: Any) -> str:
    """Write a rule of a rules file."""
    lines = [f'name = "{name}"', f'kind = "{kind}"']
    lines += [f"{key} = {value}" for key, value in parameters.items()]
    return "[[rule]]\n" + "\n".join(lines) + "\n"


class Given:
    """A source that holds given runs."""

    def __init__(self, runs: Sequence[RecordedRun]) -> None:
        self._runs = runs

    def runs(self) -> Iterator[RecordedRun]:
        """Yield them."""
        return iter(self._runs)

    def statistics(self) -> dict[str, int]:
        """Nothing is dropped."""
        return {}
