"""Live through a flow's day: which runs it had, when, and how each ended."""

import random
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from flowrun.data.flows import END, Flow

HOUR_MS: Final = 3_600_000
DAY_BEGINS_MS: Final = 1_793_750_400_000
"""2026-11-04T00:00:00Z, a Wednesday."""


@dataclass(frozen=True, slots=True)
class FlowRun:
    """Hold one run."""

    flow: Flow
    flow_id: str
    run_id: str
    started_ms: int
    ended_ms: int | None
    """``None`` for a run that never ended."""
    status: str
    """As sent: ``success``, ``failed`` or ``partialSuccess``."""
    read: int
    written: int
    rejected: int

    @property
    def updated_ms(self) -> int:
        """When the run's state was written down: a moment after its end, or after its start."""
        return (self.ended_ms or self.started_ms) + 1_100


def runs(flow: Flow, flow_id: str, rng: random.Random) -> Iterator[FlowRun]:
    """Yield the runs of a flow in the order of their starts."""
    offset_ms = rng.randrange(0, 240_000)
    for number in range(round(END * 60 / flow.every_min)):
        hour = number * flow.every_min / 60
        if hour >= flow.silent_from:
            return
        started_ms = DAY_BEGINS_MS + round(hour * HOUR_MS) + offset_ms + rng.randrange(0, 5_000)
        yield _run(flow, flow_id, number, hour, started_ms, rng)


def make_id(rng: random.Random) -> str:
    """Make a random UUID that depends on the seed alone."""
    return str(uuid.UUID(int=rng.getrandbits(128), version=4))


def _run(flow: Flow, flow_id: str, number: int, hour: float, started_ms: int, rng: random.Random) -> FlowRun:
    has_failed = fails(flow, hour, number)
    took_ms = round(flow.every_min * 60_000 * (0.02 + 0.05 * rng.random())) * (3 if hour >= flow.slow_from else 1)
    read = 0 if hour >= flow.empty_from else max(1, round(flow.records * (0.8 + 0.4 * rng.random())))
    lost = _part(flow.losing, hour, read)
    rejected = _part(flow.rejecting, hour, read)
    status = "partialSuccess" if rejected and flow.streams else "success"
    return FlowRun(
        flow=flow,
        flow_id=flow_id,
        run_id=make_id(rng),
        started_ms=started_ms,
        ended_ms=None if flow.stuck_at == hour else started_ms + took_ms,
        status="failed" if has_failed else status,
        read=read,
        written=0 if has_failed else read - lost - rejected,
        rejected=rejected,
    )


def fails(flow: Flow, hour: float, number: int) -> bool:
    """Tell whether the run that starts at that hour, the ``number``-th of the day, fails."""
    if any(start <= hour < end for start, end in flow.failing):
        return True
    if flow.flapping is None or not flow.flapping[0] <= hour < flow.flapping[1]:
        return False
    first = round(flow.flapping[0] * 60 / flow.every_min)
    return (number - first) % (flow.flap + 1) < flow.flap


def _part(loss: tuple[float, float] | None, hour: float, read: int) -> int:
    if loss is None or hour < loss[0]:
        return 0
    return max(1, round(read * loss[1]))
