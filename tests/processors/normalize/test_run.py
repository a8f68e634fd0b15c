"""Run records hold what the contract says, whatever the sender wrote."""

from typing import Any

import pytest

from processors.normalize.run import lost
from schemas.run import Bytes, Files, Records
from tests.processors.normalize.samples import RECEIVED_AT, a_run, document, normalized, run


@pytest.mark.parametrize(
    ("sent", "expected"),
    [
        ("success", "success"),
        ("SUCCESS", "success"),
        ("failed", "failed"),
        ("Failed", "failed"),
        ("partialSuccess", "partial"),
        ("PARTIAL_SUCCESS", "partial"),
        ("inProgress", "in_progress"),
        ("in_progress", "in_progress"),
        ("Scheduled", "scheduled"),
        ("paused", "unknown"),
        ("", "unknown"),
        (None, "unknown"),
        (7, "unknown"),
        (["success"], "unknown"),
    ],
)
def test_status(sent: Any, expected: str) -> None:
    """The status is read in any case; a missing or unheard-of one is unknown."""
    assert run(a_run(metrics={"statusSummary": {"status": sent}})).status == expected


def test_status_not_from_the_event_code() -> None:
    """The event code is kept, and never decides about the status."""
    sent = a_run(header={"_adobeio": {"eventCode": "sources_flow_run_failed"}})
    assert (run(sent).status, run(sent).event_code) == ("success", "sources_flow_run_failed")


@pytest.mark.parametrize(
    ("read", "written", "created", "updated", "expected"),
    [
        (100, 70, None, None, 30),
        (100, 0, None, 100, 0),
        (10, None, 5, None, 5),
        (10, None, 3, 4, 3),
        (10, 4, 3, 4, 3),
        (1, 2, None, None, 0),
        (0, None, None, None, None),
        (None, 70, 70, 70, None),
    ],
)
def test_lost(read: int | None, written: int | None, created: int | None, updated: int | None, expected: Any) -> None:
    """What was lost is the input less what was delivered, unknown if either is."""
    assert lost(read, written, created, updated) == expected


def test_lost_ignores_what_the_sender_calls_failed() -> None:
    """Records that the sender counts as failed neither add to the lost ones nor explain them."""
    summary = {"inputRecordCount": 10, "outputRecordCount": 5, "failedRecordCount": 0}
    assert run(a_run(metrics={"recordSummary": summary})).records.lost == 5


def test_unknown_counts() -> None:
    """Counts of -1 are unknown, and not faults of the sender."""
    sent = a_run(
        metrics={
            "recordSummary": {"inputRecordCount": -1, "outputRecordCount": -7, "failedRecordCount": 3},
            "sizeSummary": {"inputBytes": -1, "failedBytes": 9},
            "fileSummary": {"inputFileCount": -1, "outputFileCount": 2},
        }
    )
    result = run(sent)
    assert result.records == Records(failed=3)
    assert result.bytes == Bytes(failed=9)
    assert result.files == Files(output=2)
    assert normalized(sent).ill_typed == 0


@pytest.mark.parametrize(
    ("updated", "started", "completed", "expected"),
    [
        (1_597_213_530_760, 1_590_512_053, 1_590_512_054, "2020-08-12T06:25:30.760Z"),
        (None, 1_590_512_053, 1_590_512_054, "2020-05-26T16:54:14.000Z"),
        (0, 1_590_512_053, None, "2020-05-26T16:54:13.000Z"),
        (87_473_822, None, None, RECEIVED_AT),
        ("soon", None, None, RECEIVED_AT),
        (None, None, None, RECEIVED_AT),
        (1_767_323_345_678, None, None, "2026-01-02T03:09:05.678Z"),
        (1_767_323_345_679, 1_590_512_053, None, RECEIVED_AT),
        (9_999_999_999_999_999, None, None, RECEIVED_AT),
    ],
)
def test_occurred_at(updated: Any, started: Any, completed: Any, expected: str) -> None:
    """Event time is the update, else the completion, else the start, else the receipt, and hardly later than that."""
    durations = {"startedAtUTC": started, "completedAtUTC": completed}
    assert run(a_run(updatedAt=updated, metrics={"durationSummary": durations})).occurred_at == expected


@pytest.mark.parametrize(
    ("started", "completed", "expected"),
    [
        (1_600_000_000_000, 1_600_000_001_500, 1_500),
        (1_600_000_000, 1_600_000_001_500, 1_500),
        (1_600_000_000, 1_600_000_000, 0),
        (1_600_000_001, 1_600_000_000, None),
        (None, 1_600_000_000, None),
        (1_600_000_000, 0, None),
    ],
)
def test_duration(started: Any, completed: Any, expected: int | None) -> None:
    """A run's duration is known if both its ends are, in their order."""
    durations = {"startedAtUTC": started, "completedAtUTC": completed}
    assert run(a_run(metrics={"durationSummary": durations})).duration_ms == expected


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"etag": '"5100-0"'}, "5100-0"),
        ({"eTag": '"7e08-0"'}, "7e08-0"),
        ({"etag": "bare"}, "bare"),
        ({"etag": 'W/"weak"'}, "W/weak"),
        ({"etag": '"a"', "eTag": '"b"'}, "a"),
        ({"etag": '""'}, None),
        ({"etag": ""}, None),
        ({"etag": 5}, None),
        ({}, None),
    ],
)
def test_etag(fields: dict[str, Any], expected: str | None) -> None:
    """The etag has lost its inner quotes, under either spelling."""
    assert run(a_run(**fields)).etag == expected


