"""Decide when each entry is due, from the recorded times."""


class Pacer:
    """Keep the recorded gaps, made shorter by a speed and by a longest gap.

    An entry without a time, or earlier than the one before it, is due at once.
    """

    def __init__(self, speed: float | None, max_gap_ms: int | None = None) -> None:
        """Set the speed as a factor; ``None`` is as fast as possible."""
        self._speed = speed
        self._max_gap_ms = max_gap_ms
        self._newest_ms: int | None = None
        self._due_ms = 0.0

    def due_ms(self, time_ms: int | None) -> float:
        """Return when the next entry is due, in milliseconds since the first."""
        if self._speed is None or time_ms is None:
            return self._due_ms
        gap_ms = max(0, time_ms - self._newest_ms) / self._speed if self._newest_ms is not None else 0.0
        self._newest_ms = max(time_ms, self._newest_ms or 0)
        self._due_ms += gap_ms if self._max_gap_ms is None else min(gap_ms, self._max_gap_ms)
        return self._due_ms
