"""Test how a broker for the tests is looked for, without starting one."""

import pytest

from tests.kafka import found
from tests.kafka.found import NoBroker, find_broker
from tests.kafka.maven import KafkaUnavailable


def absent() -> found.Started:
    """Stand for a way to start a broker that does not work here."""
    raise KafkaUnavailable("mvn is not installed")


def present() -> found.Started:
    """Stand for a way that works."""
    return "127.0.0.1:1", lambda: None


def ways(monkeypatch: pytest.MonkeyPatch, **ways: object) -> None:
    """Replace the ways to start a broker."""
    monkeypatch.setattr(found, "_START", ways)


def test_the_first_way_that_works_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    """A container precedes Maven, Maven the embedded broker; what failed before is told."""
    ways(monkeypatch, container=absent, maven=present, embedded=present)
    broker = find_broker({})
    assert (broker.kind, broker.is_real, broker.notes) == ("maven", True, ("no container: mvn is not installed",))


def test_ci_never_takes_the_embedded_broker(monkeypatch: pytest.MonkeyPatch) -> None:
    """With CI=true and no real broker the search fails rather than test on an imitation."""
    ways(monkeypatch, container=absent, maven=absent, embedded=present)
    with pytest.raises(NoBroker, match=r"no container: .*; no maven: "):
        find_broker({"CI": "true"})


def test_a_machine_without_java_or_docker_tests_on_the_embedded_broker(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without CI the imitation is better than nothing, and says what it is."""
    ways(monkeypatch, container=absent, maven=absent, embedded=present)
    broker = find_broker({})
    assert (broker.kind, broker.is_real) == ("embedded", False)


def test_one_way_can_be_demanded(monkeypatch: pytest.MonkeyPatch) -> None:
    """FLOWRUN_TEST_KAFKA names the only way to try."""
    ways(monkeypatch, container=present, maven=present, embedded=present)
    assert find_broker({"FLOWRUN_TEST_KAFKA": "maven"}).kind == "maven"


def test_an_unknown_way_is_told() -> None:
    """A misspelt FLOWRUN_TEST_KAFKA lists what is allowed."""
    with pytest.raises(NoBroker, match="must be one of container, maven, embedded, not 'docker'"):
        find_broker({"FLOWRUN_TEST_KAFKA": "docker"})


def test_a_given_broker_that_does_not_answer_is_not_replaced(monkeypatch: pytest.MonkeyPatch) -> None:
    """Who names a broker gets that one or an error, never another one."""
    monkeypatch.setattr(found, "GIVEN_TIMEOUT_S", 0.2)
    with pytest.raises(NoBroker, match=r"FLOWRUN_TEST_BOOTSTRAP: no Kafka broker answered at 127\.0\.0\.1:9 "):
        find_broker({"FLOWRUN_TEST_BOOTSTRAP": "127.0.0.1:9"})
