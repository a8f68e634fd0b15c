"""Read the platform's own alert states as alert records (DOMAIN.md 4.1 and 5.1, CONTRACT.md 3.3).

The platform repeats a state while it lasts, each time as a new event, and its events may arrive out of order. So that
there is one record for each transition, a state is known again by its transition (alert, state, ``createdAt``) as well
as by its event id, and a FIRING that arrives after its INACTIVE is known already.
"""

import hashlib
import re
from typing import Final, NamedTuple

from processors.normalize import identity
from processors.normalize.delivery import Delivery
from processors.normalize.envelope import FoundState
from processors.normalize.errors import MAX_MESSAGE
from processors.normalize.fields import Faults, identifier, link, text, time_ms
from processors.normalize.run import AHEAD_MS, org_id
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


def read_state(found: FoundState, delivery: Delivery, faults: Faults) -> Reported:
    """Return the alert record. A state that names no flow has the key of its organisation and sandbox."""
    node = found.node
    rule = RULE_PREFIX + found.name
    flow_id = identifier(node.get("flowId"), faults)
    org = org_id(node, found.hints.org_id, faults)
    sandbox = text(node.get("sandboxName"), faults)
    subject = flow_id or f"org/{org or '-'}/{sandbox or '-'}"
    run_id = identifier(node.get("flowRunId"), faults)
    created_ms = _believed(time_ms(node.get("createdAt"), faults), delivery)
    resolved_ms = _believed(time_ms(node.get("resolvedAt"), faults), delivery)
    created = "" if created_ms is None else str(created_ms)
    id_ = identifier(node.get("id"), faults) or run_id or ""
    if not id_ and not created:
        # Nothing tells one of these from another: rather twice than never.
        created = delivery.received_at
    state: AlertState = "firing" if found.is_firing else "resolved"
    transition = identity.of_state(rule, subject, id_, state, created)
    starts_ms = delivery.received_ms if created_ms is None else created_ms
    ends_ms = max(starts_ms, delivery.received_ms if resolved_ms is None else resolved_ms)
    severity = _severity(node.get("severity"), faults)
    flow_name = text(node.get("flowName"), faults)
    alert = Alert(
        event_id=transition.hex(),
        incident_id=identity.of_state(rule, subject, id_, "incident", "" if id_ else created).hex(),
        revision=1 if found.is_firing else 2,
        state=state,
        reason="reported",
        rule=rule,
        kind=KIND,
        severity=severity,
        labels={
            "alertname": rule,
            "flow_id": flow_id,
            "flow_name": flow_name,
            "org_id": org,
            "sandbox_name": sandbox,
            "severity": severity,
        },
        annotations=_annotations(found, flow_name or flow_id or subject, run_id, faults),
        starts_at=times.to_text(starts_ms),
        ends_at=None if found.is_firing else times.to_text(ends_ms),
        fingerprint=_fingerprint(rule, subject),
        generator_url=link(node.get("url"), faults),
        value=_value(node.get("value"), faults),
        run_ids=[] if run_id is None else [RunId(run_id)],
        emitted_at=delivery.received_at,
    )
    settled = () if found.is_firing else (identity.of_state(rule, subject, id_, "firing", created),)
    return Reported(alert, f"{rule}|{subject}", transition, settled)


def _believed(sent_ms: int | None, delivery: Delivery) -> int | None:
    return sent_ms if sent_ms is not None and sent_ms <= delivery.received_ms + AHEAD_MS else None


def _severity(value: object, faults: Faults) -> Severity:
    return _SEVERITIES.get((text(value, faults) or "").lower(), "warning")


def _annotations(found: FoundState, subject: str, run_id: str | None, faults: Faults) -> Annotations:
    message = text(found.node.get("message"), faults, MAX_MESSAGE)
    told = f": {_shortened(message)}" if message else ""
    run = f" Run {run_id}." if run_id else ""
    if found.is_firing:
        summary = f"Adobe's alert {found.name} fires for {subject}{told}"
        description = f"{message or summary}{run} Adobe watches this by itself; a resolved record follows if it tells."
    else:
        summary = f"Adobe's alert {found.name} for {subject} is over{told}"
        description = f"{message or summary}{run} Nothing is left to do for this alert."
    return Annotations(summary if summary.endswith(".") else f"{summary}.", description)


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
