"""Organisations fire when enough of their flows fail at once, exactly once, across restarts."""

from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from processors.org.state import StateUnknown, encode, take
from processors.watch.failing import Failing
from schemas import times
from tests.processors.org.reports import ORG, Partition, many, report
from tests.processors.watch import records
from tests.processors.watch.records import error, run
from tests.processors.watch.rules import book, in_a_row, loss, new_code, often, overdue, ratio, stalled

FIRED = ("firing", "threshold")


def test_the_flow_that_makes_them_enough_fires() -> None:
    """Two are not enough, the third opens the incident, the fourth says nothing."""
    partition = Partition([many()])
    partition.process(report("a", "10:00"), report("b", "10:10"))
    assert partition.told == []
    partition.process(report("c", "10:20"), report("d", "10:30"))
    assert partition.told == [FIRED]
    assert partition.keys == [f"org-failures|org/{ORG}/prod"]
    assert (partition.alerts[0].value, partition.alerts[0].starts_at) == (3.0, "2026-03-02T10:20:00.000Z")


def test_a_flow_counts_once() -> None:
    """However often it reports."""
    partition = Partition([many(2)])
    partition.process(report("a"), report("a", "10:10"), report("a", "10:20"))
    assert partition.told == []


def test_it_ends_when_they_are_fewer() -> None:
    """For the reason of the flow that ended, at its event time."""
    partition = Partition([many(2)])
    partition.process(report("a"), report("b", "10:10"), report("b", "11:00", fails=False, reason="expired"))
    assert partition.told == [FIRED, ("resolved", "expired")]
    fired, resolved = partition.alerts
    assert (resolved.incident_id, resolved.revision) == (fired.incident_id, 2)
    assert resolved.ends_at == "2026-03-02T11:00:00.000Z"


def test_places_do_not_count_together() -> None:
    """Neither organisations nor the sandboxes of one."""
    partition = Partition([many(2)])
    partition.process(report("a"), report("b", sandbox_name="dev"), report("c", org_id="B@AdobeOrg"))
    assert partition.told == []
    partition.process(
        report("d", sandbox_name="", org_id="B@AdobeOrg"), report("e", sandbox_name="", org_id="B@AdobeOrg")
    )
    assert partition.keys == ["org-failures|org/B@AdobeOrg/"]


def test_a_rule_counts_the_flows_that_match() -> None:
    """By any of their labels."""
    partition = Partition([many(2, flow_name="CRM*", sandbox_name="prod")])
    partition.process(report("a", flow_name="CRM 1"), report("b", flow_name="ERP"), report("c"))
    assert partition.told == []
    partition.process(report("d", flow_name="CRM 2"))
    assert partition.told == [FIRED]


def test_more_of_them_escalate_once() -> None:
    """The incident is critical from then on, and ends as such."""
    partition = Partition([many(2, escalate_at=4)])
    partition.process(*(report(name) for name in "abcde"))
    assert partition.told == [FIRED, ("firing", "escalated")]
    assert [(alert.severity, alert.revision) for alert in partition.alerts] == [("warning", 1), ("critical", 2)]
    partition.process(*(report(name, "11:00", fails=False) for name in "abcde"))
    assert partition.told[2:] == [("resolved", "recovered")]
    assert (partition.alerts[2].severity, partition.alerts[2].revision) == ("critical", 3)


def test_the_sentences() -> None:
    """How many, where, since when, the stage they share, some names, the newest error; and that it is over."""
    partition = Partition([many(4)])
    broken: dict[str, Any] = {"code": "C-1", "message": "Login failed.", "stage": "copy", "run_id": "r1"}
    partition.process(
        report("a", "10:00", flow_name="CRM", **broken),
        report("b", "10:10", flow_name="Orders", **broken),
        report("c", "10:05"),
        report("d", "10:20", flow_name="Loyalty", **broken),
        report("d", "11:30", fails=False),
    )
    fired, resolved = partition.alerts
    assert fired.annotations.summary == (
        "4 flows of A@AdobeOrg in sandbox prod are failing at once, since 2026-03-02 10:00 UTC, most likely at the "
        "source (credentials, connectivity or missing files): CRM, flow c, Orders and 1 more; the newest error is C-1 "
        "Login failed."
    )
    assert fired.generator_url == "https://experience.adobe.com/#/@A@AdobeOrg/sname:prod/platform/source/dataflows"
    assert fired.run_ids == ["r1", "r1", "r1"]
    assert fired.error_codes == ["C-1"]
    assert resolved.annotations.summary == (
        "A@AdobeOrg in sandbox prod has calmed down: 3 flows are failing (open for 1h 10m)."
    )


def test_labels_name_the_place_and_no_flow() -> None:
    """The flow's labels are there, and empty."""
    partition = Partition([many(1)])
    partition.process(report("a"))
    assert partition.alerts[0].labels == {
        "alertname": "org-failures",
        "flow_id": None,
        "flow_name": None,
        "org_id": ORG,
        "sandbox_name": "prod",
        "severity": "warning",
    }


def test_rubbish_is_counted_and_passed_over() -> None:
    """Only a foreign writer can put it into an internal topic."""
    partition = Partition([many(1)])
    partition.process(b"{", b"", b"[]", b"\xff", report("a", moment="yesterday"), report("b"))
    assert partition.told == [FIRED]
    told = partition.step.statistics()
    assert (told["undecodable"], told["reports"], told["failing_flows"], told["open_incidents"]) == (5, 1, 1, 1)


