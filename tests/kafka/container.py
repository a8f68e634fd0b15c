"""Run Apache Kafka in a container, where a Docker engine answers."""

import io
import os
import shutil
import subprocess
import tarfile
from typing import Final, Self

from testcontainers.core.container import DockerContainer
from testcontainers.core.wait_strategies import LogMessageWaitStrategy

IMAGE: Final = os.environ.get("FLOWRUN_TEST_KAFKA_IMAGE", "apache/kafka:4.1.1")
"""The image to run; the variable names another one that takes the same settings."""
ANSWER_TIMEOUT_S: Final = 5
PULL_TIMEOUT_S: Final = 90
START_TIMEOUT_S: Final = 90

_START_SCRIPT: Final = "/tmp/flowrun-start.sh"  # noqa: S108  # inside the container
_PORT: Final = 9092
# One variable drops all of the image's defaults, so all settings are given.
_SETTINGS: Final = {
    "KAFKA_NODE_ID": "1",
    "KAFKA_PROCESS_ROLES": "broker,controller",
    "KAFKA_CONTROLLER_QUORUM_VOTERS": "1@localhost:9094",
    "KAFKA_CONTROLLER_LISTENER_NAMES": "CONTROLLER",
    "KAFKA_LISTENERS": f"CLIENT://:{_PORT},BROKER://:9093,CONTROLLER://:9094",
    "KAFKA_LISTENER_SECURITY_PROTOCOL_MAP": "CLIENT:PLAINTEXT,BROKER:PLAINTEXT,CONTROLLER:PLAINTEXT",
    "KAFKA_INTER_BROKER_LISTENER_NAME": "BROKER",
    "KAFKA_OFFSETS_TOPIC_REPLICATION_FACTOR": "1",
    "KAFKA_OFFSETS_TOPIC_NUM_PARTITIONS": "4",
    "KAFKA_TRANSACTION_STATE_LOG_REPLICATION_FACTOR": "1",
    "KAFKA_TRANSACTION_STATE_LOG_MIN_ISR": "1",
    "KAFKA_TRANSACTION_STATE_LOG_NUM_PARTITIONS": "4",
    "KAFKA_SHARE_COORDINATOR_STATE_TOPIC_REPLICATION_FACTOR": "1",
    "KAFKA_SHARE_COORDINATOR_STATE_TOPIC_MIN_ISR": "1",
    "KAFKA_GROUP_INITIAL_REBALANCE_DELAY_MS": "0",
    "KAFKA_AUTO_CREATE_TOPICS_ENABLE": "false",
    # Tests write records of 1970: the check of retention (after 30 s, then every 5 min) would delete them.
    "KAFKA_LOG_INITIAL_TASK_DELAY_MS": "86400000",
    "KAFKA_LOG_RETENTION_CHECK_INTERVAL_MS": "86400000",
}


class ContainerUnavailable(Exception):
    """No container can be run here; the message says why."""


class KafkaContainer(DockerContainer):  # type: ignore[misc]  # testcontainers has no types
    """Run one broker of the ``apache/kafka`` image (testcontainers itself knows only Confluent's).

    Clients must be told the mapped port, which is known only once the container runs: so its command waits for a
    script that :meth:`start` writes.
    """

    def __init__(self) -> None:
        super().__init__(IMAGE)
        self.with_exposed_ports(_PORT)
        for name, value in _SETTINGS.items():
            self.with_env(name, value)
        self.with_command(["sh", "-c", f"until [ -x {_START_SCRIPT} ]; do sleep 0.1; done; exec {_START_SCRIPT}"])

    @property
    def bootstrap(self) -> str:
        """The address for clients on this machine."""
        return f"{self.get_container_host_ip()}:{self.get_exposed_port(_PORT)}"

    def start(self) -> Self:
        """Start the broker and wait until it says so.

        Raises:
            Exception: whatever testcontainers and Docker raise; they have no common type.
        """
        super().start()
        self.get_wrapped_container().put_archive("/", self._start_script())
        LogMessageWaitStrategy("Kafka Server started").with_startup_timeout(START_TIMEOUT_S).wait_until_ready(self)
        return self

    def _start_script(self) -> bytes:
        """Pack the script that tells clients the mapped port and then does what the image's command does."""
        listeners = f"CLIENT://{self.bootstrap},BROKER://$(hostname -i | cut -d' ' -f1):9093"
        script = f"#!/bin/bash\nexport KAFKA_ADVERTISED_LISTENERS={listeners}\nexec /etc/kafka/docker/run\n".encode()
        buffer = io.BytesIO()
        with tarfile.open(fileobj=buffer, mode="w") as archive:
            entry = tarfile.TarInfo(_START_SCRIPT.lstrip("/"))
            entry.size, entry.mode = len(script), 0o755
            archive.addfile(entry, io.BytesIO(script))
        return buffer.getvalue()


def start_container() -> KafkaContainer:
    """Start a broker in a container, fetching the image if the engine does not have it.

    Raises:
        ContainerUnavailable: no engine answers quickly, or the image cannot be had, or Kafka did not start.
    """
    if shutil.which("docker") is None:
        raise ContainerUnavailable("docker is not installed")
    _docker("no Docker engine answers", ANSWER_TIMEOUT_S, "version")
    try:
        _docker("the image is not here", ANSWER_TIMEOUT_S, "image", "inspect", IMAGE)
    except ContainerUnavailable:
        _docker(f"the image {IMAGE} cannot be pulled", PULL_TIMEOUT_S, "pull", "-q", IMAGE)
    container = KafkaContainer()
    try:
        return container.start()
    except Exception as error:  # Docker, requests, timeouts: any of them means the next way is tried
        container.stop()
        raise ContainerUnavailable(f"{IMAGE} did not start: {type(error).__name__}: {error}") from error


def _docker(problem: str, timeout_s: float, *arguments: str) -> None:
    try:
        done = subprocess.run(["docker", *arguments], capture_output=True, text=True, timeout=timeout_s, check=False)
    except subprocess.TimeoutExpired:
        raise ContainerUnavailable(f"{problem} (within {timeout_s:.0f} s)") from None
    if done.returncode:
        last = (done.stderr.strip() or "no reason given").splitlines()[-1]
        raise ContainerUnavailable(f"{problem}: {last}")
