"""Declare every topic as data: name, cleanup, limits. Both the creator and the checker of topics read it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

DAY_MS: Final = 86_400_000
MAX_MESSAGE_BYTES: Final = 5 * 1024 * 1024
"""Room for the largest body that ingest accepts (4 MiB) and its headers."""

DEFAULT_PREFIX: Final = "flowrun."
DEFAULT_PARTITIONS: Final = 6


@dataclass(frozen=True, slots=True)
class Topic:
    """Describe one topic as it must exist on the broker."""

    name: str
    partitions: int
    config: Mapping[str, str] = field(default_factory=dict)
    internal: bool = False


@dataclass(frozen=True, slots=True)
class Topics:
    """Hold all topics of one installation. Field names are the short names that the command line takes."""

    raw: Topic
    runs: Topic
    metrics: Topic
    alerts: Topic
    dead_letters: Topic
    normalize_state: Topic
    watch_state: Topic
    org_incidents: Topic
    org_state: Topic

    def __iter__(self) -> Iterator[Topic]:
        """Yield every topic, inputs before outputs."""
        return (getattr(self, name) for name in self.__slots__)

    def find(self, name: str) -> Topic:
        """Return the topic of a short (``runs``, ``dead-letters``) or full name.

        Raises:
            KeyError: no topic has that name.
        """
        for short in self.__slots__:
            topic: Topic = getattr(self, short)
            if name in (topic.name, short, short.replace("_", "-")):
                return topic
        raise KeyError(name)


def declare(
    prefix: str = DEFAULT_PREFIX, partitions: int = DEFAULT_PARTITIONS, *, dedupe_ms: int = 7 * DAY_MS
) -> Topics:
    """Declare the topics of an installation.

    All have the same number of partitions: the state of an input partition lives in the state topic's partition
    of the same number.
    """

    def topic(short: str, *, internal: bool = False, **config: str) -> Topic:
        return Topic(
            prefix + short, partitions, {key.replace("_", "."): value for key, value in config.items()}, internal
        )

    large = str(MAX_MESSAGE_BYTES)
    return Topics(
        raw=topic("raw", cleanup_policy="delete", retention_ms=str(7 * DAY_MS), max_message_bytes=large),
        runs=topic("runs", cleanup_policy="delete", retention_ms=str(30 * DAY_MS)),
        metrics=topic("metrics", cleanup_policy="compact,delete", retention_ms=str(90 * DAY_MS)),
        alerts=topic("alerts", cleanup_policy="compact"),
        dead_letters=topic(
            "dead-letters", cleanup_policy="delete", retention_ms=str(30 * DAY_MS), max_message_bytes=large
        ),
        normalize_state=topic(
            "normalize-state", internal=True, cleanup_policy="delete", retention_ms=str(dedupe_ms + DAY_MS)
        ),
        watch_state=topic("watch-state", internal=True, cleanup_policy="compact"),
        org_incidents=topic("org-incidents", internal=True, cleanup_policy="delete", retention_ms=str(30 * DAY_MS)),
        org_state=topic("org-state", internal=True, cleanup_policy="compact"),
    )
