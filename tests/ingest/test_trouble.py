"""Test what senders and operators see when Kafka, the port or the sender is not what it should be."""

import asyncio
import os
import socket
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import replace

import aiohttp
import pytest

from broker.connection import Connection
from broker.embedded import EmbeddedBroker
from ingest.errors import PortTaken
from ingest.limits import Limits
from ingest.service import Ingest
from ingest.settings import IngestSettings
from schemas.settings import Address
from tests.ingest.process import PATIENCE_S, embedded_topics, until
from tests.service import free_port

QUICK = Limits(deadline_s=1.5, message_timeout_ms=1_000, probe_s=0.3)
IMPATIENT = replace(QUICK, deadline_s=0.3)


@pytest.fixture
def silent() -> Iterator[str]:
    """The address of a broker that accepts connections and never says a word."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield f"127.0.0.1:{listener.getsockname()[1]}"


def settings(bootstrap: str, topic: str = "t.raw") -> IngestSettings:
    """Settle on free ports, without authentication."""
    here = [Address("127.0.0.1", free_port()) for _ in range(2)]
    return IngestSettings(Connection(bootstrap), topic, here[0], here[1], "none")


async def post(made: IngestSettings, body: bytes = b"{}") -> tuple[int, str, str]:
    """Post a body and return status, Retry-After and type of problem."""
    async with (
        aiohttp.ClientSession() as session,
        session.post(f"http://{made.listen}/webhooks/adobe", data=body) as answer,
    ):
        kind = (await answer.json(content_type=None)).get("type", "")
        return answer.status, answer.headers.get("Retry-After", ""), kind.rpartition(":")[2]


async def readiness(made: IngestSettings) -> tuple[int, str]:
    """Return status and text of /readyz."""
    async with aiohttp.ClientSession() as session, session.get(f"http://{made.management}/readyz") as answer:
        return answer.status, await answer.text()


async def is_ready(made: IngestSettings) -> bool:
    """Tell whether /readyz says ok."""
    return await readiness(made) == (200, "ok\n")


async def test_a_silent_broker_is_503_within_the_deadline(silent: str) -> None:
    """A broker that does not answer costs a sender no more than the deadline, and nothing is claimed."""
    made = settings(silent)
    async with Ingest(made, IMPATIENT):
        began = time.monotonic()
        status, retry_after, kind = await post(made)
        assert (status, kind, int(retry_after) > 0) == (503, "deadline-passed", True)
        assert time.monotonic() - began < IMPATIENT.deadline_s + 1


async def test_a_delivery_that_fails_is_503(silent: str) -> None:
    """librdkafka's own time-out comes before the deadline and tells the same to the sender."""
    made = settings(silent)
    async with Ingest(made, replace(QUICK, deadline_s=5.0)) as ingest:
        status, retry_after, kind = await post(made)
        assert (status, kind, int(retry_after) > 0) == (503, "kafka-unavailable", True)
        assert ingest.statistics.delivery_errors.total() == 1


async def test_a_full_queue_is_503_at_once(silent: str) -> None:
    """What does not fit into the queue is refused without waiting."""
    made = settings(silent)
    async with Ingest(made, replace(QUICK, queue_records=2)):
        status, _, kind = await post(made, b"[1,2,3]")
        assert (status, kind) == (503, "queue-full")


async def test_an_acknowledgement_after_the_deadline_is_a_possible_duplicate() -> None:
    """A record that Kafka takes after its 503 is counted: the sender will send it again."""
    topics = embedded_topics()
    with EmbeddedBroker().start(topics) as broker:
        made = settings(broker.bootstrap_servers, topics.raw.name)
        async with Ingest(made, replace(QUICK, deadline_s=0.0001, message_timeout_ms=5_000)) as ingest:
            status, _, kind = await post(made)
            assert (status, kind) == (503, "deadline-passed")

            async def is_counted() -> bool:
                return int(ingest.statistics.possible_duplicates) == 1

            await until(is_counted)


