"""Stop waiting for a Kafka that does not answer: after a failure one request at a time finds out whether it does."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

from ingest.errors import KafkaUnavailable

LONGEST_RETRY_S: Final = 60


class Breaker:
    """Let everything pass while Kafka takes records.

    Invariant: while ``_failing_since`` is a time, at most one request is between :meth:`attempt`'s start and end.
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._failing_since: float | None = None
        self._is_probed = False

    @property
    def is_failing(self) -> bool:
        """Whether Kafka did not take the record that was answered last."""
        return self._failing_since is not None

    def succeed(self) -> None:
        """Note that Kafka has taken a record."""
        self._failing_since = None

    def fail(self) -> None:
        """Note that Kafka has not taken a record, for a reason that would hold for any other."""
        if self._failing_since is None:
            self._failing_since = self._clock()

    @contextmanager
    def attempt(self) -> Iterator[None]:
        """Hold the place of the one request that tries, while Kafka fails.

        Raises:
            KafkaUnavailable: Kafka fails, and another request finds out already whether it still does.
        """
        if self._failing_since is None:
            yield
            return
        if self._is_probed:
            raise KafkaUnavailable("Kafka takes nothing at present; send it again.", self._retry_after_s())
        self._is_probed = True
        try:
            yield
        finally:
            self._is_probed = False

    def _retry_after_s(self) -> int:
        """Guess that an outage lasts as long again as it has lasted: whole seconds, 1 to 60."""
        since = self._failing_since
        return 1 if since is None else min(LONGEST_RETRY_S, max(1, round(self._clock() - since)))
