"""The step sets aside what it cannot use, counts everything, and never stops."""

from typing import Any

import msgspec
import orjson
import pytest

from schemas.window import Window
from tests.processors.watch.records import DAY, HOUR, PARTITION, TOPICS, Partition, Source, at, run
from tests.processors.watch.rules import book, in_a_row


def start() -> Partition:
    """Return a partition with one rule."""
    return Partition(book(in_a_row(threshold=1)))


def spoilt(**fields: Any) -> bytes:
    """Return a run record with some fields replaced."""
    return orjson.dumps(run() | fields)


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        (b"", "not_json"),
        (b"{", "not_json"),
        (b'{"flow_id": NaN}', "not_json"),
        (b"\xff\xfe", "not_json"),
        (b"[" * 5_000, "not_json"),
        (b"null", "unknown_shape"),
        (b"[]", "unknown_shape"),
        (b"{}", "unknown_shape"),
        (b"[" * 200 + b"]" * 200, "unknown_shape"),
        (spoilt(flow_id=None), "unknown_shape"),
        (spoilt(flow_id=""), "unknown_shape"),
        (spoilt(run_id=7), "unknown_shape"),
        (spoilt(run_id="x" * 5_000), "unknown_shape"),
        (spoilt(status="excellent"), "unknown_shape"),
        (spoilt(occurred_at="yesterday"), "unknown_shape"),
        (spoilt(occurred_at="2026-03-02T10:00:00"), "unknown_shape"),
        (spoilt(occurred_at="1969-12-31T23:59:59Z"), "unknown_shape"),
        (spoilt(occurred_at="9999-12-31T23:30:00Z"), "unknown_shape"),
        (spoilt(records={"input": -1}), "unknown_shape"),
        (spoilt(records={"input": 1.5}), "unknown_shape"),
        (spoilt(duration_ms=2**63), "unknown_shape"),
        (spoilt(errors=[{"code": None}]), "unknown_shape"),
        (spoilt(errors=[{"code": "A", "stage": "moon"}]), "unknown_shape"),
    ],
)
def test_what_is_no_run_record_is_set_aside_and_the_next_one_counts(value: bytes, reason: str) -> None:
    """Only a foreign writer can put it there; it must not stop the partition."""
    partition = start()
    partition.process(value, run("good", moment="10:30"))
    [letter] = partition.dead_letters
    assert dict(letter.headers or ())["flowrun_reason"] == reason.encode()
    assert letter.value == value
    assert partition.row("10:00").runs == 1
    assert partition.step.statistics()["undecodable"] == 1


def test_a_tombstone_is_set_aside() -> None:
    """Runs has none; a foreign writer may."""
    partition = start()
    outputs = partition.step.process([Source(0, None)], partition.now)
    state = [TOPICS.watch_state.name] * 2
    assert [output.topic for output in outputs] == [TOPICS.dead_letters.name, *state]


def test_a_dead_letter_says_where_it_came_from_and_keeps_its_headers() -> None:
    """The bytes, the key, the source's place, why, and what the record carried itself."""
    partition = start()
    source = Source(41, b"{", b"key", headers=[("flowrun_reason", b"forged"), ("traceparent", b"00-1")])
    [letter, *_] = partition.step.process([source], partition.now)
    headers = dict(reversed(letter.headers or ()))  # ours stand first
    assert (letter.topic, letter.key, letter.value) == (TOPICS.dead_letters.name, b"key", b"{")
    assert headers["flowrun_reason"] == b"not_json"
    assert headers["flowrun_topic"] == TOPICS.runs.name.encode()
    assert headers["flowrun_partition"] == str(PARTITION).encode()
    assert headers["flowrun_offset"] == b"41"
    assert headers["traceparent"] == b"00-1"


