"""The step writes each notification once, however its input is cut and whenever it restarts."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import msgspec
import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from processors.engine.step import Header, Output, Step
from processors.normalize import NormalizeStep
from schemas.alert import Alert
from schemas.run import Run
from schemas.topics import DAY_MS, declare
from tests.processors.normalize.samples import FILES, HEADERS, PAYLOADS, RECEIVED_MS, a_run, document, payload

TOPICS = declare()
STATE = TOPICS.normalize_state.name


@dataclass(frozen=True)
class Raw:
    """A record of the raw topic."""

    offset: int
    value: bytes | None
    headers: Sequence[Header] = field(default_factory=lambda: list(HEADERS))
    key: bytes | None = b"k"
    timestamp: int = RECEIVED_MS


def step() -> NormalizeStep:
    """Make a step for partition 3."""
    return NormalizeStep(3, TOPICS, dedupe_ms=7 * DAY_MS)


def raw(*values: Any) -> list[Raw]:
    """Make records of documents or bytes at offsets 0, 1, 2 ..."""
    return [Raw(at, one if isinstance(one, bytes) else orjson.dumps(one)) for at, one in enumerate(values)]


def outputs(found: Sequence[Output]) -> list[Output]:
    """Return what is not state."""
    return [output for output in found if output.topic != STATE]


def topics_of(found: Sequence[Output]) -> list[str]:
    """Return the short names of the topics written to."""
    return [output.topic.removeprefix("flowrun.") for output in found]


def test_is_a_step() -> None:
    """The engine can drive it."""
    made: Step = step()
    made.opened(RECEIVED_MS)
    assert made.position == -1
    assert list(made.tick(RECEIVED_MS, caught_up=True)) == []


def test_run() -> None:
    """A run goes to the runs topic under its flow id, followed by the state in this partition."""
    normalize = step()
    run, state = normalize.process(raw(payload("01")), RECEIVED_MS)
    assert (run.topic, run.key, run.partition) == (TOPICS.runs.name, b"1c6f1047-dcaf-48fe-af10-47dcaf08feaf", None)
    record = msgspec.json.decode(run.value or b"", type=Run)
    assert (record.raw.partition, record.raw.offset) == (3, 0)
    assert (state.topic, state.partition) == (STATE, 3)
    assert normalize.position == 0


def test_alert() -> None:
    """An alert state goes to the alerts topic under rule and flow."""
    alert, _ = step().process(raw(payload("14")), RECEIVED_MS)
    key = b"platform:sources_flow_run_delay_e2e_va7_prod|de887077-5cf6-425f-9472-257168ad3c97"
    assert (alert.topic, alert.key) == (TOPICS.alerts.name, key)
    assert msgspec.json.decode(alert.value or b"", type=Alert).state == "firing"


def test_dead_letter() -> None:
    """A dead letter has the exact bytes, the key, and its reason before the record's own headers."""
    sent = Raw(9, b'{"metrics": 1}\n', [*HEADERS, ("traceparent", b"00-1")], key=b"some key")
    letter, _ = step().process([sent], RECEIVED_MS)
    assert (letter.topic, letter.key, letter.value) == (TOPICS.dead_letters.name, b"some key", b'{"metrics": 1}\n')
    assert list(letter.headers or []) == [
        ("flowrun_reason", b"missing_flow_id"),
        ("flowrun_detail", b"no flowId"),
        ("flowrun_topic", b"flowrun.raw"),
        ("flowrun_partition", b"3"),
        ("flowrun_offset", b"9"),
        *HEADERS,
        ("traceparent", b"00-1"),
    ]


def test_tombstone() -> None:
    """A record without value is a dead letter without value."""
    letter, _ = step().process([Raw(0, None)], RECEIVED_MS)
    assert (letter.topic, letter.value) == (TOPICS.dead_letters.name, None)
    assert ("flowrun_reason", b"not_json") in list(letter.headers or [])


def test_partly_refused() -> None:
    """Of a mixed notification the runs are written, and one dead letter of the whole."""
    sent = {"messages": [{"value": a_run()}, {}, {"value": a_run(id="r2")}]}
    written = outputs(step().process(raw(sent), RECEIVED_MS))
    assert topics_of(written) == ["runs", "runs", "dead-letters"]
    assert written[2].value == orjson.dumps(sent)


@pytest.mark.parametrize("number", ["01", "02", "10", "14", "30", "33", "90"])
def test_duplicates(number: str) -> None:
    """The same notification again gives nothing, in the same batch or a later one."""
    normalize = step()
    data = payload(number)
    assert len(outputs(normalize.process(raw(data, data), RECEIVED_MS))) == 1
    assert outputs(normalize.process([Raw(2, data)], RECEIVED_MS)) == []
    assert normalize.statistics()["duplicates"] == 2


def test_same_run_under_two_event_ids() -> None:
    """The same run under two event ids is two records."""
    sent = raw({"event_id": "e1", "event": a_run()}, {"event_id": "e2", "event": a_run()})
    assert len(outputs(step().process(sent, RECEIVED_MS))) == 2


def test_several_runs_of_an_event_again() -> None:
    """An event with several runs is known run by run: one that was not in it before is new."""
    normalize = step()
    first = {"event_id": "e", "event": {"items": [a_run(id="r1"), a_run(id="r2")]}}
    second = {"event_id": "e", "event": {"items": [a_run(id="r1"), a_run(id="r2"), a_run(id="r3")]}}
    assert len(outputs(normalize.process(raw(first, first, second), RECEIVED_MS))) == 3


def test_dead_letters_are_not_deduplicated() -> None:
    """The same unreadable bytes twice are two dead letters: what was sent again must not vanish."""
    assert topics_of(outputs(step().process(raw(b"ping", b"ping"), RECEIVED_MS))) == ["dead-letters", "dead-letters"]


