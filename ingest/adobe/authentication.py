"""Admit what Adobe signed for one of our client ids."""

import asyncio
import hashlib
from collections.abc import Iterable, Mapping, Sequence
from time import monotonic
from typing import Final

from ingest.adobe import recipient
from ingest.adobe.key_server import KeyServer
from ingest.adobe.keys import Keys
from ingest.adobe.signature import Pair, pairs, verifies
from ingest.errors import KeyUnavailable, RecipientUnknown, SignatureInvalid
from ingest.metrics import Statistics
from ingest.metrics.names import SignatureResult

_IN_THREAD_BYTES: Final = 512 * 1024
"""From this size on a body is hashed in a thread: 0.3 ms on the event loop is the most that others should wait."""
_RESULTS: Final[dict[int, SignatureResult]] = {1: "first", 2: "second"}


class AdobeAuthentication:
    """Check signatures over the exact bytes, then the recipient of every notification (DOMAIN.md 2.3)."""

    def __init__(self, key_server: KeyServer, client_ids: Iterable[str], statistics: Statistics) -> None:
        self._key_server = key_server
        self._keys = Keys(key_server.fetch, statistics, monotonic)
        self._client_ids = frozenset(client_ids)
        self._statistics = statistics

    def admit(self, headers: Mapping[str, str]) -> Sequence[Pair]:
        """Look whether one of the two signatures could be right, by the form of its headers.

        Raises:
            SignatureInvalid: neither could.
        """
        given = pairs(headers)
        if not given:
            self._statistics.signatures.add("malformed")
            raise SignatureInvalid("Neither signature of Adobe is there with an allowed key path.")
        return given

    async def verify(self, given: Sequence[Pair], received: bytes) -> None:
        """Check that one of the two signatures is right. Each is tried, whatever became of the other.

        Raises:
            KeyUnavailable: none is, and the key of one could not be had.
            SignatureInvalid: none is.
        """
        digest: bytes | None = None
        unavailable: KeyUnavailable | None = None
        for pair in given:
            try:
                key = self._keys.held(pair.key_path) or await self._keys.find(pair.key_path)
            except KeyUnavailable as error:
                unavailable = error
                continue
            digest = digest or await _sha256(received)  # not before: who names no key shall cost no hashing
            if verifies(key, pair.bytes(), digest):
                self._statistics.signatures.add(_RESULTS[pair.number])
                return
        if unavailable is not None:
            self._statistics.signatures.add("key-unavailable")
            raise unavailable
        self._statistics.signatures.add("invalid")
        raise SignatureInvalid("Neither signature fits the body.")

    def expect(self, notifications: Iterable[bytes]) -> None:
        """Check that every notification is meant for one of our client ids.

        Raises:
            RecipientUnknown: one is not.
        """
        try:
            recipient.expect(notifications, self._client_ids)
        except RecipientUnknown:
            self._statistics.signatures.add("foreign")
            raise

    async def close(self) -> None:
        """End fetches and close connections to the key server."""
        await self._keys.close()
        await self._key_server.close()


async def _sha256(body: bytes) -> bytes:
    if len(body) < _IN_THREAD_BYTES:
        return hashlib.sha256(body).digest()
    return await asyncio.to_thread(lambda: hashlib.sha256(body).digest())
