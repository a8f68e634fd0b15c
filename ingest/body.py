"""Judge the size and coding of a body, and inflate it within a limit."""

import zlib
from typing import Final

from ingest.errors import BodyBroken, BodyTooLarge, CodingUnknown

_STEP_BYTES: Final = 256 * 1024
_FEED_BYTES: Final = 4 * 1024
"""How much is given to zlib at once. It copies what follows the end of a gzip member, and a body may hold 200,000."""
_GZIP_WINDOW: Final = 16 + zlib.MAX_WBITS
_GZIP: Final = ("gzip", "x-gzip")
_DEFLATE: Final = "deflate"
_IDENTITY: Final = "identity"


def check_length(size: int, limit: int) -> None:
    """Refuse a body that is, or says itself that it is, too large.

    Raises:
        BodyTooLarge: it is.
    """
    if size > limit:
        raise _too_large(limit)


def coding(content_encoding: str | None) -> str | None:
    """Return the coding that a ``Content-Encoding`` header names, ``None`` for a plain body.

    Raises:
        CodingUnknown: it is not understood, or there are several.
    """
    if not content_encoding:
        return None
    named = [word.strip().lower() for word in content_encoding.split(",")]
    wanted = [word for word in named if word and word != _IDENTITY]
    if not wanted:
        return None
    if len(wanted) > 1 or wanted[0] not in (*_GZIP, _DEFLATE):
        raise CodingUnknown("Send the body plain, or compressed once with gzip or deflate.")
    return wanted[0]


def inflate(body: bytes, coding: str, limit: int) -> bytes:
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
    parts: list[bytes] = []
    size = 0
    rest = memoryview(body)
    while rest or not parts:
        part, rest = _one_stream(rest, _GZIP_WINDOW, limit, before=size)
        parts.append(part)
        size += len(part)
    return b"".join(parts)


def _deflated(body: bytes, limit: int) -> bytes:
    try:
        result, rest = _one_stream(memoryview(body), zlib.MAX_WBITS, limit)
    except zlib.error:
        result, rest = _one_stream(memoryview(body), -zlib.MAX_WBITS, limit)
    if rest:
        raise BodyBroken("Something follows the end of the compressed body.")
    return result


def _one_stream(body: memoryview, window: int, limit: int, before: int = 0) -> tuple[bytes, memoryview]:
    """Inflate one compressed stream step by step; return it and what follows it. ``before`` bytes came out earlier."""
    stream = zlib.decompressobj(window)
    parts: list[bytes] = []
    left = limit - before
    at = 0
    while not stream.eof:
        piece: bytes | memoryview = stream.unconsumed_tail
        if not piece:
            piece = body[at : at + _FEED_BYTES]
            at += len(piece)
        part = stream.decompress(piece, _STEP_BYTES)
        left -= len(part)
        if left < 0:
            raise _too_large(limit)
        parts.append(part)
        if not part and not piece and not stream.eof:
            raise BodyBroken("The compressed body ends early.")
    return b"".join(parts), body[at - len(stream.unused_data) :]


def _too_large(limit: int) -> BodyTooLarge:
    return BodyTooLarge(f"A body may have {limit} bytes, before and after inflation.")
