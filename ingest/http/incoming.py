"""Hold a request while it comes in, and keep the load's books about it."""

from collections.abc import Callable

from ingest import body, errors
from ingest.http.message import Request
from ingest.load import Load

Admit = Callable[[Request], None]
"""Judge a request by its head; raise :class:`ingest.errors.RequestRefused`."""


class Incoming:
    """Hold a request as it comes in.

    Invariant: what is admitted, and the ``size`` of what is kept of its body, is counted in the load until it is
    released or refused.
    """

    __slots__ = (
        "_expects_continue",
        "_is_admitted",
        "_is_begun",
        "_load",
        "_parts",
        "is_complete",
        "keeps_connection",
        "refusal",
        "request",
        "size",
    )

    def __init__(self, request: Request, load: Load) -> None:
        self.request = request
        expected = request.headers.get("expect")
        self._expects_continue = (
            expected is not None and expected.lower() == "100-continue" and request.version != "1.0"
        )
        self._load = load
        self._parts: list[bytes] = []
        self.size = 0
        self.refusal: errors.RequestRefused | None = None
        self.is_complete = False
        self.keeps_connection = False
        self._is_admitted = False
        self._is_begun = False

    def admit(self, judge: Admit) -> None:
        """Have it judged by its head, and count it as in flight."""
        try:
            judge(self.request)
            self._load.enter()
            self._is_admitted = True
        except errors.RequestRefused as error:
            self.refusal = error

    def add(self, part: bytes, limit: int) -> None:
        """Take a part of the body, unless the request is refused already."""
        if self.refusal is not None:
            return
        try:
            body.check_length(self.size + len(part), limit)
            self._load.hold(len(part))
        except errors.RequestRefused as error:
            self.refuse(error)
            return
        self.size += len(part)
        self._parts.append(part)

    def complete(self, keeps_connection: bool) -> None:
        """Note that all of it has come."""
        self.is_complete = True
        self.keeps_connection = keeps_connection
        parts, self._parts = self._parts, []
        self.request.body = parts[0] if len(parts) == 1 else b"".join(parts)

    def begin(self) -> None:
        """Count it as being answered; if there are too many of these, refuse it."""
        try:
            self._load.begin()
            self._is_begun = True
        except errors.Overloaded as error:
            self.refuse(error)

    def wants_continue(self) -> bool:
        """Tell, once, whether the sender waits to be told to go on (RFC 9110, 10.1.1)."""
        wants, self._expects_continue = self._expects_continue and not self.size, False
        return wants

    def refuse(self, error: errors.RequestRefused) -> None:
        """Refuse it, and keep nothing of its body."""
        self.refusal = error
        self.release()

    def release(self) -> None:
        """Count it in flight no more. Calling it again changes nothing."""
        if self._is_admitted:
            self._is_admitted = False
            self._load.leave()
        if self._is_begun:
            self._is_begun = False
            self._load.end()
        self._load.release(self.size)
        self.size = 0
        self._parts.clear()
