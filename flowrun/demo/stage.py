"""Prepare what the demo needs: a broker, topics, free ports, settings for the services."""

import secrets
import socket
from collections.abc import Mapping
from dataclasses import dataclass

from broker.connection import Connection
from broker.embedded import PARTITIONS, EmbeddedBroker
from broker.topics import create
from flowrun.replay.address import local_url
from schemas.settings import Address
from schemas.topics import DEFAULT_PREFIX, Topics, declare


class AddressTaken(Exception):
    """The address to listen on cannot be used. The message says which and why."""


@dataclass(frozen=True, slots=True)
class Stage:
    """Hold where everything of one demo is."""

    connection: Connection
    topics: Topics
    prefix: str
    app_id: str
    webhook: Address
    ingest_management: Address
    process_management: Address
    embedded: EmbeddedBroker | None

    @property
    def url(self) -> str:
        """Where notifications are posted."""
        return local_url(self.webhook)

    def settings(self) -> dict[str, str]:
        """Return the settings that a command needs to look at this demo, where they are not the defaults."""
        prefix = {} if self.prefix == DEFAULT_PREFIX else {"FLOWRUN_TOPIC_PREFIX": self.prefix}
        return {"FLOWRUN_BOOTSTRAP_SERVERS": self.connection.bootstrap_servers, **prefix}

    def environment(self, inherited: Mapping[str, str], management: Address) -> dict[str, str]:
        """Return the environment of a service: ours without settings that are not for the demo, and the demo's own."""
        kept = ("FLOWRUN_SECURITY_", "FLOWRUN_SASL_", "FLOWRUN_SSL_") if self.embedded is None else ()
        own = {
            name: text for name, text in inherited.items() if not name.startswith("FLOWRUN_") or name.startswith(kept)
        }
        return (
            own
            | self.settings()
            | {
                "FLOWRUN_AUTH": "none",
                "FLOWRUN_APP_ID": self.app_id,
                "FLOWRUN_PARTITIONS": str(PARTITIONS),
                "FLOWRUN_LISTEN": str(self.webhook),
                "FLOWRUN_MANAGEMENT_LISTEN": str(management),
            }
        )


def set_up(given: Connection | None, listen: Address | None) -> Stage:
    """Start the embedded broker unless one is given, create the topics, and find ports.

    Raises:
        AddressTaken: the address to listen on is taken, or not this machine's.
        BrokerError: the given broker does not answer, or refuses the topics.
    """
    chosen = None if listen is None else bindable(listen)
    name = f"demo-{secrets.token_hex(3)}"
    prefix = DEFAULT_PREFIX if given is None else f"{name}."
    topics = declare(prefix, PARTITIONS)
    embedded = EmbeddedBroker().start(topics) if given is None else None
    connection = given or Connection(embedded.bootstrap_servers if embedded else "")
    if given is not None:
        create(given, topics, replication_factor=1)
    webhook, ingest, process = free_addresses(3)
    return Stage(connection, topics, prefix, name, chosen or webhook, ingest, process, embedded)


def bindable(address: Address) -> Address:
    """Check that an address can be listened on, and return it; with port 0 a port that is free now stands in it.

    Raises:
        AddressTaken: it cannot.
    """
    family = socket.AF_INET6 if ":" in address.host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(address)
            return Address(address.host, probe.getsockname()[1])
        except OSError as error:
            raise AddressTaken(f"{address}: {(error.strerror or 'cannot be used').lower()}") from None


def free_addresses(count: int) -> list[Address]:
    """Find ports of this machine that nobody uses now."""
    probes = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    addresses = [Address("127.0.0.1", probe.getsockname()[1]) for probe in probes]
    for probe in probes:
        probe.close()
    return addresses
