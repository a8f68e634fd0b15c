"""The broker goes away and comes back while notifications keep coming."""

import secrets
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.faults.pipeline import Pipeline
from tests.kafka.apache import ApacheKafka

pytestmark = pytest.mark.broker


@pytest.fixture
def own_kafka() -> Iterator[ApacheKafka]:
    """A broker that only this test uses, and may kill."""
    with ApacheKafka() as kafka:
        yield kafka


def test_a_broker_that_is_killed_and_restarted_loses_and_doubles_nothing(
    own_kafka: ApacheKafka, tmp_path: Path
) -> None:
    """kill -9 of the broker, 5 s without one, then an orderly restart: no worker ends, nothing is lost or doubled."""
    seed = secrets.randbits(32)
    print(f"seed {seed}")
    with Pipeline(own_kafka.bootstrap, "outage.", tmp_path, seed) as pipeline:
        pipeline.add_worker()
        pipeline.load.start()
        pipeline.supervise(3.0)
        own_kafka.kill()
        pipeline.supervise(5.0)
        own_kafka.start()
        pipeline.supervise(5.0)
        own_kafka.restart()
        pipeline.supervise(3.0)
        outcome = pipeline.settle()
        outcome.check_nothing_lost_or_doubled(pipeline.load.acknowledged)
        outcome.check_against_oracle(pipeline.rules)
        assert pipeline.exit_codes == []
