"""Decide what is sent: which entries of which files, in which round, with which times and ids."""

import itertools
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from flowrun.recording.entry import Entry
from flowrun.recording.facts import subjects
from flowrun.recording.fresh import freshen
from flowrun.recording.reader import read_entries
from flowrun.recording.selection import Only
from flowrun.recording.shift import seconds_until, shift_entry, when
from schemas.times import to_text


class Numbered(NamedTuple):
    """Hold an entry to send with its place in the plan, from 0, and the flows it tells of."""

    number: int
    entry: Entry
    flows: frozenset[str]


@dataclass(frozen=True, slots=True)
class Survey:
    """Tell what a plan holds, found by reading all of it once, before anything is sent."""

    entries: int
    """How many one round sends."""
    flows: int
    """How many flows those are about."""
    first_ms: int | None
    last_ms: int | None
    """The first and last time in the recording, of all its entries, chosen or not."""


@dataclass(frozen=True, slots=True)
class Plan:
    """Say what to send."""

    files: tuple[Path, ...]
    only: Only = field(default_factory=Only)
    limit: int | None = None
    """How many to send at most, over all rounds."""

    def survey(self) -> Survey:
        """Read everything once.

        Raises:
            RecordingInvalid: a file cannot be read, or a line is no record.
        """
        first_ms: int | None = None
        last_ms: int | None = None
        flows: set[str] = set()
        chosen = 0
        for entry in read_entries(self.files):
            time_ms = when(entry)
            if time_ms is not None:
                first_ms = time_ms if first_ms is None else min(first_ms, time_ms)
                last_ms = time_ms if last_ms is None else max(last_ms, time_ms)
            about = subjects(entry.body)
            if self.only.takes(about) and (self.limit is None or chosen < self.limit):
                chosen += 1
                flows.update(subject.flow_id for subject in about)
        return Survey(chosen, len(flows), first_ms, last_ms)

    def round(self, shift_s: int = 0, fresh: str | None = None, *, already: int = 0) -> Iterator[Numbered]:
        """Yield the entries of one round, numbered on from ``already``, their times moved by ``shift_s``.

        ``fresh`` names the round, if its event ids and run ids are to be new.
        """
        chosen = (
            (entry, about) for entry in read_entries(self.files) if self.only.takes(about := subjects(entry.body))
        )
        left = None if self.limit is None else max(0, self.limit - already)
        for number, (entry, about) in enumerate(itertools.islice(chosen, left), already):
            renewed = freshen(entry, fresh) if fresh is not None else entry
            moved = shift_entry(renewed, shift_s) if shift_s else renewed
            yield Numbered(number, moved, frozenset(subject.flow_id for subject in about))


def shift_for(rebase: int | str | None, survey: Survey, now_ms: int) -> int:
    """Tell by how many seconds ``--rebase`` moves the times: 0 without it, or where no entry has a time."""
    if rebase is None or survey.last_ms is None:
        return 0
    return seconds_until(survey.last_ms, now_ms if isinstance(rebase, str) else rebase)


def span(survey: Survey, shift_s: int) -> dict[str, str | None]:
    """Write the first and last time as they will be sent."""

    def write(time_ms: int | None) -> str | None:
        return None if time_ms is None else to_text(max(0, time_ms + 1000 * shift_s))

    return {"first": write(survey.first_ms), "last": write(survey.last_ms)}
