"""Test that records of several partitions come in the order of their times."""

from hypothesis import given
from hypothesis import strategies as st

from flowrun.tail.merge import Merge
from flowrun.tail.record import Record


def record(partition: int, time_ms: int) -> Record:
    """Make a record of a partition."""
    return Record("t", partition, 0, time_ms, None, None)


def merge(*partitions: int, bound: int = 20_000) -> Merge:
    """Make a merge of some partitions of one topic."""
    return Merge({("t", partition) for partition in partitions}, bound)


@given(times=st.lists(st.tuples(st.integers(0, 3), st.integers(0, 50)), max_size=60), cuts=st.sets(st.integers(0, 60)))
def test_any_arrival_gives_the_order_of_times(times: list[tuple[int, int]], cuts: set[int]) -> None:
    """Whatever comes first and however often it is asked, all come in order once every partition has ended."""
    arrivals = sorted(times, key=lambda each: each[1])
    per_partition = [
        record(partition, time_ms) for wanted in range(4) for partition, time_ms in arrivals if partition == wanted
    ]
    queue, shown = merge(0, 1, 2, 3), list[int]()
    for number, each in enumerate(per_partition):
        queue.add(each)
        if number in cuts:
            shown += [ready.time_ms for ready in queue.ready()]
    for partition in range(4):
        queue.end(("t", partition))
    shown += [ready.time_ms for ready in queue.ready()]
    assert (shown, queue.is_done) == ([time_ms for _, time_ms in arrivals], True)


def test_nothing_is_shown_before_its_turn_is_certain() -> None:
    """A partition that is still behind may bring an earlier record; one that has ended is not waited for."""
    queue = merge(0, 1)
    queue.add(record(0, 5))
    assert list(queue.ready()) == []
    queue.add(record(1, 3))
    assert list(queue.ready()) == [record(1, 3)]
    queue.end(("t", 1))
    assert (list(queue.ready()), queue.is_done) == ([record(0, 5)], False)


def test_what_is_held_back_is_bounded() -> None:
    """Beyond the bound the earliest go, even if a partition says nothing."""
    queue = merge(0, 1, bound=2)
    for time_ms in range(5):
        queue.add(record(0, time_ms))
    assert [each.time_ms for each in queue.ready()] == [0, 1, 2]
