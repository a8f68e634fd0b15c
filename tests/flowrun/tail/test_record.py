"""Test the form of a record for programs."""

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from flowrun.recording.entry import Entry, read_line
from flowrun.tail.record import Record, envelope, json_value, time_text
from schemas.times import LATEST_MS

NAMES = st.text(st.characters(codec="utf-8"))


@given(
    record=st.builds(
        Record,
        topic=NAMES,
        partition=st.integers(0, 9),
        offset=st.integers(0, 2**60),
        time_ms=st.integers(0, LATEST_MS),
        key=st.none() | st.binary(),
        value=st.binary(),
        headers=st.dictionaries(NAMES, st.binary()).map(lambda headers: tuple(headers.items())),
    )
)
def test_an_envelope_is_a_line_of_a_recording(record: Record) -> None:
    """What ``tail --json`` prints of raw can be kept and replayed, byte for byte."""
    entry = Entry(record.value or b"", record.time_ms, record.topic, record.key, record.headers, "f:1")
    assert read_line(orjson.dumps(envelope(record)), "f:1") == entry


def test_the_envelope_of_a_dead_letter() -> None:
    """It says first why the record was set aside, and where it stands now."""
    record = Record("t", 3, 7, 0, None, b"ping", (("flowrun_reason", b"not_json"), ("flowrun_detail", b"x")))
    shown = envelope(record)
    assert list(shown)[:2] == ["reason", "detail"]
    assert (shown["reason"], shown["detail"], shown["partition"], shown["offset"]) == ("not_json", "x", 3, 7)


@pytest.mark.parametrize(
    ("value", "expected"), [(b'{"a":1}', {"a": 1}), (b"[1]", None), (b"{", None), (b"", None), (None, None)]
)
def test_json_values(value: bytes | None, expected: object) -> None:
    """Only an object is a value; a tombstone has none."""
    assert json_value(Record("t", 0, 0, 0, None, value)) == expected


def test_headers_are_text() -> None:
    """The first of a name counts, and bytes that are no text are replaced."""
    record = Record("t", 0, 0, 0, None, None, (("a", b"\xff"), ("a", b"2")))
    assert (record.header("a"), record.header("b")) == ("�", None)


@pytest.mark.parametrize(
    ("time_ms", "text"), [(0, "1970-01-01 00:00:00"), (-1, "1970-01-01 00:00:00"), (1_999, "1970-01-01 00:00:01")]
)
def test_times_for_people(time_ms: int, text: str) -> None:
    """To the second; a record without a time has the earliest."""
    assert time_text(time_ms) == text
