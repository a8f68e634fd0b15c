"""Test that a Kafka that fails is asked by one request at a time."""

import pytest

from ingest.breaker import Breaker
from ingest.errors import KafkaUnavailable


class Clock:
    """Stand still until told."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def test_everything_passes_while_kafka_takes_records() -> None:
    """Any number at a time."""
    breaker = Breaker(Clock())
    with breaker.attempt(), breaker.attempt():
        assert not breaker.is_failing


def test_after_a_failure_one_at_a_time() -> None:
    """The one that tries keeps its place until it has ended, well or not; then the next may try."""
    breaker = Breaker(Clock())
    breaker.fail()
    with breaker.attempt(), pytest.raises(KafkaUnavailable), breaker.attempt():
        raise AssertionError("two at a time")
    with pytest.raises(RuntimeError), breaker.attempt():
        raise RuntimeError("it did not work")
    with breaker.attempt():
        breaker.succeed()
    assert not breaker.is_failing


@pytest.mark.parametrize(("lasted_s", "seconds"), [(0.2, 1), (7, 7), (3_600, 60)])
def test_senders_come_back_after_as_long_again(lasted_s: float, seconds: int) -> None:
    """A long outage is not hurried to its end by its senders."""
    clock = Clock()
    breaker = Breaker(clock)
    breaker.fail()
    clock.now += lasted_s
    breaker.fail()
    with breaker.attempt(), pytest.raises(KafkaUnavailable) as caught, breaker.attempt():
        raise AssertionError("two at a time")
    assert caught.value.retry_after_s == seconds
