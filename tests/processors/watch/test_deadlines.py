"""What falls due comes in the order of time, each once."""

from processors.watch.deadlines import Deadline, Deadlines, Kind


def due(deadlines: Deadlines, watermark: int) -> list[int]:
    """Take the times of what is due."""
    return [deadline.time for deadline in deadlines.due(watermark)]


def test_nothing_is_due_before_its_time_and_everything_at_it() -> None:
    """The moment itself counts."""
    deadlines = Deadlines()
    for time in (30, 10, 20):
        deadlines.add(Deadline(time, Kind.RULE, "f", "r"))
    assert deadlines.next == 10
    assert due(deadlines, 9) == []
    assert due(deadlines, 20) == [10, 20]
    assert due(deadlines, 20) == []
    assert deadlines.next == 30


def test_of_the_same_moment_rules_come_before_windows_and_flows_last() -> None:
    """The order is that of the kinds, then of the flow's name: never that of adding."""
    deadlines = Deadlines()
    wanted = [
        Deadline(5, Kind.RULE, "a", "z"),
        Deadline(5, Kind.RULE, "b", "a"),
        Deadline(5, Kind.FINAL, start=1),
        Deadline(5, Kind.DROP, start=0),
        Deadline(5, Kind.FORGET, "a"),
    ]
    for deadline in reversed(wanted):
        deadlines.add(deadline)
    assert list(deadlines.due(5)) == wanted


def test_what_is_added_while_taking_is_taken_too_if_it_is_due() -> None:
    """A rule that is asked may name another moment, even one that has passed."""
    deadlines = Deadlines()
    deadlines.add(Deadline(10, Kind.RULE, "f", "r"))
    taken = []
    for deadline in deadlines.due(20):
        taken.append(deadline.time)
        if deadline.time < 25:
            deadlines.add(Deadline(deadline.time + 7, Kind.RULE, "f", "r"))
    assert taken == [10, 17]
    assert deadlines.next == 24


def test_filling_keeps_what_is_there() -> None:
    """A restored list is complete, and knows its earliest entry; an empty one has none."""
    deadlines = Deadlines()
    deadlines.fill(iter(()))
    assert due(deadlines, 1 << 61) == []
    deadlines.add(Deadline(3, Kind.FINAL))
    deadlines.fill(Deadline(time, Kind.DROP) for time in (4, 1))
    assert deadlines.next == 1
    assert due(deadlines, 10) == [1, 3, 4]
