"""Wrappers are opened in any nesting, and what is no run is refused with its place."""

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from processors.normalize.envelope import MAX_FOUND
from schemas.alert import Alert
from tests.processors.normalize.samples import a_run, document, normalized, rejected, run, runs

Wrap = Callable[[Any], Any]

WRAPPERS: dict[str, Wrap] = {
    "adobe_io": lambda inner: {"event_id": "e", "event": inner, "recipient_client_id": "c"},
    "cloud event": lambda inner: {"specversion": "1.0", "id": "ce", "type": "t", "source": "s", "data": inner},
    "journal entry": lambda inner: {"position": "p:1", "event": inner},
    "journal page": lambda inner: {"events": [{"position": "p:1", "event": inner}], "_page": {"last": "p:1"}},
    "event bridge": lambda inner: {"version": "0", "id": "eb", "detail-type": "x:y", "source": "s", "detail": inner},
    "messages": lambda inner: {"messages": [{"msgType": "eventNotification", "value": inner}]},
    "header and body": lambda inner: {"header": {"msgId": "m"}, "body": inner},
    "items": lambda inner: {"items": [inner], "count": 1},
    "array": lambda inner: [inner],
}


@pytest.mark.parametrize("name", WRAPPERS)
def test_each_wrapper(name: str) -> None:
    """Each documented wrapper is opened."""
    assert run(WRAPPERS[name](a_run())).run_id == "r"


@given(st.lists(st.sampled_from(sorted(WRAPPERS)), max_size=4))
def test_nested_wrappers(names: list[str]) -> None:
    """Wrappers in wrappers are opened, in any order."""
    wrapped: Any = a_run()
    for name in names:
        wrapped = WRAPPERS[name](wrapped)
    assert run(wrapped).run_id == "r"


@pytest.mark.parametrize("wrap", [lambda inner: {"event": inner}, lambda inner: {"data": inner}, lambda inner: [inner]])
def test_too_deep(wrap: Wrap) -> None:
    """Wrappers are opened to a bounded depth."""
    wrapped: Any = a_run()
    for _ in range(200):
        wrapped = wrap(wrapped)
    reason, detail = rejected(wrapped)
    assert (reason, detail.endswith("nested too deep")) == ("unknown_shape", True)


def test_all_of_several_runs() -> None:
    """One notification with several runs gives one record each, in their order."""
    sent = {"items": [a_run(id="r1"), a_run(id="r2", flowId="f2"), a_run(id="r3")]}
    assert [one.run_id for one in runs(sent)] == ["r1", "r2", "r3"]


def test_parts_that_are_no_runs() -> None:
    """Of a mixed notification the runs are recorded, and the others named in one refusal."""
    result = normalized({"messages": [{"value": a_run()}, 5, {"value": a_run(id="r2")}, {"x": 1}, {"value": {}}]})
    assert len(result.records) == 2
    assert result.rejected == ("unknown_shape", "messages[1], messages[3], messages[4].value: unknown_shape")


def test_parts_refused_for_different_reasons() -> None:
    """Different reasons are told apart in the detail; the first one is the reason of the whole."""
    result = normalized([a_run(), a_run(id=None), {"validationUrl": "https://x"}, a_run(flowId=5)])
    assert len(result.records) == 1
    assert result.rejected == (
        "missing_run_id",
        "[1]: missing_run_id, no id; [2]: control, the check of a registration, not an event; "
        "[3]: missing_flow_id, flowId is no text of 1 to 200 characters",
    )


