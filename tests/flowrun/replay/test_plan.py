"""Test what a replay sends: chosen, numbered, limited, moved and renewed."""

from pathlib import Path

import orjson
import pytest

from flowrun.recording.entry import Entry, write_line
from flowrun.recording.selection import Only, parse_only
from flowrun.replay.plan import Plan, Survey, shift_for, span

T0_MS = 1_600_000_000_000
NONE = Survey(0, 0, None, None)


@pytest.fixture
def recording(tmp_path: Path) -> Path:
    """Four entries: flows a and b in turn, a second apart, the last without a flow."""
    flows = [{"flowId": "a"}, {"flowId": "b"}, {"flowId": "a"}, {}]
    entries = [Entry(orjson.dumps({"event_id": f"e{n}"} | flow), T0_MS + 1000 * n) for n, flow in enumerate(flows)]
    path = tmp_path / "four.ndjson"
    path.write_bytes(b"".join(map(write_line, entries)))
    return path


@pytest.mark.parametrize(
    ("only", "limit", "entries", "flows", "numbers"),
    [
        (Only(), None, 4, 2, [0, 1, 2, 3]),
        (Only(), 2, 2, 2, [0, 1]),
        (Only(), 0, 0, 0, []),
        (parse_only(["flow=a"]), None, 2, 1, [0, 2]),
        (parse_only(["flow=a"]), 1, 1, 1, [0]),
        (parse_only(["flow=c"]), None, 0, 0, []),
    ],
)
def test_survey_and_round_agree(
    recording: Path, only: Only, limit: int | None, entries: int, flows: int, numbers: list[int]
) -> None:
    """What is announced is what is sent, and the times are those of the whole recording."""
    plan = Plan((recording,), only, limit)
    assert plan.survey() == Survey(entries, flows, T0_MS, T0_MS + 3_000)
    sent = list(plan.round())
    assert [orjson.loads(each.entry.body)["event_id"] for each in sent] == [f"e{number}" for number in numbers]
    assert [each.number for each in sent] == list(range(len(numbers)))


def test_a_round_names_the_flows_of_each(recording: Path) -> None:
    """By them the order is kept."""
    assert [set(each.flows) for each in Plan((recording,)).round()] == [{"a"}, {"b"}, {"a"}, set()]


@pytest.mark.parametrize(("already", "numbers"), [(4, [4, 5]), (6, []), (9, [])])
def test_the_limit_holds_over_all_rounds(recording: Path, already: int, numbers: list[int]) -> None:
    """A later round numbers on, and ends where the limit is reached."""
    assert [each.number for each in Plan((recording,), limit=6).round(already=already)] == numbers


def test_times_are_moved(recording: Path) -> None:
    """Every entry of a round is moved by the same seconds."""
    assert [each.entry.time_ms for each in Plan((recording,)).round(60)] == [
        T0_MS + 60_000 + 1000 * n for n in range(4)
    ]


def test_ids_are_renewed(recording: Path) -> None:
    """A named round has event ids of its own; an unnamed one those of the recording."""
    plan = Plan((recording,))
    same = [each.entry.body for each in plan.round()]
    assert same == [each.entry.body for each in plan.round()]
    assert set(same).isdisjoint(each.entry.body for each in plan.round(fresh="1"))


@pytest.mark.parametrize(
    ("rebase", "survey", "shift_s"),
    [
        (None, Survey(1, 1, 0, T0_MS), 0),
        ("now", Survey(1, 1, 0, T0_MS), 100),
        (T0_MS - 500, Survey(1, 1, 0, T0_MS), -1),
        (0, Survey(1, 1, 0, T0_MS), -1_600_000_000),
        ("now", NONE, 0),
    ],
)
def test_shift(rebase: int | str | None, survey: Survey, shift_s: int) -> None:
    """The last record comes to the moment, by whole seconds; without times nothing moves."""
    assert shift_for(rebase, survey, T0_MS + 100_999) == shift_s


def test_span() -> None:
    """First and last are written as they will be sent, and nothing is earlier than 1970."""
    assert span(Survey(2, 1, 0, 1_000), 60) == {"first": "1970-01-01T00:01:00.000Z", "last": "1970-01-01T00:01:01.000Z"}
    assert span(Survey(2, 1, 0, 1_000), -60) == dict.fromkeys(("first", "last"), "1970-01-01T00:00:00.000Z")
    assert span(NONE, 60) == {"first": None, "last": None}
