"""Test the bounds on what is being handled, and the time after which senders are asked to come back."""

import pytest

from ingest.errors import Overloaded
from ingest.limits import Limits
from ingest.load import Load
from ingest.metrics import Statistics

LIMITS = Limits(requests=100, held_bytes=1_000, deadline_s=8.0)


def refused(load: Load) -> int:
    """Return the seconds after which one more request is asked to come back."""
    with pytest.raises(Overloaded) as caught:
        load.begin()
    return caught.value.retry_after_s


def full() -> Load:
    """Make a load at the limit of requests."""
    load = Load(LIMITS, Statistics())
    for _ in range(LIMITS.requests):
        load.begin()
    return load


@pytest.mark.parametrize(("ended_in_2_s", "seconds"), [(100, 2), (40, 5), (2, 60), (2_000, 1), (0, 8)])
def test_the_time_follows_from_the_pace(ended_in_2_s: int, seconds: int) -> None:
    """As long as what is there will take at the pace of late, 1 to 60 s; without a pace, a deadline."""
    load = full()
    for _ in range(ended_in_2_s):
        load.end()
        load.begin()
    load.tick(2.0)
    assert refused(load) == seconds


def test_the_pace_is_forgotten_when_nothing_ends() -> None:
    """An outage makes the time longer, tick by tick."""
    load = full()
    for _ in range(400):
        load.end()
        load.begin()
    load.tick(2.0)
    times = []
    for _ in range(3):
        times.append(refused(load))
        load.tick(1.0)
    assert times == [1, 1, 2]


def test_bytes_are_bounded_and_given_back() -> None:
    """What would pass the limit is not counted."""
    load = Load(LIMITS, Statistics())
    load.hold(900)
    with pytest.raises(Overloaded):
        load.hold(101)
    load.hold(100)
    load.release(1_000)
    load.hold(1_000)


def test_requests_in_flight_are_not_bounded_before_they_are_answered() -> None:
    """Bodies that drip in are shown, and cost nobody else."""
    statistics = Statistics()
    load = Load(LIMITS, statistics)
    for _ in range(LIMITS.requests * 2):
        load.enter()
    load.begin()
    assert int(statistics.in_flight) == LIMITS.requests * 2
