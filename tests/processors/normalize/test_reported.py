"""The platform's own alert states become alert records, one for each transition."""

from typing import Any

import pytest

from tests.processors.normalize.samples import RECEIVED_AT, alert, document, normalized, run


def state(**changes: Any) -> dict[str, Any]:
    """Make a firing alert state."""
    return {"id": "a1", "status": "FIRING", "name": "delay", "createdAt": "2025-01-01T00:00:00Z", **changes}


@pytest.mark.parametrize(
    ("sent", "expected"),
    [("FIRING", "firing"), ("firing", "firing"), ("INACTIVE", "resolved"), ("Inactive", "resolved")],
)
def test_state(sent: str, expected: str) -> None:
    """FIRING fires and INACTIVE resolves, in any case."""
    assert (alert(state(status=sent)).state, alert(state(status=sent)).reason) == (expected, "reported")


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"flowId": "f"}, "platform:delay|f"),
        ({"imsOrgId": "o", "sandboxName": "s"}, "platform:delay|org/o/s"),
        ({"imsOrgId": "o"}, "platform:delay|org/o/-"),
        ({}, "platform:delay|org/-/-"),
    ],
)
def test_key(changes: dict[str, Any], expected: str) -> None:
    """The key names the rule and the flow, else organisation and sandbox."""
    (one,) = normalized(state(**changes)).records
    assert one.key == expected


def test_from_firing_to_resolved() -> None:
    """Both states of an alert belong to one incident and differ in their event ids and revisions."""
    firing, resolved = alert(document("14")), alert(document("15"))
    assert firing.incident_id == resolved.incident_id
    assert firing.fingerprint == resolved.fingerprint
    assert firing.event_id != resolved.event_id
    assert (firing.revision, resolved.revision) == (1, 2)
    assert (firing.ends_at, resolved.ends_at) == (None, "2023-09-01T04:42:44.905Z")


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, ("2025-01-01T00:00:00.000Z", RECEIVED_AT)),
        ({"resolvedAt": 1_735_689_660_000}, ("2025-01-01T00:00:00.000Z", "2025-01-01T00:01:00.000Z")),
        ({"resolvedAt": "2024-01-01T00:00:00Z"}, ("2025-01-01T00:00:00.000Z", "2025-01-01T00:00:00.000Z")),
        ({"createdAt": "nonsense"}, (RECEIVED_AT, RECEIVED_AT)),
        ({"createdAt": "2099-01-01T00:00:00Z"}, (RECEIVED_AT, RECEIVED_AT)),
        ({"resolvedAt": "2099-01-01T00:00:00Z"}, ("2025-01-01T00:00:00.000Z", RECEIVED_AT)),
    ],
)
def test_times(changes: dict[str, Any], expected: tuple[str, str]) -> None:
    """Times that are unknown or lie ahead are those of the receipt; the end is never before the start."""
    record = alert(state(status="INACTIVE", **changes))
    assert (record.starts_at, record.ends_at) == expected


@pytest.mark.parametrize(
    ("sent", "expected"),
    [
        ("high", "critical"),
        ("CRITICAL", "critical"),
        ("medium", "warning"),
        ("low", "info"),
        ("?", "warning"),
        (5, "warning"),
    ],
)
def test_severity(sent: Any, expected: str) -> None:
    """Severities are translated; an unheard-of one is a warning."""
    record = alert(state(severity=sent))
    assert (record.severity, record.labels["severity"]) == (expected, expected)


@pytest.mark.parametrize(
    ("sent", "expected"),
    [
        ("1", 1.0),
        ("-1.5", -1.5),
        (3, 3.0),
        (0.5, 0.5),
        ("nan", None),
        ("1e5", None),
        (10**18, 1e18),
        (True, None),
        (None, None),
    ],
)
def test_value(sent: Any, expected: float | None) -> None:
    """The value is a number, also where it is sent as text."""
    assert alert(state(value=sent)).value == expected


def test_words() -> None:
    """The summary names the alert, the flow and what the platform says, shortened."""
    record = alert(state(flowName="CRM nightly", message="m" * 900))
    assert record.annotations.summary == f"Adobe's alert delay fires for CRM nightly: {'m' * 199}…"
    bare = alert(state(status="INACTIVE", flowId="f"))
    assert bare.annotations.summary == "Adobe's alert delay is over for flow f."
    assert alert(state()).annotations.summary == (
        "Adobe's alert delay fires for sandbox (unnamed) of an unnamed organisation."
    )


@pytest.mark.parametrize("changes", [{"name": None}, {"name": 5}, {"status": "OK"}, {"status": 1}, {"metrics": {}}])
def test_what_is_no_alert_state(changes: dict[str, Any]) -> None:
    """Without its marks, an object with both ids is a run."""
    assert run(state(flowId="f", **changes)).run_id == "a1"


def test_known_by_its_transition() -> None:
    """The same transition under two event ids is the same; a resolved one settles its firing one."""
    (first,) = normalized({"event_id": "e1", "event": state()}).records
    (again,) = normalized({"event_id": "e2", "event": state(message="still")}).records
    (over,) = normalized({"event_id": "e3", "event": state(status="INACTIVE")}).records
    (anew,) = normalized({"event_id": "e4", "event": state(createdAt="2025-01-02T00:00:00Z")}).records
    assert set(first.known_by) & set(again.known_by)
    assert not set(first.known_by) & set(over.known_by)
    assert set(first.known_by) & set(over.settles)
    assert not set(first.known_by) & set(anew.known_by)


def test_nothing_to_know_it_by() -> None:
    """States without id and time are told apart by their receipt, rather than taken for one."""
    (one,) = normalized(state(id=None, createdAt=None)).records
    (other,) = normalized(state(id=None, createdAt=None), ("flowrun_received_at", b"2026-01-02T03:04:06.000Z")).records
    assert not set(one.known_by) & set(other.known_by)
