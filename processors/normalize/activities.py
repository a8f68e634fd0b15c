"""Read the activities (stages) of a run."""

from functools import lru_cache
from typing import Final

from processors.normalize import wire
from processors.normalize.fields import believable_ms
from processors.normalize.status import status
from schemas.run import Activity, ActivityKind

MAX_ACTIVITIES: Final = 100

_KINDS_BY_ID: Final[dict[str, ActivityKind]] = {
    "4f008a00-3a04-11eb-": "copy",
    "37b34f84-1ada-11eb-": "promotion",
    "46382888-2f46-11eb-": "identity",
    "08e3217c-2f46-11eb-": "profile",
}
_KINDS_BY_WORD: Final[tuple[ActivityKind, ...]] = ("copy", "promotion", "identity", "profile")


def read_activity(sent: wire.Activity) -> Activity:
    """Return the record of one activity."""
    durations = sent.duration_summary
    return Activity(
        sent.id,
        sent.name,
        kind(sent.id, sent.name),
        status(sent.status_summary.status),
        elapsed_ms(believable_ms(durations.started), believable_ms(durations.completed)),
    )


def elapsed_ms(started_ms: int | None, completed_ms: int | None) -> int | None:
    """Return how long it took, ``None`` if either end is unknown or the end lies before the start."""
    if started_ms is None or completed_ms is None or completed_ms < started_ms:
        return None
    return completed_ms - started_ms


@lru_cache(maxsize=1_024)
def kind(id_: str | None, name: str | None) -> ActivityKind:
    """Tell what an activity does: by its constant id, else by a word in its id, else by one in its name."""
    for label in (id_, name):
        folded = (label or "").lower()
        if folded[:19] in _KINDS_BY_ID:
            return _KINDS_BY_ID[folded[:19]]
        for word in _KINDS_BY_WORD:
            if word in folded:
                return word
    return "other"
