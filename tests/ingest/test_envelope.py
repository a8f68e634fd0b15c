"""Test how bodies become records: exact bytes, keys, headers."""

import hashlib
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.envelope import Record, describe, records
from schemas.times import to_text

RECEIVED_MS = 1_790_000_000_123
FLOW = "1c6f1047-dcaf-48fe-af10-47dcaf08feaf"

space = st.text(" \t\r\n", max_size=3).map(str.encode)
documents = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(codec="utf-8")),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=10,
)


def written(document: Any, indent: int | None, *, ascii_only: bool) -> bytes:
    """Write a document in one of the ways in which a sender might."""
    return json.dumps(document, indent=indent, ensure_ascii=ascii_only).encode("utf-8", "surrogatepass")


elements = st.builds(written, documents, st.sampled_from([None, 1, 3]), ascii_only=st.booleans())


@given(parts=st.lists(st.tuples(space, elements, space), max_size=8), around=st.tuples(space, space, space))
def test_elements_of_any_array_come_out_byte_by_byte(
    parts: list[tuple[bytes, bytes, bytes]], around: tuple[bytes, bytes, bytes]
) -> None:
    """However an array is written, its elements keep their exact bytes and their order; the space between is gone."""
    before, empty, after = around
    inside = b",".join(b"".join(part) for part in parts) if parts else empty
    made = records(before + b"[" + inside + b"]" + after, describe({}, RECEIVED_MS))
    assert [record.value for record in made] == [element for _, element, _ in parts]


@given(st.binary(max_size=200))
def test_any_bytes_become_records_without_an_error(body: bytes) -> None:
    """No body fails: what is not split is kept whole."""
    made = records(body, describe({}, RECEIVED_MS))
    assert body.lstrip().startswith(b"[") or [record.value for record in made] == [body]


@given(documents)
def test_any_value_of_any_field_has_a_key(document: Any) -> None:
    """Wrong types in the fields that the key is read from never fail a request."""
    odd = {"flowId": document, "event_id": document, "event": document, "messages": [document], "specversion": document}
    (record,) = records(written(odd, None, ascii_only=True), describe({}, RECEIVED_MS))
    assert len(record.key) > 0


def only(body: Any, **headers: str) -> Record:
    """Make the one record of a document."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    (record,) = records(json.dumps(body).encode(), describe(named, RECEIVED_MS))
    return record


def header(record: Record, name: str) -> Any:
    """Return the text of a header, ``None`` if there is none."""
    value = dict(record.headers).get(name)
    return value.decode() if isinstance(value, bytes) else None


@pytest.mark.parametrize(
    "body",
    [
        {"flowId": FLOW, "event_id": "e"},
        {"event": {"flowId": FLOW}},
        {"data": {"flowId": FLOW}},
        {"detail": {"flowId": FLOW}},
        {"detail": {"event": {"flowId": FLOW}}},
        {"event": {"data": {"flowId": FLOW}}},
        {"messages": [{"value": {"flowId": FLOW}}]},
    ],
)
def test_the_key_is_the_flow_id_at_every_place_of_the_contract(body: Any) -> None:
    """A flow id is found at the seven places, and comes before an event id."""
    assert only(body).key == FLOW.encode()


@pytest.mark.parametrize(
    ("body", "key"),
    [
        ({"flowId": "", "event_id": "e1", "eventid": "e2"}, "e1"),
        ({"flowId": 7, "eventid": "e2"}, "e2"),
        ({"specversion": "1.0", "id": "ce"}, "ce"),
        ({"specversion": "1.0", "id": "ce", "eventid": "e2"}, "e2"),
        ({"data": {"value": 1}}, "from-header"),
        ({"id": "a-run's"}, "from-header"),
    ],
)
def test_the_key_is_else_the_event_id(body: Any, key: str) -> None:
    """Without a flow id the event id is the key, the payload's before the header's."""
    assert only(body, x_adobe_event_id="from-header").key == key.encode()


def test_the_key_is_else_the_hash() -> None:
    """Without any id equal bytes still meet in one partition."""
    record = only({"a": 1})
    assert record.key.decode() == hashlib.sha256(record.value).hexdigest()


def test_the_event_id_of_a_batch_is_no_element_s() -> None:
    """A batch's header cannot name each element: it is carried, and is no key."""
    made = records(b"[1,2]", describe({"x-adobe-event-id": "e"}, RECEIVED_MS))
    assert [record.key.decode() for record in made] == [hashlib.sha256(value).hexdigest() for value in (b"1", b"2")]
    assert [header(record, "x-adobe-event-id") for record in made] == ["e", "e"]
    assert [header(record, "flowrun_batch") for record in made] == ["1/2", "2/2"]