async def test_a_body_that_does_not_come_is_503_at_the_deadline(silent: str) -> None:
    """A sender that stops sending holds a request no longer than the deadline."""
    made = settings(silent)
    async with Ingest(made, IMPATIENT):
        reader, writer = await asyncio.open_connection(*made.listen)
        writer.write(b"POST /webhooks/adobe HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n{")
        answer = await asyncio.wait_for(reader.readuntil(b"\r\n"), PATIENCE_S)
        assert answer == b"HTTP/1.1 503 Service Unavailable\r\n"
        writer.close()


async def test_readiness_tells_why_not(silent: str) -> None:
    """Without Kafka the process lives, says that it is not ready, and why, in bounded time."""
    made = settings(silent)
    async with Ingest(made, QUICK):
        began = time.monotonic()
        status, reason = await readiness(made)
        assert (status, reason.startswith("Kafka is unreachable")) == (503, True)
        assert time.monotonic() - began < 5


async def test_readiness_follows_the_broker() -> None:
    """A broker without the topic is not enough."""
    topics = embedded_topics()
    with EmbeddedBroker().start() as broker:
        made = settings(broker.bootstrap_servers, topics.raw.name)
        async with Ingest(made, replace(QUICK, probe_s=5.0)):
            assert await readiness(made) == (
                503,
                f"the topic {topics.raw.name} is missing; create it with: flowrun topics create\n",
            )
            broker.start(topics)
            await until(lambda: is_ready(made))


@pytest.mark.parametrize("setting", ["FLOWRUN_LISTEN", "FLOWRUN_MANAGEMENT_LISTEN"])
async def test_a_taken_port_names_the_setting(silent: str, setting: str) -> None:
    """Who starts a second one is told which setting to change."""
    with socket.create_server(("127.0.0.1", 0)) as other:
        taken = Address("127.0.0.1", other.getsockname()[1])
        made = settings(silent)
        made = replace(made, listen=taken) if setting == "FLOWRUN_LISTEN" else replace(made, management=taken)
        with pytest.raises(PortTaken, match=f"{taken}: address already in use; set {setting} to a free HOST:PORT"):
            async with Ingest(made, QUICK):
                raise AssertionError("it must not start")


async def test_it_starts_without_a_broker_and_takes_up_work_when_one_comes() -> None:
    """Kafka may come later: until then 503, afterwards 202, without a restart."""
    topics = embedded_topics()
    front = free_port()
    with EmbeddedBroker().start(topics) as broker:
        made = settings(f"127.0.0.1:{front}", topics.raw.name)
        async with Ingest(made, QUICK):
            assert (await post(made))[0] == 503
            assert (await readiness(made))[0] == 503
            async with forwarding(front, broker.bootstrap_servers):
                await until(lambda: is_ready(made))
                assert (await post(made))[0] == 202


@asynccontextmanager
async def forwarding(port: int, target: str) -> AsyncIterator[None]:
    """Stand in for a broker that starts now: pass what comes to ``port`` on to ``target``, and back."""
    host, _, target_port = target.rpartition(":")

    async def pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while part := await reader.read(65_536):
            writer.write(part)
        writer.close()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        broker_reader, broker_writer = await asyncio.open_connection(host, int(target_port))
        await asyncio.gather(pump(reader, broker_writer), pump(broker_reader, writer), return_exceptions=True)

    async with await asyncio.start_server(serve, "127.0.0.1", port):
        yield


@pytest.mark.parametrize(
    ("environ", "said"),
    [
        ({}, "FLOWRUN_AUTH must be set"),
        ({"FLOWRUN_AUTH": "adobe"}, "FLOWRUN_ADOBE_CLIENT_ID is needed"),
        ({"FLOWRUN_AUTH": "none", "FLOWRUN_LISTEN": "0.0.0.0:0"}, "none lets anybody write"),
    ],
)
def test_wrong_settings_are_lines_on_stderr_and_exit_code_2(environ: dict[str, str], said: str) -> None:
    """The command does not start, says why, and shows no traceback."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("FLOWRUN_")}
    ended = subprocess.run(
        [sys.executable, "-m", "flowrun", "ingest"], env=kept | environ, capture_output=True, text=True, timeout=30
    )
    assert (ended.returncode, said in ended.stderr, "Traceback" in ended.stderr) == (2, True, False)