@pytest.mark.parametrize(
    ("own", "expected"), [("mine", "mine"), (None, "header"), (5, None), ([], None), ("o" * 201, None)]
)
def test_organisation(own: Any, expected: str | None) -> None:
    """A run that names no organisation has that of its header; one of a wrong type is none."""
    sent = a_run(imsOrgId=own, header={"_adobeio": {"imsOrgId": "header"}})
    assert run({"messages": [{"imsOrgId": "message", "value": sent}]}).org_id == expected


def test_organisation_of_the_message() -> None:
    """A run without any organisation has that of the message around it."""
    assert run({"messages": [{"imsOrgId": "message", "value": a_run()}]}).org_id == "message"


def test_event_code() -> None:
    """The event code is the header's, else the message's, else the CloudEvent's, else the delivery's."""
    sent = ("x-adobe-event-code", b"delivery")
    assert run(a_run(), sent).event_code == "delivery"
    event: dict[str, Any] = {"specversion": "1.0", "type": "cloud", "data": a_run()}
    assert run(event, sent).event_code == "cloud"
    event["data"] = {"_eventNotificationMeta": {"type": "message"}, "value": a_run()}
    assert run(event, sent).event_code == "message"
    event["data"]["value"] = a_run(header={"_adobeio": {"eventCode": "own"}})
    assert run(event, sent).event_code == "own"


def test_url_only_if_sent() -> None:
    """A URL is passed on and never made up."""
    assert run(a_run(url="https://x/y")).url == "https://x/y"
    assert run(a_run()).url is None


WRONG: list[Any] = [True, 1.5, [], {}, [[]], {"a": 1}, "text", ["text"]]
TEXTS = ["flowName", "flowType", "sandboxName", "sandboxId", "imsOrgId", "providerRefId", "url", "etag"]
SECTIONS = ["metrics", "activities", "header"]


@pytest.mark.parametrize("field", TEXTS)
@pytest.mark.parametrize("wrong", [value for value in WRONG if not isinstance(value, str)])
def test_wrong_type_of_a_text(field: str, wrong: Any) -> None:
    """A text field of a wrong type is null and counted, and the rest of the record as it was."""
    good = normalized(a_run())
    result = normalized(a_run(**{field: wrong}))
    assert result.ill_typed == 1
    assert result.records == good.records


@pytest.mark.parametrize("field", SECTIONS)
@pytest.mark.parametrize("wrong", [True, 1.5, "text"])
def test_wrong_type_of_a_section(field: str, wrong: Any) -> None:
    """A section of a wrong type counts once and is read as absent."""
    result = normalized({"id": "r", "flowId": "f", field: wrong})
    assert result.ill_typed == 1
    assert result.records == normalized({"id": "r", "flowId": "f"}).records


def test_null_sections() -> None:
    """Null sections are absent, and no fault."""
    sent = a_run(activities=None, header=None, metrics={"statusSummary": {"status": "success"}, "recordSummary": None})
    result = normalized(sent)
    assert result.ill_typed == 0
    assert result.records == normalized(a_run()).records


def test_numbers_as_text() -> None:
    """The canonical success is the same record with its numbers as text."""
    sent = document("01")
    summaries = sent["event"]["metrics"]
    expected = run(sent)
    for name in ("sizeSummary", "recordSummary", "durationSummary", "fileSummary"):
        summaries[name] = {key: str(value) for key, value in summaries[name].items()}
    sent["event"]["updatedAt"] = str(sent["event"]["updatedAt"])
    assert run(sent) == expected


def test_long_texts() -> None:
    """Names are cut, ids and URLs that are too long are none."""
    result = run(a_run(flowName="n" * 600, url="u" * 2_001, sandboxId="s" * 201))
    assert (result.flow_name, result.url, result.sandbox_id) == ("n" * 500, None, None)


def test_only_known_activities_spelling() -> None:
    """Activities are read under both spellings, the right one first."""
    assert [one.id for one in run(a_run(activites=[{"id": "b"}])).activities] == ["b"]
    assert [one.id for one in run(a_run(activities=[{"id": "a"}], activites=[{"id": "b"}])).activities] == ["a"]
    assert [one.id for one in run(a_run(activities=[], activites=[{"id": "b"}])).activities] == ["b"]


def test_many_activities() -> None:
    """Of many activities the first hundred are kept."""
    assert len(run(a_run(activities=[{"id": str(number)} for number in range(300)])).activities) == 100
