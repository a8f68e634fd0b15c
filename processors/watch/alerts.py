"""Word the transitions of incidents, so that a person who is woken by one knows what to do."""

import re
from collections.abc import Sequence
from functools import lru_cache
from typing import Final
from urllib.parse import quote

from processors.watch.durations import roughly
from processors.watch.fact import Fact, LastFailure
from processors.watch.flows import Flow
from processors.watch.incident import Incident, digest
from processors.watch.rules.rule import Closing, Opening, Rule
from schemas import times
from schemas.alert import Alert, Annotations
from schemas.ids import RunId

MAX_RUNS: Final = 5
MAX_CODES: Final = 10
SHORT: Final = 120
"""Characters of an error's text in a summary."""

AlertLabels = dict[str, str | None]

LIKELY: Final = {
    "copy": "most likely at the source (credentials, connectivity or missing files)",
    "processing": "most likely in the data or its mapping",
}
_ADVICE: Final = {
    "copy": "Check the source: whether its credentials are valid, its host answers and its files or tables are there.",
    "processing": "Check the data against the mapping and the schema: the error codes say what was refused.",
}
_GENERAL_ADVICE: Final = "Look at the errors of the newest failed run."
_ADVICE_BY_KIND: Final = {
    "record_loss": "Compare input and output of the run: records were read and not written.",
    "partial_errors": "Look at the run's error files: they hold the records that were refused.",
    "zero_records": "Check whether the source still delivers: files or rows that nobody writes fail no run.",
    "stalled": "Check whether the flow is still enabled and scheduled, and whether its notifications arrive.",
    "overdue": "Look at the run: it may hang, or its end was never notified.",
    "slow": "Compare the size of the run's input with that of earlier runs, and look for a busy source.",
}

_is_plain: Final = re.compile(r"[\w.~-]*", re.ASCII).fullmatch
"""Match a text of nothing but characters that no address has to quote."""

_TELLS_CODE: Final = frozenset({"failure_count", "failure_ratio", "consecutive_failures", "partial_errors"})
"""Kinds whose sentence ends with the newest run's first error code if nothing more is known of it."""


def firing(rule: Rule, flow: Flow, labels: AlertLabels, incident: Incident, opening: Opening, now_ms: int) -> Alert:
    """Write the record of an incident that starts, or escalates."""
    what, newest = rule.describe_opening(opening), opening.evidence[-1]
    since = _minute(opening.evidence[0].occurred_at)
    when = "since" if rule.is_timed or len(opening.evidence) > 1 else "at"
    failure = flow.last_failure if rule.is_about_failures else None
    stage = failure.stage if failure else "other"
    likely = f", {LIKELY[stage]}" if stage in LIKELY else ""
    link = _link(failure, flow, labels, newest)
    annotations = Annotations(
        summary=f"{_name(labels)} {what}, {when} {since}{likely}{_top_error(rule, failure, opening)}.",
        description=(
            f"Flow {labels['flow_id']}{_place(labels)} {what}; the limit of rule {incident.rule} is "
            f"{rule.describe_limit(incident.threshold)}. {_advice(rule, stage)}{_start_at(link)} "
            "A resolved record follows when it is over."
        ),
    )
    return _alert(
        incident, labels, annotations, now_ms, evidence=opening.evidence, link=link, opening=opening, closing=None
    )


def resolved(
    rule: Rule | None, flow: Flow, labels: AlertLabels, incident: Incident, closing: Closing, now_ms: int
) -> Alert:
    """Write the record of an incident that is over; ``incident.revision`` is this record's.

    Without ``rule`` the rules file no longer has it.
    """
    how = rule.describe_closing(closing) if rule else f"is no longer watched by rule {incident.rule}"
    ends_at = max(closing.ends_at, incident.starts_at)
    lasted = roughly(ends_at - incident.starts_at)
    evidence = closing.evidence or flow.failures[-MAX_RUNS:]
    failure = flow.last_failure if rule is None or rule.is_about_failures else None
    link = _link(failure, flow, labels, evidence[-1] if evidence else None)
    annotations = Annotations(
        summary=f"{_name(labels)} {how} (open for {lasted}).",
        description=(
            f"Flow {labels['flow_id']}{_place(labels)}: rule {incident.rule} fired at {_minute(incident.starts_at)} "
            f"and ended at {_minute(ends_at)} ({closing.reason}). Nothing is left to do for this alert."
        ),
    )
    return _alert(incident, labels, annotations, now_ms, evidence=evidence, link=link, opening=None, closing=closing)


