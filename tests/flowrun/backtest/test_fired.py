"""Transitions become incidents."""

import msgspec

from flowrun.backtest.fired import History
from schemas.alert import Alert
from schemas.generate.golden import ALERT_FIRING, ALERT_RESOLVED
from tests.flowrun.backtest.runs import fired


def alert(**changes: object) -> Alert:
    """Return a firing alert with something else in it."""
    return msgspec.structs.replace(ALERT_FIRING, **changes)


def test_firing_and_resolved_are_one_incident() -> None:
    """With begin, end, why, and what was measured at its begin."""
    history = History()
    history.take(ALERT_FIRING)
    history.take(ALERT_RESOLVED)
    (only,) = history.fired
    assert (only.starts_at, only.ends_at, only.reason) == (
        "2020-08-14T19:42:37.567Z",
        "2020-08-15T01:42:37.567Z",
        "expired",
    )
    assert (only.value, only.duration_s, only.has_escalated) == (3.0, 21_600.0, False)


def test_an_incident_stays_open() -> None:
    """Nothing ended it."""
    history = History()
    history.take(ALERT_FIRING)
    assert [(one.ends_at, one.reason, one.duration_s) for one in history.fired] == [(None, None, None)]


def test_an_escalation_is_part_of_the_incident() -> None:
    """Its severity is the highest."""
    history = History()
    history.take(alert(severity="warning"))
    history.take(alert(revision=2, reason="escalated"))
    assert [(one.severity, one.has_escalated) for one in history.fired] == [("critical", True)]


def test_incidents_of_several_keys_are_kept_apart() -> None:
    """Each ends by its own record; the order is that of firing."""
    history = History()
    history.take(alert(incident_id="a", rule="a"))
    history.take(alert(incident_id="b", rule="b"))
    history.take(alert(incident_id="a", rule="a", state="resolved", ends_at="2020-08-14T20:00:00.000Z"))
    assert [(one.rule, one.ends_at) for one in history.fired] == [("a", "2020-08-14T20:00:00.000Z"), ("b", None)]


def test_subjects() -> None:
    """A flow, a flow's error code, or an organisation's sandbox."""
    of_org = fired(flow_id=None, org_id="o", sandbox_name=None)
    assert [one.subject for one in (fired(), fired(error_code="133"), of_org)] == [
        ("r", "f1", ""),
        ("r", "f1", "133"),
        ("r", "o", "", ""),
    ]
