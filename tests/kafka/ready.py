"""Wait until a broker answers, and count what it needed to get there."""

import logging
import time
from typing import Any

from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient

_SILENT = logging.getLogger("tests.kafka.probe")
_SILENT.disabled = True


class BrokerNotReady(Exception):
    """A broker did not come up; the message says which one, how long was waited and where its log is."""


def wait_until_ready(bootstrap_servers: str, timeout_s: float) -> None:
    """Return as soon as the broker answers a metadata request.

    Raises:
        BrokerNotReady: it did not within ``timeout_s``.
    """
    deadline = time.monotonic() + timeout_s
    while time.monotonic() < deadline:
        if answers(bootstrap_servers, timeout_s=1.0):
            return
    raise BrokerNotReady(f"no Kafka broker answered at {bootstrap_servers} within {timeout_s:.0f} s")


def answers(bootstrap_servers: str, timeout_s: float) -> bool:
    """Tell whether a broker answers a metadata request within ``timeout_s``."""
    config: dict[str, Any] = {
        "bootstrap.servers": bootstrap_servers,
        "reconnect.backoff.ms": 50,
        "reconnect.backoff.max.ms": 100,
        "logger": _SILENT,
    }
    try:
        return bool(AdminClient(config).list_topics(timeout=timeout_s).brokers)
    except KafkaException:
        return False
