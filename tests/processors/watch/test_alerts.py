"""Alerts are sentences that a person can act on, and records that say the same at every replay."""

from typing import Any

import msgspec
import pytest

from processors.watch.alerts import shortened
from processors.watch.rule_book import FlowSettings
from processors.watch.rules.failure_count import FailureCount
from schemas.alert import Alert
from tests.processors.watch.records import HOUR, Partition, at, error, run
from tests.processors.watch.rules import book, head, in_a_row, often

PLACE: dict[str, Any] = {"flow_name": "CRM nightly", "org_id": "A@AdobeOrg", "sandbox_name": "prod"}


def failures(count: int = 3, **more: Any) -> list[dict[str, object]]:
    """Return failed runs of one flow, ten minutes apart."""
    return [run(f"r{number}", "failed", f"10:{number * 10:02}", **more) for number in range(count)]


def alerts(*records: dict[str, object], partition: Partition | None = None) -> list[Alert]:
    """Return the alerts that the runs give under the rule ``often``."""
    partition = partition or Partition(book(often()))
    partition.each(*records)
    return partition.alerts


def test_a_firing_sentence_names_everything() -> None:
    """Flow, what, how often, since when, the likely stage, the top error with its text."""
    [alert] = alerts(*failures(errors=[error("CONNECTOR-1001", "Login failed.\n  Check it.", "copy")], **PLACE))
    assert alert.annotations.summary == (
        "CRM nightly failed 3 times within 6h, since 2026-03-02 10:00 UTC, most likely at the source (credentials, "
        "connectivity or missing files): CONNECTOR-1001 Login failed. Check it."
    )


def test_a_firing_description_says_what_to_do() -> None:
    """The flow's id, the limit, the advice of the stage, where to start."""
    [alert] = alerts(*failures(errors=[error("M-1", "bad date", "processing")], **PLACE))
    assert alert.annotations.description == (
        "Flow f1 in sandbox prod failed 3 times within 6h; the limit of rule often is 3 in 6h. Check the data against "
        "the mapping and the schema: the error codes say what was refused. Start at https://experience.adobe.com/#/"
        "@A@AdobeOrg/sname:prod/platform/source/dataflows/f1/activity/r2 . A resolved record follows when it is over."
    )


def test_without_names_stage_or_errors_the_sentence_is_still_one() -> None:
    """The id stands for the name; what is unknown is left out."""
    [alert] = alerts(*failures())
    assert alert.annotations.summary == "Flow f1 failed 3 times within 6h, since 2026-03-02 10:00 UTC."
    assert alert.generator_url is None
    assert alert.error_codes == []


def test_an_errors_text_is_shortened() -> None:
    """To a line, with an ellipsis."""
    [alert] = alerts(*failures(errors=[error("A-1", "word " * 100)]))
    assert alert.annotations.summary.endswith("word….")
    assert len(alert.annotations.summary) < 200


def test_the_top_error_is_that_of_the_newest_failure() -> None:
    """The deepest cause of the run that failed last, not of the one that arrived last."""
    runs = failures()
    runs[1]["errors"], runs[2]["errors"] = [error("OLD", "old")], [error("NEW", "new"), error("OUTER")]
    [alert] = alerts(runs[2], runs[1], runs[0])
    assert alert.annotations.summary.endswith(": NEW new.")
    assert alert.error_codes == ["NEW", "OUTER", "OLD"]


def test_a_link_of_the_run_itself_is_used() -> None:
    """If it is a web address: people click on it."""
    assert (
        alerts(*failures(url="https://platform.adobe.io/runs/1"))[0].generator_url == "https://platform.adobe.io/runs/1"
    )
    assert alerts(*failures(url="javascript:alert(1)"))[0].generator_url is None


def test_runs_are_at_most_five_newest_first() -> None:
    """Also if more are behind it."""
    partition = Partition(book(FailureCount(head("often"), threshold=6)))
    [alert] = alerts(*failures(6), partition=partition)
    assert alert.run_ids == ["r5", "r4", "r3", "r2", "r1"]
    assert alert.value == 6.0


def test_labels_are_those_of_flow_rule_and_file() -> None:
    """The file's labels are copied, and cannot replace flowrun's own."""
    settings = FlowSettings(name="Named in the file", labels={"team": "crm", "alertname": "x"})
    [alert] = alerts(*failures(org_id="A@AdobeOrg"), partition=Partition(book(often(), f1=settings)))
    assert alert.labels == {
        "team": "crm",
        "alertname": "often",
        "flow_id": "f1",
        "flow_name": "Named in the file",
        "org_id": "A@AdobeOrg",
        "sandbox_name": None,
        "severity": "critical",
    }


