"""Test that a replay straight to Kafka writes what ingest would have written."""

import pytest

from broker.connection import Connection
from broker.errors import PartitionsWrong, TopicsMissing
from flowrun.recording.entry import Entry
from flowrun.replay.delivery import Outcome
from flowrun.replay.kafka import KafkaTarget
from ingest.limits import Limits
from schemas.settings import read
from schemas.topics import Topics, declare
from tests.ingest.process import read_all


def target(bootstrap: str, topics: Topics, partitions: int | None = None) -> KafkaTarget:
    """Make a target as the settings of a command would."""
    settings = {
        "FLOWRUN_BOOTSTRAP_SERVERS": bootstrap,
        "FLOWRUN_TOPIC_PREFIX": topics.raw.name.removesuffix("raw"),
        "FLOWRUN_PARTITIONS": str(partitions or topics.raw.partitions),
    }
    return KafkaTarget(read(settings))


async def test_records_are_written_as_ingest_writes_them(bootstrap_servers: str, topics: Topics) -> None:
    """Key, exact bytes and headers are ingest's; the source is ``replay``; the recorded event id is kept."""
    async with target(bootstrap_servers, topics) as kafka:
        outcome = await kafka.send(Entry(b'{"flowId": "f"}\n', headers=(("x-adobe-event-id", b"e"),)))
    (message,) = read_all(bootstrap_servers, topics.raw.name)
    headers = dict(message.headers() or [])
    assert (outcome, message.key(), message.value()) == (
        Outcome("acknowledged", accepted=1),
        b"f",
        b'{"flowId": "f"}\n',
    )
    assert [headers[name] for name in ("flowrun_source", "ce_id", "x-adobe-event-id")] == [b"replay", b"e", b"e"]


async def test_a_batch_is_split(bootstrap_servers: str, topics: Topics) -> None:
    """Each element is a record of its own, and each is counted."""
    async with target(bootstrap_servers, topics) as kafka:
        outcome = await kafka.send(Entry(b'[{"flowId":"a"},{"flowId":"b"}]'))
    assert outcome == Outcome("acknowledged", accepted=2)
    assert sorted(message.value() or b"" for message in read_all(bootstrap_servers, topics.raw.name)) == [
        b'{"flowId":"a"}',
        b'{"flowId":"b"}',
    ]


async def test_a_body_that_ingest_would_refuse_is_refused(bootstrap_servers: str, topics: Topics) -> None:
    """The others can still go."""
    async with target(bootstrap_servers, topics) as kafka:
        outcome = await kafka.send(Entry(b" " * (Limits().body_bytes + 1)))
    assert (outcome.verdict, outcome.detail) == ("refused", "the body has 4194305 bytes, more than 4194304")


async def test_a_missing_topic_is_told(bootstrap_servers: str) -> None:
    """Nothing is sent, and nothing is created."""
    with pytest.raises(TopicsMissing, match=r"t-nobody\.raw; create them with: flowrun topics create"):
        await target(bootstrap_servers, declare("t-nobody.", 4)).__aenter__()


async def test_another_number_of_partitions_is_told(bootstrap_servers: str, topics: Topics) -> None:
    """Records would go to other partitions than ingest's."""
    with pytest.raises(PartitionsWrong, match="has 4 partitions, not 3: set FLOWRUN_PARTITIONS=4"):
        await target(bootstrap_servers, topics, partitions=3).__aenter__()


async def test_outside_its_context(connection: Connection, topics: Topics) -> None:
    """A target that was not entered says so."""
    with pytest.raises(RuntimeError, match="async with"):
        await target(connection.bootstrap_servers, topics).send(Entry(b"{}"))