def test_platform_alert_repeats() -> None:
    """An alert state that is repeated as a new event, or arrives after its end, gives nothing more."""
    firing, inactive = document("14"), document("15")
    sent = raw(
        {"event_id": "e1", "event": firing},
        {"event_id": "e2", "event": firing},
        {"event_id": "e3", "event": inactive},
        {"event_id": "e4", "event": inactive},
        {"event_id": "e5", "event": firing},
    )
    assert topics_of(outputs(step().process(sent, RECEIVED_MS))) == ["alerts", "alerts"]


def test_late_firing() -> None:
    """A FIRING that arrives after its INACTIVE does not open the alert again."""
    (only,) = outputs(step().process(raw(document("15"), document("14")), RECEIVED_MS))
    assert msgspec.json.decode(only.value or b"", type=Alert).state == "resolved"


def test_statistics() -> None:
    """Everything that happened is counted."""
    normalize = step()
    normalize.process(
        raw(payload("01"), payload("01"), payload("14"), payload("40"), b"x", a_run(metrics={}, flowName=5)),
        RECEIVED_MS,
    )
    assert normalize.statistics() == {
        "runs": 2,
        "alerts": 1,
        "duplicates": 1,
        "unknown_statuses": 1,
        "ill_typed_fields": 1,
        "rejected_not_json": 1,
        "rejected_unknown_shape": 0,
        "rejected_missing_flow_id": 0,
        "rejected_missing_run_id": 0,
        "rejected_control": 1,
        "rejected_deprecated": 0,
        "remembered": 3,
    }


def test_position_without_outputs() -> None:
    """A batch of duplicates alone still moves the position in the state."""
    normalize = step()
    first = normalize.process([Raw(0, payload("01"))], RECEIVED_MS)
    second = normalize.process([Raw(7, payload("01"))], RECEIVED_MS)
    assert topics_of(second) == ["normalize-state"]
    restored = step()
    for output in outputs_of_state(first, second):
        restored.restore(output.key, output.value)
    assert restored.position == 7


def outputs_of_state(*batches: Sequence[Output]) -> list[Output]:
    """Return the state records of batches."""
    return [output for batch in batches for output in batch if output.topic == STATE]


SENT = [(PAYLOADS / file).read_bytes() for file in FILES] + [b"ping", b"{}", orjson.dumps([a_run(), a_run(id="r2"), 5])]


def in_batches(sent: Sequence[Raw], cuts: set[int], restarts: set[int], now_ms: int = RECEIVED_MS) -> list[Output]:
    """Return the outputs when the input is cut before these offsets, and a step is restored at some of the cuts."""
    normalize, state, found, begin = step(), list[Output](), list[Output](), 0
    for cut in sorted(cuts | {len(sent)}):
        written = normalize.process(sent[begin:cut], now_ms)
        state += outputs_of_state(written)
        found += outputs(written)
        if cut in restarts:
            normalize = step()
            for output in state:
                normalize.restore(output.key, output.value)
            assert normalize.position == cut - 1
        begin = cut
    return found


@given(st.lists(st.sampled_from(SENT), min_size=1, max_size=40), st.data())
@settings(max_examples=60)
def test_any_batches_and_restarts(values: list[bytes], data: st.DataObject) -> None:
    """However the input is cut into batches, and wherever the step restarts, the outputs are the same."""
    sent = raw(*values)
    cuts = data.draw(st.sets(st.integers(1, len(sent))))
    restarts = data.draw(st.sets(st.sampled_from(range(1, len(sent) + 1))))
    assert in_batches(sent, cuts, restarts) == outputs(step().process(sent, RECEIVED_MS))


@given(
    st.lists(st.tuples(st.integers(0, 4), st.integers(0, 25)), min_size=1, max_size=40),
    st.sets(st.integers(1, 40)),
    st.sets(st.integers(1, 40)),
)
def test_any_restarts_over_days(received: list[tuple[int, int]], cuts: set[int], restarts: set[int]) -> None:
    """A restart remembers and forgets as a step that never stopped, on whatever days the input was received."""
    sent = [
        Raw(at, orjson.dumps({"event_id": f"e{event}", "event": a_run()}), timestamp=day * DAY_MS, headers=[])
        for at, (event, day) in enumerate(received)
    ]
    now_ms = 30 * DAY_MS
    within = {cut for cut in cuts if cut < len(sent)}
    assert in_batches(sent, within, restarts, now_ms) == outputs(step().process(sent, now_ms))


@given(st.lists(st.tuples(st.integers(0, 4), st.integers(0, 7)), max_size=40))
def test_once_within_the_horizon(received: list[tuple[int, int]]) -> None:
    """What comes again within the horizon, in any order of days, is written once."""
    sent = [
        Raw(at, orjson.dumps({"event_id": f"e{event}", "event": a_run()}), timestamp=day * DAY_MS, headers=[])
        for at, (event, day) in enumerate(received)
    ]
    found = outputs(step().process(sent, 30 * DAY_MS)) if sent else []
    assert len(found) == len({event for event, _ in received})


def test_a_large_dead_letter_keeps_its_bytes() -> None:
    """As large as ingest lets in."""
    sent = b"x" * (4 * 1024 * 1024)
    letter, _ = step().process(raw(sent), RECEIVED_MS)
    assert letter.value == sent


def test_unknown_statuses_are_counted() -> None:
    """Of all runs those whose outcome nobody knows."""
    normalize = step()
    normalize.process(raw(a_run(id="a"), a_run(id="b", metrics={}), a_run(id="c", metrics={})), RECEIVED_MS)
    assert normalize.statistics()["unknown_statuses"] == 2
