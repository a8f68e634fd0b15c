"""Workers die, stand still, join and leave while notifications keep coming."""

import secrets
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.faults.pipeline import Pipeline

pytestmark = pytest.mark.broker
LONGER_THAN_THE_SESSION_TIMEOUT_S = 14.0


@pytest.fixture
def pipeline(bootstrap_servers: str, tmp_path: Path) -> Iterator[Pipeline]:
    """Ingest on topics of its own; the test adds workers."""
    seed = secrets.randbits(32)
    print(f"seed {seed}")
    with Pipeline(bootstrap_servers, f"f-{seed:08x}.", tmp_path, seed) as pipeline:
        yield pipeline


def check(pipeline: Pipeline) -> None:
    """Settle and judge."""
    outcome = pipeline.settle()
    outcome.check_nothing_lost_or_doubled(pipeline.load.acknowledged)
    outcome.check_against_oracle(pipeline.rules)
    assert any(outcome.alerts.values())
    assert not outcome.dead_letters


def test_killed_workers_lose_and_double_nothing(pipeline: Pipeline) -> None:
    """kill -9 at any moment, three times, on alternating workers: rows, runs and alerts are the oracle's."""
    crew = [pipeline.add_worker(), pipeline.add_worker()]
    pipeline.load.start()
    for index in (0, 1, 0):
        pipeline.supervise(5.0)
        pipeline.kill(pipeline.workers[index])
    pipeline.supervise(5.0)
    check(pipeline)
    assert pipeline.exit_codes.count(-9) == 3
    assert len(crew) == len(pipeline.workers)


def test_a_worker_that_wakes_up_after_its_partitions_were_given_away_changes_nothing(pipeline: Pipeline) -> None:
    """SIGSTOP past the session timeout, then SIGCONT: the zombie's transactions are fenced off."""
    pipeline.add_worker()
    pipeline.add_worker()
    pipeline.load.start()
    pipeline.supervise(3.0)
    for worker in list(pipeline.workers):
        pipeline.freeze(worker, LONGER_THAN_THE_SESSION_TIMEOUT_S)
        pipeline.supervise(5.0)
    check(pipeline)


def test_workers_that_join_and_leave_change_nothing(pipeline: Pipeline) -> None:
    """A second worker joins, the first leaves by SIGTERM, agents run apart: every rebalance is clean."""
    first = pipeline.add_worker()
    pipeline.load.start()
    pipeline.supervise(3.0)
    pipeline.add_worker()
    pipeline.supervise(3.0)
    pipeline.leave(first)
    pipeline.supervise(3.0)
    apart = [pipeline.add_worker("normalize"), pipeline.add_worker("watch")]
    pipeline.supervise(3.0)
    for worker in apart:
        pipeline.leave(worker)
    check(pipeline)
    assert pipeline.exit_codes == [0, 0, 0]
