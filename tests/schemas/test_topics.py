"""Test that the declared topics are those of the contract."""

import pytest

from schemas.topics import DAY_MS, Topics, declare

CONTRACT = {
    "flowrun.raw": {"cleanup.policy": "delete", "retention.ms": "604800000", "max.message.bytes": "5242880"},
    "flowrun.runs": {"cleanup.policy": "delete", "retention.ms": "2592000000"},
    "flowrun.metrics": {"cleanup.policy": "compact,delete", "retention.ms": "7776000000"},
    "flowrun.alerts": {"cleanup.policy": "compact"},
    "flowrun.dead-letters": {
        "cleanup.policy": "delete",
        "retention.ms": "2592000000",
        "max.message.bytes": "5242880",
    },
}


def test_public_topics_are_the_contracts() -> None:
    """Names and configs of the five public topics are to the letter."""
    assert {topic.name: dict(topic.config) for topic in declare() if not topic.internal} == CONTRACT


def test_there_are_six_partitions_everywhere_by_default() -> None:
    """State topics need the partitions of their inputs, so all have the same number."""
    assert {topic.partitions for topic in declare()} == {6}


def test_prefix_and_partitions_are_settings() -> None:
    """Another installation on the same cluster has other names."""
    topics = declare("other.", 3)
    assert {(topic.name.split(".")[0], topic.partitions) for topic in topics} == {("other", 3)}


def test_dedupe_state_outlives_the_horizon_by_a_day() -> None:
    """What must be known again for 2 days is kept for 3."""
    assert declare(dedupe_ms=2 * DAY_MS).normalize_state.config["retention.ms"] == str(3 * DAY_MS)


@pytest.mark.parametrize("name", ["dead-letters", "dead_letters", "flowrun.dead-letters"])
def test_topics_are_found_by_short_and_full_name(name: str) -> None:
    """People may write the short name as in the contract, as in code, or in full."""
    assert declare().find(name).name == "flowrun.dead-letters"


def test_an_unknown_topic_is_not_found() -> None:
    """A wrong name raises rather than guess."""
    with pytest.raises(KeyError):
        declare().find("run")


def test_inputs_come_before_outputs() -> None:
    """The order of all topics is the order of a record's way."""
    assert [topic.name.removeprefix("flowrun.") for topic in declare()] == [
        name.replace("_", "-") for name in Topics.__slots__
    ]
