"""End the process when input waits and nothing moves: Faust notices such a standstill, and never acts."""

import logging
import os
import time
from typing import Final

from processors.engine.owner import AnyPlace, Owner, Reader

log = logging.getLogger("flowrun.processors.engine")

EXIT_STALLED: Final = 75
"""The exit code of a standstill; the supervisor starts the process again."""

PATIENCE_S: Final = 60.0


def stalled(owner: Owner, reader: Reader, now_s: float, patience_s: float = PATIENCE_S) -> list[str]:
    """Name the partitions that have had input waiting, and made no progress, for longer than ``patience_s``.

    ``now_s`` is of the monotonic clock.
    """
    return [
        f"{partition} at offset {partition.position + 1}"
        for place, partition in owner
        if now_s - partition.progressed_at > patience_s and waiting(owner, reader, place)
    ]


def waiting(owner: Owner, reader: Reader, place: AnyPlace) -> bool:
    """Tell whether a partition has input that is not processed: unread, or read and not committed."""
    return bool(reader.lag(place)) or reader.handed_out(place) > owner.position(place)


def bite(places: list[str]) -> None:
    """End the process at once."""
    log.critical("no progress for %.0f s with input waiting: %s; ending, start me again", PATIENCE_S, ", ".join(places))
    logging.shutdown()
    os._exit(EXIT_STALLED)


def check(owner: Owner, reader: Reader) -> None:
    """End the process if a partition stands still."""
    places = stalled(owner, reader, time.monotonic())
    if places:
        bite(places)