@pytest.mark.parametrize(
    ("sent", "expected"),
    [
        ({"hello": "world"}, ("unknown_shape", "unknown_shape")),
        ({}, ("unknown_shape", "unknown_shape")),
        ([], ("unknown_shape", "unknown_shape")),
        (5, ("unknown_shape", "unknown_shape")),
        (None, ("unknown_shape", "unknown_shape")),
        ({"items": []}, ("unknown_shape", "items: unknown_shape")),
        ({"messages": []}, ("unknown_shape", "messages: unknown_shape")),
        ({"specversion": "1.0", "id": "x", "flowId": "f"}, ("unknown_shape", "unknown_shape")),
        ({"specversion": "1.0", "id": "x", "data": "text"}, ("unknown_shape", "unknown_shape")),
        ({"validationUrl": "https://x"}, ("control", "the check of a registration, not an event")),
        (a_run(flowId=None), ("missing_flow_id", "no flowId")),
        (a_run(flowId=""), ("missing_flow_id", "no flowId")),
        (a_run(flowId=7), ("missing_flow_id", "flowId is no text of 1 to 200 characters")),
        (a_run(flowId="f" * 201), ("missing_flow_id", "flowId is no text of 1 to 200 characters")),
        (a_run(id=None), ("missing_run_id", "no id")),
        (a_run(id=["r"]), ("missing_run_id", "id is no text of 1 to 200 characters")),
        ({"metrics": {}}, ("missing_flow_id", "no flowId")),
        ({"flowId": "f"}, ("missing_run_id", "no id")),
        ({"id": "r"}, ("missing_flow_id", "no flowId")),
        (
            {"event_id": "e", "event": {"id": "r", "metrics": {}}},
            ("missing_flow_id", "event: missing_flow_id, no flowId"),
        ),
        (
            {"messages": [{"value": {"id": "r", "metrics": {}}}]},
            ("missing_flow_id", "messages[0].value: missing_flow_id, no flowId"),
        ),
    ],
)
def test_refusals(sent: Any, expected: tuple[str, str]) -> None:
    """What is no run has a reason, and a detail that names what is missing and where."""
    assert rejected(sent) == expected


@pytest.mark.parametrize(
    ("sent", "headers"),
    [
        ({"xdm:ingestionId": "1"}, []),
        ({"id": "x", "xdm:ingestionId": "1"}, []),
        ({"x": 1, "header": {"_adobeio": {"eventCode": "platform_event"}}}, []),
        ({"specversion": "1.0", "type": "platform_event", "data": {"x": 1}}, []),
        ({"x": 1}, [("x-adobe-event-code", b"platform_event")]),
    ],
)
def test_deprecated(sent: Any, headers: list[tuple[str, bytes]]) -> None:
    """The data ingestion notification is known by its keys or by its event code."""
    place = "data: deprecated, " if "data" in sent else ""
    detail = f"{place}the data ingestion notification, which flow runs have replaced"
    assert normalized(sent, *headers).rejected == ("deprecated", detail)


def test_a_run_with_the_deprecated_code_is_a_run() -> None:
    """The event code never decides about an object that is a run."""
    assert run(a_run(), ("x-adobe-event-code", b"platform_event")).event_code == "platform_event"


def test_run_without_metrics() -> None:
    """An object with both ids is a run, of unknown status without metrics."""
    assert run({"flowId": "f", "id": "r"}).status == "unknown"


def test_fields_of_a_run_named_like_wrappers() -> None:
    """A run with fields that wrappers have is a run all the same."""
    assert run(a_run(data={"x": 1}, items=[1], event={}, messages=[])).run_id == "r"


def test_alert_states_among_runs() -> None:
    """Runs and alert states of one notification are told apart."""
    result = normalized([document("14"), a_run(), a_run(status="FIRING", name="n")])
    assert [isinstance(one.record, Alert) for one in result.records] == [True, False, False]


def test_too_many_runs() -> None:
    """What lies beyond the limit is dead-lettered with the whole, and what lies before it recorded."""
    result = normalized({"items": [a_run(id=f"r{number}") for number in range(MAX_FOUND + 2)]})
    assert len(result.records) == MAX_FOUND
    assert result.rejected == ("unknown_shape", "items[1000]: unknown_shape, more than 1,000 runs in one notification")


def test_many_refused_parts() -> None:
    """Of many refused parts the first are named and the others counted."""
    result = normalized([*[0] * 5_000, a_run()])
    assert len(result.records) == 1
    assert result.rejected == (
        "unknown_shape",
        "[0], [1], [2], [3], [4], [5], [6], [7], [8], [9] and 4,990 more: unknown_shape",
    )


@pytest.mark.parametrize(("levels", "found"), [(16, 1), (17, 0)])
def test_each_array_is_one_level(levels: int, found: int) -> None:
    """Sixteen of them are opened."""
    wrapped: Any = a_run()
    for _ in range(levels):
        wrapped = [wrapped]
    assert len(normalized(wrapped).records) == found