def test_a_resolved_record_closes_the_same_incident() -> None:
    """Same incident and fingerprint, the next revision, another event id; its times are in order."""
    fired, resolved = alerts(*failures(**PLACE), run("x", "success", "19:00", "f2"))
    assert (resolved.incident_id, resolved.fingerprint) == (fired.incident_id, fired.fingerprint)
    assert (fired.revision, resolved.revision) == (1, 2)
    assert fired.event_id != resolved.event_id
    assert (resolved.starts_at, resolved.ends_at) == (fired.starts_at, "2026-03-02T16:20:00.000Z")
    assert resolved.annotations.summary == "CRM nightly has calmed down: no failed run in the last 6h (open for 6h)."


def test_a_streak_that_ends_says_so() -> None:
    """With how long it lasted."""
    partition = Partition(book(in_a_row()))
    fired, resolved = alerts(*failures(**PLACE), run("ok", "success", "11:05", **PLACE), partition=partition)
    assert fired.annotations.summary == "CRM nightly failed 3 times in a row, since 2026-03-02 10:00 UTC."
    assert resolved.annotations.summary == ("CRM nightly has recovered: its newest run did not fail (open for 45m).")


def test_an_incident_never_ends_before_it_starts() -> None:
    """A late success resolves it; the end is put at the start."""
    partition = Partition(book(in_a_row()))
    _, resolved = alerts(*failures(), run("ok", "success", "10:05"), partition=partition)
    assert resolved.starts_at == resolved.ends_at == "2026-03-02T10:20:00.000Z"


def test_ids_are_the_same_at_every_replay_and_in_any_batches() -> None:
    """Only the times of writing differ."""
    runs = [*failures(), run("x", "success", "19:00", "f2")]
    apart, together = Partition(book(often())), Partition(book(often()), now=HOUR)
    apart.each(*runs)
    together.process(*runs)
    assert [msgspec.structs.replace(alert, emitted_at="") for alert in apart.alerts] == [
        msgspec.structs.replace(alert, emitted_at="") for alert in together.alerts
    ]


def test_alerts_are_keyed_by_rule_and_flow() -> None:
    """So that the newest of a key is the present state."""
    partition = Partition(book(often(), in_a_row()))
    partition.each(*failures())
    assert partition.alert_keys == ["often|f1", "in-a-row|f1"]
    assert len({alert.fingerprint for alert in partition.alerts}) == 2


@pytest.mark.parametrize(("clock", "shown"), [("10:00", "1970-01-01T00:00:00.000Z")])
def test_a_span_that_begins_before_time_does_is_written_from_1970(clock: str, shown: str) -> None:
    """No record can say an earlier time."""
    partition = Partition(book(FailureCount(head("often"), threshold=1, within_ms=365 * 24 * HOUR * 100)))
    partition.process(run("a", "failed", clock))
    assert partition.alerts[0].window_start == shown


def test_ids_have_their_length() -> None:
    """32 hex digits, a fingerprint 16."""
    partition = Partition(book(in_a_row(threshold=1)))
    partition.process(run("a", "failed", "10:00"))
    alert = partition.alerts[0]
    assert [len(text) for text in (alert.incident_id, alert.event_id, alert.fingerprint)] == [32, 32, 16]


def test_a_resolved_record_tells_the_newest_failure() -> None:
    """Also of those that came after it fired."""
    partition = Partition(book(in_a_row(threshold=2)))
    partition.each(*(run(f"r{n}", "failed", f"10:{10 * n:02}") for n in range(4)), run("s", "success", "11:00"))
    assert [alert.last_failure_at and alert.last_failure_at[11:16] for alert in partition.alerts] == ["10:10", "10:30"]


@pytest.mark.parametrize("late", ["a", "z"])
def test_a_late_failure_does_not_explain_newer_ones(late: str) -> None:
    """Whatever its run is called."""
    partition = Partition(book(in_a_row(threshold=4)))
    partition.each(
        run("m", "failed", "10:20", errors=[error("NEW")]),
        run(late, "failed", "10:00", errors=[error("OLD")]),
        run("n", "failed", "10:30", errors=[error("NEWEST")]),
    )
    partition.process(run(f"{late}2", "failed", "10:10", errors=[error("OLD")]))
    assert partition.alerts[0].annotations.summary.endswith(": NEWEST.")


@pytest.mark.parametrize(("length", "kept"), [(119, 119), (120, 120), (121, 120)])
def test_a_text_of_the_limit_is_not_shortened(length: int, kept: int) -> None:
    """One that is longer ends with an ellipsis."""
    text = shortened("x" * length)
    assert (len(text), text.endswith("…")) == (kept, length > kept)


def test_a_resolved_record_leads_to_the_newest_failed_run() -> None:
    """Of several that are known, when no page of a run was sent."""
    partition = Partition(book(often()))
    partition.each(*failures(count=3, **PLACE))
    partition.process(run("x", "success", at("10:20") + 6 * HOUR, "other"))
    fired, resolved = partition.alerts
    assert [str(alert.generator_url).rpartition("/")[2] for alert in (fired, resolved)] == ["r2", "r2"]
