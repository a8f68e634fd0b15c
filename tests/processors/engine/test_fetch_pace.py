"""Requests for records to one broker keep their distance."""

import asyncio
import time
from itertools import pairwise
from typing import Any

import pytest
from aiokafka.consumer import consumer, fetcher

from processors.engine import fetch_pace

SOON_S = 5.0


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[tuple[int, float]]:
    """Take the place of aiokafka's sending; return where and when it was asked to send."""
    found: list[tuple[int, float]] = []

    async def send(self: Any, assignment: Any, node_id: int, request: Any) -> bool:
        found.append((node_id, time.monotonic()))
        return True

    monkeypatch.setattr(fetcher.Fetcher, "_proc_fetch_request", send)
    return found


def make() -> Any:
    """Make a fetcher without a consumer around it."""
    made = fetch_pace._Fetcher.__new__(fetch_pace._Fetcher)
    made._asked_at = {}
    return made


async def test_requests_to_one_broker_are_apart_and_the_first_is_sent_at_once(
    asked: list[tuple[int, float]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each tells whether it brought anything, as aiokafka's does."""
    monkeypatch.setattr(fetch_pace, "APART_S", 0.2)
    made, started = make(), time.monotonic()
    for _ in range(3):
        assert await made._proc_fetch_request(None, 1, None) is True
    times = [at for _, at in asked]
    assert times[0] - started < 0.2
    # The clock of asyncio's timers may be early by the length of a tick.
    assert all(later - earlier > 0.19 for earlier, later in pairwise(times))


async def test_another_broker_is_asked_at_once(asked: list[tuple[int, float]], monkeypatch: pytest.MonkeyPatch) -> None:
    """The distance is for each broker."""
    monkeypatch.setattr(fetch_pace, "APART_S", 3600.0)
    made = make()
    async with asyncio.timeout(SOON_S):
        await made._proc_fetch_request(None, 1, None)
        await made._proc_fetch_request(None, 2, None)
    assert [node for node, _ in asked] == [1, 2]


async def test_a_request_that_is_cancelled_while_it_waits_is_not_sent(
    asked: list[tuple[int, float]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A rebalance does that, and aiokafka then expects a quiet ``False``."""
    monkeypatch.setattr(fetch_pace, "APART_S", 3600.0)
    made = make()
    await made._proc_fetch_request(None, 1, None)
    second = asyncio.create_task(made._proc_fetch_request(None, 1, None))
    await asyncio.sleep(0)
    second.cancel()
    assert await second is False
    assert len(asked) == 1


def test_consumers_ask_in_this_way(monkeypatch: pytest.MonkeyPatch) -> None:
    """The class that aiokafka's consumer makes its fetcher from is ours."""
    monkeypatch.setattr(consumer, "Fetcher", fetcher.Fetcher)
    fetch_pace.install()
    assert consumer.Fetcher is fetch_pace._Fetcher
