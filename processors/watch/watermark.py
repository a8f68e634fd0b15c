"""Know how far event time has come in one partition."""

from dataclasses import dataclass
from typing import Final

REMEMBER_EVERY_MS: Final = 60_000
"""How far the watermark may run ahead of the state topic while nothing happens.

Every output depends only on a watermark that is written in the same transaction. What a crash can lose is therefore at
most a minute of silence that nobody has seen; writing each second of it would make the state topic long to read.
"""


@dataclass
class Watermark:
    """The newest event time seen, moved on by the wall clock while no input arrives. It never goes back.

    All times are milliseconds since the epoch. Silence counts from the opening of a partition too: what waits unread
    after a restart is no silence.
    """

    value: int = -1
    """The watermark; -1 before the first run."""
    newest: int = -1
    """The newest event time of any run record."""
    newest_seen_at: int = 0
    """When (wall clock) the newest was seen."""
    arrived_at: int = 0
    """When (wall clock) the last record arrived, or the partition was opened."""

    def see(self, occurred_at: int, now_ms: int) -> int:
        """Take note of a run record, and return the watermark."""
        self.arrived_at = now_ms
        if occurred_at > self.newest:
            self.newest = occurred_at
            self.newest_seen_at = now_ms
            if occurred_at > self.value:
                self.value = occurred_at
        return self.value

    def pass_time(self, now_ms: int, idle_ms: int) -> int:
        """Let time pass with nothing waiting unread, and return the watermark.

        After ``idle_ms`` of silence it follows the wall clock: as far beyond the newest event time as the newest was
        seen ago. An old recording that is replayed is therefore not late because it is old.
        """
        if self.newest >= 0 and now_ms - self.arrived_at >= idle_ms:
            self.value = max(self.value, self.newest + max(0, now_ms - self.newest_seen_at))
        return self.value