def _alert(
    incident: Incident,
    labels: AlertLabels,
    annotations: Annotations,
    now_ms: int,
    *,
    evidence: Sequence[Fact],
    link: str | None,
    opening: Opening | None,
    closing: Closing | None,
) -> Alert:
    verdict = opening or closing
    newest_first = evidence[: -MAX_RUNS - 1 : -1]
    return Alert(
        event_id=digest(incident.incident_id, incident.revision),
        incident_id=incident.incident_id,
        revision=incident.revision,
        state="resolved" if closing else "firing",
        reason=closing.reason if closing else ("escalated" if opening and opening.is_escalation else "threshold"),
        rule=incident.rule,
        kind=incident.kind,
        severity=incident.severity,
        labels=labels,
        annotations=annotations,
        starts_at=_written(incident.starts_at),
        ends_at=_text(max(closing.ends_at, incident.starts_at)) if closing else None,
        fingerprint=_fingerprint(incident, labels),
        generator_url=link,
        value=float(verdict.value) if verdict else None,
        threshold=float(incident.threshold),
        window_start=_text(verdict.window_start) if verdict else None,
        window_end=_text(verdict.window_end) if verdict else None,
        first_failure_at=_text(incident.first_failure_at),
        last_failure_at=_text(incident.last_failure_at),
        run_ids=[RunId(fact.run_id) for fact in newest_first],
        error_codes=list(dict.fromkeys(code for fact in newest_first for code in fact.codes))[:MAX_CODES],
        emitted_at=_written(now_ms),
    )


def _fingerprint(incident: Incident, labels: AlertLabels) -> str:
    about = (incident.subject,) if incident.subject else ()
    return digest(incident.rule, labels["flow_id"], *about, length=16)


@lru_cache(maxsize=1_024)
def _written(time_ms: int) -> str:
    # An alert tells one moment up to five times, and all of a batch are emitted at the same one.
    # A span may begin before 1970 or end after 9999, which no record can say.
    return times.to_text(min(max(0, time_ms), times.LATEST_MS))


def _text(time_ms: int | None) -> str | None:
    return None if time_ms is None else _written(time_ms)


def _minute(time_ms: int) -> str:
    return _written(time_ms)[:16].replace("T", " ") + " UTC"


def _advice(rule: Rule, stage: str) -> str:
    return _ADVICE_BY_KIND.get(rule.kind) or _ADVICE.get(stage, _GENERAL_ADVICE)


def _name(labels: AlertLabels) -> str:
    return labels["flow_name"] or f"Flow {labels['flow_id']}"


def _place(labels: AlertLabels) -> str:
    return f" in sandbox {labels['sandbox_name']}" if labels["sandbox_name"] else ""


def _top_error(rule: Rule, failure: LastFailure | None, opening: Opening) -> str:
    if failure is None or failure.code is None or (opening.subject and failure.code != opening.subject):
        codes = opening.evidence[-1].codes if rule.kind in _TELLS_CODE else ()
        return f": {codes[0]}" if codes else ""
    text = shortened(failure.message)
    if opening.subject:
        return f": {text}" if text else ""
    return f": {failure.code} {text}".rstrip()


def shortened(message: str | None) -> str:
    """Return an error's text as it stands in a sentence: one line, no full stop, at most :data:`SHORT` characters."""
    text = " ".join((message or "").split()).rstrip(".")
    return text if len(text) <= SHORT else text[: SHORT - 1].rstrip() + "…"


def _link(failure: LastFailure | None, flow: Flow, labels: AlertLabels, newest: Fact | None) -> str | None:
    """Return the run's own page, else where Platform shows it (DOMAIN.md 6), if the organisation is known."""
    if failure is not None and failure.url:
        return failure.url
    org = labels["org_id"]
    if not org:
        return None
    activity = f"/activity/{_quoted(newest.run_id)}" if newest else ""
    place, flow_id = _place_in_link(org, labels["sandbox_name"]), _quoted(flow.flow_id)
    return f"https://experience.adobe.com/#/{place}/platform/source/dataflows/{flow_id}{activity}"


@lru_cache(maxsize=1_024)
def _place_in_link(org: str, sandbox: str | None) -> str:
    return f"@{quote(org, safe='@')}" + (f"/sname:{quote(sandbox, safe='')}" if sandbox else "")


def _quoted(text: str) -> str:
    # Nearly every id is a UUID, which quote takes longer over than all else in a link.
    return text if _is_plain(text) else quote(text, safe="")


def _start_at(link: str | None) -> str:
    return f" Start at {link} ." if link else ""
