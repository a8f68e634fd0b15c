"""A flow reports an error code that it has not had for long."""

from typing import Any

from processors.watch.flows import MAX_CODES_KNOWN, Flow
from processors.watch.rules.new_error_code import MAX_OPEN
from tests.processors.watch.records import DAY, Partition, at, error, run
from tests.processors.watch.rules import book, new_code

FIRED = ("new-code", "firing", "threshold")
RECOVERED = ("new-code", "resolved", "recovered")


def broken(clock: str | int, *codes: str, status: str = "failed", **more: Any) -> dict[str, Any]:
    """Return a run with these error codes."""
    errors = [error(code, f"text of {code}", "copy") for code in codes]
    return run(more.pop("run_id", f"r{clock}"), status, clock, errors=errors, **more)


def test_a_code_fires_once_until_the_next_success() -> None:
    """Each code is an incident of its own, under a key of its own."""
    partition = Partition(book(new_code()))
    partition.each(broken("10:00", "A"), broken("10:10", "A"), broken("10:20", "A", "B"))
    assert partition.told == [FIRED, FIRED]
    assert partition.alert_keys == ["new-code|f1|A", "new-code|f1|B"]
    partition.process(broken("10:30", status="success"))
    assert partition.told[2:] == [RECOVERED, RECOVERED]
    assert partition.alert_keys[2:] == ["new-code|f1|A", "new-code|f1|B"]
    assert len({alert.fingerprint for alert in partition.alerts}) == 2
    assert partition.alerts[0].labels["error_code"] == "A"


def test_a_known_code_is_not_new() -> None:
    """Within thirty days since it was last seen; exactly thirty days later it is."""
    partition = Partition(book(new_code()))
    partition.each(broken("10:00", "A"), run("ok", "success", "10:10"), broken(at("10:00") + 30 * DAY - 1, "A"))
    assert partition.told == [FIRED, RECOVERED]
    partition.each(run("ok2", "success", at("10:10") + 30 * DAY), broken(at("10:00") + 60 * DAY - 1, "A"))
    assert partition.told == [FIRED, RECOVERED, FIRED]


def test_flows_have_memories_of_their_own() -> None:
    """What one has had may be new to another."""
    partition = Partition(book(new_code()))
    partition.each(broken("10:00", "A"), broken("10:10", "A", flow_id="f2"))
    assert partition.told == [FIRED, FIRED]


def test_a_success_may_report_a_code_too() -> None:
    """It does not end what it begins; being told again of the same run does not either, the next success does."""
    partition = Partition(book(new_code()))
    partition.each(broken("10:00", "A", status="success"), broken("10:00", "A", status="success", event_id="again"))
    assert partition.told == [FIRED]
    partition.process(run("ok", "success", "10:10"))
    assert partition.told == [FIRED, RECOVERED]


def test_unknown_and_unfinished_runs_report_nothing() -> None:
    """Only finished runs count."""
    partition = Partition(book(new_code()))
    partition.each(broken("10:00", "A", status="unknown"), broken("10:10", "A", status="in_progress"))
    assert partition.told == []
    partition.process(broken("10:20", "A", status="partial"))
    assert partition.told == [FIRED]


def test_partial_runs_end_nothing() -> None:
    """Only a success does."""
    partition = Partition(book(new_code()))
    partition.each(broken("10:00", "A"), broken("10:10", status="partial"))
    assert partition.told == [FIRED]


def test_a_late_code_behind_a_success_opens_nothing() -> None:
    """It would be over at once; and it is known from then on."""
    partition = Partition(book(new_code()))
    partition.each(run("ok", "success", "10:30"), broken("10:00", "A"), broken("10:40", "A"))
    assert partition.told == []


def test_a_late_success_behind_the_code_ends_nothing_and_one_between_corrects() -> None:
    """The next success is one that is newer than the run with the code."""
    partition = Partition(book(new_code()))
    partition.each(broken("10:10", "A"), run("old", "success", "10:00"))
    assert partition.told == [FIRED]
    partition.each(broken("10:30", "A"), run("between", "success", "10:20"))
    assert partition.told == [FIRED, ("new-code", "resolved", "corrected")]


