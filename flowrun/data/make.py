"""Make the bundled recording and its expectations: ``python -m flowrun.data.make``. The same at every run."""

import gzip
import json
import random
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from flowrun.data import EXPECTED, RECORDING
from flowrun.data.deliveries import Notification, deliver, deliver_in_batches, disturb, notify
from flowrun.data.flows import CONSECUTIVE, END, FIRES, FIRES_AND_ENDS, FLOWS, REPEATED, Flow
from flowrun.data.hostile import hostile
from flowrun.data.payloads import alert_state
from flowrun.data.runs import DAY_BEGINS_MS, HOUR_MS, FlowRun, make_id, runs
from flowrun.recording.entry import Entry, write_line

SEED: Final = 20_261_104
DAY_ENDS_MS: Final = DAY_BEGINS_MS + round(END * HOUR_MS)
PLATFORM_RULE: Final = "platform:sources_flow_run_delay"


@dataclass(frozen=True, slots=True)
class Day:
    """Hold the recording and what must come of it."""

    entries: list[Entry]
    expected: dict[str, Any]


def make_day() -> Day:
    """Make the whole day from its seed."""
    singles: list[Notification] = []
    batched: list[Notification] = []
    expected: list[dict[str, Any]] = []
    run_records = 0
    for place, flow in enumerate(FLOWS):
        rng = random.Random(SEED + place)  # noqa: S311  (must repeat, not surprise)
        flow_id = make_id(rng)
        day = [run for run in runs(flow, flow_id, rng) if run.updated_ms < DAY_ENDS_MS - 10_000]
        notifications = [each for run in day for each in notify(run, rng)]
        run_records += len(notifications)
        (batched if flow.in_batches else singles).extend(disturb(notifications, flow, DAY_ENDS_MS, rng))
        expected += _expected_alerts(flow, flow_id)
        if flow.stuck_at is not None:
            reports = _reports(next(run for run in day if run.ended_ms is None), rng)
            singles += reports
            expected.append(_alert(PLATFORM_RULE, flow, flow_id, FIRES_AND_ENDS))
    strange = hostile(random.Random(SEED - 1))  # noqa: S311  (must repeat, not surprise)
    entries = [deliver(each) for each in singles] + deliver_in_batches(batched) + [each for _, each in strange]
    entries.sort(key=lambda each: each.time_ms or 0)
    return Day(
        entries,
        {
            "recording": RECORDING.name,
            "records": len(entries),
            "notifications": len(singles) + len(batched) + len(strange),
            "flows": len(FLOWS),
            "runs": run_records,
            "dead_letters": dict(sorted(Counter(reason for reason, _ in strange).items())),
            "alerts": sorted(expected, key=lambda alert: (alert["rule"], alert["flow_name"])),
        },
    )


def _expected_alerts(flow: Flow, flow_id: str) -> list[dict[str, Any]]:
    by_rule = [(REPEATED, flow.repeated), (CONSECUTIVE, flow.consecutive), *((rule, FIRES) for rule in flow.fires)]
    return [_alert(rule, flow, flow_id, states) for rule, states in by_rule if states]


def _alert(rule: str, flow: Flow, flow_id: str, states: Sequence[str]) -> dict[str, Any]:
    return {"rule": rule, "flow_id": flow_id, "flow_name": flow.name, "states": list(states)}


def _reports(run: FlowRun, rng: random.Random) -> list[Notification]:
    """Make the platform's own alert about a stuck run: 150 minutes after its start, and its end two hours later."""
    fired_ms = run.started_ms + 150 * 60_000
    ended_ms = fired_ms + 2 * HOUR_MS
    id_ = make_id(rng)
    states = [
        (fired_ms, alert_state(run, id_, is_firing=True, created_ms=fired_ms, resolved_ms=None)),
        (ended_ms, alert_state(run, id_, is_firing=False, created_ms=fired_ms, resolved_ms=ended_ms)),
    ]
    return [
        Notification(
            time_ms + 2_000,
            state,
            make_id(rng),
            "source_flow_run_error",
            "aep_observability_catalog_events",
            run.flow_id,
        )
        for time_ms, state in states
    ]


def main() -> None:
    """Write both files."""
    day = make_day()
    RECORDING.write_bytes(gzip.compress(b"".join(map(write_line, day.entries)), mtime=0))
    EXPECTED.write_text(json.dumps(day.expected, indent=2) + "\n")
    print(f"{RECORDING}: {len(day.entries)} records, {RECORDING.stat().st_size // 1024} KiB")


if __name__ == "__main__":
    main()
