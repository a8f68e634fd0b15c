"""Tell the result of a backtest: for people in lines, for programs as JSON."""

from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import Any, Final, NamedTuple, get_args

import msgspec

from flowrun.backtest.backtest import Result
from flowrun.backtest.compare import Compared, Difference
from flowrun.backtest.fired import Fired
from flowrun.terminal import Line
from processors.watch.durations import roughly
from schemas import times

_SIGNS: Final[dict[Difference, tuple[str, str]]] = {
    "added": ("+", "yellow"),
    "gone": ("-", "green"),
    "changed": ("~", "cyan"),
    "same": ("=", "dim"),
}


class Names(NamedTuple):
    """Say what was tried on what, and against what."""

    file: str
    source: str
    present: str
    """The present rules file, or ``built in``."""


def document(result: Result, names: Names, elapsed_s: float) -> dict[str, Any]:
    """Write the result for programs. Durations in seconds, times RFC 3339."""
    outcome = result.outcome
    return {
        "file": names.file,
        "from": names.source,
        "present": names.present,
        "runs": {
            "read": outcome.runs,
            "flows": outcome.flows,
            "first": _text(outcome.first_ms),
            "last": _text(outcome.last_ms),
            "too_late": outcome.too_late,
            "unreadable": outcome.unreadable,
            **result.dropped,
        },
        "counts": _counts(result.compared),
        "rules": [{"rule": rule, **_counts(compared)} for rule, compared in _by_rule(result)],
        "incidents": [_incident(compared) for compared in result.compared],
        "elapsed_s": round(elapsed_s, 3),
        "runs_per_s": round(outcome.runs / elapsed_s) if elapsed_s else None,
    }


def _by_rule(result: Result) -> Iterator[tuple[str, list[Compared]]]:
    for rule, compared in groupby(result.compared, key=lambda one: one.fired.rule):
        yield rule, list(compared)


def _counts(compared: Sequence[Compared]) -> dict[str, int]:
    counts = Counter(one.difference for one in compared)
    named = {difference: counts[difference] for difference in get_args(Difference)}
    return {"fired": len(compared) - counts["gone"], **named}


def _incident(compared: Compared) -> dict[str, Any]:
    present = None if compared.present is None else _fired(compared.present)
    return {"difference": compared.difference, **_fired(compared.fired), "present": present}


def _fired(fired: Fired) -> dict[str, Any]:
    told: dict[str, Any] = msgspec.to_builtins(fired)
    return {**told, "duration_s": fired.duration_s}


def lines(result: Result, names: Names, elapsed_s: float) -> Iterator[Line]:
    """Write the result for people: what was read, how much fires, then each incident by rule and flow."""
    yield [(_what_was_read(result, elapsed_s), "")]
    counts = _counts(result.compared)
    before = counts["same"] + counts["changed"] + counts["gone"]
    yield [
        (f"{names.file} fires {_times(counts['fired'])}", "bold"),
        (f", the present rules ({names.present}) {_times(before)}: {_differences(counts)}", ""),
    ]
    for rule, compared in _by_rule(result):
        counts = _counts(compared)
        yield []
        yield [(rule, "bold"), (f" fires {_times(counts['fired'])}: {_differences(counts)}", "")]
        for _, of_flow in groupby(compared, key=lambda one: one.fired.subject):
            yield from _subject_lines(list(of_flow))


def _what_was_read(result: Result, elapsed_s: float) -> str:
    outcome = result.outcome
    first, last = _minute(_text(outcome.first_ms)), _minute(_text(outcome.last_ms))
    many = f"{_many(outcome.runs, 'run')} of {_many(outcome.flows, 'flow')}"
    told = f"{many} from {first} to {last} UTC, read in {elapsed_s:.1f} s"
    figures = {"too late": outcome.too_late, "unreadable": outcome.unreadable, **result.dropped}
    return told + "".join(f", {count:,} {what}" for what, count in figures.items() if count)


def _many(count: int, what: str) -> str:
    return f"{count:,} {what}{'' if count == 1 else 's'}"


def _times(count: int) -> str:
    return {0: "never", 1: "once", 2: "twice"}.get(count, f"{count:,} times")


def _differences(counts: dict[str, int]) -> str:
    told = [f"{counts[name]:,} {'the same' if name == 'same' else name}" for name in _SIGNS if counts[name]]
    return ", ".join(told) or "nothing fires"


def _subject_lines(compared: list[Compared]) -> Iterator[Line]:
    fired = compared[0].fired
    yield [(f"  {_place(fired)}{f', error {fired.error_code}' if fired.error_code else ''}", "")]
    for one in compared:
        sign, style = _SIGNS[one.difference]
        was = "" if one.present is None else f"  was {_span(one.present)}"
        yield [(f"    {sign} {_span(one.fired)}{was}", style)]


def _place(fired: Fired) -> str:
    if fired.flow_id is None:
        return f"{fired.org_id}{f'/{fired.sandbox_name}' if fired.sandbox_name else ''}"
    return f"{fired.flow_name} ({fired.flow_id})" if fired.flow_name else fired.flow_id


def _span(fired: Fired) -> str:
    severity = f"{fired.severity}{' (escalated)' if fired.has_escalated else ''}"
    begun = _minute(fired.starts_at)
    if fired.ends_at is None or fired.duration_s is None:
        return f"{begun} and still open, {severity}"
    return f"{begun} for {roughly(round(1000 * fired.duration_s))}, {fired.reason}, {severity}"


def _minute(text: str | None) -> str:
    return "-" if text is None else text[:16].replace("T", " ")


def _text(time_ms: int) -> str | None:
    return None if time_ms < 0 else times.to_text(time_ms)
