"""Test logins and TLS against a real Apache Kafka, with both clients."""

import asyncio
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import trustme
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, conn
from aiokafka.consumer import fetcher
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)

from broker.connection import Connection, Mechanism
from broker.errors import BrokerUnreachable, LoginRefused
from broker.topics import create
from processors.engine import fetched, responses
from schemas.topics import Topic
from tests.broker.test_connection import MECHANISMS
from tests.kafka.apache import ApacheKafka
from tests.kafka.properties import Tls

USER, PASSWORD = "alice", "in-wonderland"


class Secured:
    """Hold a broker with a login and a TLS listener, and what a client needs for each."""

    def __init__(self, broker: ApacheKafka, pem: Path) -> None:
        self.broker = broker
        self.tls = Connection(
            broker.tls_bootstrap, "SSL", ca=pem / "ca.pem", certificate=pem / "client.pem", key=pem / "client.key"
        )
        self.login = Connection(broker.sasl_bootstrap, "SASL_PLAINTEXT", "PLAIN", USER, PASSWORD)


@pytest.fixture(scope="module")
def secured(apache_kafka: type[ApacheKafka], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Secured]:
    """Run a broker of our own that asks for a login on one port and for a certificate on another."""
    pem = tmp_path_factory.mktemp("tls")
    with apache_kafka(users={USER: PASSWORD}, tls=certificates(pem)) as broker:
        yield Secured(broker, pem)


def certificates(pem: Path) -> Tls:
    """Write an authority, a broker's key with chain in the form Java reads, and a client's certificate and key."""
    authority = trustme.CA()
    server, client = authority.issue_cert("127.0.0.1"), authority.issue_cert("client.test")
    key = load_pem_private_key(server.private_key_pem.bytes(), None)
    pkcs8 = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    (pem / "server.pem").write_bytes(pkcs8 + b"".join(chain.bytes() for chain in server.cert_chain_pems))
    authority.cert_pem.write_to_path(str(pem / "ca.pem"))
    client.private_key_pem.write_to_path(str(pem / "client.key"))
    client.cert_chain_pems[0].write_to_path(str(pem / "client.pem"))
    return Tls(pem / "server.pem", pem / "ca.pem")


async def send(connection: Connection, topic: str) -> int:
    """Send one record by aiokafka; return its offset."""
    producer = AIOKafkaProducer(**connection.for_aiokafka())
    await producer.start()
    try:
        metadata = await producer.send_and_wait(topic, b"hello")
    finally:
        await producer.stop()
    offset: int = metadata.offset
    return offset


@pytest.mark.parametrize("mechanism", MECHANISMS)
async def test_both_clients_log_in(secured: Secured, mechanism: Mechanism) -> None:
    """confluent creates a topic and aiokafka writes to it, by PLAIN and both SCRAM mechanisms."""
    login = replace(secured.login, mechanism=mechanism)
    topic = Topic(f"login-{mechanism}", 1)
    assert (create(login, [topic], 1), await send(login, topic.name)) == ([topic.name], 0)


async def test_both_clients_speak_tls(secured: Secured) -> None:
    """Both verify the broker by our authority and show the client's certificate, which the broker demands."""
    topic = Topic("tls", 1)
    assert (create(secured.tls, [topic], 1), await send(secured.tls, topic.name)) == ([topic.name], 0)


@pytest.mark.parametrize("secure", ["tls", "login"])
async def test_processors_read_large_responses_over_both(
    secured: Secured, secure: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They receive what a broker sends in another way than aiokafka by itself."""
    for name in ("AIOKafkaProtocol", "AIOKafkaConnection"):
        monkeypatch.setattr(conn, name, getattr(conn, name))
    for name in ("PartitionRecords", "MemoryRecords"):
        monkeypatch.setattr(fetcher, name, getattr(fetcher, name))
    responses.install()
    fetched.install()
    connection: Connection = getattr(secured, secure)
    topic, values = Topic(f"large-{secure}", 1), [bytes([number]) * 300_000 for number in range(8)]
    create(connection, [topic], 1)
    producer = AIOKafkaProducer(**connection.for_aiokafka())
    await producer.start()
    for value in values:
        await producer.send_and_wait(topic.name, value)
    await producer.stop()
    consumer = AIOKafkaConsumer(topic.name, auto_offset_reset="earliest", **connection.for_aiokafka())
    await consumer.start()
    try:
        found = [(await asyncio.wait_for(anext(consumer), 20)).value for _ in values]
    finally:
        await consumer.stop()
    assert found == values


@pytest.mark.parametrize("mechanism", MECHANISMS)
def test_a_wrong_password_is_refused_at_once(secured: Secured, mechanism: Mechanism) -> None:
    """It says that the login is refused and which settings to check, without the password, and does not wait."""
    wrong = replace(secured.login, mechanism=mechanism, password="guessed")
    with pytest.raises(LoginRefused, match=r"check FLOWRUN_SECURITY_PROTOCOL, FLOWRUN_SASL_\*") as caught:
        create(wrong, [Topic("never", 1)], 1, timeout_s=30)
    assert "guessed" not in str(caught.value)


def test_a_broker_that_our_authority_did_not_sign_is_refused(secured: Secured, tmp_path: Path) -> None:
    """With another authority the handshake fails: nothing is sent to a broker that is not ours."""
    trustme.CA().cert_pem.write_to_path(str(tmp_path / "other.pem"))
    with pytest.raises(LoginRefused, match="certificate verify failed"):
        create(replace(secured.tls, ca=tmp_path / "other.pem"), [Topic("never", 1)], 1, timeout_s=30)


def test_a_certificate_that_is_none_is_refused_before_anything_is_sent(secured: Secured, tmp_path: Path) -> None:
    """librdkafka's complaint about the file becomes one line."""
    (tmp_path / "ca.pem").write_text("no certificate")
    with pytest.raises(LoginRefused, match="no certificate or crl found"):
        create(replace(secured.tls, ca=tmp_path / "ca.pem"), [Topic("never", 1)], 1)


def test_plaintext_to_a_port_that_wants_a_login_is_told(secured: Secured) -> None:
    """Kafka just hangs up on a client without a login: the broker counts as unreachable, in one line."""
    with pytest.raises(BrokerUnreachable) as caught:
        create(Connection(secured.broker.sasl_bootstrap), [Topic("never", 1)], 1, timeout_s=1)
    assert "\n" not in str(caught.value)
