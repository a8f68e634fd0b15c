"""Test what of a recorded delivery is said again."""

import pytest

from flowrun.recording.entry import Entry, Headers
from flowrun.replay.carried import carried


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ((), {}),
        ((("Content-Type", b"application/json"),), {"content-type": "application/json"}),
        (
            (("x-adobe-event-id", b"e"), ("x-adobe-retry-count", b"2")),
            {"x-adobe-event-id": "e", "x-adobe-retry-count": "2"},
        ),
        ((("x-adobe-event-id", b"e"), ("flowrun_batch", b"1/2")), {}),
        ((("x-adobe-provider", "ä".encode()),), {"x-adobe-provider": "ä"}),
        ((("x-adobe-provider", b"a\r\nx: y"),), {}),
        ((("x-adobe-provider", b"\xff"),), {}),
        ((("x-adobe-provider", b""),), {}),
        ((("authorization", b"Bearer x"), ("x-adobe-digital-signature-1", b"s"), ("ce_id", b"1")), {}),
    ],
)
def test_headers(headers: Headers, expected: dict[str, str]) -> None:
    """The sender's own headers go again, but no credentials, no event id of a batch, nothing that HTTP cannot carry."""
    assert carried(Entry(b"", headers=headers)) == expected
