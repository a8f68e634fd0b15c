"""Run one small history for each kind of rule, and write what comes of it into the docs.

``python -m tests.processors.watch.examples`` renews docs/alerts.md and docs/rules.md between their marks; a test fails
while they differ from what the code says.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from processors.watch.durations import precisely
from processors.watch.rules_file import parse
from schemas.alert import Alert
from tests.processors.org import reports
from tests.processors.watch.records import Partition, error, run

DOCS: Final = Path(__file__).parents[3] / "docs"
ANOTHER: Final = "another flow"
PLACE: Final = {"org_id": "A1B2@AdobeOrg", "sandbox_name": "prod"}
LOGIN: Final = error("CONNECTOR-1001-401", "Login failed: the password has expired.", "copy")
ROW: Final = error("MAPPER-3700-400", "A row could not be mapped.", "processing")


@dataclass(frozen=True)
class Example:
    """A rule, as the rules file has it, and the runs of a day."""

    rule: str
    runs: Sequence[Mapping[str, Any]]

    @property
    def kind(self) -> str:
        return str(re.findall(r'kind = "(\w+)"', self.rule)[-1])


def of(clock: str, status: str, name: str = "CRM nightly", **more: Any) -> dict[str, Any]:
    """Return a run of a flow with this name."""
    flow_id = name.lower().replace(" ", "-")
    nothing = {"input": None, "output": None, "failed": None, "lost": None}
    fields = {"flow_name": name, "duration_ms": None, "records": nothing | more.pop("records", {}), **PLACE, **more}
    return run(f"{flow_id}-{clock}", status, clock, flow_id, **fields)


def passes(clock: str) -> dict[str, Any]:
    """Return a run of another flow, which moves time on."""
    return of(clock, "success", ANOTHER)


def days(*statuses: str, first: int = 10, **more: Any) -> list[dict[str, Any]]:
    """Return runs an hour apart."""
    made = [of(f"{first + hour}:00", status, **more) for hour, status in enumerate(statuses)]
    return [record | ({} if record["status"] == "failed" else {"errors": []}) for record in made]


EXAMPLES: Final = (
    Example(
        'name = "repeated-failures"\nkind = "failure_count"\nthreshold = 3\nwithin = "6h"\nseverity = "critical"',
        [
            of("10:00", "failed", errors=[LOGIN]),
            of("11:00", "success"),
            of("12:00", "failed", errors=[LOGIN]),
            of("13:00", "failed", errors=[LOGIN]),
            passes("19:00"),
        ],
    ),
    Example(
        'name = "many-failures"\nkind = "failure_ratio"\nthreshold = 0.5\nwithin = "24h"\nmin_runs = 4',
        [*days("success", "failed", "success", "failed", errors=[ROW]), *days(*["success"] * 5, first=14)],
    ),
    Example(
        'name = "consecutive-failures"\nkind = "consecutive_failures"\nthreshold = 3\nescalate_at = 4',
        [*days("failed", "failed", "failed", "failed", errors=[ROW]), of("14:00", "success")],
    ),
    Example(
        'name = "record-loss"\nkind = "record_loss"\nthreshold = 0.01',
        [
            of("10:00", "success", records={"input": 1_000, "lost": 0}),
            of("11:00", "success", records={"input": 1_000, "lost": 30}),
            of("12:00", "failed"),
            of("13:00", "success", records={"input": 1_000, "lost": 9}),
        ],
    ),
    Example(
        'name = "partial-errors"\nkind = "partial_errors"\nthreshold = 0.005',
        [
            of("10:00", "success", records={"input": 1_000, "failed": 4}),
            of("11:00", "success", records={"input": 1_000, "failed": 5}, errors=[ROW]),
            of("12:00", "success", records={"input": 1_000, "failed": 0}),
        ],
    ),
    Example(
        'name = "no-input"\nkind = "zero_records"\nthreshold = 3',
        [
            of("10:00", "success", records={"input": 1_000}),
            of("11:00", "success", records={"input": 0}),
            of("12:00", "success", records={"input": 0}),
            of("13:00", "failed"),
            of("14:00", "success", records={"input": 0}),
            of("15:00", "success", records={"input": 800}),
        ],
    ),
    Example(
        'name = "stalled"\nkind = "stalled"\nfactor = 3\nmin_runs = 5',
        [*days("success", "success", "failed", "success", "success"), passes("17:00"), of("17:20", "success")],
    ),
    Example(
        'name = "overdue"\nkind = "overdue"\nafter = "150m"',
        [of("10:00", "in_progress"), passes("12:30"), of("10:00", "success", occurred_at="2026-03-02T15:10:00.000Z")],
    ),
    Example(
        'name = "slow"\nkind = "slow"\nfactor = 2\nmin_runs = 5\nseverity = "info"',
        [
            *days(*["success"] * 5, duration_ms=300_000),
            of("15:00", "success", duration_ms=720_000),
            of("16:00", "success", duration_ms=310_000),
        ],
    ),
    Example(
        'name = "new-error-code"\nkind = "new_error_code"\nmemory = "30d"\nseverity = "info"',
        [of("10:00", "failed", errors=[LOGIN]), of("11:00", "failed", errors=[LOGIN]), of("12:00", "success")],
    ),
    Example(
        'name = "consecutive-failures"\nkind = "consecutive_failures"\nthreshold = 1\n\n[[rule]]\n'
        'name = "org-failures"\nkind = "org_failures"\nthreshold = 3\nseverity = "critical"',
        [
            of("10:00", "failed", "CRM nightly", errors=[LOGIN]),
            of("10:20", "failed", "Orders", errors=[LOGIN]),
            of("10:40", "failed", "Loyalty", errors=[LOGIN]),
            of("11:00", "success", "Orders"),
        ],
    ),
)


def play(example: Example) -> Iterator[tuple[Mapping[str, Any], list[Alert]]]:
    """Yield each run with the alerts of the example's kind that it gives."""
    book = parse(f"[[rule]]\n{example.rule}\n", "example")
    watch, org = Partition(book), reports.Partition(book.org_rules)
    for record in example.runs:
        told = len(watch.alerts), len(org.alerts), len(watch.reports)
        watch.process(dict(record))
        if watch.reports[told[2] :]:
            org.process(*watch.reports[told[2] :])
        new = [*watch.alerts[told[0] :], *org.alerts[told[1] :]]
        yield record, [alert for alert in new if alert.kind == example.kind]


