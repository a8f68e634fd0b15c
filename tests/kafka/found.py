"""Find a broker for the tests: given, in a container, from Maven, or embedded, in this order."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final, Literal

from broker.embedded import EmbeddedBroker
from tests.kafka.apache import ApacheKafka
from tests.kafka.container import ContainerUnavailable, start_container
from tests.kafka.maven import KafkaUnavailable
from tests.kafka.ready import BrokerNotReady, wait_until_ready

Kind = Literal["given", "container", "maven", "embedded"]
Started = tuple[str, Callable[[], None]]
"""The address of a broker, and how to end it."""

GIVEN: Final = "FLOWRUN_TEST_BOOTSTRAP"
"""The address of a running broker to use instead of starting one."""
ONLY: Final = "FLOWRUN_TEST_KAFKA"
"""``container``, ``maven`` or ``embedded``: try this way only."""
GIVEN_TIMEOUT_S: Final = 20.0


class NoBroker(Exception):
    """No broker could be found; the message tells what was tried and why it did not do."""


@dataclass(frozen=True, slots=True)
class Broker:
    """Hold the broker that the tests use, how it was found, and how to end it."""

    bootstrap: str
    kind: Kind
    stop: Callable[[], None]
    seconds: float
    notes: tuple[str, ...] = field(default=())
    """What was tried before and failed."""

    @property
    def is_real(self) -> bool:
        """Tell whether it is Apache Kafka rather than librdkafka's imitation of one."""
        return self.kind != "embedded"

    def __str__(self) -> str:
        tried = "".join(f" [{note}]" for note in self.notes)
        return f"{self.kind} broker at {self.bootstrap}, ready in {self.seconds:.1f} s{tried}"


def find_broker(environ: Mapping[str, str]) -> Broker:
    """Start or find a broker. With ``CI=true`` only a real one will do.

    Raises:
        NoBroker: none can be had.
    """
    if environ.get(GIVEN):
        return _given(environ[GIVEN])
    notes: list[str] = []
    for kind in _allowed(environ):
        began = time.monotonic()
        try:
            bootstrap, stop = _START[kind]()
        except (ContainerUnavailable, KafkaUnavailable, BrokerNotReady) as error:
            notes.append(f"no {kind}: {error}")
        else:
            return Broker(bootstrap, kind, stop, time.monotonic() - began, tuple(notes))
    raise NoBroker("; ".join(notes))


def real_needed(environ: Mapping[str, str]) -> bool:
    """Tell whether only a real Apache Kafka will do, as it is with ``CI=true``."""
    return environ.get("CI", "").lower() in ("1", "true")


def _allowed(environ: Mapping[str, str]) -> list[Kind]:
    only = environ.get(ONLY)
    if only and only not in _START:
        raise NoBroker(f"{ONLY} must be one of {', '.join(_START)}, not {only!r}")
    kinds: list[Kind] = [kind for kind in _START if only in (None, "", kind)]
    return [kind for kind in kinds if kind != "embedded"] if real_needed(environ) else kinds


def _given(address: str) -> Broker:
    began = time.monotonic()
    try:
        wait_until_ready(address, GIVEN_TIMEOUT_S)
    except BrokerNotReady as error:
        raise NoBroker(f"{GIVEN}: {error}") from error
    return Broker(address, "given", lambda: None, time.monotonic() - began)


def _container() -> Started:
    container = start_container()
    wait_until_ready(container.bootstrap, timeout_s=30)
    return container.bootstrap, container.stop


def _maven() -> Started:
    broker = ApacheKafka().start()
    return broker.bootstrap, broker.close


def _embedded() -> Started:
    broker = EmbeddedBroker().start()
    return broker.bootstrap_servers, broker.stop


_START: Final[Mapping[Kind, Callable[[], Started]]] = {
    "container": _container,
    "maven": _maven,
    "embedded": _embedded,
}
