"""Read the body of a request, and inflate it, both within a limit."""

import zlib
from typing import Final, Protocol

from aiohttp.http_exceptions import PayloadEncodingError
from aiohttp.web_protocol import RequestPayloadError

from ingest.errors import BodyBroken, BodyTooLarge, CodingUnknown

LIMIT_BYTES: Final = 4 * 1024 * 1024
"""The largest body, before and after inflation; Kafka's topic leaves room for its headers beside it."""

_STEP_BYTES: Final = 256 * 1024
_GZIP_WINDOW: Final = 16 + zlib.MAX_WBITS
_GZIP: Final = ("gzip", "x-gzip")
_DEFLATE: Final = "deflate"
_IDENTITY: Final = "identity"


class BodyIncomplete(Exception):
    """The sender ended its side of the connection before the end of the body."""


class Stream(Protocol):
    """Yield a body as it arrives."""

    async def readany(self) -> bytes:
        """Return what has arrived, at least one byte; nothing at the end."""


async def read(stream: Stream, declared_bytes: int | None, limit: int = LIMIT_BYTES) -> bytes:
    """Read a body to its end.

    Raises:
        BodyTooLarge: it says that it is larger than the limit, or it is.
        BodyBroken: it ends before its declared length, or its chunks are malformed.
        ConnectionError: the sender has left.
    """
    if declared_bytes is not None and declared_bytes > limit:
        raise _too_large(limit)
    parts: list[bytes] = []
    left = limit
    try:
        while part := await stream.readany():
            left -= len(part)
            if left < 0:
                raise _too_large(limit)
            parts.append(part)
    except (RequestPayloadError, PayloadEncodingError, BodyIncomplete) as error:
        raise BodyBroken("The body does not have the length or the chunks that its headers announce.") from error
    return parts[0] if len(parts) == 1 else b"".join(parts)


def codings(content_encoding: str) -> list[str]:
    """Return the codings of a ``Content-Encoding`` header in the order in which they were applied.

    Raises:
        CodingUnknown: one of them is not understood.
    """
    named = [word.strip().lower() for word in content_encoding.split(",")]
    wanted = [word for word in named if word and word != _IDENTITY]
    for word in wanted:
        if word not in _GZIP and word != _DEFLATE:
            raise CodingUnknown("Send the body plain, or compressed with gzip or deflate.")
    if len(wanted) > 1:
        raise CodingUnknown("Compress the body once.")
    return wanted


def inflate(body: bytes, coding: str, limit: int = LIMIT_BYTES) -> bytes:
    """Undo ``gzip`` (of one or more members) or ``deflate`` (zlib's format, or bare as some senders do).

    Stops as soon as the result passes the limit, so a small body cannot become a large one in memory.

    Raises:
        BodyTooLarge: the result is larger than the limit.
        BodyBroken: it is not of that format, ends early, or something follows its end.
    """
    try:
        return _members(body, limit) if coding in _GZIP else _deflated(body, limit)
    except zlib.error as error:
        raise BodyBroken(f"The body is not valid {coding}.") from error


def _members(body: bytes, limit: int) -> bytes:
    result = b""
    while True:
        part, body = _one_stream(body, _GZIP_WINDOW, limit - len(result))
        result = result + part if result else part
        if not body:
            return result


def _deflated(body: bytes, limit: int) -> bytes:
    try:
        result, rest = _one_stream(body, zlib.MAX_WBITS, limit)
    except zlib.error:
        result, rest = _one_stream(body, -zlib.MAX_WBITS, limit)
    if rest:
        raise BodyBroken("Something follows the end of the compressed body.")
    return result


def _one_stream(body: bytes, window: int, limit: int) -> tuple[bytes, bytes]:
    """Inflate one compressed stream step by step; return it and what follows it."""
    stream = zlib.decompressobj(window)
    parts: list[bytes] = []
    produced = 0
    rest = body
    while not stream.eof:
        part = stream.decompress(rest, _STEP_BYTES)
        produced += len(part)
        if produced > limit:
            raise _too_large(limit)
        parts.append(part)
        rest = stream.unconsumed_tail
        if not part and not rest and not stream.eof:
            raise BodyBroken("The compressed body ends early.")
    return b"".join(parts), stream.unused_data


def _too_large(limit: int) -> BodyTooLarge:
    return BodyTooLarge(f"A body may have {limit} bytes, before and after inflation.")
