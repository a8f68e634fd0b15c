"""The headers of a raw record say when, whence and as what it came."""

import pytest

from processors.normalize.delivery import Header, read
from schemas.run import RawPosition
from tests.processors.normalize.samples import RECEIVED_AT, RECEIVED_MS


def test_all_headers() -> None:
    """Time, source, event id and event code are taken from their headers."""
    headers = [
        ("flowrun_received_at", RECEIVED_AT.encode()),
        ("flowrun_source", b"journal"),
        ("x-adobe-event-id", b"e1"),
        ("x-adobe-event-code", b"code"),
    ]
    delivery = read(headers, 0, 3, 17)
    assert (delivery.received_ms, delivery.received_at) == (RECEIVED_MS, RECEIVED_AT)
    assert (delivery.source, delivery.event_id, delivery.event_code) == ("journal", "e1", "code")
    assert delivery.position == RawPosition(3, 17)


@pytest.mark.parametrize(
    ("sent", "expected"),
    [
        (b"2026-01-02T03:04:05.678Z", RECEIVED_AT),
        (b"2026-01-02T03:04:05Z", "2026-01-02T03:04:05.000Z"),
        (b"2026-01-02T04:04:05.678+01:00", RECEIVED_AT),
        (b"2026-01-02T03:04:05.678912Z", "2026-01-02T03:04:05.679Z"),
        (b"2026-01-02T03:04:05.67xZ", "2020-09-13T12:26:40.000Z"),
        (b"2026-01-02T03:04:05.6_7Z", "2020-09-13T12:26:40.000Z"),
        (b"2026-01-02T03:04:60.678Z", "2020-09-13T12:26:40.000Z"),
        (b"2026-01-02 03:04:05.678Z", RECEIVED_AT),
        (b"1900-01-02T03:04:05.678Z", "2020-09-13T12:26:40.000Z"),
        (b"\xff" * 24, "2020-09-13T12:26:40.000Z"),
        (b"2" * 5_000, "2020-09-13T12:26:40.000Z"),
        (b"", "2020-09-13T12:26:40.000Z"),
    ],
)
def test_time_of_receipt(sent: bytes, expected: str) -> None:
    """The header's time counts in any form of RFC 3339; an unreadable one gives way to the Kafka timestamp."""
    assert read([("flowrun_received_at", sent)], 1_600_000_000_000, 0, 0).received_at == expected


@pytest.mark.parametrize(
    ("timestamp_ms", "expected"), [(-1, "1970-01-01T00:00:00.000Z"), (2**62, "9999-12-31T23:59:59.999Z")]
)
def test_impossible_timestamp(timestamp_ms: int, expected: str) -> None:
    """A Kafka timestamp outside RFC 3339 is moved to its edge."""
    assert read([], timestamp_ms, 0, 0).received_at == expected


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ([("x-adobe-event-id", b"e1"), ("flowrun_batch", b"1/2")], None),
        ([("x-adobe-event-id", b"")], None),
        ([("x-adobe-event-id", b"e" * 201)], None),
        ([("x-adobe-event-id", b"e1"), ("x-adobe-event-id", b"e2")], "e2"),
        ([("x-adobe-event-id", b"\xff")], "\N{REPLACEMENT CHARACTER}"),
    ],
)
def test_event_id(headers: list[Header], expected: str | None) -> None:
    """The event id of a header counts for a delivery that is no batch; of a repeated one the last."""
    assert read(headers, 0, 0, 0).event_id == expected


@pytest.mark.parametrize("sent", [b"webhook2", b"", b"\xff"])
def test_unknown_source(sent: bytes) -> None:
    """A source that is none of ours is no source."""
    assert read([("flowrun_source", sent)], 0, 0, 0).source is None
