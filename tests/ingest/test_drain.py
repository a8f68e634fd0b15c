"""Test that stopping loses nothing that was acknowledged, and answers what is in flight."""

import asyncio
import signal
import socket
import time
from pathlib import Path

import aiohttp

from broker.embedded import EmbeddedBroker
from tests.ingest.process import AUTHORIZED, PATIENCE_S, TOKEN, Running, running, until

SENDERS = 12
ENOUGH = 400


class Load:
    """Post notifications with ids of their own until the server has gone."""

    def __init__(self, url: str) -> None:
        self._url = url
        self.sent = 0
        self.acknowledged: list[str] = []
        self.statuses: set[int] = set()

    async def has_begun(self) -> bool:
        """Tell whether the server is busy with it."""
        return len(self.acknowledged) >= ENOUGH

    async def post_until_refused(self, session: aiohttp.ClientSession) -> None:
        """Post one after the other; the first connection that is refused ends it."""
        while True:
            self.sent += 1
            event_id = f"load-{self.sent}"
            body = f'[{{"event_id":"{event_id}"}},{{"event_id":"{event_id}-b"}}]'
            try:
                async with session.post(self._url, data=body) as answer:
                    self.statuses.add(answer.status)
                    if answer.status == 202:
                        self.acknowledged += [event_id, f"{event_id}-b"]
            except aiohttp.ClientConnectorError:
                return
            except aiohttp.ClientError:  # a kept connection that was closed as we wrote: nothing was claimed
                continue


async def acknowledged_while(run: Running, number: signal.Signals) -> Load:
    """Post from many connections, send a signal in the middle, and return when nobody listens any more."""
    load = Load(run.url)
    async with aiohttp.ClientSession(headers=AUTHORIZED) as session, asyncio.timeout(PATIENCE_S):
        senders = [asyncio.create_task(load.post_until_refused(session)) for _ in range(SENDERS)]
        await until(load.has_begun)
        run.service.send(number)
        await asyncio.gather(*senders)
    return load


def wait_ended(run: Running) -> int | None:
    """Return the exit code of a process that is ending."""
    deadline = time.monotonic() + PATIENCE_S
    while run.service.exit_code is None and time.monotonic() < deadline:
        time.sleep(0.01)
    return run.service.exit_code


async def test_sigterm_under_load_loses_nothing_acknowledged(tmp_path: Path) -> None:
    """Every notification that got 202 is on the topic, once; the process ends with 0."""
    with EmbeddedBroker() as broker, running(broker, tmp_path / "log") as run:
        load = await acknowledged_while(run, signal.SIGTERM)
        assert wait_ended(run) == 0
        keys = [(message.key() or b"").decode() for message in run.records()]
        assert sorted(set(load.acknowledged) - set(keys)) == []
        assert len(keys) == len(set(keys))
        assert load.statuses <= {202, 503}


async def test_sigkill_under_load_loses_nothing_acknowledged(tmp_path: Path) -> None:
    """A 202 is worth something even when the process is killed at once."""
    with EmbeddedBroker() as broker, running(broker, tmp_path / "log") as run:
        load = await acknowledged_while(run, signal.SIGKILL)
        keys = {(message.key() or b"").decode() for message in run.records()}
        assert sorted(set(load.acknowledged) - keys) == []


async def post_until_told_to_close(session: aiohttp.ClientSession, url: str, pause_s: float) -> list[int]:
    """Post on one kept connection, pausing between requests; return the statuses up to ``Connection: close``."""
    statuses: list[int] = []
    while True:
        async with session.post(url, data=b"{}") as answer:
            statuses.append(answer.status)
            if answer.headers.get("Connection") == "close":
                return statuses
        await asyncio.sleep(pause_s)


async def test_sigterm_cuts_no_kept_connection_off(tmp_path: Path) -> None:
    """Senders that pause between requests get an answer that says close, not a closed connection."""
    with EmbeddedBroker() as broker, running(broker, tmp_path / "log") as run:
        sessions = [aiohttp.ClientSession(headers=AUTHORIZED) for _ in range(SENDERS)]
        posting = [asyncio.create_task(post_until_told_to_close(each, run.url, pause_s=0.02)) for each in sessions]
        await asyncio.to_thread(wait_for_accepted, run, SENDERS * 5)
        run.service.send(signal.SIGTERM)
        ends = [(await each)[-1] for each in posting]
        for session in sessions:
            await session.close()
        assert set(ends) <= {202, 503}
        assert wait_ended(run) == 0


def wait_for_accepted(run: Running, count: int) -> None:
    """Wait until so many requests were accepted."""
    deadline = time.monotonic() + PATIENCE_S
    while run.service.figure("flowrun_ingest_requests_total", 'outcome="accepted"') < count:
        assert time.monotonic() < deadline, "the senders did not begin"


def test_a_request_in_flight_is_answered_and_its_connection_closed(tmp_path: Path) -> None:
    """A body that is still coming at SIGTERM is taken, answered with Connection: close; new connections are refused."""
    head = f"POST /webhooks/adobe HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {TOKEN}\r\nContent-Length: 19\r\n\r\n"
    with EmbeddedBroker() as broker, running(broker, tmp_path / "log") as run:
        address = ("127.0.0.1", run.port)
        with socket.create_connection(address, timeout=PATIENCE_S) as connection:
            connection.sendall(head.encode() + b'{"event_id"')
            wait_for_in_flight(run)
            run.service.send(signal.SIGTERM)
            wait_refused(address)
            connection.sendall(b':"late"}')
            answer = b""
            while part := connection.recv(65_536):
                answer += part
        assert answer.startswith(b"HTTP/1.1 202 ")
        assert b"connection: close" in answer.lower()
        assert wait_ended(run) == 0
        assert [message.key() for message in run.records()] == [b"late"]


def wait_for_in_flight(run: Running) -> None:
    """Wait until the server has begun with a request."""
    deadline = time.monotonic() + PATIENCE_S
    while not run.service.figure("flowrun_ingest_in_flight_requests"):
        assert time.monotonic() < deadline, "the request did not begin"


def wait_refused(address: tuple[str, int]) -> None:
    """Wait until nobody accepts connections at an address."""
    deadline = time.monotonic() + PATIENCE_S
    while time.monotonic() < deadline:
        try:
            socket.create_connection(address, timeout=1).close()
        except ConnectionError:
            return
    raise AssertionError("connections are still accepted")
