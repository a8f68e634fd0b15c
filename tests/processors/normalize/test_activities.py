"""Activities are told apart by their ids, else by the words in them."""

from typing import Any

import pytest

from processors.normalize.activities import kind
from schemas.run import Activity
from tests.processors.normalize.samples import a_run, normalized, run


@pytest.mark.parametrize(
    ("id_", "name", "expected"),
    [
        ("copyActivity", None, "copy"),
        ("promotionActivity", None, "promotion"),
        ("4f008a00-3a04-11eb-adc1-0242ac120002", "Anything", "copy"),
        ("4F008A00-3A04-11EB-ADC1-0242AC120002", None, "copy"),
        ("37b34f84-1ada-11eb-adc1-0242ac120002", "Copy", "promotion"),
        ("46382888-2f46-11eb-adc1-0242ac120002", None, "identity"),
        ("08e3217c-2f46-11eb-adc1-0242ac120002", None, "profile"),
        ("5", "SFTP Copy Activity", "copy"),
        (None, "Profile Activity", "profile"),
        ("5", "Cleaning", "other"),
        (None, None, "other"),
    ],
)
def test_kind(id_: str | None, name: str | None, expected: str) -> None:
    """The constant ids and the words of the documented samples are known."""
    assert kind(id_, name) == expected


def test_activity() -> None:
    """An activity keeps its id, name, status and duration."""
    sent = {
        "id": "copyActivity",
        "name": "Copy",
        "updatedAtUTC": 87_473_822,
        "durationSummary": {"startedAtUTC": 1_600_000_000, "completedAtUTC": 1_600_000_002},
        "statusSummary": {"status": "Failed"},
    }
    assert run(a_run(activities=[sent])).activities == [Activity("copyActivity", "Copy", "copy", "failed", 2_000)]


@pytest.mark.parametrize("element", [5, "copy", None, [], True])
def test_elements_that_are_no_activities(element: Any) -> None:
    """What is no object among the activities is left out and counted."""
    result = normalized(a_run(activities=[element, {"id": "x"}]))
    assert result.ill_typed == 1
    assert result.records == normalized(a_run(activities=[{"id": "x"}])).records
