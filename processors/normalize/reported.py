"""Read the platform's own alert states as alert records (DOMAIN.md 4.1 and 5.1, CONTRACT.md 3.3).

The platform repeats a state while it lasts, each time as a new event, and its events may arrive out of order. So that
there is one record for each transition, a state is known again by its transition (alert, state, ``createdAt``) as well
as by its event id, and a FIRING that arrives after its INACTIVE is known already.
"""

import hashlib
import re
from typing import Final, NamedTuple

from processors.normalize import identity, wire
from processors.normalize.delivery import AHEAD_MS, Delivery
from processors.normalize.envelope import FoundState
from processors.normalize.fields import Faults, believable_ms
from schemas import times
from schemas.alert import Alert, AlertState, Annotations, Severity
from schemas.ids import RunId

RULE_PREFIX: Final = "platform:"
KIND: Final = "platform"
SHORT: Final = 200
"""Characters of the platform's message in a summary."""

_SEVERITIES: Final[dict[str, Severity]] = {
    "critical": "critical",
    "high": "critical",
    "warning": "warning",
    "medium": "warning",
    "info": "info",
    "informational": "info",
    "low": "info",
}
_NUMBER: Final = re.compile(r"-?\d{1,18}(\.\d{1,18})?", re.ASCII)


class Reported(NamedTuple):
    """Hold the record of an alert state, its key, and what it is known by."""

    alert: Alert
    key: str
    transition: identity.Digest
    settles: tuple[identity.Digest, ...]
    """Transitions that are over with this one: once resolved, a late FIRING must not open it again."""


class _Incident(NamedTuple):
    """What tells one incident of the platform from another."""

    rule: str
    subject: str
    id: str
    created: str

    def digest(self, what: str) -> identity.Digest:
        return identity.of_state(*self, what)


def read_state(found: FoundState, delivery: Delivery, faults: Faults) -> Reported:
    """Return the alert record. A state that names no flow has the key of its organisation and sandbox."""
    sent = wire.read(found.node, wire.WireState, faults)
    org = sent.ims_org_id or sent.header.adobe.ims_org_id or found.hints.org_id
    incident = _incident(found, sent, org, delivery)
    transition = incident.digest("firing" if found.is_firing else "resolved")
    settled = () if found.is_firing else (incident.digest("firing"),)
    alert = _alert(found, sent, org, incident, delivery, faults)
    return Reported(alert, f"{incident.rule}|{incident.subject}", transition, settled)


def _incident(found: FoundState, sent: wire.WireState, org: str | None, delivery: Delivery) -> _Incident:
    subject = sent.flow_id or f"org/{org or '-'}/{sent.sandbox_name or '-'}"
    id_ = sent.id or sent.flow_run_id or ""
    created_ms = _believed(sent.created_at, delivery)
    created = "" if created_ms is None else str(created_ms)
    if not id_ and not created:
        # Nothing tells one of these from another: rather twice than never.
        created = delivery.received_at
    return _Incident(RULE_PREFIX + found.name, subject, id_, created)


def _alert(  # one argument for each source of the record's fields
    found: FoundState,
    sent: wire.WireState,
    org: str | None,
    incident: _Incident,
    delivery: Delivery,
    faults: Faults,
) -> Alert:
    state: AlertState = "firing" if found.is_firing else "resolved"
    starts_ms = _believed(sent.created_at, delivery) or delivery.received_ms
    ends_ms = max(starts_ms, _believed(sent.resolved_at, delivery) or delivery.received_ms)
    severity = _SEVERITIES.get((sent.severity or "").lower(), "warning")
    return Alert(
        event_id=incident.digest(state).hex(),
        # The same for both states of an alert: without its time of creation, which only an alert without id needs.
        incident_id=incident._replace(created="" if incident.id else incident.created).digest("incident").hex(),
        revision=1 if found.is_firing else 2,
        state=state,
        reason="reported",
        rule=incident.rule,
        kind=KIND,
        severity=severity,
        labels={
            "alertname": incident.rule,
            "flow_id": sent.flow_id,
            "flow_name": sent.flow_name,
            "org_id": org,
            "sandbox_name": sent.sandbox_name,
            "severity": severity,
        },
        annotations=_annotations(found, sent, org),
        starts_at=times.to_text(starts_ms),
        ends_at=None if found.is_firing else times.to_text(ends_ms),
        fingerprint=_fingerprint(incident.rule, incident.subject),
        generator_url=sent.url,
        value=_value(found.node.get("value"), faults),
        run_ids=[] if sent.flow_run_id is None else [RunId(sent.flow_run_id)],
        emitted_at=delivery.received_at,
    )


def _believed(sent: int | None, delivery: Delivery) -> int | None:
    moment = believable_ms(sent)
    return moment if moment is not None and moment <= delivery.received_ms + AHEAD_MS else None


def _annotations(found: FoundState, sent: wire.WireState, org: str | None) -> Annotations:
    who = sent.flow_name or (f"flow {sent.flow_id}" if sent.flow_id else _place(sent.sandbox_name, org))
    says = _sentence(sent.message) if sent.message else ""
    in_short = _sentence(f": {_shortened(sent.message)}") if sent.message else "."
    run = f" Run {sent.flow_run_id}." if sent.flow_run_id else ""
    if found.is_firing:
        summary = f"Adobe's alert {found.name} fires for {who}{in_short}"
        next_step = "This is Adobe's own alert; it is resolved here when Adobe says so."
    else:
        summary = f"Adobe's alert {found.name} is over for {who}{in_short}"
        next_step = "Nothing is left to do for this alert."
    return Annotations(summary, f"{says or summary}{run} {next_step}")


def _place(sandbox: str | None, org: str | None) -> str:
    return f"sandbox {sandbox or '(unnamed)'} of {org or 'an unnamed organisation'}"


def _sentence(words: str) -> str:
    return words if words.endswith((".", "!", "?", "…")) else f"{words}."


def _shortened(message: str) -> str:
    return message if len(message) <= SHORT else f"{message[: SHORT - 1]}…"


def _fingerprint(rule: str, subject: str) -> str:
    return hashlib.sha256(f"{rule}\x1f{subject}".encode()).hexdigest()[:16]


def _value(value: object, faults: Faults) -> float | None:
    if type(value) is int or type(value) is float:
        return float(value) if abs(value) < 1e300 else None
    if type(value) is str and _NUMBER.fullmatch(value):
        return float(value)
    if value is not None:
        faults.ill_typed += 1
    return None
