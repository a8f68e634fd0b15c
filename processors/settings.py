"""Settle what a processors process needs to know, once, at its start."""

from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

from broker.connection import Connection, connection
from schemas.settings import Address, Values
from schemas.topics import DAY_MS, Topics, declare

AgentName = Literal["normalize", "watch"]
AGENTS: Final[tuple[AgentName, ...]] = ("normalize", "watch")
DEFAULT_MANAGEMENT: Final = Address("127.0.0.1", 9401)


@dataclass(frozen=True, slots=True)
class ProcessSettings:
    """Hold the settings of a processors process."""

    connection: Connection
    topics: Topics
    app_id: str
    """Prefix of the consumer group and the transactional ids."""
    dedupe_ms: int
    """How far back a notification is known again."""
    rules: Path | None
    """The rules file; ``None`` means the built-in rules."""
    management: Address


def process_settings(values: Values) -> ProcessSettings:
    """Pick the settings of a processors process, noting mistakes in ``values``; call ``values.done()`` after it."""
    dedupe_ms = values.get("FLOWRUN_DEDUPE", int) or 7 * DAY_MS
    return ProcessSettings(
        connection=connection(values),
        topics=declare(
            values.get("FLOWRUN_TOPIC_PREFIX", str) or "",
            values.get("FLOWRUN_PARTITIONS", int) or 1,
            dedupe_ms=dedupe_ms,
        ),
        app_id=values.get("FLOWRUN_APP_ID", str) or "",
        dedupe_ms=dedupe_ms,
        rules=values.get("FLOWRUN_RULES", Path),
        management=values.get("FLOWRUN_MANAGEMENT_LISTEN", Address) or DEFAULT_MANAGEMENT,
    )
