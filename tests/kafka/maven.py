"""Fetch the jars of Apache Kafka once by Maven and keep them in the user's cache."""

import os
import re
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Final

KAFKA_VERSION: Final = "4.3.1"
OLDEST_JAVA: Final = 17
FETCH_TIMEOUT_S: Final = 240

_POM: Final = f"""\
<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>flowrun</groupId><artifactId>kafka-for-tests</artifactId><version>1</version><packaging>pom</packaging>
  <dependencies>
    <dependency>
      <groupId>org.apache.kafka</groupId><artifactId>kafka_2.13</artifactId><version>{KAFKA_VERSION}</version>
    </dependency>
    <dependency>
      <groupId>org.apache.kafka</groupId><artifactId>kafka-tools</artifactId><version>{KAFKA_VERSION}</version>
    </dependency>
    <dependency>
      <groupId>org.slf4j</groupId><artifactId>slf4j-simple</artifactId><version>1.7.36</version>
    </dependency>
  </dependencies>
</project>
"""


class KafkaUnavailable(Exception):
    """Apache Kafka cannot be had from Maven here; the message says what is missing."""


def jars(cache: Path | None = None) -> Path:
    """Return the directory of Kafka's jars, fetching them first if this user never did (about 10 s, 54 MB).

    Raises:
        KafkaUnavailable: Java or Maven is missing or too old, or Maven could not fetch.
    """
    require_java()
    home = cache or Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "flowrun"
    directory = home / f"kafka-{KAFKA_VERSION}"
    if not directory.is_dir():
        home.mkdir(parents=True, exist_ok=True)
        _fetch(directory)
    return directory


def require_java() -> None:
    """Check that ``java`` is there and new enough.

    Raises:
        KafkaUnavailable: it is not.
    """
    if shutil.which("java") is None:
        raise KafkaUnavailable("java is not installed")
    text = subprocess.run(["java", "-version"], capture_output=True, text=True, timeout=30, check=False).stderr
    match = re.search(r'version "(\d+)', text)
    if match is None or int(match[1]) < OLDEST_JAVA:
        raise KafkaUnavailable(f"java is older than {OLDEST_JAVA}")


def _fetch(directory: Path) -> None:
    """Let Maven copy the jars next to ``directory``, then rename: what is there under the name is complete."""
    if shutil.which("mvn") is None:
        raise KafkaUnavailable("mvn is not installed")
    with tempfile.TemporaryDirectory(dir=directory.parent) as scratch:
        pom, libs = Path(scratch, "pom.xml"), Path(scratch, "libs")
        pom.write_text(_POM)
        goal = ["dependency:copy-dependencies", "-DincludeScope=runtime", f"-DoutputDirectory={libs}"]
        try:
            done = subprocess.run(
                ["mvn", "-B", "-q", "-f", pom, *goal],
                capture_output=True,
                text=True,
                timeout=FETCH_TIMEOUT_S,
                check=False,
            )
        except subprocess.TimeoutExpired:
            raise KafkaUnavailable(f"mvn did not fetch Kafka within {FETCH_TIMEOUT_S} s") from None
        if done.returncode:
            lines = (done.stdout + done.stderr).strip().splitlines()
            raise KafkaUnavailable(f"mvn could not fetch Kafka: {lines[0] if lines else 'no output'}")
        try:
            libs.rename(directory)
        except OSError:
            if not directory.is_dir():  # else another test run was quicker
                raise
