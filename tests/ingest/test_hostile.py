"""Test that slow, greedy and broken senders cost little, and keep nobody else out."""

import asyncio
import contextlib
import gzip
import re
import resource
import socket
import struct
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from broker.embedded import EmbeddedBroker
from ingest.handler import Handler
from ingest.http.message import Answer
from ingest.limits import Limits
from tests.ingest.inside import POST, Inside, inside, request, statuses
from tests.ingest.process import AUTHORIZED, TOKEN, Running, embedded_topics, running, until

LIMITS = Limits(head_s=0.3, deadline_s=2.0, keep_alive_s=0.3, refused_s=0.3, linger_s=0.0, message_timeout_ms=1_000)
BOMB_BYTES = 2_000_000_000


@pytest.fixture(scope="module")
def broker() -> Iterator[EmbeddedBroker]:
    """A broker for the tests of this module."""
    with EmbeddedBroker() as running_broker:
        yield running_broker


@pytest.fixture
def silent() -> Iterator[str]:
    """The address of a broker that accepts connections and never says a word."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield f"127.0.0.1:{listener.getsockname()[1]}"


@contextlib.asynccontextmanager
async def serving(broker: EmbeddedBroker, limits: Limits = LIMITS) -> AsyncIterator[Inside]:
    """Run ingest inside, on a topic of its own."""
    topics = embedded_topics()
    broker.start(topics)
    async with inside(broker.bootstrap_servers, limits, topics.raw.name) as run:
        yield run


async def test_a_head_that_does_not_come_to_its_end_is_ended(broker: EmbeddedBroker) -> None:
    """Half a head holds a connection no longer than ``head_s``, and Adobe would send it again."""
    async with serving(broker) as run:
        assert statuses(await run.send(POST)) == [503]
        assert run.ingest.statistics.closed["slow-head"] == 1


async def test_a_head_that_drips_is_ended(broker: EmbeddedBroker) -> None:
    """Bytes that keep coming do not buy more time."""
    async with serving(broker) as run:
        reader, writer = await run.connect()

        async def drip() -> None:
            with contextlib.suppress(ConnectionError):
                while True:
                    writer.write(b"X")
                    await writer.drain()
                    await asyncio.sleep(0.02)

        dripping = asyncio.create_task(drip())
        writer.write(POST)
        assert statuses(await asyncio.wait_for(reader.read(), 10)) == [503]
        dripping.cancel()
        writer.close()


async def test_an_idle_connection_is_closed(broker: EmbeddedBroker) -> None:
    """Whether it was never used or is between requests."""
    async with serving(broker) as run:
        assert await run.send(b"") == b""
        assert statuses(await run.send(request(b"{}"))) == [202]
        assert run.ingest.statistics.closed["idle"] == 2


async def test_a_sender_that_does_not_read_is_ended(broker: EmbeddedBroker) -> None:
    """Answers that nobody reads do not pile up: reading stops, and after the deadline the connection ends."""
    async with serving(broker, replace(LIMITS, deadline_s=0.5)) as run:
        _, writer = await run.connect()
        writer.transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        writer.transport.pause_reading()  # type: ignore[attr-defined]  # a socket's transport has it

        async def is_ended() -> bool:
            if not writer.is_closing():
                writer.write(b"GET /webhooks/adobe?challenge=%s HTTP/1.1\r\nHost: x\r\n\r\n" % (b"x" * 1000) * 20)
            return run.ingest.statistics.closed["slow-reader"] == 1

        await until(is_ended)
        writer.close()


async def test_at_the_limit_of_connections_an_idle_one_goes(broker: EmbeddedBroker) -> None:
    """The oldest that is of no use makes room; who sends something is let in."""
    async with serving(broker, replace(LIMITS, connections=20, keep_alive_s=60)) as run:
        idle = [await run.connect() for _ in range(30)]
        assert statuses(await run.send(request(b"{}", b"Connection: close"))) == [202]
        assert run.ingest.statistics.closed["crowded-out"] == 11
        assert int(run.ingest.statistics.connections) <= 20
        for _, writer in idle:
            writer.close()


async def test_when_all_connections_are_busy_the_next_is_turned_away(silent: str) -> None:
    """Work that was begun is not given up for others."""
    async with inside(silent, replace(LIMITS, connections=2)) as run:
        busy = [asyncio.create_task(run.send(request(b"{}", b"Connection: close"))) for _ in range(2)]

        async def are_busy() -> bool:
            return int(run.ingest.statistics.in_flight) == 2

        await until(are_busy)
        with contextlib.suppress(ConnectionError):
            assert await run.send(request(b"{}")) == b""
        assert run.ingest.statistics.closed["too-many"] == 1
        assert [statuses(answer) for answer in await asyncio.gather(*busy)] == [[503], [503]]


def retry_after(answer: bytes) -> int:
    """Return the seconds after which to send it again."""
    found = re.search(rb"\r\nRetry-After: (\d+)\r\n", answer)
    assert found is not None
    return int(found[1])


async def test_too_many_requests_at_a_time_are_503(silent: str) -> None:
    """Those beyond the limit are refused at once, with a time that follows from the pace."""
    async with inside(silent, replace(LIMITS, requests=3)) as run:
        first = [asyncio.create_task(run.send(request(b"{}", b"Connection: close"))) for _ in range(3)]

        async def are_in() -> bool:
            return int(run.ingest.statistics.in_flight) == 3

        await until(are_in)
        answer = await run.send(request(b"{}", b"Connection: close"))
        assert (statuses(answer), b"problem:overloaded" in answer) == ([503], True)
        assert retry_after(answer) == LIMITS.deadline_s
        await asyncio.gather(*first)
        assert int(run.ingest.statistics.in_flight) == 0


async def test_a_full_queue_asks_for_as_long_as_it_will_take(silent: str) -> None:
    """More records than may wait for Kafka are refused at once; without a pace the time is a deadline."""
    async with inside(silent, replace(LIMITS, queue_records=2)) as run:
        answer = await run.send(request(b"[1,2,3]", b"Connection: close"))
        assert (statuses(answer), b"problem:queue-full" in answer) == ([503], True)
        assert retry_after(answer) == LIMITS.deadline_s


async def test_too_many_bytes_at_a_time_are_503(silent: str) -> None:
    """Bodies are refused before memory grows beyond the limit, and counted out when they are answered."""
    body = b'"' + b"x" * 400_000 + b'"'
    async with inside(silent, replace(LIMITS, held_bytes=1_000_000)) as run:
        sent = [asyncio.create_task(run.send(request(body, b"Connection: close"))) for _ in range(4)]
        answers = await asyncio.gather(*sent)
        assert sum(b"problem:overloaded" in answer for answer in answers) == 2
        assert {retry_after(answer) >= 1 for answer in answers} == {True}
        assert int(run.ingest.statistics.in_flight_bytes) == 0


def reset(writer: asyncio.StreamWriter) -> None:
    """Leave by a reset: a mere end of our side would mean that we still wait for the answer."""
    option = struct.pack("ii", 1, 0)
    writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, option)
    writer.transport.abort()


async def test_what_left_unanswered_is_counted_out(silent: str) -> None:
    """Senders that leave in the middle of a body, or while Kafka is waited for, leave nothing behind."""
    async with inside(silent, LIMITS) as run:
        for part in (POST + b"Content-Length: 100\r\n\r\n{", request(b"{}")):
            _, writer = await run.connect()
            writer.write(part)
            await writer.drain()

            async def is_in() -> bool:
                return int(run.ingest.statistics.in_flight) == 1

            await until(is_in)
            reset(writer)

            async def is_out() -> bool:
                return int(run.ingest.statistics.in_flight) == int(run.ingest.statistics.in_flight_bytes) == 0

            await until(is_out)
        assert run.ingest.statistics.requests["sender-left"] == 1


async def test_who_leaves_before_its_answer_may_send_again(
    broker: EmbeddedBroker, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What Kafka holds and the sender was not told of counts as possible duplicates."""
    acknowledged = asyncio.Event()

    async def post(*_: object) -> Answer:
        await acknowledged.wait()
        return Answer(202, "accepted", records=3)

    monkeypatch.setattr(Handler, "_post", post)
    async with serving(broker) as run:
        statistics = run.ingest.statistics
        _, writer = await run.connect()
        writer.write(request(b"[1,2,3]"))

        async def is_in() -> bool:
            return int(statistics.in_flight) == 1

        await until(is_in)
        reset(writer)

        async def has_left() -> bool:
            return int(statistics.connections) == 0

        await until(has_left)
        acknowledged.set()

        async def is_counted() -> bool:
            return int(statistics.possible_duplicates) == 3

        await until(is_counted)
        assert int(statistics.in_flight) == 0


