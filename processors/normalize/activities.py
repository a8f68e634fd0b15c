"""Read the activities (stages) of a run."""

from functools import lru_cache
from typing import Final, NamedTuple

from processors.normalize.fields import Faults, Node, identifier, objects, section, text, time_ms
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


class Stage(NamedTuple):
    """Hold one activity as a record, and those of its sections that others read on."""

    activity: Activity
    status: Node
    extensions: Node
    records: Node
    files: Node
    node: Node


def stages(run: Node, faults: Faults) -> list[Stage]:
    """Read the first 100 activities, under either spelling of their key (DOMAIN.md 4.3)."""
    key = "activities" if run.get("activities") else "activites"
    if key not in run:
        # "activities" may still be of a wrong type, such as 0.
        key = "activities"
    return [_stage(node, faults) for node in objects(run, key, faults)[:MAX_ACTIVITIES]]


def _stage(node: Node, faults: Faults) -> Stage:
    summary = section(node, "statusSummary", faults)
    id_, name = identifier(node.get("id"), faults), text(node.get("name"), faults)
    activity = Activity(
        id_,
        name,
        kind(id_, name),
        status(summary, faults),
        elapsed_ms(*period(section(node, "durationSummary", faults), faults)),
    )
    return Stage(
        activity,
        summary,
        section(summary, "extensions", faults),
        section(node, "recordSummary", faults),
        section(node, "fileSummary", faults),
        node,
    )


def period(durations: Node, faults: Faults) -> tuple[int | None, int | None]:
    """Return start and completion of a ``durationSummary`` in milliseconds."""
    return time_ms(durations.get("startedAtUTC"), faults), time_ms(durations.get("completedAtUTC"), faults)


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
