"""What a broker sends is cut into its responses, however it arrives, and memory is used again only when it is free."""

import asyncio
import ssl
import struct
from collections.abc import Iterable

import pytest
import trustme
from aiokafka import conn
from aiokafka.protocol.admin import ApiVersionRequest_v0
from aiokafka.protocol.fetch import FetchRequest, FetchResponse_v4
from hypothesis import given
from hypothesis import strategies as st

from processors.engine.responses import (
    KEPT,
    LARGEST,
    LARGEST_KEPT,
    SCRATCH,
    Connection,
    Memory,
    Reader,
    Responses,
    install,
)

MANY = SCRATCH * 3


def sent(*responses: bytes) -> bytes:
    """Put its length in front of each response, as a broker does."""
    return b"".join(struct.pack(">i", len(response)) + response for response in responses)


def receive(responses: Responses, data: bytes, parts: Iterable[int] = ()) -> None:
    """Hand over what came in as asyncio does: so much at a time as there is, and as there is room for."""
    sizes, at = iter(parts), 0
    while at < len(data):
        part = data[at : at + next(sizes, len(data))]
        while part:
            room = responses.get_buffer(-1)
            taken = min(len(room), len(part))
            assert taken, "no room to receive anything"
            room[:taken] = part[:taken]
            responses.buffer_updated(taken)
            part, at = part[taken:], at + taken


def make() -> Responses:
    loop = asyncio.get_running_loop()
    return Responses(loop.create_future(), asyncio.StreamReader(loop=loop), loop=loop)


async def taken(responses: Responses, count: int) -> list[bytes]:
    return [bytes(await responses.next()) for _ in range(count)]


content = st.one_of(
    st.binary(max_size=40),
    st.builds(lambda size, seed: bytes([seed]) * size, st.integers(0, MANY), st.integers(0, 255)),
    st.builds(lambda around, seed: bytes([seed]) * (SCRATCH + around), st.integers(-9, 9), st.integers(0, 255)),
)


@given(st.lists(content, max_size=12), st.lists(st.integers(1, SCRATCH * 2), max_size=60))
def test_responses_come_as_they_were_sent_wherever_they_are_cut(responses: list[bytes], parts: list[int]) -> None:
    """Many in one piece, one in many, lengths torn apart, and of every length around that of the scratch."""

    async def run() -> list[bytes]:
        receiver = make()
        receive(receiver, sent(*responses), parts)
        return await taken(receiver, len(responses))

    assert asyncio.run(run()) == responses


async def test_each_byte_on_its_own_is_put_together() -> None:
    """The slowest network there is."""
    receiver, responses = make(), [b"", b"a", b"bc" * 50]
    receive(receiver, sent(*responses), [1] * 200)
    assert await taken(receiver, 3) == responses


async def test_who_waits_gets_the_response_when_it_is_whole() -> None:
    """Half a response wakes nobody."""
    receiver = make()
    waiting = asyncio.ensure_future(receiver.next())
    receive(receiver, sent(b"x" * MANY)[:-1])
    await asyncio.sleep(0)
    assert not waiting.done()
    receive(receiver, b"x")
    assert await waiting == b"x" * MANY


async def test_what_came_before_the_end_is_handed_out_then_the_end_is_told() -> None:
    """A broker that is killed leaves half a response."""
    receiver = make()
    receive(receiver, sent(b"whole", b"y" * MANY)[:-5])
    receiver.eof_received()
    assert await receiver.next() == b"whole"
    for _ in range(2):
        with pytest.raises(EOFError, match="closed the connection"):
            await receiver.next()


async def test_a_lost_connection_wakes_who_waits_with_its_reason() -> None:
    """And the first reason stays."""
    receiver = make()
    waiting = asyncio.ensure_future(receiver.next())
    await asyncio.sleep(0)
    receiver.connection_lost(ConnectionResetError("reset by peer"))
    with pytest.raises(ConnectionResetError, match="reset by peer"):
        await waiting
    receiver.eof_received()
    with pytest.raises(ConnectionResetError):
        await receiver.next()


@pytest.mark.parametrize("answer", [b"HTTP/1.1 400 Bad Request", b"\xff\xff\xff\xff", struct.pack(">i", LARGEST + 1)])
async def test_a_length_beyond_belief_is_told_and_what_follows_is_ignored(answer: bytes) -> None:
    """Something else than Kafka listens there: no memory is taken for what it seems to announce."""
    receiver = make()
    receive(receiver, sent(b"first") + answer + sent(b"second") * 9_000)
    assert await receiver.next() == b"first"
    with pytest.raises(ConnectionError, match="no Kafka broker"):
        await receiver.next()


def test_memory_is_lent_again_when_nobody_looks_at_it_any_more() -> None:
    """As long as there is a view of any part of it, the next response gets other memory."""
    memory = Memory()
    first = memory.lend(SCRATCH)
    first[:4] = b"kept"
    part = first[:4]
    del first
    second = memory.lend(SCRATCH)
    second[:4] = b"else"
    assert bytes(part) == b"kept"
    held = part.obj
    del part
    assert memory.lend(100).obj is held


