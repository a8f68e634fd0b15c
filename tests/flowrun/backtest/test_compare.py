"""Incidents of two rule books are paired by rule, subject and time."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flowrun.backtest.compare import compare
from flowrun.backtest.fired import Fired
from tests.flowrun.backtest.runs import fired

Told = tuple[str, str, str | None]


def told(candidate: list[Fired], present: list[Fired]) -> list[Told]:
    """Return what became of each incident: difference, its begin, the other's."""
    return [
        (one.difference, one.fired.starts_at[11:16], None if one.present is None else one.present.starts_at[11:16])
        for one in compare(candidate, present)
    ]


@pytest.mark.parametrize(
    ("candidate", "present", "expected"),
    [
        ([], [], []),
        ([fired()], [], [("added", "10:00", None)]),
        ([], [fired()], [("gone", "10:00", None)]),
        ([fired(ends="11:00")], [fired(ends="11:00")], [("same", "10:00", None)]),
        ([fired(ends="11:00")], [fired(ends="12:00")], [("changed", "10:00", "10:00")]),
        ([fired("10:00")], [fired("10:30")], [("changed", "10:00", "10:30")]),
        ([fired(severity="info")], [fired()], [("changed", "10:00", "10:00")]),
        ([fired(has_escalated=True)], [fired()], [("changed", "10:00", "10:00")]),
        ([fired(ends="11:00", reason="recovered")], [fired(ends="11:00")], [("changed", "10:00", "10:00")]),
        # Apart in time they are different troubles.
        ([fired(ends="10:59")], [fired("11:00")], [("added", "10:00", None), ("gone", "11:00", None)]),
        ([fired(ends="11:00")], [fired("11:00")], [("changed", "10:00", "11:00")]),
        # Of another rule, flow or code too.
        ([fired(rule="a")], [fired(rule="b")], [("added", "10:00", None), ("gone", "10:00", None)]),
        ([fired(flow_id="f2")], [fired()], [("gone", "10:00", None), ("added", "10:00", None)]),
        ([fired(error_code="1")], [fired(error_code="2")], [("added", "10:00", None), ("gone", "10:00", None)]),
        # One long incident in the place of two: one of them changed, the other is gone.
        (
            [fired("10:00", "14:00")],
            [fired("10:30", "11:00"), fired("12:00", "13:00")],
            [("changed", "10:00", "10:30"), ("gone", "12:00", None)],
        ),
        # An equal one is never given away to another that overlaps it.
        (
            [fired("10:00", "12:00"), fired("12:00", "13:00")],
            [fired("12:00", "13:00")],
            [("added", "10:00", None), ("same", "12:00", None)],
        ),
    ],
)
def test_pairs(candidate: list[Fired], present: list[Fired], expected: list[Told]) -> None:
    """Each incident is told once."""
    assert told(candidate, present) == expected


spans = st.tuples(st.integers(10, 15), st.one_of(st.none(), st.integers(16, 20))).map(
    lambda hours: fired(f"{hours[0]}:00", None if hours[1] is None else f"{hours[1]}:00")
)


@given(st.lists(spans, max_size=6), st.lists(spans, max_size=6))
def test_nothing_is_lost_or_told_twice(candidate: list[Fired], present: list[Fired]) -> None:
    """Every incident of both sides is in exactly one line."""
    compared = compare(candidate, present)
    ours = [one.fired for one in compared if one.difference != "gone"]
    theirs = [one.fired if one.difference in ("gone", "same") else one.present for one in compared]
    assert sorted(map(repr, ours)) == sorted(map(repr, candidate))
    assert sorted(map(repr, filter(None, theirs))) == sorted(map(repr, present))


@given(st.lists(spans, max_size=6))
def test_equal_books_differ_in_nothing(incidents: list[Fired]) -> None:
    """All is the same."""
    assert {one.difference for one in compare(incidents, incidents)} <= {"same"}