@pytest.mark.parametrize(
    "head",
    [
        POST + b"X-Long: " + b"x" * 40_000 + b"\r\n\r\n",
        POST + b"".join(b"X-%d: y\r\n" % number for number in range(5_000)) + b"\r\n",
        POST + b"X-Endless: " + b"x" * 40_000,
        b"GET /" + b"x" * 40_000 + b" HTTP/1.1\r\n\r\n",
        b"GET /" + b"x" * 40_000,
    ],
    ids=["long", "many", "endless", "target", "endless-target"],
)
async def test_oversized_heads_are_refused(broker: EmbeddedBroker, head: bytes) -> None:
    """Long, many or endless headers are refused as soon as there are too many bytes, ended or not."""
    async with serving(broker, replace(LIMITS, head_s=60)) as run:
        assert statuses(await run.send(head)) == [431]


async def test_chunked_bodies_with_extensions_and_trailers_are_taken(broker: EmbeddedBroker) -> None:
    """Framing is nobody's business; headers after the body change nothing."""
    chunked = POST + b"Transfer-Encoding: chunked\r\nConnection: close\r\n\r\n"
    async with serving(broker) as run:
        for body in (b"2;a=b\r\n{}\r\n0\r\nContent-Encoding: br\r\n\r\n", b"1\r\n{\r\n1\r\n}\r\n0\r\n\r\n"):
            assert statuses(await run.send(chunked + body)) == [202]


