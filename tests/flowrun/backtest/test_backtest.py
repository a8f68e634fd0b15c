"""A backtest says what would change, at whatever cost it is found out."""

from dataclasses import replace
from typing import Any

import pytest

from flowrun.backtest.backtest import Result, backtest
from flowrun.backtest.books import Split
from processors.watch.rule_book import RuleBook
from tests.flowrun.backtest.runs import Given, book, failing, recorded, rule
from tests.processors.watch.records import run

PLACE = {"org_id": "o", "sandbox_name": "prod"}
ROW = rule("row", "consecutive_failures")
OFTEN = rule("often", "failure_count")
ORG = rule("org", "org_failures", threshold=2)


def source() -> Given:
    """Return two failing flows of one organisation and one with a single failure."""
    one = [*failing("f1", more=PLACE), run("s", "success", "11:00", "f1", **PLACE)]
    two = failing("f2", count=4, more=PLACE)
    three = failing("f3", count=1, more=PLACE)
    return Given([*recorded(*one), *recorded(*two, partition=1), *recorded(*three, partition=2)])


def told(result: Result) -> list[tuple[str, str, str | None]]:
    """Return difference, rule and flow of each incident."""
    return [(one.difference, one.fired.rule, one.fired.flow_id) for one in result.compared]


@pytest.mark.parametrize(
    ("candidate", "present", "expected"),
    [
        (ROW, ROW, [("same", "row", "f1"), ("same", "row", "f2")]),
        (
            rule("row", "consecutive_failures", threshold=1),
            ROW,
            [("changed", "row", "f1"), ("changed", "row", "f2"), ("added", "row", "f3")],
        ),
        (
            rule("row", "consecutive_failures", threshold=4),
            ROW,
            [("gone", "row", "f1"), ("changed", "row", "f2")],
        ),
        (
            ROW,
            OFTEN,
            [("gone", "often", "f1"), ("gone", "often", "f2"), ("added", "row", "f1"), ("added", "row", "f2")],
        ),
        (ROW + ORG, ROW, [("added", "org", None), ("same", "row", "f1"), ("same", "row", "f2")]),
        (
            rule("row", "consecutive_failures", threshold=4) + ORG,
            ROW + ORG,
            [("gone", "org", None), ("gone", "row", "f1"), ("changed", "row", "f2")],
        ),
    ],
)
def test_what_changes(candidate: str, present: str, expected: list[tuple[str, str, str | None]]) -> None:
    """Added, gone, changed and the same, of flows and of organisations."""
    assert told(backtest(source(), book(candidate), book(present), None)) == expected


@pytest.mark.parametrize("candidate", [ROW, ROW + ORG, OFTEN + ROW, OFTEN + ORG, ROW + rule("slow", "slow")])
@pytest.mark.parametrize("present", [ROW, ROW + ORG, OFTEN + ROW, OFTEN + ORG, ROW + rule("slow", "slow")])
def test_sharing_changes_nothing(candidate: str, present: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Judging all present rules apart finds the same as judging only those that differ."""
    shared = backtest(source(), book(candidate), book(present), None)

    def nothing_is_shared(present: RuleBook, candidate: RuleBook) -> Split:
        return Split(present, frozenset())

    monkeypatch.setattr("flowrun.backtest.backtest.split", nothing_is_shared)
    assert replace(backtest(source(), book(candidate), book(present), None), outcome=shared.outcome) == shared


def test_what_was_dropped_is_told() -> None:
    """The source knows."""

    class Dropping(Given):
        def statistics(self) -> dict[str, int]:
            return {"duplicates": 2}

    runs: list[dict[str, Any]] = failing()
    assert backtest(Dropping(recorded(*runs)), book(ROW), book(ROW), None).dropped == {"duplicates": 2}
