"""Hold the incidents of two rule books against each other."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from typing import Final, Literal

import msgspec

from flowrun.backtest.fired import Fired

Difference = Literal["added", "gone", "changed", "same"]
"""What the candidate does to an incident: the present rules do not have it, the candidate does not, it begins or ends
otherwise, or it stays as it is."""

_OPEN: Final = "~"
"""Later than every time, as text."""


class Compared(msgspec.Struct, frozen=True):
    """Tell of one incident what the candidate makes of it."""

    difference: Difference
    fired: Fired
    """As the candidate has it; if it is gone, as the present rules have it."""
    present: Fired | None = None
    """As the present rules have it, if they have it otherwise."""


def compare(candidate: Iterable[Fired], present: Iterable[Fired]) -> list[Compared]:
    """Pair the incidents of both by rule, subject and time, and return them by rule, subject and time.

    Two are the same incident if they overlap: a rule with a lower threshold fires earlier, about the same trouble.
    """
    left = defaultdict[tuple[str, ...], list[Fired]](list)
    for fired in present:
        left[fired.subject].append(fired)
    compared: list[Compared] = []
    for subject, incidents in _by_subject(candidate).items():
        compared += _pair(incidents, left.pop(subject, []))
    compared += (Compared("gone", fired) for incidents in left.values() for fired in incidents)
    return sorted(compared, key=lambda one: (one.fired.subject, one.fired.starts_at))


def _by_subject(incidents: Iterable[Fired]) -> dict[tuple[str, ...], list[Fired]]:
    groups = defaultdict[tuple[str, ...], list[Fired]](list)
    for fired in incidents:
        groups[fired.subject].append(fired)
    return groups


def _pair(candidate: Sequence[Fired], present: Sequence[Fired]) -> list[Compared]:
    """Pair the incidents of one subject, each with the first one left that it overlaps; equal ones before others."""
    left = list(present)
    equal = {id(fired): same for fired in candidate if (same := _take(left, fired, _is_same)) is not None}
    compared = []
    for fired in candidate:
        other = None if id(fired) in equal else _take(left, fired, _overlap)
        if id(fired) in equal:
            compared.append(Compared("same", fired))
        else:
            compared.append(Compared("added" if other is None else "changed", fired, other))
    return compared + [Compared("gone", fired) for fired in left]


def _take(left: list[Fired], fired: Fired, fits: Callable[[Fired, Fired], bool]) -> Fired | None:
    for index, other in enumerate(left):
        if fits(fired, other):
            return left.pop(index)
    return None


def _is_same(one: Fired, other: Fired) -> bool:
    return _shown(one) == _shown(other)


def _shown(fired: Fired) -> tuple[object, ...]:
    return (fired.severity, fired.starts_at, fired.ends_at, fired.reason, fired.has_escalated)


def _overlap(one: Fired, other: Fired) -> bool:
    return one.starts_at <= (other.ends_at or _OPEN) and other.starts_at <= (one.ends_at or _OPEN)
