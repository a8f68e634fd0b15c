"""Test that the bundled recording is what its program makes, and holds the day that is told of it."""

import gzip
from collections import Counter

import orjson
import pytest

from flowrun.data import EXPECTED, RECORDING
from flowrun.data.flows import FLOWS
from flowrun.data.make import DAY_ENDS_MS, Day, make_day
from flowrun.data.runs import DAY_BEGINS_MS
from flowrun.recording.entry import write_line
from flowrun.recording.facts import subjects
from flowrun.recording.reader import read_entries


@pytest.fixture(scope="module")
def day() -> Day:
    """The day, made anew."""
    return make_day()


def test_the_committed_recording_is_what_is_made(day: Day) -> None:
    """Line for line; make it again with ``python -m flowrun.data.make``."""
    assert gzip.decompress(RECORDING.read_bytes()) == b"".join(map(write_line, day.entries))


def test_the_committed_expectations_are_what_is_made(day: Day) -> None:
    """They belong to the recording."""
    assert orjson.loads(EXPECTED.read_bytes()) == day.expected


def test_it_is_the_same_at_every_run(day: Day) -> None:
    """Nothing but the seed decides on it."""
    assert make_day() == day


def test_it_is_in_the_order_of_its_day(day: Day) -> None:
    """Times never go back and stay within 24 hours."""
    times = [entry.time_ms or 0 for entry in day.entries]
    assert (times, times[0] >= DAY_BEGINS_MS, times[-1] < DAY_ENDS_MS) == (sorted(times), True, True)


def test_it_has_what_it_says(day: Day) -> None:
    """The counts are those of the entries, and every flow of the stories appears."""
    notifications = 0
    names = set[str | None]()
    for entry in day.entries:
        notifications += len(orjson.loads(entry.body)) if entry.body.startswith(b"[") else 1
        names.update(subject.flow_name for subject in subjects(entry.body))
    counts = (day.expected["records"], day.expected["notifications"], day.expected["flows"])
    assert counts == (len(day.entries), notifications, len(FLOWS))
    assert {flow.name for flow in FLOWS} - names == set()


def test_some_of_it_comes_late_or_twice(day: Day) -> None:
    """The sender's ways are in it: repetitions of the same notification, and arrays."""
    bodies = Counter(entry.body for entry in day.entries)
    retried = [entry for entry in day.entries if entry.header("x-adobe-retry-count") is not None]
    batches = [entry for entry in day.entries if entry.body.startswith(b"[")]
    assert (max(bodies.values()) > 1, len(retried) > 10, len(batches) > 10) == (True, True, True)


def test_it_can_be_read() -> None:
    """The reader of recordings finds every entry with its line."""
    entries = list(read_entries([RECORDING]))
    assert [entry.place for entry in entries] == [f"{RECORDING}:{line}" for line in range(1, len(entries) + 1)]
