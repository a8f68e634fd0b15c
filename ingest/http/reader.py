"""Read requests out of the bytes of one connection, refusing early what can be refused early."""

import logging
from collections import deque
from collections.abc import Callable
from typing import Final

import httptools

from ingest import errors
from ingest.http.incoming import Admit, Incoming
from ingest.http.message import Request
from ingest.limits import Limits
from ingest.load import Load

log = logging.getLogger("flowrun.ingest.http")

_CHUNK_BYTES: Final = 6
"""What the framing of a chunk of one byte costs on the wire, at most (without extensions, which nobody needs)."""
_FRAMING_BYTES: Final = 64 * 1024
"""What framing may cost in any case: chunk extensions and trailers."""


class Reader:
    """Parse. ``current`` is the request that is being read, ``ready`` those that are complete, in order."""

    def __init__(self, limits: Limits, admit: Admit, load: Load, now: Callable[[], float]) -> None:
        self._limits = limits
        self._admit = admit
        self._load = load
        self._now = now
        self._parser = httptools.HttpRequestParser(self)
        self._target: bytes = b""
        self._headers: dict[str, str] = {}
        self._head_bytes = 0
        self._fed_bytes = 0
        """What has come since the head, or the body, of the present request began; at most one read too little."""
        self._new_bytes = 0
        """What has just come and belongs to no earlier request."""
        self._began = 0.0
        self._is_in_head = False
        self._refusal: errors.RequestRefused | None = None
        self.current: Incoming | None = None
        self.ready: deque[Incoming] = deque()
        self.is_ended = False
        """Whether nothing more is read from this connection, because the sender wants another protocol."""

    @property
    def began(self) -> float | None:
        """When the first byte of the request came that is being read, ``None`` between requests."""
        return self._began if self._is_in_head or self.current is not None else None

    @property
    def is_in_head(self) -> bool:
        """Whether the head of a request has begun to come and has not ended."""
        return self._is_in_head

    def feed(self, data: bytes) -> None:
        """Take bytes as they came.

        Raises:
            RequestMalformed: they are no HTTP/1 request, or their framing is out of all proportion.
            HeadTooLarge: the request line and headers are.
            Broken: we made a mistake; a 4xx would have the sender drop what may be right.
        """
        self._fed_bytes += len(data)
        self._new_bytes = len(data)
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserUpgrade:
            self.is_ended = True  # answered as if it had not been asked for, which RFC 9110, 7.8 allows
        except httptools.HttpParserCallbackError as error:
            raise self._refusal or _broken() from error
        except httptools.HttpParserError as error:
            raise _malformed() from error
        self._check_framing()

    def on_message_begin(self) -> None:
        """Begin a request."""
        self._target = b""
        self._headers = {}
        self._head_bytes = 0
        self._fed_bytes, self._new_bytes = self._new_bytes, 0
        self._began = self._now()
        self._is_in_head = True

    def on_url(self, part: bytes) -> None:
        """Take a part of the target."""
        self._target += part
        self._count_head(len(part))

    def on_header(self, name: bytes, value: bytes) -> None:
        """Take one header; what follows the body (trailers) is ignored."""
        if not self._is_in_head:
            return
        self._count_head(len(name) + len(value) + 4)
        headers = self._headers
        word = name.decode("latin-1").lower()
        text = value.decode("utf-8", "surrogateescape")
        headers[word] = f"{headers[word]}, {text}" if word in headers else text

    def on_headers_complete(self) -> None:
        """Judge the request by its head."""
        self._is_in_head = False
        self._fed_bytes = 0
        method = self._parser.get_method().decode("latin-1")
        target = self._target.decode("utf-8", "surrogateescape")
        request = Request(method, target, self._headers, self._parser.get_http_version(), self._began)
        self.current = Incoming(request, self._load)
        self.current.admit(self._admit)

    def on_body(self, part: bytes) -> None:
        """Take a part of the body."""
        if self.current is not None:
            self.current.add(part, self._limits.body_bytes)

    def on_message_complete(self) -> None:
        """End the request."""
        incoming, self.current = self.current, None
        if incoming is not None:
            incoming.complete(self._parser.should_keep_alive())
            self.ready.append(incoming)

    def drop(self) -> None:
        """Let go of everything that was read and not answered."""
        for incoming in (*self.ready, *([self.current] if self.current is not None else [])):
            incoming.release()
        self.ready.clear()
        self.current = None

    def _count_head(self, count: int) -> None:
        self._head_bytes += count
        if self._head_bytes > self._limits.head_bytes:
            self._refusal = _head_too_large(self._limits.head_bytes)
            raise self._refusal

    def _check_framing(self) -> None:
        """Bound what httptools holds for us: a header or trailer is given to us only when it is complete."""
        if self._is_in_head:
            if self._fed_bytes > self._limits.head_bytes:
                raise _head_too_large(self._limits.head_bytes)
        elif self.current is not None and self.current.refusal is None:
            size = self.current.size
            if self._fed_bytes > min(size * _CHUNK_BYTES, size + self._limits.body_bytes) + _FRAMING_BYTES:
                raise _malformed()


def _broken() -> errors.Broken:
    log.exception("a request could not be read")
    return errors.Broken("This is our mistake; the log of the server has it.")


def _malformed() -> errors.RequestMalformed:
    return errors.RequestMalformed("This is no HTTP request that can be read here.")


def _head_too_large(limit: int) -> errors.HeadTooLarge:
    return errors.HeadTooLarge(f"The request line and headers may have {limit} bytes together.")
