"""Test what is seen of a payload without taking it apart."""

from pathlib import Path

import orjson
import pytest

from flowrun.recording.facts import MAX_DEPTH, Subject, subjects

PAYLOADS = Path(__file__).parents[2] / "payloads"


@pytest.mark.parametrize(
    ("file", "expected"),
    [
        ("01-notif-success-adobeio-envelope", [("1c6f1047-dcaf-48fe-af10-47dcaf08feaf", "success")]),
        ("02-notif-failure-messages-envelope", [("cf4fce79-8822-456d-8fce-798822556dc6", "failed")]),
        ("11-alert-source-start-current", [("05222685-e2b7-4367-a5a2-db4d7acda43d", "in_progress")]),
        ("24-deprecated-data-ingestion", []),
        ("40-control-async-validation", []),
    ],
)
def test_documented_payloads(file: str, expected: list[tuple[str, str]]) -> None:
    """The flow and its outcome are found in each documented envelope."""
    found = subjects((PAYLOADS / f"{file}.json").read_bytes())
    assert [(subject.flow_id, subject.status) for subject in found] == expected


@pytest.mark.parametrize(
    ("payload", "expected"),
    [
        ({"flowId": "f", "flowName": "CRM", "status": "FIRING"}, [Subject("f", "CRM", "firing")]),
        ({"flowId": "f", "status": "INACTIVE"}, [Subject("f", None, "resolved")]),
        ({"flowId": "f", "metrics": {"statusSummary": {"status": "partialSuccess"}}}, [Subject("f", None, "partial")]),
        ({"flowId": "f", "metrics": {"statusSummary": 1}, "status": "failed"}, [Subject("f", None, "failed")]),
        ({"flowId": "f", "status": "odd", "flowName": 1}, [Subject("f", None, "unknown")]),
        ({"flowId": "f", "status": ["failed"]}, [Subject("f", None, "unknown")]),
        ({"flowId": 1}, []),
        ([{"flowId": "a"}, {"x": {"flowId": "b"}}], [Subject("a", None, "unknown"), Subject("b", None, "unknown")]),
    ],
)
def test_subjects(payload: object, expected: list[Subject]) -> None:
    """Every object with a flow id is one, in the payload's order, with its status in our words."""
    assert subjects(orjson.dumps(payload)) == expected


@pytest.mark.parametrize("body", [b"", b"ping", b'{"flowId":"f"', b'"flowId"', b"\xff", b"[" * 2000])
def test_what_is_no_json_has_no_subject(body: bytes) -> None:
    """Nothing is found, and nothing is raised."""
    assert subjects(body) == []


@pytest.mark.parametrize(("depth", "count"), [(MAX_DEPTH - 1, 1), (MAX_DEPTH, 0)])
def test_envelopes_are_followed_to_a_bound(depth: int, count: int) -> None:
    """An object deeper than the bound is not looked for."""
    body = b'{"a":' * depth + b'{"flowId":"f"}' + b"}" * depth
    assert len(subjects(body)) == count