def test_a_response_that_needs_more_gets_more() -> None:
    """Memory that is free and too small is left alone."""
    memory = Memory()
    assert len(memory.lend(SCRATCH)) == SCRATCH
    assert len(memory.lend(5_000_000)) == 5_000_000


def test_little_memory_is_kept() -> None:
    """So many pieces, and none for a response that is larger than any usual one."""
    memory = Memory()
    lent = [memory.lend(SCRATCH) for _ in range(KEPT + 2)]
    kept = {id(view.obj) for view in lent[2:]}
    lent.clear()
    again = [memory.lend(SCRATCH) for _ in range(KEPT)]
    assert {id(view.obj) for view in again} == kept
    again.clear()
    huge = memory.lend(LARGEST_KEPT + 1)
    known = id(huge.obj)
    other = memory.lend(LARGEST_KEPT + 1)
    assert id(other.obj) != known
    del huge, other
    assert id(memory.lend(SCRATCH).obj) in kept


def test_records_are_views_and_all_else_is_bytes() -> None:
    """Names and numbers are decoded by methods that only bytes have."""
    reader = Reader(memoryview(bytearray(b"name" + b"r" * MANY)))
    name, records = reader.read(4), reader.read(MANY)
    assert type(name) is bytes
    assert type(records) is memoryview
    assert (name, bytes(records), reader.read(1)) == (b"name", b"r" * MANY, b"")


class Broker:
    """Answers whatever it is asked with the responses it was given, each with the asked correlation id."""

    def __init__(self, *responses: bytes, shift: int = 0) -> None:
        self._responses = list(responses)
        self._shift = shift

    async def __call__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for response in self._responses:
            size = int.from_bytes(await reader.readexactly(4))
            asked = await reader.readexactly(size)
            correlation = int.from_bytes(asked[4:8]) + (self._shift if response is self._responses[-1] else 0)
            writer.write(sent(correlation.to_bytes(4) + response))
        await writer.drain()
        writer.close()


def versions() -> bytes:
    """Say that fetches of version 4 are understood."""
    return bytes(ApiVersionRequest_v0.RESPONSE_TYPE(0, [(1, 4, 4), (18, 0, 0)]).encode())


def fetched(records: bytes) -> bytes:
    """Answer a fetch with so many bytes of records."""
    return bytes(FetchResponse_v4(0, [("runs", [(0, 0, 9, 9, [(7, 3)], records)])]).encode())


async def ask(broker: Broker, *, tls: bool = False) -> tuple[object, Connection]:
    """Connect and fetch."""
    own = trusting = None
    if tls:
        authority = trustme.CA()
        own, trusting = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH), ssl.create_default_context()
        authority.issue_cert("127.0.0.1").configure_cert(own)
        authority.configure_trust(trusting)
    server = await asyncio.start_server(broker, "127.0.0.1", 0, ssl=own)
    async with server:
        host, port = server.sockets[0].getsockname()
        connection = await conn.create_conn(
            host,
            port,
            request_timeout_ms=5_000,
            ssl_context=trusting,
            security_protocol="SSL" if tls else "PLAINTEXT",
        )
        try:
            answer = await connection.send(FetchRequest(500, 1, 1_000, 1, [("runs", [(0, 0, 1_000)])]))
        finally:
            connection.close()
    return answer, connection


@pytest.fixture
def _installed(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AIOKafkaProtocol", "AIOKafkaConnection"):
        monkeypatch.setattr(conn, name, getattr(conn, name))
    install()


@pytest.mark.usefixtures("_installed")
@pytest.mark.parametrize("tls", [False, True])
@pytest.mark.parametrize("size", [0, 10, SCRATCH, MANY, 2_000_000])
async def test_a_fetch_is_answered_over_a_real_socket(size: int, tls: bool) -> None:
    """Small ones go aiokafka's way, large ones stay where they were received."""
    records = b"r" * size
    answer, connection = await ask(Broker(versions(), fetched(records)), tls=tls)
    assert type(connection) is Connection
    assert isinstance(answer, FetchResponse_v4)
    [(topic, [(*head, found)])] = answer.topics
    assert (topic, head, bytes(found)) == ("runs", [0, 0, 9, 9, [(7, 3)]], records)
    assert isinstance(found, memoryview) == (size > SCRATCH)


@pytest.mark.usefixtures("_installed")
@pytest.mark.parametrize("size", [10, MANY])
async def test_an_answer_to_another_question_ends_the_connection(size: int) -> None:
    """What follows would be taken for something else."""
    with pytest.raises(Exception, match="Correlation ids do not match"):
        await ask(Broker(versions(), fetched(b"r" * size), shift=1))


@pytest.mark.usefixtures("_installed")
async def test_a_broker_that_goes_away_is_told_to_who_asked() -> None:
    """And not after the request has timed out."""
    with pytest.raises(conn.Errors.KafkaConnectionError, match="closed"):
        await asyncio.wait_for(ask(Broker(versions())), 4)
