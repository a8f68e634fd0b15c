"""Write the server.properties of a single-node broker, with listeners for logins and TLS where they are asked for."""

import socket
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Self

_SECURITY = "org.apache.kafka.common.security"


@dataclass(frozen=True, slots=True)
class Tls:
    """Name the PEM files of a TLS listener that asks its clients for a certificate."""

    keystore: Path
    """The broker's private key (PKCS 8) and certificate chain."""
    truststore: Path
    """The authority that signs the clients' certificates."""


@dataclass(frozen=True, slots=True)
class Ports:
    """Hold the ports of a broker's listeners on 127.0.0.1."""

    plain: int
    controller: int
    sasl: int
    tls: int

    @classmethod
    def free(cls) -> Self:
        """Choose ports that nobody listens on right now."""
        sockets = [socket.socket() for _ in range(4)]
        try:
            for each in sockets:
                each.bind(("127.0.0.1", 0))
            return cls(*(each.getsockname()[1] for each in sockets))
        finally:
            for each in sockets:
                each.close()


def server_properties(data: Path, ports: Ports, users: Mapping[str, str], tls: Tls | None) -> dict[str, str]:
    """Return the properties of a broker that is its own controller and keeps one copy of everything."""
    listeners = [f"PLAINTEXT://127.0.0.1:{ports.plain}", f"CONTROLLER://127.0.0.1:{ports.controller}"]
    properties = _single_node(data, ports)
    if users:
        listeners.append(f"SASL_PLAINTEXT://127.0.0.1:{ports.sasl}")
        properties |= _logins(users)
    if tls is not None:
        listeners.append(f"SSL://127.0.0.1:{ports.tls}")
        properties |= _certificates(tls)
    return properties | {"listeners": ",".join(listeners)}


def _single_node(data: Path, ports: Ports) -> dict[str, str]:
    return {
        "process.roles": "broker,controller",
        "node.id": "1",
        "controller.quorum.voters": f"1@127.0.0.1:{ports.controller}",
        "controller.listener.names": "CONTROLLER",
        "listener.security.protocol.map": "PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT,"
        "SASL_PLAINTEXT:SASL_PLAINTEXT,SSL:SSL",
        "log.dirs": str(data),
        "offsets.topic.replication.factor": "1",
        "offsets.topic.num.partitions": "4",
        "transaction.state.log.replication.factor": "1",
        "transaction.state.log.min.isr": "1",
        "transaction.state.log.num.partitions": "4",
        "share.coordinator.state.topic.replication.factor": "1",
        "share.coordinator.state.topic.min.isr": "1",
        "group.initial.rebalance.delay.ms": "0",
        "auto.create.topics.enable": "false",
        "log.cleaner.dedupe.buffer.size": "4194304",
        # Tests write records of 1970: the check of retention (after 30 s, then every 5 min) would delete them.
        "log.initial.task.delay.ms": "86400000",
        "log.retention.check.interval.ms": "86400000",
        "broker.session.timeout.ms": "3000",  # after a kill the controller waits this long for the dead one
        "broker.heartbeat.interval.ms": "500",
    }


def _logins(users: Mapping[str, str]) -> dict[str, str]:
    """Offer PLAIN and SCRAM; the SCRAM credentials themselves are written when the data is formatted."""
    names = " ".join(f'user_{name}="{password}"' for name, password in users.items())
    listener = "listener.name.sasl_plaintext"
    scram = f"{_SECURITY}.scram.ScramLoginModule required;"
    return {
        "sasl.enabled.mechanisms": "PLAIN,SCRAM-SHA-256,SCRAM-SHA-512",
        f"{listener}.plain.sasl.jaas.config": f"{_SECURITY}.plain.PlainLoginModule required {names};",
        f"{listener}.scram-sha-256.sasl.jaas.config": scram,
        f"{listener}.scram-sha-512.sasl.jaas.config": scram,
    }


def _certificates(tls: Tls) -> dict[str, str]:
    listener = "listener.name.ssl.ssl"
    return {
        f"{listener}.keystore.type": "PEM",
        f"{listener}.keystore.location": str(tls.keystore),
        f"{listener}.truststore.type": "PEM",
        f"{listener}.truststore.location": str(tls.truststore),
        f"{listener}.client.auth": "required",
    }
