"""Gather the transitions of alerts into incidents: when each began and ended, and how."""

import msgspec

from schemas import times
from schemas.alert import Alert, AlertReason, Severity


class Fired(msgspec.Struct, kw_only=True):
    """Tell one incident from firing to resolved. Times are event time, RFC 3339."""

    rule: str
    kind: str
    severity: Severity
    """The highest that it reached."""
    flow_id: str | None
    """``None`` for an incident of an organisation and sandbox."""
    flow_name: str | None
    org_id: str | None
    sandbox_name: str | None
    error_code: str | None
    starts_at: str
    ends_at: str | None = None
    """``None`` while it is open at the end of what was recorded."""
    reason: AlertReason | None = None
    """Why it ended."""
    has_escalated: bool = False
    value: float | None = None
    """What was measured when it fired."""
    threshold: float | None = None
    run_ids: list[str] = []
    summary: str

    @property
    def subject(self) -> tuple[str, ...]:
        """Tell what the incident is about: two of one subject are never open at once."""
        place = (self.org_id or "", self.sandbox_name or "") if self.flow_id is None else (self.flow_id,)
        return (self.rule, *place, self.error_code or "")

    @property
    def duration_s(self) -> float | None:
        """For how long it was open, ``None`` if it still is."""
        if self.ends_at is None:
            return None
        return (times.from_text(self.ends_at) - times.from_text(self.starts_at)) / 1000


class History:
    """Turn transitions, in their order, into incidents."""

    def __init__(self) -> None:
        self.fired: list[Fired] = []
        """In the order in which they fired."""
        self._open: dict[str, Fired] = {}

    def take(self, alert: Alert) -> None:
        """Take one transition."""
        known = self._open.get(alert.incident_id)
        if known is None:
            known = self._open[alert.incident_id] = _begun(alert)
            self.fired.append(known)
        elif alert.state == "resolved":
            del self._open[alert.incident_id]
            known.ends_at, known.reason = alert.ends_at, alert.reason
        else:
            known.has_escalated, known.severity = True, alert.severity


def _begun(alert: Alert) -> Fired:
    labels = alert.labels
    return Fired(
        rule=alert.rule,
        kind=alert.kind,
        severity=alert.severity,
        flow_id=labels["flow_id"],
        flow_name=labels["flow_name"],
        org_id=labels["org_id"],
        sandbox_name=labels["sandbox_name"],
        error_code=labels.get("error_code"),
        starts_at=alert.starts_at,
        value=alert.value,
        threshold=alert.threshold,
        run_ids=list(alert.run_ids),
        summary=alert.annotations.summary,
    )
