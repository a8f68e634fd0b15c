"""Test what the demo's services are given."""

import socket
from dataclasses import replace

import pytest

from broker.connection import Connection
from broker.embedded import EmbeddedBroker
from flowrun.demo.stage import AddressTaken, Stage, bindable, free_addresses, set_up
from schemas.settings import Address
from schemas.topics import declare

HERE = "127.0.0.1"
STAGE = Stage(
    Connection("k:9092"), declare("d."), "d.", "d", Address(HERE, 1), Address(HERE, 2), Address(HERE, 3), embedded=None
)


def test_a_taken_address_is_told() -> None:
    """Before anything is started."""
    with socket.create_server((HERE, 0)) as server:
        taken = Address(HERE, server.getsockname()[1])
        with pytest.raises(AddressTaken) as caught:
            bindable(taken)
    assert str(caught.value) == f"{taken}: address already in use"


def test_a_strange_address_is_told() -> None:
    """One that is not this machine's cannot be listened on."""
    with pytest.raises(AddressTaken, match=r"192\.0\.2\.1:80: cannot assign requested address"):
        bindable(Address("192.0.2.1", 80))


def test_port_0_means_a_free_one() -> None:
    """The port that is found stands in the address."""
    address = bindable(Address(HERE, 0))
    assert (address.host, address.port > 0, bindable(address)) == (HERE, True, address)


def test_free_addresses_differ() -> None:
    """They are all different, and can be listened on."""
    addresses = free_addresses(5)
    assert [bindable(address) for address in addresses] == sorted(set(addresses), key=addresses.index)


def test_a_stage_with_everything() -> None:
    """The embedded broker holds the topics under their usual names, and ingest listens where it was told."""
    (listen,) = free_addresses(1)
    stage = set_up(None, listen)
    try:
        assert stage.url == f"http://{listen}/webhooks/adobe"
        assert stage.settings() == {"FLOWRUN_BOOTSTRAP_SERVERS": stage.connection.bootstrap_servers}
        assert len({stage.webhook, stage.ingest_management, stage.process_management}) == 3
    finally:
        if stage.embedded is not None:
            stage.embedded.stop()


def test_services_get_the_demos_settings_only() -> None:
    """The user's own settings would change what the demo shows; everything else in the environment stays."""
    inherited = {
        "PATH": "/bin",
        "FLOWRUN_AUTH": "token",
        "FLOWRUN_TOKEN": "x",
        "FLOWRUN_RULES": "r",
        "FLOWRUN_SSL_CA": "c",
    }
    embedded = replace(STAGE, embedded=EmbeddedBroker()).environment(inherited, Address(HERE, 9))
    assert embedded == {
        "PATH": "/bin",
        "FLOWRUN_BOOTSTRAP_SERVERS": "k:9092",
        "FLOWRUN_TOPIC_PREFIX": "d.",
        "FLOWRUN_AUTH": "none",
        "FLOWRUN_APP_ID": "d",
        "FLOWRUN_PARTITIONS": "4",
        "FLOWRUN_LISTEN": f"{HERE}:1",
        "FLOWRUN_MANAGEMENT_LISTEN": f"{HERE}:9",
    }
    assert STAGE.environment(inherited, Address(HERE, 9)) == embedded | {"FLOWRUN_SSL_CA": "c"}
