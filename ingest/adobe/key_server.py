"""Fetch public keys from where Adobe serves them, trusting nothing but a key."""

import asyncio
from collections.abc import Callable
from typing import Final

import aiohttp
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.serialization import load_pem_public_key
from yarl import URL

from ingest.metrics.names import KeyFetch

TIMEOUT_S: Final = 2.5
"""For a whole fetch. Two of them, one after the other, must fit into the deadline of a request."""
_MAX_BYTES: Final = 16 * 1024
"""Of an answer; a key of 8192 bits has 1.5 KB."""
_BITS: Final = range(2048, 8193)
"""Of a key. A shorter one can be broken, a longer one makes each verification slow."""


class FetchFailed(Exception):
    """A key could not be had. The message says why, for the log."""

    def __init__(self, result: KeyFetch, reason: str) -> None:
        self.result = result
        self.reason = reason
        super().__init__(reason)


class KeyServer:
    """Ask one origin for keys by path. Never follows a redirect, so a key never comes from another host."""

    def __init__(
        self, origin: str, timeout_s: float = TIMEOUT_S, session: Callable[[], aiohttp.ClientSession] | None = None
    ) -> None:
        """Take the origin, such as ``https://static.adobeioevents.com``; nothing is connected yet."""
        self._origin = URL(origin)
        self._timeout_s = timeout_s
        self._make_session = session or _session
        self._session: aiohttp.ClientSession | None = None

    async def fetch(self, path: str) -> RSAPublicKey:
        """Fetch the key at an allowed path (see :func:`ingest.adobe.signature.is_key_path`).

        Raises:
            FetchFailed: there was no answer in time, another status than 200, or something that is no RSA key in PEM.
        """
        try:
            async with asyncio.timeout(self._timeout_s):
                return read_key(await self._get(self._url(path)))
        except (aiohttp.ClientError, OSError) as error:  # a TimeoutError is an OSError
            raise FetchFailed("unreachable", type(error).__name__) from error

    async def close(self) -> None:
        """Close the connections."""
        if self._session is not None:
            await self._session.close()

    def _url(self, path: str) -> URL:
        url = URL(f"{self._origin.origin()}{path}", encoded=True)
        if url.origin() != self._origin.origin():  # the path's pattern rules it out; a second look costs nothing
            raise FetchFailed("refused", "the path leads to another host")
        return url

    async def _get(self, url: URL) -> bytes:
        if self._session is None:
            self._session = self._make_session()
        async with self._session.get(url, allow_redirects=False) as answer:
            if answer.status != 200:
                raise FetchFailed("refused", f"status {answer.status}")
            pem = bytearray()
            async for part in answer.content.iter_any():
                pem += part
                if len(pem) > _MAX_BYTES:
                    raise FetchFailed("no-key", f"more than {_MAX_BYTES} bytes")
            return bytes(pem)


def read_key(pem: bytes) -> RSAPublicKey:
    """Read a public key in PEM (SubjectPublicKeyInfo).

    Raises:
        FetchFailed: it is none, or no RSA key of a usual size.
    """
    try:
        key = load_pem_public_key(pem)
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise FetchFailed("no-key", "no public key in PEM") from error
    if not isinstance(key, RSAPublicKey) or key.key_size not in _BITS:
        raise FetchFailed("no-key", "no RSA key of 2048 to 8192 bits")
    return key


def _session() -> aiohttp.ClientSession:
    # A key server sets no cookies that we want, and says nothing that is worth inflating.
    return aiohttp.ClientSession(
        cookie_jar=aiohttp.DummyCookieJar(), headers={"Accept-Encoding": "identity", "User-Agent": "flowrun"}
    )
