"""Hold Adobe's public keys for a day: one fetch for all who wait, and nothing kept that is no key."""

import asyncio
import logging
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from typing import Final, NamedTuple

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

from ingest.adobe.key_server import FetchFailed
from ingest.errors import KeyUnavailable
from ingest.metrics import Statistics

log = logging.getLogger("flowrun.ingest.adobe")

KEEP_S: Final = 24 * 3600.0
"""Adobe's own bound (DOMAIN.md 2.1): a key that was withdrawn is trusted no longer."""
RETRY_S: Final = 5.0
"""How long a failed fetch is not repeated, so that a flood of requests does not become one of fetches."""
MAX_KEYS: Final = 16
"""Adobe uses two or four at a time. Prevents memory from growing with paths that a stranger makes up."""
MAX_FETCHES: Final = 8
"""At the same time. Prevents strangers' made-up paths from becoming as many requests to Adobe."""
MAX_FAILURES: Final = 256

Fetch = Callable[[str], Awaitable[RSAPublicKey]]
"""Fetch the key at a path; raise :class:`FetchFailed`."""


class Held(NamedTuple):
    """Hold a key and the time of the clock at which it must be fetched again."""

    key: RSAPublicKey
    until: float


class Keys:
    """Find the key of a path.

    Invariants: ``_held`` has at most MAX_KEYS keys, the least recently used first; ``_fetches`` has one task for each
    path that is being fetched, MAX_FETCHES at most; ``_failed`` says until when a path is not tried again.
    """

    def __init__(self, fetch: Fetch, statistics: Statistics, clock: Callable[[], float]) -> None:
        self._fetch = fetch
        self._statistics = statistics
        self._clock = clock
        self._held: OrderedDict[str, Held] = OrderedDict()
        self._fetches: dict[str, asyncio.Task[RSAPublicKey]] = {}
        self._failed: OrderedDict[str, float] = OrderedDict()

    def held(self, path: str) -> RSAPublicKey | None:
        """Return the key of a path if it is held and not too old."""
        held = self._held.get(path)
        if held is None or self._clock() >= held.until:
            return None
        self._held.move_to_end(path)
        return held.key

    async def find(self, path: str) -> RSAPublicKey:
        """Return the key of a path, fetching it if need be.

        Raises:
            KeyUnavailable: it could not be had now.
        """
        key = self.held(path)
        if key is not None:
            return key
        if self._clock() < self._failed.get(path, 0.0):
            raise _unavailable()
        try:
            # Shielded: a sender that leaves must not end the fetch that others wait for.
            return await asyncio.shield(self._fetching(path))
        except FetchFailed:
            raise _unavailable() from None

    async def close(self) -> None:
        """End the fetches that are under way."""
        for task in self._fetches.values():
            task.cancel()
        await asyncio.gather(*self._fetches.values(), return_exceptions=True)

    def _fetching(self, path: str) -> "asyncio.Task[RSAPublicKey]":
        task = self._fetches.get(path)
        if task is None:
            if len(self._fetches) >= MAX_FETCHES:
                self._statistics.key_fetches.add("too-many")
                raise _unavailable()
            task = asyncio.get_running_loop().create_task(self._fetch_and_hold(path))
            self._fetches[path] = task
            task.add_done_callback(lambda _: self._end(path))
        return task

    def _end(self, path: str) -> None:
        task = self._fetches.pop(path)
        if not task.cancelled():
            task.exception()  # seen, also when everyone who waited has left

    async def _fetch_and_hold(self, path: str) -> RSAPublicKey:
        try:
            key = await self._fetch(path)
        except FetchFailed as error:
            self._statistics.key_fetches.add(error.result)
            log.warning("a signing key could not be had", extra={"key_path": path, "reason": error.reason})
            self._failed[path] = self._clock() + RETRY_S
            _trim(self._failed, MAX_FAILURES)
            raise
        self._statistics.key_fetches.add("fetched")
        log.info("a signing key was fetched", extra={"key_path": path})
        self._held[path] = Held(key, self._clock() + KEEP_S)
        self._held.move_to_end(path)
        _trim(self._held, MAX_KEYS)
        self._failed.pop(path, None)
        return key


def _trim(entries: "OrderedDict[str, Held] | OrderedDict[str, float]", most: int) -> None:
    while len(entries) > most:
        entries.popitem(last=False)


def _unavailable() -> KeyUnavailable:
    return KeyUnavailable("The key of the signature could not be had; send it again.")
