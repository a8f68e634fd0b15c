"""Test `flowrun ingest --processes N` from outside: one port, summed figures, restarts, one end for all."""

import os
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from broker.embedded import EmbeddedBroker
from tests.ingest.process import PATIENCE_S, Running, serving_many
from tests.ingest.test_drain import acknowledged_while, wait_ended, wait_refused
from tests.ingest.test_status_table import post

COUNT = 2


def wait(condition: Callable[[], bool]) -> None:
    """Wait until a condition holds."""
    deadline = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.01)


def children(pid: int) -> list[int]:
    """Return the processes that a process has started and that live."""
    listed = Path(f"/proc/{pid}/task/{pid}/children").read_text()
    return [int(each) for each in listed.split()]


def lives(pid: int) -> bool:
    """Tell whether a process runs."""
    try:
        return ") Z " not in Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return False


def accepted(run: Running) -> float:
    """Return how many requests were accepted, as the management port says."""
    return run.service.figure("flowrun_ingest_requests_total", 'outcome="accepted"')


def serving(run: Running) -> int:
    """Return how many processes serve."""
    return int(run.service.figure("flowrun_ingest_processes "))


@pytest.fixture
def many(tmp_path: Path) -> Iterator[Running]:
    """Two processes behind one parent, on an embedded broker."""
    with EmbeddedBroker() as broker, serving_many(broker, tmp_path / "log", COUNT) as run:
        wait(lambda: serving(run) == COUNT)
        yield run


def test_requests_are_shared_and_figures_summed(many: Running) -> None:
    """New connections go to either process, and the parent shows what both have counted."""
    for _ in range(40):
        assert post(many, b"[1,2]").status == 202
    figure = many.service.figure
    counted = [accepted(many), figure("flowrun_ingest_records_total"), figure("flowrun_ingest_ack_seconds_count")]
    assert counted == [40, 80, 40]
    assert [figure("flowrun_ingest_batch_records_bucket", 'le="2.0"'), len(many.records())] == [40, 80]


def test_a_process_that_dies_is_started_again(many: Running) -> None:
    """The other goes on, the figures do not fall, and there are two again."""
    for _ in range(10):
        post(many, b"{}")
    first = children(many.service.pid)
    os.kill(first[0], signal.SIGKILL)
    wait(lambda: len(children(many.service.pid)) == COUNT and children(many.service.pid) != first)
    wait(lambda: serving(many) == COUNT)
    assert (post(many, b"{}").status, accepted(many)) == (202, 11)
    assert "a process has ended and is started again" in many.log


def test_nothing_is_left_when_the_parent_is_killed(many: Running) -> None:
    """The children notice its end, even by SIGKILL, answer what is in flight, and end."""
    orphans = children(many.service.pid)
    many.service.send(signal.SIGKILL)
    wait(lambda: not any(lives(pid) for pid in orphans))
    wait_refused(("127.0.0.1", many.port))
    assert len(orphans) == COUNT


async def test_sigterm_drains_them_all(many: Running) -> None:
    """Under load nothing that was acknowledged is lost, and the parent ends with 0 after its children."""
    family = children(many.service.pid)
    load = await acknowledged_while(many, signal.SIGTERM)
    assert wait_ended(many) == 0
    keys = {(message.key() or b"").decode() for message in many.records()}
    assert sorted(set(load.acknowledged) - keys) == []
    assert (load.statuses <= {202, 503}, [pid for pid in family if lives(pid)]) == (True, [])


def test_wrong_settings_end_the_parent(tmp_path: Path) -> None:
    """What no restart can mend is told once, with exit code 2: here a port that another holds."""
    with EmbeddedBroker() as broker, serving_many(broker, tmp_path / "first", COUNT) as run:
        with serving_many(broker, tmp_path / "second", COUNT, FLOWRUN_LISTEN=f"127.0.0.1:{run.port}") as second:
            assert wait_ended(second) == 2
        assert "set FLOWRUN_LISTEN to a free HOST:PORT" in second.log
