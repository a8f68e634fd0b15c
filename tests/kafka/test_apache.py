"""Test that a broker of our own keeps its data and port, and never outlives the process that started it."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from broker.connection import Connection
from broker.topics import create
from schemas.topics import Topic
from tests.kafka.apache import ApacheKafka
from tests.kafka.ready import answers

DEADLINE_S = 20
START = """
import signal
from tests.kafka.apache import ApacheKafka
broker = ApacheKafka().start()
print(broker.pid, flush=True)
signal.pause()
"""


@pytest.fixture
def broker(apache_kafka: type[ApacheKafka]) -> Iterator[ApacheKafka]:
    """A running broker with one topic, `kept`."""
    with apache_kafka() as running:
        create(Connection(running.bootstrap), [Topic("kept", 1)], 1)
        yield running


def is_running(pid: int) -> bool:
    """Tell whether a process runs; one that waits to be reaped does not."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"


@pytest.mark.parametrize("end", [ApacheKafka.stop, ApacheKafka.kill])
def test_data_and_port_survive(broker: ApacheKafka, end: object) -> None:
    """After a stop or a kill nobody answers; started again, the topic is there at the same address."""
    address = broker.bootstrap
    assert callable(end)
    end(broker)
    silent = not answers(address, timeout_s=0.3)
    broker.start()
    again = create(Connection(address), [Topic("kept", 1)], 1, timeout_s=30)
    assert (silent, again) == (True, [])


def test_it_ends_with_the_process_that_started_it(apache_kafka: type[ApacheKafka]) -> None:
    """When a test run is killed with -9, its broker is gone soon after."""
    parent = subprocess.Popen([sys.executable, "-c", START], stdout=subprocess.PIPE, text=True, env=_environment())
    with parent:
        assert parent.stdout is not None
        pid = int(parent.stdout.readline())
        was_running = is_running(pid)
        parent.send_signal(signal.SIGKILL)
    deadline = time.monotonic() + DEADLINE_S
    while is_running(pid) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert (was_running, is_running(pid)) == (True, False)


def _environment() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
