"""A partition is taken up under other rules, on a real broker."""

from collections.abc import Callable

import msgspec
import pytest

from broker.connection import Connection
from processors.engine.partition import AgentSpec, Partition
from processors.watch.rule_book import RuleBook, WindowSettings
from processors.watch.step import WatchStep
from schemas.alert import Alert
from schemas.topics import Topics
from schemas.window import Window
from tests.faults.topic import read
from tests.processors.watch.records import HOUR, MINUTE, T0, Source, at, run
from tests.processors.watch.rules import book, in_a_row

pytestmark = pytest.mark.broker
Open = Callable[[RuleBook], Partition]


@pytest.fixture
def open_under(connection: Connection, topics: Topics) -> Open:
    """Open partition 2 of watch under a rule book, as a process that starts does."""

    def open_one(rules: RuleBook) -> Partition:
        agent = AgentSpec(
            "watch",
            topics.runs.name,
            topics.watch_state.name,
            lambda number: WatchStep(number, topics, rules),
            ticks=True,
        )
        partition = Partition(agent, 2, connection.for_confluent(), topics.raw.name, clock=lambda: T0)
        partition.open()
        return partition

    return open_one


def test_other_rules_after_a_restart(
    open_under: Open, connection: Connection, topics: Topics, caplog: pytest.LogCaptureFixture
) -> None:
    """The incident of a rule that has gone expires, rows are cut anew, and the log says from when on; once."""
    runs = [run(f"r{n}", "failed", at("10:00") + n * 7 * MINUTE) for n in range(6)]
    before = open_under(book(in_a_row()))
    before.process([Source(n, msgspec.json.encode(record)) for n, record in enumerate(runs)])
    before.close()
    other = book(window=WindowSettings(10 * MINUTE, "10m", HOUR, 7 * 24 * HOUR))
    for _ in range(2):
        after = open_under(other)
        after.tick(caught_up=True)
        after.close()
    alerts = read(connection.bootstrap_servers, topics.alerts.name, topics.alerts.partitions)
    rows = read(connection.bootstrap_servers, topics.metrics.name, topics.metrics.partitions)
    told = [msgspec.json.decode(stored.value, type=Alert) for stored in alerts]
    newest = {stored.key: msgspec.json.decode(stored.value, type=Window) for stored in rows}
    assert [(alert.state, alert.reason) for alert in told] == [("firing", "threshold"), ("resolved", "expired")]
    assert {key[14:19]: (row.window, row.runs) for key, row in newest.items()} == {
        "10:00": ("10m", 2),
        "10:10": ("10m", 1),
        "10:20": ("10m", 2),
        "10:30": ("10m", 1),
    }
    notes = [record.getMessage() for record in caplog.records if record.levelname == "WARNING"]
    assert notes == [
        "watch[2]: windows of 10m instead of 1h are made of the runs since 2026-02-23T10:00:00.000Z; "
        "rows of earlier windows stay as they are"
    ]
