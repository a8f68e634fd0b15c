"""Say what the server asks of the part of the program that it serves."""

from collections.abc import Awaitable
from typing import Protocol

from ingest import errors
from ingest.http.message import Answer, Request


class Application(Protocol):
    """Answer requests."""

    @property
    def is_draining(self) -> bool:
        """Whether every answer is the last of its connection."""

    def admit(self, request: Request) -> None:
        """Judge a request by its head.

        Raises:
            RequestRefused: it gets no further.
        """

    def answer(self, request: Request) -> Awaitable[Answer]:
        """Answer a complete request. Never fails."""

    def refuse(self, request: Request | None, error: errors.RequestRefused) -> Answer:
        """Answer a request that is refused, or cannot be read at all."""

    def note(self, request: Request | None, answer: Answer, *, is_sent: bool) -> None:
        """Count and log a request that has ended."""
