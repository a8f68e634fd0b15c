"""Find out whether a notification could be stored now."""

import asyncio
import time
from collections.abc import Callable, Collection
from typing import Final

from confluent_kafka import KafkaException

_FRESH_S: Final = 1.0
"""How long an answer counts, so that many probes cost one question."""

Topics = Callable[[float], Collection[str]]
"""Ask Kafka for its topics within so many seconds; raise ``KafkaException`` if it does not answer."""


class Readiness:
    """Ask Kafka for the raw topic, in bounded time and one question at a time."""

    def __init__(self, topics: Topics, topic: str, timeout_s: float) -> None:
        self._topics = topics
        self._topic = topic
        self._timeout_s = timeout_s
        self._lock = asyncio.Lock()
        self._asked_at = -_FRESH_S
        self._reason: str | None = None

    async def why_not(self) -> str | None:
        """Return why a notification could not be stored, ``None`` if it could."""
        async with self._lock:
            if time.monotonic() - self._asked_at >= _FRESH_S:
                self._reason = await asyncio.to_thread(self._ask)
                self._asked_at = time.monotonic()
            return self._reason

    def _ask(self) -> str | None:
        try:
            known = self._topics(self._timeout_s)
        except KafkaException as error:
            return f"Kafka is unreachable ({error.args[0].str()})"
        if self._topic not in known:
            return f"the topic {self._topic} is missing; create it with: flowrun topics create"
        return None