def test_too_late_runs_tell_when_and_how_late() -> None:
    """The detail names both times."""
    partition = start()
    partition.each(run("x", moment=at("10:00") + 8 * DAY, flow_id="f2"), run("a", moment="10:30"))
    headers = dict(partition.dead_letters[0].headers or ())
    assert headers["flowrun_detail"] == (
        b"occurred at 2026-03-02T10:30:00.000Z, the watermark is 2026-03-10T10:00:00.000Z"
    )


def test_statistics_count_every_record_once() -> None:
    """By what became of it, and what is held now."""
    partition = start()
    partition.process(
        run("a", "failed", "10:00"),
        run("a", "success", "10:10"),
        run("a", "success", "10:10"),
        run("a", "failed", "10:05"),
        run("b", "in_progress", "10:20"),
        b"?",
    )
    partition.process(run("c", moment=at("10:00") + 8 * DAY, flow_id="f2"), run("d", moment="10:00"))
    told = partition.step.statistics()
    assert {name: told[name] for name in told if name.startswith("runs_") or name in ("too_late", "undecodable")} == {
        "runs_applied": 2,
        "runs_replaced": 1,
        "runs_unchanged": 1,
        "runs_outdated": 1,
        "runs_ignored": 1,
        "too_late": 1,
        "undecodable": 1,
    }
    assert (told["alerts_firing:in-a-row"], told["alerts_resolved:in-a-row"]) == (1, 1)
    assert (told["open_incidents"], told["rows_written"]) == (0, 3)
    assert told["watermark_ms"] == at("10:00") + 8 * DAY


def test_a_rule_that_has_said_nothing_is_counted_as_zero() -> None:
    """So that a graph of it exists before the first alert."""
    assert start().step.statistics()["alerts_firing:in-a-row"] == 0


def test_the_position_is_the_last_offset_whatever_became_of_it() -> None:
    """Also of a batch of nothing but rubbish."""
    partition = start()
    partition.step.process([Source(4, b"?"), Source(9, b"?")], partition.now)
    assert partition.step.position == 9


def test_outputs_are_alerts_dead_letters_rows_and_state() -> None:
    """Rows decode as the public record, under the public key; state goes to its own partition."""
    partition = start()
    outputs = partition.process(run("a", "failed", "10:30"), b"?")
    assert [output.topic for output in outputs] == [
        TOPICS.dead_letters.name,
        TOPICS.alerts.name,
        TOPICS.metrics.name,
        *[TOPICS.watch_state.name] * 4,
    ]
    row = outputs[2]
    assert row.key == b"f1|2026-03-02T10:00:00.000Z"
    assert msgspec.json.decode(row.value or b"", type=Window).runs == 1
    assert {output.partition for output in outputs[3:]} == {PARTITION}


def test_counts_as_large_as_they_come() -> None:
    """The largest that a record may hold, many times."""
    partition = start()
    huge = {"input": 2**63 - 1, "output": 2**63 - 1, "failed": 2**63 - 1, "lost": 2**63 - 1}
    partition.each(*(run(f"r{number}", moment="10:00", records=huge, duration_ms=2**63 - 1) for number in range(3)))
    partition.crash()
    assert partition.row("10:00").records.input == 3 * (2**63 - 1)


def test_names_that_are_strange_are_names_all_the_same() -> None:
    """Bars, newlines, emoji and lone zeros neither break keys nor mix up flows."""
    partition = start()
    for flow_id in ("a|b", "a\nb", "🌧", "\x00", "["):
        partition.process(run("r", "failed", "10:00", flow_id))
    partition.crash()
    partition.tick(HOUR)
    assert partition.step.statistics()["flows"] == 5
    assert len(set(partition.alert_keys)) == 5


def test_only_what_came_too_late_is_set_aside() -> None:
    """A run that is notified again and says the same changes nothing, and is no dead letter."""
    partition = start()
    partition.each(run("a", moment="10:30"), run("a", moment="10:30", event_id="again"))
    counted = partition.step.statistics()
    assert (counted["runs_unchanged"], counted["too_late"], partition.dead_letters) == (1, 0, [])
