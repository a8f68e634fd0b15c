"""Write spans of time as people write them in the rules file."""

from typing import Final

SECOND_MS: Final = 1_000
MINUTE_MS: Final = 60_000
HOUR_MS: Final = 3_600_000
DAY_MS: Final = 86_400_000

_UNITS: Final = ((DAY_MS, "d"), (HOUR_MS, "h"), (MINUTE_MS, "m"), (SECOND_MS, "s"), (1, "ms"))


def written(duration_ms: int) -> str:
    """Write a duration with the largest unit that divides it: ``6h``, ``90m``, ``7d``."""
    for size, unit in _UNITS:
        if duration_ms >= size and duration_ms % size == 0:
            return f"{duration_ms // size}{unit}"
    return f"{duration_ms}ms"


def roughly(duration_ms: int) -> str:
    """Write a duration for people, in whole minutes, hours or days, rounded down: ``1d 3h``, ``45m``, ``under 1m``."""
    days, rest = divmod(duration_ms, DAY_MS)
    hours, rest = divmod(rest, HOUR_MS)
    minutes = rest // MINUTE_MS
    parts = [f"{count}{unit}" for count, unit in ((days, "d"), (hours, "h"), (minutes, "m")) if count]
    return " ".join(parts[:2]) or "under 1m"


def precisely(duration_ms: int) -> str:
    """Write a duration for people who compare two of them: the two largest units, down to seconds: ``4m 58s``."""
    minutes, seconds = divmod(duration_ms // SECOND_MS, 60)
    if minutes >= 60:
        return roughly(duration_ms)
    parts = [f"{count}{unit}" for count, unit in ((minutes, "m"), (seconds, "s")) if count]
    return " ".join(parts) or "under 1s"
