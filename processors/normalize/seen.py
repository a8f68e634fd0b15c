"""Remember which notifications were seen, for as long as a sender may repeat them.

What was seen is kept by the day of its receipt and forgotten by whole days: a day goes when it lies further back than
the horizon from the newest day seen. A day is that of the *receipt* as the raw record tells it, not of the clock and
not of the event: so the same raw records leave the same memory at every replay, however fast, and an old event that is
journalled late is remembered as long as any other. A time of receipt that lies ahead of the clock counts as now, or one
wrong clock would make everything be forgotten at once.
"""

from collections.abc import Iterator, Sequence
from typing import Final

from processors.normalize.identity import DIGEST_SIZE, Digest
from processors.normalize.state import StateRecord
from schemas.topics import DAY_MS

MAX_DIGESTS: Final = 50_000
"""Identities in one state record: 800 kB, below the 1 MiB that Kafka takes."""


class Seen:
    """Hold the identities of all notifications within the horizon.

    Invariant: every day in ``_days`` is within the horizon of ``newest_day``; memory is bounded by what is received
    in a horizon and a day.
    """

    def __init__(self, horizon_ms: int) -> None:
        self.newest_day = 0
        self._horizon_days = -(-horizon_ms // DAY_MS)
        self._days: dict[int, set[Digest]] = {}
        self._new: dict[int, bytearray] = {}

    def __len__(self) -> int:
        """Return how many identities are remembered."""
        return sum(len(digests) for digests in self._days.values())

    def advance(self, received_ms: int, now_ms: int) -> int:
        """Move to the time of a notification, forget what is too old by now, and return the day to remember it under.

        One that is older than the horizon is remembered under the oldest day kept.
        """
        day = min(received_ms, now_ms) // DAY_MS
        if day > self.newest_day:
            self.newest_day = day
            self._forget()
        return max(day, self.newest_day - self._horizon_days)

    def _forget(self) -> None:
        oldest = self.newest_day - self._horizon_days
        for day in [day for day in self._days if day < oldest]:
            del self._days[day]

    def admit(self, known_by: Sequence[Digest], day: int, settles: Sequence[Digest] = ()) -> bool:
        """Tell whether a notification is new, that is none of ``known_by`` was seen; if so, remember all of them.

        ``settles`` are remembered too, whether or not they were seen.
        """
        for digests in self._days.values():
            for digest in known_by:
                if digest in digests:
                    return False
        if day not in self._days:
            self._days[day] = set()
        if day not in self._new:
            self._new[day] = bytearray()
        for digest in (*known_by, *settles) if settles else known_by:
            self._days[day].add(digest)
            self._new[day] += digest
        return True

    def records(self, position: int) -> Iterator[StateRecord]:
        """Yield what was added since the last call, at least one record: the position must be kept even so."""
        added, self._new = self._new, {}
        if not added:
            yield StateRecord(position, self.newest_day, self.newest_day, b"")
        for day, joined in added.items():
            for start in range(0, len(joined), MAX_DIGESTS * DIGEST_SIZE):
                part = bytes(joined[start : start + MAX_DIGESTS * DIGEST_SIZE])
                yield StateRecord(position, self.newest_day, day, part)

    def restore(self, record: StateRecord) -> None:
        """Take back what :meth:`records` gave, in the same order."""
        if record.newest_day > self.newest_day:
            self.newest_day = record.newest_day
            self._forget()
        if record.joined and record.day >= self.newest_day - self._horizon_days:
            joined = record.joined
            digests = self._days.setdefault(record.day, set())
            digests.update(joined[at : at + DIGEST_SIZE] for at in range(0, len(joined), DIGEST_SIZE))
