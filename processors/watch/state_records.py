"""Declare the records of the state topic.

Six kinds, each under a key of its own, so that compaction keeps the newest of each:

- ``kept``: for how long this is kept, which another rules file may want otherwise.
- ``position``: how far the input is applied, and the watermark.
- ``flow``: what is not in the windows' facts: names, open incidents, the newest failure, runs that outlived their
  window.
- ``pane``: up to :data:`~processors.watch.panes.CHUNK_FACTS` facts of a window. The pane's revision and the flow's own
  time are in each chunk that is written; the highest counts.

- ``started``: a flow's runs without an outcome, and since when.
- ``codes``: a flow's error codes, and when each was last seen.

That a window is final, and that it can no longer be corrected, follows from the watermark. Keys are msgpack, so that
nothing a flow id can contain makes two of them equal.
"""

import msgspec

from processors.watch.fact import Fact, Labels, LastFailure
from processors.watch.incident import Incident

Place = tuple[str, str]
"""Organisation and sandbox; the sandbox is empty where no run says it."""


class PositionRecord(msgspec.Struct, array_like=True, frozen=True):
    """How far a partition has come."""

    position: int
    watermark: int
    newest: int
    newest_seen_at: int


class FlowRecord(msgspec.Struct, array_like=True, frozen=True):
    """What is known of a flow beyond the facts in its windows."""

    names: Labels
    own_time: int
    last_failure: LastFailure | None
    incidents: list[Incident]
    outlived: list[Fact]
    opened: int = 0
    reported: Place | None = None


class ChunkRecord(msgspec.Struct, array_like=True, frozen=True):
    """Some facts of a pane."""

    revision: int
    own_time: int
    labels: Labels
    facts: list[Fact]