def test_a_cloud_event_describes_itself() -> None:
    """The CloudEvents attributes of the payload are the headers'."""
    event = {
        "specversion": "1.0",
        "id": "ce-id",
        "source": "urn:sender",
        "type": "run_success",
        "time": "2020-03-27T21:35:00Z",
        "eventid": "delivery-id",
    }
    record = only(event, x_adobe_event_code="other", x_adobe_provider="other")
    names = ("ce_specversion", "ce_id", "ce_source", "ce_type", "ce_time", "flowrun_source", "flowrun_batch")
    assert [header(record, name) for name in names] == [
        "1.0",
        "ce-id",
        "urn:sender",
        "run_success",
        "2020-03-27T21:35:00Z",
        "webhook",
        None,
    ]


def test_another_envelope_is_described_by_its_delivery() -> None:
    """Without CloudEvents attributes the sender's headers and the time of receipt are used."""
    record = only({"event_id": "e1"}, x_adobe_event_code="run_success", x_adobe_provider="aep", content_type="text/x")
    names = ("ce_id", "ce_source", "ce_type", "ce_time", "flowrun_received_at", "content-type")
    received = to_text(RECEIVED_MS)
    assert [header(record, name) for name in names] == [
        "e1",
        "urn:adobe:io:aep",
        "run_success",
        received,
        received,
        "text/x",
    ]


@pytest.mark.parametrize("moment", ["yesterday", "", 5, None, "2020-01-01", "2020-13-01T00:00:00Z"])
def test_a_wrong_time_is_replaced(moment: Any) -> None:
    """``ce_time`` is a time, whatever the sender says."""
    record = only({"specversion": "1.0", "time": moment})
    assert header(record, "ce_time") == to_text(RECEIVED_MS)


def test_the_code_in_the_payload_is_used_last() -> None:
    """Adobe's header inside the payload names the type if nothing else does."""
    assert header(only({"event": {"header": {"_adobeio": {"eventCode": "in"}}}}), "ce_type") == "in"
    assert header(only({}), "ce_type") == "adobe.io.event"


@pytest.mark.parametrize(
    ("sent", "source"), [("replay", "replay"), ("journal", "journal"), ("webhook", "webhook"), ("else", "webhook")]
)
def test_our_own_tools_name_their_source(sent: str, source: str) -> None:
    """A replay and the journal's reader are told apart from the webhook."""
    assert header(only({}, x_flowrun_source=sent), "flowrun_source") == source


@pytest.mark.parametrize(
    ("sent", "carried"),
    [
        ("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", True),
        ("00-00000000000000000000000000000000-b7ad6b7169203331-01", False),
        ("ff-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", False),
        ("garbage", False),
    ],
)
def test_a_trace_is_carried_if_it_is_one(sent: str, *, carried: bool) -> None:
    """``traceparent`` travels to Kafka when it is well-formed (W3C Trace Context)."""
    assert header(only({}, traceparent=sent), "traceparent") == (sent if carried else None)


def test_credentials_and_signatures_stay_behind() -> None:
    """Only the listed headers of the sender are carried."""
    record = only({}, authorization="Bearer x", x_adobe_digital_signature_1="s", x_adobe_retry_count="3")
    sent = {name for name, _ in record.headers if name.startswith(("x-", "auth"))}
    assert sent == {"x-adobe-retry-count"}


def test_an_overlong_id_is_none() -> None:
    """A record cannot outgrow Kafka's limit by its key or headers."""
    record = only({"flowId": "f" * 100_000, "event_id": "e"}, x_adobe_delivery_id="d" * 100_000)
    assert record.key == b"e"
    assert sum(len(value or b"") for _, value in record.headers) < 2_000


def test_a_huge_array_is_one_record() -> None:
    """An array of more elements than Kafka could take in time is kept whole, not refused for ever."""
    body = b"[" + b",".join([b"0"] * 10_001) + b"]"
    assert [record.value for record in records(body, describe({}, RECEIVED_MS))] == [body]