def test_a_failure_re_sent_as_success_corrects() -> None:
    """The run that reported it has succeeded after all."""
    partition = Partition(book(new_code()))
    partition.each(broken("10:00", "A"), broken("10:00", "A", status="success"))
    assert partition.told == [FIRED, ("new-code", "resolved", "corrected")]


def test_another_run_re_sent_as_a_newer_success_corrects() -> None:
    """It succeeded before the code was reported, and again after it, whatever it reports itself."""
    partition = Partition(book(new_code()))
    partition.each(run("x", "success", "10:00"), broken("10:10", "A"))
    partition.process(broken("10:20", "A", status="success", run_id="x"))
    assert partition.told == [FIRED, ("new-code", "resolved", "corrected")]


def test_a_late_sighting_takes_nothing_back() -> None:
    """When a code was last seen is a matter of event time."""
    partition = Partition(book(new_code()))
    day = at("10:00") + 10 * DAY
    partition.each(
        broken(day, "A"), run("ok", "success", day + 1), broken(day - 5 * DAY, "A"), broken(day + 26 * DAY, "A")
    )
    assert partition.told == [FIRED, RECOVERED]


def test_memory_survives_a_restart() -> None:
    """And so do open incidents."""
    partition = Partition(book(new_code()))
    partition.each(broken("10:00", "A", "B"), run("ok", "success", "10:10"), broken("10:20", "C"))
    partition.crash()
    partition.each(broken("10:30", "A", "C"), run("ok2", "success", "10:40"))
    assert partition.told == [FIRED, FIRED, RECOVERED, RECOVERED, FIRED, RECOVERED]


def test_a_silent_flow_is_remembered_as_long_as_its_codes() -> None:
    """A memory of 120 days outlasts the ninety after which silent flows are forgotten."""
    partition = Partition(book(new_code(memory_ms=120 * DAY)))
    partition.each(broken("10:00", "A"), run("ok", "success", "10:10"))
    partition.process(run("x", "success", at("10:00") + 100 * DAY, "f2"))
    partition.process(broken(at("10:00") + 110 * DAY, "A"))
    assert partition.told == [FIRED, RECOVERED]


def test_open_incidents_are_bounded() -> None:
    """A sender that writes numbers into its codes does not grow the state without end."""
    partition = Partition(book(new_code()))
    partition.each(broken("10:00", *(f"A{number}" for number in range(30))))
    partition.each(broken("10:10", *(f"B{number}" for number in range(30))))
    assert len(partition.told) == MAX_OPEN


def test_remembered_codes_are_bounded() -> None:
    """The newest ones are kept."""
    partition = Partition(book(new_code()))
    for number in range(MAX_CODES_KNOWN + 5):
        partition.process(broken(at("10:00") + number, f"C{number}"))
    flow: Flow = partition.step._ledger.flows["f1"]
    assert len(flow.codes) == MAX_CODES_KNOWN
    assert f"C{MAX_CODES_KNOWN + 4}" in flow.codes


def test_the_sentences() -> None:
    """The code, its text, the likely stage."""
    partition = Partition(book(new_code()))
    partition.each(broken("10:00", "A-1", "B-2", flow_name="CRM"), run("ok", "success", "11:00", flow_name="CRM"))
    assert [alert.annotations.summary for alert in partition.alerts] == [
        "CRM reports error code A-1, which it has not had within 30d, at 2026-03-02 10:00 UTC, most likely at the "
        "source (credentials, connectivity or missing files): text of A-1.",
        "CRM reports error code B-2, which it has not had within 30d, at 2026-03-02 10:00 UTC, most likely at the "
        "source (credentials, connectivity or missing files).",
        "CRM has succeeded since it reported error code A-1 (open for 1h).",
        "CRM has succeeded since it reported error code B-2 (open for 1h).",
    ]


def test_the_limit_is_one_run() -> None:
    """As records tell it."""
    partition = Partition(book(new_code()))
    partition.process(run("a", "failed", "10:00", errors=[error("A")]))
    assert [(alert.value, alert.threshold) for alert in partition.alerts] == [(1.0, 1.0)]
