"""Sum up what a rules file says: for people in lines, for programs as JSON."""

from collections.abc import Iterator, Sequence
from dataclasses import fields
from typing import Any

from flowrun.terminal import Line
from processors.watch.durations import SECOND_MS, written
from processors.watch.rule_book import RuleBook
from processors.watch.rules import OrgFailures, Rule
from processors.watch.rules_file import RuleMistake

AnyRule = Rule | OrgFailures


def all_rules(book: RuleBook) -> Sequence[AnyRule]:
    """Return the rules of single flows, then those of organisations."""
    return (*book.rules, *book.org_rules)


def parameters(rule: AnyRule) -> dict[str, Any]:
    """Return the parameters of a rule as the file would write them; unset ones are left out."""
    return {name: value for name, value in _parameters(rule) if value is not None}


def _parameters(rule: AnyRule) -> Iterator[tuple[str, Any]]:
    for field in fields(rule):  # type: ignore[arg-type]  # every kind is a dataclass, which a protocol cannot say
        value = getattr(rule, field.name)
        if field.name == "escalate_after":
            yield "escalate_at", _second_limit(value, is_duration=getattr(rule, "after_ms", None) is not None)
        elif field.name.endswith("_ms"):
            yield field.name.removesuffix("_ms"), None if value is None else written(value)
        elif field.name != "head":
            yield field.name, value
    limit = rule.head.escalate_at
    if limit is not None:
        is_duration = rule.kind == "overdue"
        yield "escalate_at", _second_limit(limit * SECOND_MS if is_duration else limit, is_duration=is_duration)


def _second_limit(limit: float | None, *, is_duration: bool) -> Any:
    return written(int(limit)) if is_duration and limit is not None else limit


def lines(book: RuleBook, file: str) -> list[Line]:
    """Write the summary for people: one line for the windows, one for each rule."""
    rules, window = all_rules(book), book.window
    flows = f", {len(book.flows)} flows described" if len(book.flows) != 1 else ", 1 flow described"
    count = f"{len(rules)} rules" if len(rules) != 1 else "1 rule"
    times = [written(time) for time in (window.final_after_ms, window.grace_ms, window.idle_ms)]
    return [
        [(f"{file}: right: ", ""), (count + flows, "bold")],
        [(f"windows of {window.size}, final after {times[0]}, grace {times[1]}, idle {times[2]}", "dim")],
        *(_rule_line(rule, max(len(each.head.name) for each in rules)) for rule in rules),
    ]


def _rule_line(rule: AnyRule, width: int) -> Line:
    told = ", ".join(f"{name} {_shown(value)}" for name, value in parameters(rule).items())
    match = "".join(f', match {name} = "{glob}"' for name, glob in rule.head.match.items())
    return [(f"{rule.head.name:<{width}}  ", "bold"), (f"{rule.head.severity:<8}  {rule.kind}: {told}{match}", "")]


def _shown(value: Any) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)


def for_programs(book: RuleBook, file: str) -> dict[str, Any]:
    """Write the summary for programs."""
    window = book.window
    return {
        "file": file,
        "is_valid": True,
        "mistakes": [],
        "window": {
            "size": window.size,
            "final_after": written(window.final_after_ms),
            "grace": written(window.grace_ms),
            "idle": written(window.idle_ms),
        },
        "rules": [
            {
                "name": rule.head.name,
                "kind": rule.kind,
                "severity": rule.head.severity,
                "match": dict(rule.head.match),
                "parameters": parameters(rule),
            }
            for rule in all_rules(book)
        ],
        "flows": sorted(book.flows),
    }


def mistakes_for_programs(mistakes: Sequence[RuleMistake], file: str) -> dict[str, Any]:
    """Write the mistakes of a file for programs."""
    return {"file": file, "is_valid": False, "mistakes": [mistake._asdict() for mistake in mistakes]}
