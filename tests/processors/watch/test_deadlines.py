"""What falls due comes in the order of time, each once."""

from processors.watch.deadlines import Deadline, Deadlines, Kind


def taken(deadlines: Deadlines, watermark: int) -> list[Deadline]:
    """Take all that is due."""
    return list(iter(lambda: deadlines.pop(watermark), None))


def due(deadlines: Deadlines, watermark: int) -> list[int]:
    """Take the times of what is due."""
    return [time for time, *_ in taken(deadlines, watermark)]


def rule(time: int, flow_id: str = "f", name: str = "r") -> Deadline:
    """Return a moment that a rule asks for."""
    return (time, Kind.RULE, flow_id, name, 0)


def window(time: int, kind: Kind, start: int = 0) -> Deadline:
    """Return a moment at which something becomes of a window."""
    return (time, kind, "", "", start)


def test_nothing_is_due_before_its_time_and_everything_at_it() -> None:
    """The moment itself counts."""
    deadlines = Deadlines()
    for time in (30, 10, 20):
        deadlines.add(rule(time))
    assert deadlines.next == 10
    assert due(deadlines, 9) == []
    assert due(deadlines, 20) == [10, 20]
    assert due(deadlines, 20) == []
    assert deadlines.next == 30


def test_of_the_same_moment_rules_come_before_windows_and_flows_last() -> None:
    """The order is that of the kinds, then of the flow's name: never that of adding."""
    deadlines = Deadlines()
    wanted = [
        rule(5, "a", "z"),
        rule(5, "b", "a"),
        window(5, Kind.FINAL, 1),
        window(5, Kind.DROP, 0),
        (5, Kind.FORGET, "a", "", 0),
    ]
    for deadline in reversed(wanted):
        deadlines.add(deadline)
    assert taken(deadlines, 5) == wanted


def test_what_is_added_while_taking_is_taken_too_if_it_is_due() -> None:
    """A rule that is asked may name another moment, even one that has passed."""
    deadlines = Deadlines()
    deadlines.add(rule(10))
    times = []
    while (deadline := deadlines.pop(20)) is not None:
        times.append(deadline[0])
        if deadline[0] < 25:
            deadlines.add(rule(deadline[0] + 7))
    assert times == [10, 17]
    assert deadlines.next == 24


def test_filling_keeps_what_is_there() -> None:
    """A restored list is complete, and knows its earliest entry; an empty one has none."""
    deadlines = Deadlines()
    deadlines.fill(iter(()))
    assert due(deadlines, 1 << 61) == []
    deadlines.add(window(3, Kind.FINAL))
    deadlines.fill(window(time, Kind.DROP) for time in (4, 1))
    assert deadlines.next == 1
    assert due(deadlines, 10) == [1, 3, 4]
