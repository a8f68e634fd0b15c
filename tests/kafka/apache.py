"""Run one Apache Kafka broker on this machine without Docker: for tests, faults and benchmarks.

``python -m tests.kafka.apache`` runs one in the foreground and prints its address.
"""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import uuid
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from tests.kafka.maven import jars
from tests.kafka.properties import Ports, Tls, server_properties
from tests.kafka.ready import BrokerNotReady, answers, wait_until_ready

START_TIMEOUT_S: Final = 60
STOP_TIMEOUT_S: Final = 30
_SHORT_LIVED: Final = ("-XX:TieredStopAtLevel=1",)
"""No optimising compiler: starts sooner, runs slower. Not for measurements."""


class ApacheKafka:
    """Run a single-node KRaft broker on a port of its own. Data and port survive :meth:`stop` and :meth:`kill`.

    The JVM ends when this process does, however that happens.
    """

    def __init__(
        self,
        *,
        quick: bool = True,
        users: Mapping[str, str] | None = None,
        tls: Tls | None = None,
        properties: Mapping[str, str] | None = None,
        heap: str = "512m",
    ) -> None:
        """Prepare a broker; :meth:`start` runs it.

        Args:
            quick: start fast rather than run fast; ``False`` for measurements.
            users: names and passwords; gives a further listener, :attr:`sasl_bootstrap`, that asks for them.
            tls: certificates; gives a further listener, :attr:`tls_bootstrap`, that speaks TLS.
            properties: further lines of server.properties.
            heap: the JVM's largest heap.
        """
        self._directory = Path(tempfile.mkdtemp(prefix="flowrun-kafka-"))
        ports = Ports.free()
        self.bootstrap: Final = f"127.0.0.1:{ports.plain}"
        self.sasl_bootstrap: Final = f"127.0.0.1:{ports.sasl}"
        self.tls_bootstrap: Final = f"127.0.0.1:{ports.tls}"
        self.log: Final = self._directory / "server.log"
        self._users = dict(users or {})
        self._properties = server_properties(self._directory / "data", ports, self._users, tls) | dict(properties or {})
        self._jvm = ("-XX:+UseSerialGC", "-XX:-UsePerfData", f"-Xmx{heap}", *(_SHORT_LIVED if quick else ()))
        self._process: subprocess.Popen[bytes] | None = None
        self._leash: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @property
    def pid(self) -> int | None:
        """The JVM's process id while it runs."""
        return self._process.pid if self._process else None

    def start(self) -> Self:
        """Start the broker, or start it again on the same port and data, and wait until it answers.

        Raises:
            KafkaUnavailable: Java, Maven or the jars are missing.
            BrokerNotReady: it ended or did not answer in time; the message holds the end of its log.
        """
        libs = jars()
        if self._process is not None:
            return self
        if not self._config.exists():
            self._format(libs)
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                [*self._java(libs), "kafka.Kafka", self._config],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,  # Ctrl-C is for us: we end the broker after its clients
            )
        self._leash = _tie_to_this_process(self._process.pid, self._directory)
        self._wait_until_ready(self._process)
        return self

    def stop(self) -> None:
        """End the broker in good order (SIGTERM), keeping its data and port."""
        self._end(signal.SIGTERM)

    def kill(self) -> None:
        """End the broker with SIGKILL, keeping its data and port."""
        self._end(signal.SIGKILL)

    def restart(self) -> None:
        """Stop in good order and start again."""
        self.stop()
        self.start()

    def close(self) -> None:
        """End the broker at once and delete its data."""
        self.kill()
        shutil.rmtree(self._directory, ignore_errors=True)

    @property
    def _config(self) -> Path:
        return self._directory / "server.properties"

    def _java(self, libs: Path) -> list[str]:
        logging = ("-Dorg.slf4j.simpleLogger.defaultLogLevel=warn", "-Dorg.slf4j.simpleLogger.showDateTime=true")
        return ["java", *self._jvm, *logging, "-cp", f"{libs}/*"]

    def _format(self, libs: Path) -> None:
        """Write server.properties and format the log directory, users' SCRAM credentials included."""
        draft = self._directory / "draft.properties"
        draft.write_text("".join(f"{name}={value}\n" for name, value in self._properties.items()))
        scram = [
            option
            for name, password in self._users.items()
            for mechanism in ("SCRAM-SHA-256", "SCRAM-SHA-512")
            for option in ("--add-scram", f"{mechanism}=[name={name},password={password}]")
        ]
        done = subprocess.run(
            [*self._java(libs), "kafka.tools.StorageTool", "format", "-t", _cluster_id(), "-c", draft, *scram],
            capture_output=True,
            text=True,
            timeout=START_TIMEOUT_S,
            check=False,
        )
        if done.returncode:
            raise BrokerNotReady(f"the log directory could not be formatted: {done.stdout}{done.stderr}")
        draft.rename(self._config)

    def _wait_until_ready(self, process: subprocess.Popen[bytes]) -> None:
        for _ in range(START_TIMEOUT_S):
            if answers(self.bootstrap, timeout_s=1.0):
                return
            if process.poll() is not None:
                break
        tail = self.log.read_text(errors="replace")[-2000:]
        self.kill()
        raise BrokerNotReady(f"Apache Kafka did not come up at {self.bootstrap}; the end of its log:\n{tail}")

    def _end(self, by: signal.Signals) -> None:
        process, leash = self._process, self._leash
        self._process = self._leash = None
        if process is None or leash is None:
            return
        process.send_signal(by)
        try:
            process.wait(STOP_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        leash.kill()
        leash.communicate()


def _cluster_id() -> str:
    """Make a random id of the 22 characters that Kafka wants (base64 of 16 bytes, never starting with a dash)."""
    return uuid.uuid4().hex[:22]


def _tie_to_this_process(pid: int, directory: Path) -> subprocess.Popen[bytes]:
    """Kill ``pid`` and delete its data as soon as we are gone: a shell waits on a pipe that only we hold open."""
    return subprocess.Popen(
        ["sh", "-c", 'cat; kill -9 "$0"; sleep 1; rm -rf "$1"', str(pid), directory],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )


def main() -> None:
    """Run a broker until Ctrl-C or SIGTERM."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    with ApacheKafka(quick=os.environ.get("QUICK", "1") == "1") as broker:
        wait_until_ready(broker.bootstrap, START_TIMEOUT_S)
        print(f"FLOWRUN_TEST_BOOTSTRAP={broker.bootstrap}", flush=True)
        try:
            signal.pause()
        except KeyboardInterrupt:
            print("ending")


if __name__ == "__main__":
    main()
