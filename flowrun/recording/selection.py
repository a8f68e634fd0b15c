"""Choose entries by flow and status, as ``--only flow=CRM*,status=failed`` has it."""

from collections.abc import Iterable
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Final

from flowrun.recording.facts import STATUSES, Subject

KEYS: Final = ("flow", "status")


@dataclass(frozen=True, slots=True)
class Only:
    """Hold what to choose: one of the flows and one of the statuses. Empty means any."""

    flows: tuple[str, ...] = ()
    """Globs over flow ids and flow names."""
    statuses: tuple[str, ...] = ()

    def takes(self, subjects: Iterable[Subject]) -> bool:
        """Decide on a payload: one thing that it tells of must fit in both respects."""
        return not (self.flows or self.statuses) or any(self._fits(subject) for subject in subjects)

    def _fits(self, subject: Subject) -> bool:
        names = (subject.flow_id, subject.flow_name or "")
        by_flow = not self.flows or any(fnmatchcase(name, glob) for glob in self.flows for name in names)
        return by_flow and (not self.statuses or subject.status in self.statuses)


def parse_only(texts: Iterable[str]) -> Only:
    """Read ``flow=…,status=…``; a key may repeat.

    Raises:
        ValueError: a key or status is none of those known. The message lists them.
    """
    known = (*STATUSES.values(), "unknown")
    chosen: dict[str, list[str]] = {key: [] for key in KEYS}
    for part in (part.strip() for text in texts for part in text.split(",")):
        key, equals, value = part.partition("=")
        if key not in KEYS or not equals or not value:
            raise ValueError(f"{part!r} must be flow=ID-OR-NAME or status=STATUS")
        if key == "status" and value not in known:
            raise ValueError(f"there is no status {value!r}: there are {', '.join(known)}")
        chosen[key].append(value)
    return Only(tuple(chosen["flow"]), tuple(chosen["status"]))
