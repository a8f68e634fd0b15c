"""Read recorded runs from where they are: the runs topic, the raw topic, or files of notifications."""

from collections.abc import Iterator
from pathlib import Path
from typing import Final, Protocol

from broker.connection import Connection
from flowrun.backtest.raw import Normalizing, Notification
from flowrun.backtest.recorded import RecordedRun
from flowrun.recording.entry import Entry
from flowrun.recording.reader import read_entries
from flowrun.recording.shift import when
from flowrun.tail.reader import Reader
from flowrun.tail.record import Record
from schemas.topics import Topic, Topics

READ_S: Final = 0.05
_FILES: Final = "recording"
"""The topic that a bare payload is said to come from."""


class Source(Protocol):
    """Something that holds recorded runs."""

    def runs(self) -> Iterator[RecordedRun]:
        """Read all of them, once.

        Raises:
            BrokerError: no broker answers, or the topic is missing.
            RecordingInvalid: a file cannot be read, or a line is no record.
        """

    def statistics(self) -> dict[str, int]:
        """Return what was dropped on the way: ``duplicates`` and ``refused`` of notifications."""


class RunsTopic:
    """The runs topic: the very records that the ``watch`` agent reads."""

    def __init__(self, connection: Connection, topic: Topic) -> None:
        self._connection = connection
        self._topic = topic

    def runs(self) -> Iterator[RecordedRun]:
        """Read from the beginning to the end."""
        for record in _read(self._connection, self._topic):
            if record.value is not None:
                yield RecordedRun(record.partition, record.offset, record.time_ms, record.value)

    def statistics(self) -> dict[str, int]:
        """Nothing is dropped."""
        return {}


class RawTopic:
    """The raw topic, normalised on the way."""

    def __init__(self, connection: Connection, topics: Topics, dedupe_ms: int) -> None:
        self._connection = connection
        self._topic = topics.raw
        self._normalizing = Normalizing(topics, dedupe_ms)

    def runs(self) -> Iterator[RecordedRun]:
        """Read from the beginning to the end, in the order of the records' times."""
        for record in _read(self._connection, self._topic):
            yield from self._normalizing.runs(
                Notification(
                    record.topic,
                    record.partition,
                    record.offset,
                    record.time_ms,
                    record.key,
                    record.value,
                    list(record.headers),
                )
            )

    def statistics(self) -> dict[str, int]:
        """Return what was dropped on the way."""
        return self._normalizing.statistics()


class Files:
    """Recordings, of notifications or of the runs topic, and bare payloads, in the order of their paths."""

    def __init__(self, files: list[Path], topics: Topics, dedupe_ms: int) -> None:
        self._files = files
        self._normalizing = Normalizing(topics, dedupe_ms)

    def runs(self) -> Iterator[RecordedRun]:
        """Read all files. Where an entry has no time, it came when the one before it did."""
        arrived_ms = 0
        for offset, entry in enumerate(read_entries(self._files)):
            sent_ms = when(entry)
            arrived_ms = arrived_ms if sent_ms is None else sent_ms
            if _is_run(entry):
                yield self._normalizing.known_run(entry.key or b"", arrived_ms, entry.body)
            else:
                headers = list(entry.headers)
                sent = Notification(entry.topic or _FILES, 0, offset, arrived_ms, entry.key, entry.body, headers)
                yield from self._normalizing.runs(sent)

    def statistics(self) -> dict[str, int]:
        """Return what was dropped on the way."""
        return self._normalizing.statistics()


def _is_run(entry: Entry) -> bool:
    return entry.topic is not None and entry.topic.rpartition(".")[2] == "runs"


def _read(connection: Connection, topic: Topic) -> Iterator[Record]:
    with Reader(connection, [topic], "beginning") as reader:
        while not reader.is_at_end:
            yield from reader.read(READ_S)
            reader.require_contact()