def table_of_sentences() -> str:
    """Return the table of docs/alerts.md: for each kind the first sentence that fires and the last that resolves."""
    lines = ["| kind | it fires | it is over |", "|---|---|---|"]
    for example in EXAMPLES:
        alerts = [alert for _, told in play(example) for alert in told]
        fired, resolved = alerts[0].annotations.summary, alerts[-1].annotations.summary
        lines.append(f"| `{example.kind}` | {fired} | {resolved} |")
    return "\n".join(lines)


def worked(example: Example) -> str:
    """Return a rule and what comes of the runs of a day, for docs/rules.md."""
    lines = ["```toml", "[[rule]]", example.rule, "```", "", "| time | run | alert |", "|---|---|---|"]
    for record, alerts in play(example):
        told = "; ".join(f"**{alert.state}** ({alert.reason}): {alert.annotations.summary}" for alert in alerts)
        lines.append(f"| {record['occurred_at'][11:16]} | {described(record)} | {told} |")
    return "\n".join(lines)


def described(record: Mapping[str, Any]) -> str:
    """Say in a few words what happened to a run."""
    if record["flow_name"] == ANOTHER:
        return "(another flow; time moves on)"
    parts = [str(record["status"])]
    parts += [f"{name} {count}" for name, count in record["records"].items() if count is not None]
    if record["duration_ms"] is not None:
        parts.append(f"took {precisely(record['duration_ms'])}")
    parts += [f"`{error['code']}`" for error in record["errors"]]
    name = record["flow_name"]
    return ", ".join(parts) + (f" ({name})" if name != "CRM nightly" else "")


def pages() -> dict[Path, dict[str, str]]:
    """Return for each page what stands between its marks."""
    return {
        DOCS / "alerts.md": {"sentences": table_of_sentences()},
        DOCS / "rules.md": {example.kind: worked(example) for example in EXAMPLES},
    }


def renewed(text: str, parts: Mapping[str, str]) -> str:
    """Return a page with each part between its marks: ``<!-- name -->`` and ``<!-- end -->``."""
    for name, part in parts.items():
        pattern = re.compile(rf"(<!-- {name} -->\n).*?(<!-- end -->)", re.DOTALL)
        assert pattern.search(text), f"no mark {name}"
        text = pattern.sub(lambda found, part=part: f"{found[1]}{part}\n{found[2]}", text)  # type: ignore[misc]
    return text


if __name__ == "__main__":
    for page, parts in pages().items():
        page.write_text(renewed(page.read_text(), parts))
