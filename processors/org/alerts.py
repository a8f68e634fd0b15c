"""Word the alerts about organisations: how many flows fail, which, since when, and whether one cause is likely."""

from collections import Counter
from collections.abc import Sequence
from typing import Final
from urllib.parse import quote

from processors.org.place import FailingFlow, Place, Transition, incident_time
from processors.watch.alerts import LIKELY, MAX_CODES, MAX_RUNS, shortened
from processors.watch.durations import roughly
from processors.watch.incident import digest
from schemas import times
from schemas.alert import Alert, Annotations
from schemas.ids import RunId
from schemas.run import Stage

MAX_NAMED: Final = 3
"""Flows named in a sentence."""


def alert(place: Place, transition: Transition, now_ms: int) -> Alert:
    """Write the record of a transition."""
    incident, flows = transition.incident, transition.flows
    newest_first = flows[::-1]
    codes = [flow.code for flow in newest_first if flow.code]
    return Alert(
        event_id=digest(incident.incident_id, incident.revision),
        incident_id=incident.incident_id,
        revision=incident.revision,
        state="firing" if transition.ends_at is None else "resolved",
        reason=transition.reason,
        rule=incident.rule,
        kind=incident.kind,
        severity=incident.severity,
        labels={
            "alertname": incident.rule,
            "flow_id": None,
            "flow_name": None,
            "org_id": place.org,
            "sandbox_name": place.sandbox or None,
            "severity": incident.severity,
        },
        annotations=_ended(place, transition) if transition.ends_at else _goes_on(place, transition),
        starts_at=incident_time(incident),
        ends_at=transition.ends_at,
        fingerprint=digest(incident.rule, place.name, length=16),
        generator_url=_link(place),
        value=float(len(flows)),
        threshold=float(incident.threshold),
        first_failure_at=_text(incident.first_failure_at),
        last_failure_at=_text(incident.last_failure_at),
        run_ids=[RunId(flow.run_id) for flow in newest_first if flow.run_id][:MAX_RUNS],
        error_codes=list(dict.fromkeys(codes))[:MAX_CODES],
        emitted_at=times.to_text(now_ms),
    )


def _goes_on(place: Place, transition: Transition) -> Annotations:
    flows = transition.flows
    since = flows[0].since[:16].replace("T", " ") + " UTC"
    stage = _shared_stage(flows)
    likely = f", {LIKELY[stage]}" if stage in LIKELY else ""
    what = f"{len(flows)} {'flow' if len(flows) == 1 else 'flows'} of {_where(place)}"
    how = "is failing" if len(flows) == 1 else "are failing at once"
    return Annotations(
        summary=f"{what} {how}, since {since}{likely}: {_named(flows)}{_newest_error(flows)}.",
        description=(
            f"{what} {how}; the limit of rule {transition.incident.rule} is {transition.incident.threshold:g}. "
            "Look for what they have in common before each on its own: a source, credentials, a schema, the platform. "
            f"Start at {_link(place)} . A resolved record follows when it is over."
        ),
    )


def _ended(place: Place, transition: Transition) -> Annotations:
    incident, ends_at = transition.incident, transition.ends_at or ""
    lasted = roughly(times.from_text(ends_at) - incident.starts_at)
    left = len(transition.flows)
    still = "no flow is" if left == 0 else "1 flow is" if left == 1 else f"{left} flows are"
    return Annotations(
        summary=f"{_where(place)} has calmed down: {still} failing (open for {lasted}).",
        description=(
            f"Rule {incident.rule} fired at {incident_time(incident)} and ended at {ends_at} ({transition.reason}). "
            "Flows that still fail have alerts of their own."
        ),
    )


def _where(place: Place) -> str:
    return f"{place.org} in sandbox {place.sandbox}" if place.sandbox else place.org


def _named(flows: Sequence[FailingFlow]) -> str:
    names = [flow.name or f"flow {flow.flow_id}" for flow in flows]
    more = len(names) - MAX_NAMED
    return ", ".join(names[:MAX_NAMED]) + (f" and {more} more" if more > 0 else "")


def _shared_stage(flows: Sequence[FailingFlow]) -> Stage:
    (stage, count), *_ = Counter(flow.stage for flow in flows).most_common()
    return stage if 2 * count > len(flows) else "other"


def _newest_error(flows: Sequence[FailingFlow]) -> str:
    newest = flows[-1]
    return f"; the newest error is {newest.code} {shortened(newest.message)}".rstrip() if newest.code else ""


def _link(place: Place) -> str:
    sandbox = f"/sname:{quote(place.sandbox, safe='')}" if place.sandbox else ""
    return f"https://experience.adobe.com/#/@{quote(place.org, safe='@')}{sandbox}/platform/source/dataflows"


def _text(time_ms: int | None) -> str | None:
    return None if time_ms is None else times.to_text(time_ms)
