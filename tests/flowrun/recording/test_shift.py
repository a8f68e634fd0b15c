"""Test that times move and nothing else does."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from flowrun.recording.entry import Entry
from flowrun.recording.shift import TIME_FIELDS, newest_time, seconds_until, shift_body, shift_entry, when

PAYLOADS = sorted((Path(__file__).parents[2] / "payloads").glob("*.json"))
DAY_S = 86_400

SECONDS = st.integers(1_300_000_000, 2_200_000_000)
"""Moments from 2011 to 2039."""
MOMENTS = (
    SECONDS
    | SECONDS.map(lambda s: s * 1000 + 123)
    | SECONDS.map(str)
    | SECONDS.map(lambda s: datetime.fromtimestamp(s).isoformat() + "Z")
)
BODIES = st.recursive(
    st.none()
    | st.booleans()
    | st.text(st.characters(codec="utf-8"))
    | st.integers(-(2**53), 2**53)
    | st.floats(0, 1e6),
    lambda inner: (
        st.lists(inner)
        | st.dictionaries(st.text(st.characters(codec="utf-8")), inner)
        | st.fixed_dictionaries({}, optional=dict.fromkeys(TIME_FIELDS, MOMENTS))
    ),
).map(orjson.dumps)


@given(body=BODIES, seconds=st.integers(-300_000_000, 300_000_000))
def test_there_and_back_again(body: bytes, seconds: int) -> None:
    """Moving by some seconds and back leaves every byte as it was."""
    assert shift_body(shift_body(body, seconds), -seconds) == body


@given(body=st.binary() | BODIES)
def test_no_shift_changes_nothing(body: bytes) -> None:
    """Any bytes, JSON or not, stay the same when moved by nothing."""
    assert shift_body(body, 0) == body


def differences(old: Any, new: Any, name: str = "") -> Iterator[tuple[str, Any, Any]]:
    """Yield the member's name, old and new value of every leaf that differs."""
    if isinstance(old, dict):
        assert list(old) == list(new)
        for member, value in old.items():
            yield from differences(value, new[member], member)
    elif isinstance(old, list):
        for before, after in zip(old, new, strict=True):
            yield from differences(before, after, name)
    elif old != new:
        yield name, old, new


def moved_by_s(old: Any, new: Any) -> float:
    """Tell by how many seconds one time was moved, whatever its form."""
    if isinstance(old, str) and "-" in old:
        return (datetime.fromisoformat(new) - datetime.fromisoformat(old)).total_seconds()
    unit = 1000 if len(str(old)) == 13 else 1
    return (int(new) - int(old)) / unit


@pytest.mark.parametrize("path", PAYLOADS, ids=lambda path: path.stem)
def test_documented_payloads_move_in_their_times_alone(path: Path) -> None:
    """Only members that hold times differ, and each by the same distance."""
    body = path.read_bytes()
    changed = list(differences(orjson.loads(body), orjson.loads(shift_body(body, DAY_S))))
    assert {name for name, _, _ in changed} <= set(TIME_FIELDS)
    assert {moved_by_s(old, new) for _, old, new in changed} <= {DAY_S}


def test_documented_payloads_hold_times() -> None:
    """Most payloads have times to move, so that the test before this one tests something."""
    moved = [path.stem for path in PAYLOADS if shift_body(path.read_bytes(), DAY_S) != path.read_bytes()]
    assert len(moved) > len(PAYLOADS) / 2


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (b'{"createdAt":1600000000000}', b'{"createdAt":1600000001000}'),
        (b'{"startedAtUTC" : 1600000000 }', b'{"startedAtUTC" : 1600000001 }'),
        (b'{"sentTime":"1600000000"}', b'{"sentTime":"1600000001"}'),
        (b'{"time":1600000000.25}', b'{"time":1600000001.25}'),
        (b'{"time":"2026-12-31T23:59:59.5Z"}', b'{"time":"2027-01-01T00:00:00.5Z"}'),
        (b'{"time":"2026-12-31 23:59:59+02:00"}', b'{"time":"2027-01-01 00:00:00+02:00"}'),
        (b'{"timestamp":"2026-12-31t23:59:59"}', b'{"timestamp":"2027-01-01t00:00:00"}'),
        (b'{"time":1600000000,"time":1600000000}', b'{"time":1600000001,"time":1600000001}'),
        (b'{"time":1600000000', b'{"time":1600000001'),
        (b'{"completedAt":[1600000000]}', b'{"completedAt":[1600000000]}'),
        (b'{"updatedAtUTC":0}', b'{"updatedAtUTC":0}'),
        (b'{"updatedAtUTC":87473822}', b'{"updatedAtUTC":87473822}'),
        (b'{"time":9999999999}', b'{"time":9999999999}'),
        (b'{"time":"9999-12-31T23:59:59Z"}', b'{"time":"9999-12-31T23:59:59Z"}'),
        (b'{"time":"2026-02-30T00:00:00Z"}', b'{"time":"2026-02-30T00:00:00Z"}'),
        (b'{"size":1600000000}', b'{"size":1600000000}'),
        (b'{"text":"\\"time\\":1600000000"}', b'{"text":"\\"time\\":1600000000"}'),
        (b'{"a\\"time":1600000000}', b'{"a\\"time":1600000000}'),
        (b'{"note":"time","n":1600000000}', b'{"note":"time","n":1600000000}'),
    ],
)
def test_one_second_later(body: bytes, expected: bytes) -> None:
    """Seconds stay seconds, texts keep their form, and what is no believable time of a known member stays."""
    assert shift_body(body, 1) == expected


@pytest.mark.parametrize(
    ("body", "newest_ms"),
    [
        (b'{"createdAt":1600000000000,"startedAtUTC":1600000100,"time":"2020-09-13T12:26:50.5Z"}', 1_600_000_100_000),
        (b'{"time":"2020-09-13T14:26:40+02:00"}', 1_600_000_000_000),
        (b'{"updatedAtUTC":0}', None),
        (b'{"time":"2020-02-30T00:00:00Z"}', None),
        (b"ping", None),
    ],
)
def test_the_newest_time_of_a_payload(body: bytes, newest_ms: int | None) -> None:
    """It is the latest of all that can be believed."""
    assert newest_time(body) == newest_ms


def test_when_an_entry_was_sent() -> None:
    """The recorded time counts, and the newest in the payload where none was recorded."""
    body = b'{"time":1600000000}'
    assert (when(Entry(body, 5)), when(Entry(body)), when(Entry(b""))) == (5, 1_600_000_000_000, None)


def test_an_entry_moves_as_a_whole() -> None:
    """The record's own time moves with those in its body; key, topic and headers stay."""
    entry = Entry(b'{"time":1600000000}', 1_600_000_000_500, "t", b"k", (("h", b"1600000000"),), "f:1")
    moved = Entry(b'{"time":1600000060}', 1_600_000_060_500, "t", b"k", (("h", b"1600000000"),), "f:1")
    assert shift_entry(entry, 60) == moved


@given(last_ms=st.integers(0, 2**42), now_ms=st.integers(0, 2**42))
def test_the_last_record_comes_to_now(last_ms: int, now_ms: int) -> None:
    """Moved by whole seconds it is at the moment or less than a second before."""
    assert timedelta(0) <= timedelta(milliseconds=now_ms - last_ms - 1000 * seconds_until(last_ms, now_ms))
    assert now_ms - last_ms - 1000 * seconds_until(last_ms, now_ms) < 1000
