"""Test against a real broker what a mock cannot vouch for."""

from pathlib import Path

import aiohttp
import pytest
from aiokafka.partitioner import murmur2

from schemas.topics import Topics
from tests.ingest.process import AUTHORIZED, read_all, serving

FLOWS = [f"flow-{number}" for number in range(12)]


def java_partition(key: bytes, partitions: int) -> int:
    """Return the partition that Java's default partitioner chooses."""
    return (int(murmur2(key)) & 0x7FFFFFFF) % partitions


def test_the_partitioner_s_known_vector() -> None:
    """The reference itself agrees with a vector of Kafka's own tests (``UtilsTest.testMurmur2``)."""
    assert murmur2(b"foobar") & 0xFFFFFFFF == -790332482 & 0xFFFFFFFF


@pytest.mark.broker
async def test_a_batch_arrives_exactly(bootstrap_servers: str, topics: Topics, tmp_path: Path) -> None:
    """Values byte by byte, keys, headers, and the partitions that Java would choose."""
    values = [f'{{ "flowId" :"{flow}","n":1.50 , "\\u00e9":"é"}}'.encode() for flow in FLOWS]
    body = b" [" + b" ,\n".join(values) + b"]\n"
    with serving(bootstrap_servers, topics, tmp_path / "log") as run:
        run.service.wait_ready()
        headers = AUTHORIZED | {"Content-Type": "application/json", "x-adobe-event-code": "run_success"}
        async with aiohttp.ClientSession(headers=headers) as session, session.post(run.url, data=body) as answer:
            assert (answer.status, await answer.json()) == (202, {"accepted": len(FLOWS)})
        stored = {message.key(): message for message in read_all(bootstrap_servers, topics.raw.name)}
    assert [stored[flow.encode()].value() for flow in FLOWS] == values
    partitions = topics.raw.partitions
    assert {key: message.partition() for key, message in stored.items()} == {
        flow.encode(): java_partition(flow.encode(), partitions) for flow in FLOWS
    }
    named = dict(stored[b"flow-2"].headers() or [])
    expected = {
        "ce_specversion": b"1.0",
        "ce_type": b"run_success",
        "flowrun_batch": b"3/12",
        "flowrun_source": b"webhook",
    }
    assert {name: named[name] for name in expected} == expected


@pytest.mark.broker
async def test_the_largest_body_fits(bootstrap_servers: str, topics: Topics, tmp_path: Path) -> None:
    """A notification of 4 MiB passes every limit of ingest, librdkafka and the topic."""
    body = b'{"flowId":"big","pad":"' + b"x" * (4 * 1024 * 1024 - 25) + b'"}'
    with serving(bootstrap_servers, topics, tmp_path / "log") as run:
        run.service.wait_ready()
        async with aiohttp.ClientSession(headers=AUTHORIZED) as session, session.post(run.url, data=body) as answer:
            assert (len(body), answer.status) == (4 * 1024 * 1024, 202)
        assert [message.value() for message in read_all(bootstrap_servers, topics.raw.name)] == [body]
