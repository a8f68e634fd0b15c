"""What was seen is remembered for the horizon, in memory and in the state."""

from hypothesis import given
from hypothesis import strategies as st

from processors.normalize.seen import MAX_DIGESTS, Seen
from processors.normalize.state import StateRecord
from schemas.topics import DAY_MS

NOW = 1_000 * DAY_MS
WEEK = 7 * DAY_MS


def digest(number: int) -> bytes:
    """Make an identity."""
    return number.to_bytes(16, "big")


def admit(seen: Seen, number: int, received_ms: int, now_ms: int = NOW) -> bool:
    """Show a notification to the memory."""
    return seen.admit((digest(number),), seen.advance(received_ms, now_ms))


def test_once() -> None:
    """A notification is new once, also on a later day within the horizon."""
    seen = Seen(WEEK)
    assert admit(seen, 1, NOW - WEEK)
    assert not admit(seen, 1, NOW - WEEK)
    assert not admit(seen, 1, NOW)
    assert len(seen) == 1


def test_forgotten_by_days() -> None:
    """What lies further back than the horizon is forgotten by whole days."""
    seen = Seen(WEEK)
    admit(seen, 1, NOW - WEEK - DAY_MS)
    admit(seen, 2, NOW - WEEK)
    admit(seen, 3, NOW)
    assert len(seen) == 2
    assert admit(seen, 1, NOW)


def test_short_horizon() -> None:
    """A horizon of an hour holds today and yesterday."""
    seen = Seen(3_600_000)
    admit(seen, 1, NOW - 1)
    assert not admit(seen, 1, NOW)
    assert admit(seen, 1, NOW + 2 * DAY_MS, NOW + 2 * DAY_MS)


def test_late_notification() -> None:
    """A notification older than the horizon is remembered all the same."""
    seen = Seen(WEEK)
    admit(seen, 1, NOW)
    assert admit(seen, 2, NOW - 30 * DAY_MS)
    assert not admit(seen, 2, NOW - 30 * DAY_MS)


def test_wrong_clock() -> None:
    """A time of receipt far ahead of the clock forgets nothing."""
    seen = Seen(WEEK)
    admit(seen, 1, NOW)
    admit(seen, 2, NOW + 1_000 * DAY_MS)
    assert not admit(seen, 1, NOW)


def test_any_of_several_identities() -> None:
    """A notification with several identities is known by any of them, and what it settles is known afterwards."""
    seen = Seen(WEEK)
    assert seen.admit((digest(1), digest(2)), 1, (digest(3),))
    assert not seen.admit((digest(9), digest(2)), 1)
    assert not seen.admit((digest(3),), 1)
    assert seen.admit((digest(9),), 1)


def test_position_alone() -> None:
    """Without new identities there is one record all the same, with the position."""
    seen = Seen(WEEK)
    seen.advance(NOW, NOW)
    assert list(seen.records(41)) == [StateRecord(41, 1_000, 1_000, b"")]


def test_large_records_are_split() -> None:
    """More identities than a record may hold make several records with one position."""
    seen = Seen(WEEK)
    for number in range(MAX_DIGESTS + 1):
        seen.admit((digest(number),), 5)
    records = list(seen.records(7))
    assert [(record.position, len(record.joined)) for record in records] == [(7, MAX_DIGESTS * 16), (7, 16)]
    restored = Seen(WEEK)
    for record in records:
        restored.restore(record)
    assert len(restored) == MAX_DIGESTS + 1


@given(st.lists(st.tuples(st.integers(0, 30), st.integers(-20, 5)), max_size=60), st.sets(st.integers(0, 60)))
def test_restored_at_any_point(shown: list[tuple[int, int]], restarts: set[int]) -> None:
    """A memory that is restored from its records at any points says the same as one that never stopped."""
    steady, seen = Seen(3 * DAY_MS), Seen(3 * DAY_MS)
    log: list[StateRecord] = []
    for position, (number, days) in enumerate(shown):
        if position in restarts:
            seen = Seen(3 * DAY_MS)
            for record in log:
                seen.restore(record)
        received_ms = NOW + days * DAY_MS
        assert admit(seen, number, received_ms) == admit(steady, number, received_ms)
        log.extend(seen.records(position))
    assert len(seen) == len(steady)
