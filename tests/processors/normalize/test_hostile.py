"""Nothing that a sender can put into bytes makes the normaliser fail."""

import random
from typing import Any

import msgspec
import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import asdict

from processors.normalize import Normalized, normalize
from processors.normalize.size import MAX_RECORD, encode
from schemas import times
from schemas.alert import Alert
from schemas.run import Run
from tests.processors.normalize.mutations import mutated
from tests.processors.normalize.samples import FILES, HEADERS, PAYLOADS, RECEIVED_MS, a_run, normalized, payload, run

RESULTS = [msgspec.json.Decoder(Run), msgspec.json.Decoder(Alert)]


def check(result: Normalized) -> None:
    """Assert that a result keeps the promises that hold for any input."""
    assert result.records or result.rejected
    for one in result.records:
        data = encode(one.record)
        type_ = type(one.record)
        again: Any = msgspec.json.decode(data, type=type_)
        assert again == one.record
        assert orjson.loads(data)["schema_version"] == 1
        assert one.key.encode()
        assert all(len(digest) == 16 for digest in (*one.known_by, *one.settles))
        if isinstance(one.record, Run):
            assert 0 < times.from_text(one.record.occurred_at) <= RECEIVED_MS + 300_000
            assert one.record.event_id
            assert one.key == one.record.flow_id
    if result.rejected is not None:
        assert len(result.rejected.detail) <= 500
        assert result.rejected.detail.encode()


@given(mutated())
def test_spoilt_payloads(sent: Any) -> None:
    """Any mutation of any payload gives valid records or a dead letter, the same each time."""
    data = orjson.dumps(sent, option=orjson.OPT_NON_STR_KEYS)
    result = normalized(data)
    check(result)
    assert normalized(data) == result


@given(st.sampled_from(FILES), st.randoms(use_true_random=False))
def test_spoilt_bytes(file: str, chance: random.Random) -> None:
    """Bytes that are lost, changed or doubled give valid records or a dead letter."""
    data = bytearray((PAYLOADS / file).read_bytes())
    for _ in range(chance.randrange(1, 4)):
        at = chance.randrange(len(data))
        match chance.randrange(3):
            case 0:
                data[at] = chance.randrange(256)
            case 1:
                del data[at : at + chance.randrange(1, 50)]
            case _:
                data[at:at] = data[at : at + chance.randrange(1, 50)]
        if not data:
            break
    check(normalized(bytes(data)))


@given(st.binary(max_size=200))
def test_any_bytes(data: bytes) -> None:
    """Any bytes at all give a dead letter or a record."""
    check(normalized(data))


@given(
    st.lists(
        st.tuples(st.sampled_from(["flowrun_received_at", "flowrun_source", "x-adobe-event-id", "x"]), st.binary())
    ),
    st.integers(-(2**63), 2**63 - 1),
)
@settings(max_examples=50)
def test_any_headers(headers: list[tuple[str, bytes]], timestamp_ms: int) -> None:
    """Any headers and any timestamp are survived."""
    (one,) = normalize(payload("12"), headers, timestamp_ms, 0, 0).records
    assert isinstance(one.record, Run)
    assert times.from_text(one.record.received_at) >= 0
    assert asdict(msgspec.json.decode(encode(one.record), type=Run)) == asdict(one.record)


@pytest.mark.parametrize("file", FILES)
def test_truncated(file: str) -> None:
    """A truncated payload is not JSON."""
    data = (PAYLOADS / file).read_bytes().strip()
    for length in range(0, len(data), max(1, len(data) // 40)):
        rejected = normalized(data[:length]).rejected
        assert rejected is not None
        assert rejected.reason == "not_json"


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b" ",
        b"ping",
        b'{"id":"r","flowId":"f","metrics":NaN}',
        b'{"id":"r","flowId":"f","x":Infinity}',
        b'{"id":"r","flowId":"f","x":1e999}',
        b'{"id":"r","flowId":"f","x":"\xff"}',
        b'{"id":"r","flowId":"f","x":"\\ud800"}',
        b'{"id":"r","flowId":"f","x":"\xed\xa0\x80"}',
        b'\xef\xbb\xbf{"id":"r","flowId":"f"}',
        b'{"id":"r","flowId":"f"} {}',
        b"{'id':'r'}",
        b'{"x":' * 2_000 + b"1" + b"}" * 2_000,
        b"9" * 5_000,
    ],
)
def test_not_json(data: bytes) -> None:
    """What orjson refuses is not JSON, wherever in the document the fault lies."""
    result = normalized(data)
    assert result.rejected is not None
    assert (result.rejected.reason, list(result.records)) == ("not_json", [])


def test_tombstone() -> None:
    """A raw record without value is not JSON."""
    result = normalize(None, HEADERS, 0, 0, 0)
    assert result.rejected == ("not_json", "the record has no value")


def test_duplicate_keys() -> None:
    """Of a repeated key the last counts."""
    assert run(b'{"id":"r1","id":"r2","flowId":5,"flowId":"f"}').run_id == "r2"


@pytest.mark.parametrize("text", ["\x00", "a\x00b", "\x1f", "\x7f", "\u2028", "😀", "é" * 200])
def test_odd_texts(text: str) -> None:
    """Any text that JSON can hold is an id."""
    result = run(a_run(id=text, flowId=text))
    assert (result.run_id, result.flow_id) == (text, text)
    assert asdict(msgspec.json.decode(encode(result), type=Run)) == asdict(result)


@pytest.mark.parametrize("level", [b'{"a":', b"[", b'{"event":', b'{"items":['])
def test_deep_nesting(level: bytes) -> None:
    """Two hundred levels are of unknown shape."""
    closing = (b"]" if b"[" in level else b"") + (b"}" if b"{" in level else b"")
    rejected = normalized(level * 200 + b"1" + closing * 200).rejected
    assert rejected is not None
    assert rejected.reason == "unknown_shape"


def test_deep_nesting_in_a_run() -> None:
    """A run is read whatever depth its fields have."""
    nested = b'{"a":' * 900 + b"1" + b"}" * 900
    data = b'{"id":"r","flowId":"f","metrics":' + nested + b',"activities":' + nested + b"}"
    result = normalized(data)
    assert (len(result.records), result.ill_typed) == (1, 1)


def test_largest_run() -> None:
    """A run with as much as possible of everything stays below what Kafka takes."""
    texts = [f"{number}".ljust(1_990, "\x01") for number in range(100)]
    errors = [{"code": text[:200], "message": text[:1_000]} for text in texts]
    sent = a_run(
        activities=[{"id": text[:200], "name": text[:500]} for text in texts],
        metrics={
            "fileSummary": {"manifest": {"fileInfo": texts}},
            "statusSummary": {"status": "failed", "errors": errors},
        },
    )
    result = run(sent)
    data = encode(result)
    kept = msgspec.json.decode(data, type=Run)
    assert len(data) <= MAX_RECORD
    assert (kept.status, kept.run_id, len(kept.errors), kept.file_info) == ("failed", "r", 100, [])


def test_a_record_without_a_value_counts_for_nothing_else() -> None:
    """It is no JSON; it has no fields, and no time of receipt that could make others be forgotten."""
    nothing = normalize(None, [("flowrun_received_at", b"2026-01-02T03:04:05.678Z")], 1, 2, 3)
    assert (nothing.ill_typed, nothing.received_ms, nothing.records) == (0, 0, ())
