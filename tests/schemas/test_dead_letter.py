"""Test the headers of dead letters."""

from schemas.dead_letter import DeadLetterHeaders


def test_the_reason_precedes_the_records_own_headers() -> None:
    """All five are UTF-8 text, then come the source record's headers as they were, repeated ones too."""
    headers = DeadLetterHeaders(
        flowrun_reason="not_json",
        flowrun_detail="unexpected end at byte 7 of {ÜBER",
        flowrun_topic="flowrun.raw",
        flowrun_partition=2,
        flowrun_offset=41,
    )
    own = [("ce_id", b"a"), ("ce_id", b"b")]
    assert headers.before(own) == [
        ("flowrun_reason", b"not_json"),
        ("flowrun_detail", "unexpected end at byte 7 of {ÜBER".encode()),
        ("flowrun_topic", b"flowrun.raw"),
        ("flowrun_partition", b"2"),
        ("flowrun_offset", b"41"),
        ("ce_id", b"a"),
        ("ce_id", b"b"),
    ]