@pytest.mark.parametrize("endless", [b"0\r\nX: " + b"x" * 200_000, b"1;" + b"x" * 200_000])
async def test_endless_framing_is_refused(broker: EmbeddedBroker, endless: bytes) -> None:
    """Trailers and extensions that never end are no way to fill memory."""
    async with serving(broker, replace(LIMITS, deadline_s=60)) as run:
        assert statuses(await run.send(POST + b"Transfer-Encoding: chunked\r\n\r\n" + endless)) == [400]


@pytest.mark.parametrize(
    "framing",
    [
        b"Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        b"Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}",
        b"Content-Length: 2, 2\r\n\r\n{}",
        b"Content-Length: +2\r\n\r\n{}",
        b"Content-Length: 99999999999999999999\r\n\r\n{}",
        b"Transfer-Encoding: gzip\r\n\r\n{}",
        b"Transfer-Encoding: chunked\r\n\r\nfffffffffffffffff\r\n",
        b"X y: 1\r\n\r\n",
        b"X: a\nY: b\0\r\n\r\n",
    ],
)
async def test_framing_that_could_mean_two_things_is_refused(broker: EmbeddedBroker, framing: bytes) -> None:
    """Nothing that a proxy might read differently gets through (request smuggling)."""
    async with serving(broker) as run:
        assert statuses(await run.send(POST + framing)) == [400]
        assert run.ingest.statistics.requests["accepted"] == 0


async def test_http_1_0_is_answered_and_closed_unless_asked_to_stay(broker: EmbeddedBroker) -> None:
    """The old version closes by default, and is told when the connection stays."""
    old = request(b"{}").replace(b"HTTP/1.1", b"HTTP/1.0")
    kept = old.replace(b"Host: x", b"Connection: keep-alive")
    async with serving(broker, replace(LIMITS, keep_alive_s=60)) as run:
        assert statuses(await run.send(old)) == [202]
        answers = await run.send(kept + old)
        assert (statuses(answers), answers.count(b"Connection: keep-alive\r\n")) == ([202, 202], 1)


async def test_pipelined_requests_are_answered_in_order(broker: EmbeddedBroker) -> None:
    """Those refused at once do not overtake those that wait for Kafka; nothing after ``close`` is answered."""
    sent = [
        request(b"{}"),
        b"GET /elsewhere HTTP/1.1\r\nHost: x\r\n\r\n",
        request(b"[1,2]"),
        request(b"{}", b"Content-Encoding: br"),
        b"GET /webhooks/adobe?challenge=x HTTP/1.1\r\nHost: x\r\n\r\n",
        request(b"{}", b"Connection: close"),
        request(b'"never"'),
    ]
    async with serving(broker) as run:
        assert statuses(await run.send(b"".join(sent))) == [202, 404, 202, 415, 200, 202]
        assert int(run.ingest.statistics.records) == 4


async def test_a_thousand_pipelined_requests_are_answered(broker: EmbeddedBroker) -> None:
    """However many come at once, one is handled at a time."""
    async with serving(broker) as run:
        answers = await run.send(request(b"{}") * 999 + request(b"{}", b"Connection: close"))
        assert statuses(answers) == [202] * 1000
        assert int(run.ingest.statistics.in_flight) == 0


async def test_a_stranger_that_asks_first_is_refused_without_its_body(broker: EmbeddedBroker) -> None:
    """``Expect: 100-continue`` with a length over the limit gets its refusal, not the go-ahead."""
    async with serving(broker) as run:
        answer = await run.send(POST + b"Expect: 100-continue\r\nContent-Length: 99999999\r\n\r\n")
        assert statuses(answer) == [413]