def test_a_restart_says_nothing_again() -> None:
    """Neither at the first tick nor at the next report."""
    partition = Partition([many(2)])
    partition.process(report("a"), report("b"))
    partition.crash()
    assert partition.tick() == []
    partition.process(report("c"))
    assert partition.told == [FIRED]
    assert partition.step.position == 4


def test_rules_that_changed_are_held_against_what_is_there() -> None:
    """A rule that has gone ends as expired; a lower threshold fires, a higher one ends."""
    partition = Partition([many(2)])
    partition.process(report("a"), report("b"))
    partition.rules = []
    partition.crash()
    partition.tick()
    assert partition.told == [FIRED, ("resolved", "expired")]
    partition.rules = [many(1)]
    partition.crash()
    partition.tick()
    assert partition.told[2:] == [FIRED]
    partition.rules = [many(5)]
    partition.crash()
    partition.tick()
    assert partition.told[3:] == [("resolved", "expired")]
    assert len({alert.incident_id for alert in partition.alerts}) == 2


def test_a_record_of_another_version_stops_the_restore() -> None:
    """Going on would lose what it says."""
    with pytest.raises(StateUnknown, match="what"):
        take({}, encode(["what"]), b"")


def test_what_watch_reports_is_what_org_counts() -> None:
    """A flow with two open incidents is one failing flow, reported once when it begins and once when it ends."""
    watch = records.Partition(book(often(), in_a_row()))
    place = {"org_id": ORG, "sandbox_name": "prod"}
    watch.each(*(run(f"r{number}", "failed", f"10:0{number}", **place) for number in range(4)))
    assert [(one.flow_id, one.is_failing, one.moment) for one in watch.reports] == [
        ("f1", True, "2026-03-02T10:02:00.000Z")
    ]
    watch.each(run("ok", "success", "10:30", **place), run("x", "success", "16:03", "f2", **place))
    assert [(one.is_failing, one.reason, one.moment) for one in watch.reports[1:]] == [
        (False, "expired", "2026-03-02T16:03:00.000Z")
    ]


def test_the_kinds_that_make_a_flow_a_failing_one() -> None:
    """Those that count failures; a lossy or silent flow does not fail, nor does one with a new error code."""
    for rule in (often(threshold=1), in_a_row(threshold=1), ratio(min_runs=1)):
        watch = records.Partition(book(rule))
        watch.process(run("a", "failed", "10:00", org_id=ORG))
        assert [one.is_failing for one in watch.reports] == [True]
    watch = records.Partition(book(loss(), new_code(), stalled(after_ms=1), overdue(after_ms=1)))
    counts = {"input": 10, "output": 1, "failed": 0, "lost": 9}
    watch.each(run("s", "in_progress", "10:00", org_id=ORG), run("a", "failed", "10:00", errors=[error("A")]))
    watch.process(run("b", "partial", "10:10", records=counts))
    assert (len(watch.told) >= 4, watch.reports) == (True, [])


def test_a_flow_that_turns_out_to_belong_elsewhere_moves() -> None:
    """It ceases to fail in one place and begins to in another; one that belongs nowhere is not reported."""
    watch = records.Partition(book(in_a_row(threshold=1)))
    watch.process(run("a", "failed", "10:00"))
    assert watch.reports == []
    watch.process(run("b", "failed", "10:10", org_id="A"))
    watch.process(run("c", "failed", "10:20", org_id="B", sandbox_name="dev"))
    assert [(one.key, one.is_failing) for one in watch.reports] == [(b"A/", True), (b"A/", False), (b"B/dev", True)]


events = st.tuples(st.sampled_from("abcdef"), st.booleans(), st.integers(0, 59), st.integers(0, 12))


@given(st.lists(events, max_size=40), st.integers(1, 4), st.sampled_from([None, 5.0]))
def test_transitions_are_those_of_counting_anew(
    history: list[tuple[str, bool, int, int]], threshold: int, escalate_at: float | None
) -> None:
    """Whatever comes, and however often the step is restored: as if all reports were counted again at each."""
    partition = Partition([many(threshold, escalate_at)])
    last: dict[str, Failing] = {}
    expected: list[tuple[str, float, str]] = []
    is_open = is_worse = False
    for flow_id, fails, minute, luck in history:
        now = report(flow_id, f"10:{minute:02}", fails=fails)
        partition.process(now)
        if luck == 0:
            partition.crash(Random(minute))  # noqa: S311
            partition.tick()
        last[flow_id] = now
        failing = sorted(one.moment for one in last.values() if one.is_failing)
        if not is_open and len(failing) >= threshold:
            expected.append(("threshold", len(failing), failing[threshold - 1]))
            is_open, is_worse, started = True, len(failing) >= (escalate_at or 99), failing[threshold - 1]
        elif is_open and len(failing) < threshold:
            expected.append(("recovered", len(failing), started))
            is_open = False
        elif is_open and not is_worse and len(failing) >= (escalate_at or 99):
            expected.append(("escalated", len(failing), started))
            is_worse = True
    assert [(alert.reason, alert.value, alert.starts_at) for alert in partition.alerts] == expected
    ended = [alert for alert in partition.alerts if alert.ends_at]
    assert all(times.from_text(alert.ends_at or "") >= times.from_text(alert.starts_at) for alert in ended)
    assert len({alert.event_id for alert in partition.alerts}) == len(expected)
