"""Test that a recording's line holds a notification exactly, and that what is none is told with its place."""

from dataclasses import replace

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from flowrun.recording.entry import Entry, RecordingInvalid, read_line, write_line
from schemas.times import LATEST_MS

TEXT = st.text(st.characters(codec="utf-8"))
ENTRIES = st.builds(
    Entry,
    body=st.binary() | TEXT.map(str.encode),
    time_ms=st.none() | st.integers(0, LATEST_MS),
    topic=st.none() | TEXT,
    key=st.none() | st.binary() | TEXT.map(str.encode),
    headers=st.lists(st.tuples(TEXT, st.binary() | TEXT.map(str.encode))).map(tuple),
)


@given(entry=ENTRIES)
def test_what_is_written_is_read_again(entry: Entry) -> None:
    """Time, topic, key, headers and body come back byte for byte, whatever they hold."""
    assert read_line(write_line(entry), "f:1") == replace(entry, place="f:1")


@given(entry=ENTRIES)
def test_an_entry_is_one_line(entry: Entry) -> None:
    """A line feed ends it, and none is inside."""
    assert write_line(entry).find(b"\n") == len(write_line(entry)) - 1


def test_text_stays_readable_and_bytes_become_base64() -> None:
    """UTF-8 is written as it is, anything else in base64, for body, key and headers alike."""
    entry = Entry("{ä}".encode(), 0, "flowrun.raw", b"\xff", (("a", b"b"), ("c", b"\xfe")))
    assert orjson.loads(write_line(entry)) == {
        "time": "1970-01-01T00:00:00.000Z",
        "topic": "flowrun.raw",
        "key_base64": "/w==",
        "headers": [["a", "b"], ["c", {"base64": "/g=="}]],
        "body": "{ä}",
    }


@pytest.mark.parametrize(
    ("line", "entry"),
    [
        (b'{"body":""}', Entry(b"", place="f:1")),
        (b'{"body":"x","more":1,"key":null,"topic":null,"time":null,"headers":null}', Entry(b"x", place="f:1")),
        (b'{"body":"x","headers":{"a":"1","b":null}}', Entry(b"x", headers=(("a", b"1"), ("b", b"")), place="f:1")),
        (b'{"body":"x","headers":{"a":{"base64":"/w=="}}}', Entry(b"x", headers=(("a", b"\xff"),), place="f:1")),
        (b'{"body":"x","headers":[["a",null]]}', Entry(b"x", headers=(("a", b""),), place="f:1")),
        (b'{"body":"x","time":"2026-11-03T09:00:00+01:00"}', Entry(b"x", 1_793_692_800_000, place="f:1")),
    ],
)
def test_only_the_body_is_required(line: bytes, entry: Entry) -> None:
    """Everything else may be missing or null, headers may be an object, and more is passed over."""
    assert read_line(line, "f:1") == entry


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        (b"{", "is not JSON"),
        (b"[]", "must be a JSON object"),
        (b"{}", "has neither 'body' nor 'body_base64'; a bare payload belongs in a .json file"),
        (b'{"flowId":"f"}', "has neither 'body' nor 'body_base64'; a bare payload belongs in a .json file"),
        (b'{"body":{}}', "needs one of 'body' and 'body_base64', as text"),
        (b'{"body":"","body_base64":""}', "needs one of 'body' and 'body_base64', as text"),
        (b'{"body_base64":"?"}', "'body_base64' is not base64"),
        (b'{"body":"","key":1}', "needs one of 'key' and 'key_base64', as text"),
        (b'{"body":"","topic":1}', "'topic' must be text"),
        (b'{"body":"","time":1}', "'time' must be an RFC 3339 time such as 2026-11-03T08:00:00.000Z"),
        (b'{"body":"","time":"1969-12-31T23:59:59Z"}', "'time' must be an RFC 3339 time"),
        (b'{"body":"","time":"0001-01-01T00:00:00+23:59"}', "'time' must be an RFC 3339 time"),
        (b'{"body":"","headers":1}', "'headers' must be a list of [name, value]"),
        (b'{"body":"","headers":[["a"]]}', "'headers' must be a list of [name, value] with text in them"),
        (b'{"body":"","headers":[["a",{"base64":"?"}]]}', "'headers.a' is not base64"),
    ],
)
def test_what_is_no_record_is_told_with_its_place(line: bytes, problem: str) -> None:
    """The message begins with file and line and says what is allowed."""
    with pytest.raises(RecordingInvalid) as caught:
        read_line(line, "day.ndjson:7")
    assert (caught.value.place, str(caught.value)[: len(problem) + 14]) == ("day.ndjson:7", f"day.ndjson:7: {problem}")


def test_a_header_is_found_in_any_case() -> None:
    """The first of that name counts."""
    entry = Entry(b"", headers=(("X-Adobe-Event-Id", b"1"), ("x-adobe-event-id", b"2")))
    assert (entry.header("x-adobe-event-id"), entry.header("x")) == (b"1", None)
