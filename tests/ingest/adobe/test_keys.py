"""Test that keys are fetched once, kept a day, and nothing else is kept."""

import asyncio

import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

from ingest.adobe.key_server import FetchFailed
from ingest.adobe.keys import KEEP_S, MAX_FETCHES, MAX_KEYS, RETRY_S, Keys
from ingest.errors import KeyUnavailable
from ingest.metrics import Statistics
from tests.ingest.adobe.served import new_key

KEY = new_key().public_key()


class Clock:
    """Stand still until told."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


class Source:
    """Count fetches; fail while ``fails``; wait while ``gate`` is closed."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.fails = False
        self.gate = asyncio.Event()
        self.gate.set()

    async def fetch(self, path: str) -> RSAPublicKey:
        """Answer as the key server would."""
        self.asked.append(path)
        await self.gate.wait()
        if self.fails:
            raise FetchFailed("refused", "status 500")
        return KEY


def made() -> tuple[Keys, Source, Clock, Statistics]:
    """Make keys over a source and a clock that the test moves."""
    source, clock, statistics = Source(), Clock(), Statistics()
    return Keys(source.fetch, statistics, clock), source, clock, statistics


async def test_a_key_is_kept_for_a_day_and_no_longer() -> None:
    """Within 24 hours one fetch does; at 24 hours the next one is due."""
    keys, source, clock, _ = made()
    await keys.find("/a")
    clock.now += KEEP_S - 1
    assert (await keys.find("/a"), len(source.asked)) == (KEY, 1)
    clock.now += 1
    assert keys.held("/a") is None
    assert (await keys.find("/a"), len(source.asked)) == (KEY, 2)
    assert KEEP_S == 24 * 3600


async def test_many_who_wait_share_one_fetch() -> None:
    """A hundred requests that come before the key make one fetch, and all get its key."""
    keys, source, _, statistics = made()
    source.gate.clear()
    waiting = [asyncio.create_task(keys.find("/a")) for _ in range(100)]
    await asyncio.sleep(0)
    source.gate.set()
    assert (await asyncio.gather(*waiting), source.asked) == ([KEY] * 100, ["/a"])
    assert statistics.key_fetches["fetched"] == 1


async def test_a_sender_that_leaves_does_not_end_the_fetch_of_others() -> None:
    """The one whose request began the fetch may go; the others get the key."""
    keys, source, _, _ = made()
    source.gate.clear()
    first, second = asyncio.create_task(keys.find("/a")), asyncio.create_task(keys.find("/a"))
    await asyncio.sleep(0)
    first.cancel()
    source.gate.set()
    assert await second == KEY


async def test_a_failure_is_not_kept_as_a_key_and_not_repeated_at_once() -> None:
    """After a failed fetch the answer is the same for a moment without asking, then it is tried again."""
    keys, source, clock, statistics = made()
    source.fails = True
    for _ in range(3):
        with pytest.raises(KeyUnavailable):
            await keys.find("/a")
    assert (source.asked, statistics.key_fetches["refused"]) == (["/a"], 1)
    source.fails = False
    clock.now += RETRY_S
    assert (await keys.find("/a"), len(source.asked)) == (KEY, 2)


async def test_what_is_kept_is_bounded_and_the_least_used_goes() -> None:
    """Many paths do not make many keys; the one that is in use stays."""
    keys, _, _, _ = made()
    for number in range(MAX_KEYS * 3):
        await keys.find(f"/{number}")
        await keys.find("/0")
    kept = [number for number in range(MAX_KEYS * 3) if keys.held(f"/{number}") is not None]
    assert (len(kept), kept[0]) == (MAX_KEYS, 0)


async def test_fetches_at_a_time_are_bounded() -> None:
    """A flood of made-up paths is not passed on to the key server."""
    keys, source, _, statistics = made()
    source.gate.clear()
    waiting = [asyncio.create_task(keys.find(f"/{number}")) for number in range(MAX_FETCHES * 2)]
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    source.gate.set()
    ended = await asyncio.gather(*waiting, return_exceptions=True)
    assert [type(each) for each in ended].count(KeyUnavailable) == MAX_FETCHES
    assert (len(source.asked), statistics.key_fetches["too-many"]) == (MAX_FETCHES, MAX_FETCHES)


async def test_closing_ends_a_fetch() -> None:
    """Nothing is left running, and who waited is told."""
    keys, source, _, _ = made()
    source.gate.clear()
    waiting = asyncio.create_task(keys.find("/a"))
    await asyncio.sleep(0)
    await keys.close()
    with pytest.raises(asyncio.CancelledError):
        await waiting
