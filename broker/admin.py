"""Ask a Kafka cluster about itself: in bounded time, without librdkafka's own lines on stderr."""

import logging
import time
from concurrent.futures import Future
from typing import Any, Final

from confluent_kafka import KafkaError, KafkaException
from confluent_kafka.admin import (  # type: ignore[attr-defined]  # exported, but not in the way mypy asks for
    AdminClient,
    ClusterMetadata,
    ConfigEntry,
    ConfigResource,
    NewTopic,
)

from broker.connection import Connection
from broker.errors import BrokerUnreachable, LoginRefused

TIMEOUT_S: Final = 10.0
"""How long a broker may take to answer before it counts as unreachable."""

_SILENT = logging.getLogger("broker.admin.librdkafka")
_SILENT.disabled = True

_LOGIN_ERRORS: Final = (KafkaError._AUTHENTICATION, KafkaError._SSL)
_ASK_AGAIN_AFTER_S: Final = 0.05


class Admin:
    """Hold one admin client. Every request ends by the deadline, which is ``timeout_s`` after the making."""

    def __init__(self, connection: Connection, timeout_s: float = TIMEOUT_S) -> None:
        """Make the client; nothing is sent yet.

        Raises:
            LoginRefused: a certificate or key file is not what it should be.
        """
        self._bootstrap = connection.bootstrap_servers
        self._deadline = time.monotonic() + timeout_s
        self._errors: list[KafkaError] = []
        config: dict[str, Any] = {
            **connection.for_confluent(),
            "logger": _SILENT,
            "error_cb": self._errors.append,
            "reconnect.backoff.max.ms": 500,
        }
        try:
            self._client = AdminClient(config)
        except KafkaException as error:
            raise LoginRefused(self._bootstrap, _words(error.args[0])) from None

    @property
    def left_s(self) -> float:
        """How many seconds are left until the deadline, 0 at least."""
        return max(0.0, self._deadline - time.monotonic())

    def pause(self) -> bool:
        """Wait a moment before asking again. ``False`` when the deadline has passed."""
        time.sleep(min(_ASK_AGAIN_AFTER_S, self.left_s))
        return self.left_s > 0

    def metadata(self, topic: str | None = None) -> ClusterMetadata:
        """Return what the cluster says of itself, of all topics or of one.

        Raises:
            BrokerUnreachable: nobody answered by the deadline.
            LoginRefused: a broker answered and did not let us in.
        """
        while True:
            try:
                return self._client.list_topics(topic, timeout=max(0.1, min(1.0, self.left_s)))
            except KafkaException as error:
                self._raise_if_refused()
                if self.left_s <= 0:
                    raise self._unreachable(error) from None

    def create(self, topics: list[NewTopic]) -> dict[str, KafkaError | None]:
        """Ask for topics; return the broker's objection to each, ``None`` where it has none."""
        futures = self._client.create_topics(topics, request_timeout=self._request_timeout_s())
        return {name: _objection(future) for name, future in futures.items()}

    def configs(self, topics: list[str]) -> dict[str, dict[str, ConfigEntry]]:
        """Return the effective configs of topics that exist, by topic name.

        Raises:
            BrokerUnreachable: nobody answered by the deadline.
        """
        resources = [ConfigResource(ConfigResource.Type.TOPIC, name) for name in topics]
        futures = self._client.describe_configs(resources, request_timeout=self._request_timeout_s())
        try:
            return {resource.name: future.result() for resource, future in futures.items()}
        except KafkaException as error:
            raise self._unreachable(error) from None

    def _request_timeout_s(self) -> float:
        return max(1.0, self.left_s)

    def _raise_if_refused(self) -> None:
        """Look through what librdkafka reported: a refused login does not get better by waiting."""
        self._client.poll(0)
        for error in self._errors:
            if error.code() in _LOGIN_ERRORS:
                raise LoginRefused(self._bootstrap, _words(error)) from None

    def _unreachable(self, error: KafkaException) -> BrokerUnreachable:
        self._client.poll(0)
        telling = [each for each in self._errors if each.code() != KafkaError._ALL_BROKERS_DOWN]
        return BrokerUnreachable(self._bootstrap, _words(telling[-1] if telling else error.args[0]))


def _objection(future: "Future[None]") -> KafkaError | None:
    try:
        future.result()
    except KafkaException as error:
        reason: KafkaError = error.args[0]
        return reason
    return None


def _words(error: KafkaError) -> str:
    """Return librdkafka's words without its prefix of broker address and its suffix of timings."""
    text = error.str().split(" (after ")[0].strip()
    return text.split(": ", 1)[1] if "/bootstrap: " in text else text
