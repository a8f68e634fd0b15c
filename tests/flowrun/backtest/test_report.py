"""The result of a backtest is told for people and for programs."""

import pytest

from flowrun.backtest.backtest import Result
from flowrun.backtest.compare import compare
from flowrun.backtest.judge import Outcome
from flowrun.backtest.report import Names, document, lines
from flowrun.terminal import plain
from schemas import times
from tests.flowrun.backtest.runs import fired

NAMES = Names("new.toml", "runs", "built in")
CANDIDATE = [
    fired("10:00", "11:30", flow_name="Orders"),
    fired("12:00", severity="critical", has_escalated=True, flow_name="Orders"),
    fired("10:00", "10:00", rule="codes", error_code="133", reason="recovered"),
    fired("10:00", rule="org", flow_id=None, org_id="o", sandbox_name="prod"),
]
PRESENT = [fired("10:00", "11:30", flow_name="Orders"), fired("13:00", flow_name="Orders"), fired(flow_id="f2")]


def result(too_late: int = 0) -> Result:
    """Return what a backtest may have found."""
    first, last = times.from_text("2026-03-02T10:00:00Z"), times.from_text("2026-03-03T10:00:00Z")
    outcome = Outcome(runs=1_200, flows=3, first_ms=first, last_ms=last, too_late=too_late)
    return Result(outcome, {"duplicates": 2, "refused": 0}, compare(CANDIDATE, PRESENT))


def test_for_people() -> None:
    """What was read, how much fires, then rule by rule and flow by flow."""
    told = [plain(line) for line in lines(result(too_late=1), NAMES, 1.26)]
    assert told == [
        "1,200 runs of 3 flows from 2026-03-02 10:00 to 2026-03-03 10:00 UTC, read in 1.3 s, 1 too late, 2 duplicates",
        "new.toml fires 4 times, the present rules (built in) 3 times: 2 added, 1 gone, 1 changed, 1 the same",
        "",
        "codes fires once: 1 added",
        "  f1, error 133",
        "    + 2026-03-02 10:00 for under 1m, recovered, warning",
        "",
        "org fires once: 1 added",
        "  o/prod",
        "    + 2026-03-02 10:00 and still open, warning",
        "",
        "r fires twice: 1 gone, 1 changed, 1 the same",
        "  Orders (f1)",
        "    = 2026-03-02 10:00 for 1h 30m, expired, warning",
        "    ~ 2026-03-02 12:00 and still open, critical (escalated)  was 2026-03-02 13:00 and still open, warning",
        "  f2",
        "    - 2026-03-02 10:00 and still open, warning",
    ]


def test_nothing_fires() -> None:
    """That is said too."""
    quiet = Result(Outcome(runs=1, flows=1), {}, [])
    assert [plain(line) for line in lines(quiet, NAMES, 0)] == [
        "1 run of 1 flow from - to - UTC, read in 0.0 s",
        "new.toml fires never, the present rules (built in) never: nothing fires",
    ]


def test_for_programs() -> None:
    """Figures, a line for each rule, and each incident with how the present rules have it."""
    told = document(result(), NAMES, 2.0)
    assert {name: told[name] for name in ("file", "from", "present", "elapsed_s", "runs_per_s")} == {
        "file": "new.toml",
        "from": "runs",
        "present": "built in",
        "elapsed_s": 2.0,
        "runs_per_s": 600,
    }
    assert told["runs"] == {
        "read": 1_200,
        "flows": 3,
        "first": "2026-03-02T10:00:00.000Z",
        "last": "2026-03-03T10:00:00.000Z",
        "too_late": 0,
        "unreadable": 0,
        "duplicates": 2,
        "refused": 0,
    }
    assert told["counts"] == {"fired": 4, "added": 2, "gone": 1, "changed": 1, "same": 1}
    assert [(rule["rule"], rule["fired"]) for rule in told["rules"]] == [("codes", 1), ("org", 1), ("r", 2)]


@pytest.mark.parametrize(("place", "ends", "duration"), [(2, "2026-03-02T11:30:00.000Z", 5_400.0), (3, None, None)])
def test_an_incident_for_programs(place: int, ends: str | None, duration: float | None) -> None:
    """Everything that is known of it; one that changed also as the present rules have it."""
    incident = document(result(), NAMES, 2.0)["incidents"][place]
    assert (incident["flow_id"], incident["ends_at"], incident["duration_s"]) == ("f1", ends, duration)
    present = incident["present"]
    assert (present and present["starts_at"]) == (None if ends else "2026-03-02T13:00:00.000Z")
