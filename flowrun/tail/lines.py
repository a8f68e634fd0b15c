"""Write one record of each topic as one line for people."""

from collections.abc import Callable, Mapping
from typing import Any, Final

from flowrun.tail.record import DETAIL, REASON, Record, time_text
from flowrun.terminal import Line

EXCERPT: Final = 80
"""How many characters of a payload are shown."""

_STATUS_STYLE: Final = {"success": "green", "failed": "bold red", "partial": "yellow"}
_SEVERITY_STYLE: Final = {"critical": "bold red", "warning": "yellow", "info": "cyan"}


def run_line(run: Mapping[str, Any]) -> Line:
    """Write a run: when, outcome, flow, records, errors."""
    status = str(run.get("status"))
    line: Line = [
        (f"{_time(run.get('occurred_at'))}  ", "dim"),
        (f"{status:<11}  ", _STATUS_STYLE.get(status, "")),
        (str(run.get("flow_name") or run.get("flow_id")), "bold"),
    ]
    records = _counts(run.get("records"), ("input", "output", "failed", "lost"))
    line += [(f"  {records}", "")] if records else []
    codes = ", ".join(str(error.get("code")) for error in run.get("errors") or [])
    line += [(f"  {codes}", "red")] if codes else []
    return line


def window_line(row: Mapping[str, Any]) -> Line:
    """Write a window row: which hour, flow, runs by outcome, records, revision."""
    start, end = _time(row.get("window_start")), _time(row.get("window_end"))
    outcomes = _counts(row, ("runs", "succeeded", "failed", "partial"))
    line: Line = [
        (f"{start[:16]}-{end[11:16]}  ", "dim"),
        (str(row.get("flow_name") or row.get("flow_id")), "bold"),
        (f"  {outcomes}", "red" if row.get("failed") else ""),
    ]
    records = _counts(row.get("records"), ("input", "output", "failed", "lost"))
    line += [(f"  records: {records}", "")] if records else []
    return [*line, (f"  revision {row.get('revision')}{', final' if row.get('final') else ''}", "dim")]


def alert_line(alert: Mapping[str, Any]) -> Line:
    """Write a transition: when, state, severity, rule, what to know."""
    is_firing = alert.get("state") == "firing"
    severity = str(alert.get("severity"))
    style = _SEVERITY_STYLE.get(severity, "") if is_firing else "green"
    annotations = alert.get("annotations") or {}
    return [
        (f"{_time(alert.get('starts_at') if is_firing else alert.get('ends_at'))}  ", "dim"),
        (f"{str(alert.get('state')).upper():<8}  {severity:<8}  ", style),
        (f"{alert.get('rule')}  ", "bold"),
        (str(annotations.get("summary")), ""),
    ]


def bytes_line(record: Record) -> Line:
    """Write a record of exact bytes: when, reason of a dead letter, key, size, how it begins."""
    value = record.value or b""
    excerpt = " ".join(value[: 4 * EXCERPT].decode(errors="replace").split())[:EXCERPT]
    reason = record.header(REASON)
    key = "(no key)" if record.key is None else record.key.decode(errors="replace")
    line: Line = [(f"{time_text(record.time_ms)}  ", "dim")]
    if reason is not None:
        line += [(f"{reason}  ", "yellow"), (f"{record.header(DETAIL) or ''}  ", "")]
    return [*line, (f"{key}  ", "bold"), (f"{len(value)} bytes  ", ""), (excerpt, "dim")]


JSON_LINES: Final[Mapping[str, Callable[[Mapping[str, Any]], Line]]] = {
    "runs": run_line,
    "metrics": window_line,
    "alerts": alert_line,
}
"""The topics whose values are JSON records, by short name."""


def _time(text: object) -> str:
    return str(text)[:19].replace("T", " ") if isinstance(text, str) else "-"


def _counts(values: object, names: tuple[str, ...]) -> str:
    """Write the named counts that are known, and of the bad ones only those above 0."""
    if not isinstance(values, Mapping):
        return ""
    shown = [
        f"{name} {values[name]:,}"
        for name in names
        if isinstance(values.get(name), int) and (values[name] or name in ("runs", "input", "output", "succeeded"))
    ]
    return " ".join(shown)
