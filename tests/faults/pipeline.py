"""Run ingest and a crew of processors workers on a broker, and judge what they wrote."""

import signal
import time
from pathlib import Path
from typing import Final, Self

from broker import topics as broker_topics
from broker.connection import Connection
from schemas.topics import Topic, declare
from tests.faults.load import Load
from tests.faults.outcome import Outcome
from tests.faults.topic import read
from tests.service import Service, free_port

PARTITIONS: Final = 4
SETTLE_S: Final = 90.0
RULES: Final = """
[window]
idle = "1d"  # event time stands still in silence: the oracle has no clock

[[rule]]
name = "repeated-failures"
kind = "failure_count"
threshold = 3
within = "30m"
severity = "critical"

[[rule]]
name = "consecutive-failures"
kind = "consecutive_failures"
threshold = 3
severity = "warning"

[[rule]]
name = "many-failures"
kind = "failure_ratio"
within = "1h"

[[rule]]
name = "record-loss"
kind = "record_loss"

[[rule]]
name = "stalled"
kind = "stalled"
"""


class NotSettled(Exception):
    """Something acknowledged did not come out at the other end in time."""


class Pipeline:
    """Ingest, workers and a load, with their own topics. Workers that end are started again, as a supervisor would."""

    def __init__(self, bootstrap: str, prefix: str, directory: Path, seed: int) -> None:
        self.bootstrap = bootstrap
        self.topics = declare(prefix, PARTITIONS)
        self.exit_codes: list[int] = []
        self._log = directory / "processes.log"
        self.rules = directory / "rules.toml"
        self.rules.write_text(RULES)
        broker_topics.create(Connection(bootstrap), self.topics, 1)
        self._prefix = prefix
        self._listen = f"127.0.0.1:{free_port()}"
        self._ingest = Service(
            ["ingest"], bootstrap, prefix, self._log, FLOWRUN_AUTH="none", FLOWRUN_LISTEN=self._listen
        )
        self.workers: list[Service] = []
        self.load = Load(f"http://{self._listen}/webhooks/adobe", seed)

    def __enter__(self) -> Self:
        self._ingest.wait_ready()
        return self

    def __exit__(self, *_: object) -> None:
        for service in (self._ingest, *self.workers):
            service.kill()

    def add_worker(self, *agents: str) -> Service:
        """Start one more worker (of both agents unless named) and wait until its partitions are open."""
        worker = self._worker(*agents)
        worker.wait_ready()
        self.workers.append(worker)
        return worker

    def _worker(self, *agents: str) -> Service:
        arguments = ["process", *(agents or ("all",))]
        return Service(arguments, self.bootstrap, self._prefix, self._log, FLOWRUN_RULES=str(self.rules))

    def leave(self, worker: Service) -> None:
        """End a worker in good order; it does not come back."""
        self.workers.remove(worker)
        worker.stop()
        self.exit_codes.append(worker.exit_code or 0)

    def supervise(self, seconds: float) -> None:
        """Let time pass under load; start every worker again that has ended."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            for index, worker in enumerate(self.workers):
                if worker.exit_code is not None:
                    self.exit_codes.append(worker.exit_code)
                    worker.kill()
                    self.workers[index] = self._worker()
            time.sleep(0.1)

    def kill(self, worker: Service) -> None:
        """End a worker with SIGKILL."""
        worker.send(signal.SIGKILL)

    def freeze(self, worker: Service, seconds: float) -> None:
        """Stop a worker in the middle of whatever it does, and let it go on after ``seconds``."""
        worker.send(signal.SIGSTOP)
        self.supervise(seconds)
        worker.send(signal.SIGCONT)

    def settle(self) -> Outcome:
        """End the load, wait until everything acknowledged has gone all the way, and return what stands in the topics.

        Raises:
            NotSettled: it did not within :data:`SETTLE_S`.
        """
        self.load.stop()
        deadline = time.monotonic() + SETTLE_S
        while True:
            outcome = Outcome(*(read(self.bootstrap, topic.name, PARTITIONS) for topic in self._outputs))
            acknowledged = {str(sent["event_id"]) for sent in self.load.acknowledged}
            missing = acknowledged - {run.event_id for run in outcome.runs}
            if not missing and sum(row.runs for row in outcome.rows.values()) >= len(outcome.runs):
                return outcome
            if time.monotonic() > deadline:
                raise NotSettled(f"{len(missing)} of {len(acknowledged)} acknowledged are no runs yet")
            self.supervise(0.5)

    @property
    def _outputs(self) -> tuple[Topic, Topic, Topic, Topic]:
        return self.topics.runs, self.topics.metrics, self.topics.alerts, self.topics.dead_letters
