"""Follow the records of one request to their acknowledgement."""

import asyncio

from ingest.errors import DeadlinePassed


class Pending:
    """Follow the records of one request until the broker has answered for each.

    Invariant: ``left`` records have no report yet; ``done`` is settled when it reaches 0, or at the first failure.
    """

    __slots__ = ("acknowledged", "deadline", "done", "is_abandoned", "left")

    def __init__(self, records: int, deadline: float, loop: asyncio.AbstractEventLoop) -> None:
        self.left = records
        self.deadline = deadline
        self.acknowledged = 0
        self.is_abandoned = False
        """Whether the request was answered 503: what is acknowledged now is a possible duplicate."""
        self.done: asyncio.Future[None] = loop.create_future()

    def expire(self) -> None:
        """End the waiting: the deadline has passed."""
        if not self.done.done():
            self.done.set_exception(too_late())


def too_late() -> DeadlinePassed:
    """Make the refusal of a request whose deadline has passed."""
    return DeadlinePassed("It took too long, the outcome is in doubt; send it again.")
