"""Without rows the rules say the same, and as much is held."""

from random import Random

import pytest

from processors.watch.facts import occurred_ms, read_run
from processors.watch.ledger import Ledger
from processors.watch.rowless import RowlessWindows
from processors.watch.rule_book import WindowSettings
from processors.watch.run_seen import RunSeen, Unreadable
from tests.processors.watch.records import HOUR, MINUTE, Partition
from tests.processors.watch.rules import book, in_a_row, new_code, often, overdue, ratio, slow, stalled
from tests.processors.watch.test_changed_rules import history


def read(partition: Partition, record: dict[str, object]) -> RunSeen:
    """Return a run record as the step reads it."""
    run = read_run(partition.sources(record)[0].value)
    assert not isinstance(run, Unreadable)
    return run


@pytest.mark.parametrize("seed", range(6))
def test_the_same_without_rows(seed: int) -> None:
    """Transitions, effects, and the runs that are held, over windows that are let go and runs that come too late."""
    windows = WindowSettings(10 * MINUTE, "10m", HOUR, seed * HOUR)
    rules = book(often(), in_a_row(), ratio(), new_code(), overdue(), slow(), stalled(), window=windows)
    made = Partition(rules)
    with_rows, without = Ledger(rules), Ledger(rules, RowlessWindows)
    for arrival, record in enumerate(history(Random(seed), 500)):  # noqa: S311
        run = read(made, record)
        occurred_at = occurred_ms(run)
        effect = with_rows.apply(run, occurred_at, arrival, 0)
        other = without.apply(run, occurred_at, arrival, 0)
        assert (effect == "too_late") is (other == "too_late")
    assert without.told == with_rows.told
    assert without.failing == with_rows.failing
    assert (without.facts, without.windows.count) == (with_rows.facts, with_rows.windows.count)
    assert {key: list(flow.facts) for key, flow in without.flows.items()} == {
        key: list(flow.facts) for key, flow in with_rows.flows.items()
    }


def test_there_are_neither_rows_nor_state() -> None:
    """Nothing is waiting to be written of windows."""
    rules = book(often())
    ledger = Ledger(rules, RowlessWindows)
    for arrival, record in enumerate(history(Random(1), 50)):  # noqa: S311
        run = read(Partition(rules), record)
        ledger.apply(run, occurred_ms(run), arrival, 0)
    assert list(ledger.windows.rows(ledger.watermark.value, 0)) == []
    ledger.forget_changes()
    assert not ledger.windows.has_changes