async def test_another_protocol_is_not_switched_to(broker: EmbeddedBroker) -> None:
    """A client that offers HTTP/2 gets its answer in HTTP/1.1."""
    offer = (b"Connection: Upgrade, HTTP2-Settings", b"Upgrade: h2c", b"HTTP2-Settings: AAMAAABkAAQCAAAAAAIAAAAA")
    async with serving(broker) as run:
        assert statuses(await run.send(request(b"{}", *offer))) == [202]
        assert statuses(await run.send(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")) == [400]


async def test_half_a_body_is_refused_when_the_sender_ends_its_side(broker: EmbeddedBroker) -> None:
    """It cannot become whole any more; half a head is simply closed."""
    async with serving(broker) as run:
        assert statuses(await run.send(POST + b"Content-Length: 9\r\n\r\n{", end=True)) == [400]
        assert await run.send(POST, end=True) == b""
        assert statuses(await run.send(request(b"{}"), end=True)) == [202]


async def test_an_absolute_target_is_understood(broker: EmbeddedBroker) -> None:
    """Scheme and host in the request line are allowed (RFC 9112, 3.2.2)."""
    async with serving(broker) as run:
        whole = request(b"{}", b"Connection: close").replace(b" /webhooks", b" http://host.example/webhooks")
        assert statuses(await run.send(whole)) == [202]


@pytest.fixture(scope="module")
def process(broker: EmbeddedBroker, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """An ingest process with its usual limits."""
    with running(broker, tmp_path_factory.mktemp("hostile") / "log") as run:
        yield run


def resident_kb(run: Running, field: str) -> int:
    """Return a figure of the process's memory, KiB."""
    status = Path(f"/proc/{run.service.pid}/status").read_text()
    found = re.search(rf"{field}:\s+(\d+) kB", status)
    assert found is not None
    return int(found[1])


async def send_to(run: Running, sent: bytes) -> bytes:
    """Send bytes to a process and return what comes until it ends its side."""
    reader, writer = await asyncio.open_connection("127.0.0.1", run.port)
    writer.write(sent)
    answer = await asyncio.wait_for(reader.read(), 30)
    writer.close()
    return answer


async def test_gzip_bombs_stop_at_the_limit(process: Running) -> None:
    """Ten bombs of 2 GB each are refused at 4 MiB, and memory does not grow by more than a few bodies."""
    packed = gzip.compress(b"0" * (BOMB_BYTES // 100)) * 100
    bomb = request(packed, b"Content-Encoding: gzip", b"Connection: close", f"Authorization: Bearer {TOKEN}".encode())
    before = resident_kb(process, "VmRSS")
    answers = await asyncio.gather(*(send_to(process, bomb) for _ in range(10)))
    assert [statuses(answer) for answer in answers] == [[413]] * 10
    assert resident_kb(process, "VmHWM") - before < 64 * 1024


async def test_five_thousand_idle_connections_keep_nobody_out(process: Running) -> None:
    """They cost a file each, and who sends something is served."""
    count = 5_000
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft < count + 500:
        resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, count + 500), hard))
    idle: list[socket.socket] = []
    try:
        address = ("127.0.0.1", process.port)
        idle.extend(socket.create_connection(address, timeout=10) for _ in range(min(count, hard - 500)))
        head = (b"Connection: close", f"Authorization: {AUTHORIZED['Authorization']}".encode())
        assert statuses(await send_to(process, request(b"{}", *head))) == [202]
        assert process.service.figure("flowrun_ingest_connections ") >= len(idle) * 0.99
    finally:
        for each in idle:
            each.close()


@pytest.mark.parametrize("broken", ["admit", "_post"])
async def test_a_mistake_of_ours_is_500(
    broker: EmbeddedBroker, monkeypatch: pytest.MonkeyPatch, broken: str, caplog: pytest.LogCaptureFixture
) -> None:
    """Whatever fails in us, the sender is told to send it again, and the log has it."""

    def fail(*_: object) -> None:
        raise RuntimeError("a mistake")

    monkeypatch.setattr(Handler, broken, fail)
    async with serving(broker) as run:
        answer = await run.send(request(b"{}", b"Connection: close"))
    assert (statuses(answer), b"problem:broken" in answer, "a mistake" in caplog.text) == ([500], True, True)


async def test_a_kept_connection_is_told_that_we_stop(broker: EmbeddedBroker) -> None:
    """At the end a request on a kept connection gets 503, a time to come back, and the last word."""
    topics = embedded_topics()
    broker.start(topics)
    async with inside(broker.bootstrap_servers, replace(LIMITS, linger_s=0.5, keep_alive_s=60), topics.raw.name) as run:
        reader, writer = await run.connect()
        writer.write(request(b"{}"))
        assert (await reader.readuntil(b'{"accepted":1}')).startswith(b"HTTP/1.1 202 ")
        stopping = asyncio.create_task(run.ingest.drain())

        async def is_stopping() -> bool:
            return await run.ingest.why_not_ready() == "shutting down"

        await until(is_stopping)
        writer.write(request(b"{}"))
        answer = await asyncio.wait_for(reader.read(), 10)
        assert (statuses(answer), b"problem:shutting-down" in answer) == ([503], True)
        assert (retry_after(answer) >= 1, b"\r\nConnection: close\r\n" in answer) == (True, True)
        await stopping
        writer.close()
