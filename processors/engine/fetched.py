"""Unpack what aiokafka fetched without the work that costs as much as parsing it.

Two things aiokafka does for each record are left out: copying it into a ``ConsumerRecord``, and adding up checksums in
software. Checksums are verified here, by the processor's own instruction for them, where its library has that.
"""

from typing import Any, Final

import google_crc32c
from aiokafka.consumer import fetcher
from aiokafka.errors import CorruptRecordException
from aiokafka.record.memory_records import MemoryRecords

# Of a record batch (Kafka's protocol guide, "Record Batch"): base offset 8, length 4, leader epoch 4, magic 1, checksum
# 4; the checksum is over what follows it.
_OFFSET: Final = slice(8)
_LENGTH: Final = slice(8, 12)
_OVERHEAD: Final = 12
_MAGIC: Final = 16
_CHECKSUM: Final = slice(17, 21)
_SUMMED_FROM: Final = 21
_CURRENT: Final = 2
_PART: Final = 32_768


class _Batches:
    """The record batches of one fetch of a partition, each with its checksum verified unless nobody wants that."""

    def __init__(self, fetched: bytes) -> None:
        self._batches = MemoryRecords(fetched)
        self._rest = memoryview(fetched)
        self.are_checked = True
        self.has_next = self._batches.has_next
        self.size_in_bytes = self._batches.size_in_bytes

    def next_batch(self) -> Any:
        """Return the next batch.

        Raises:
            CorruptRecordException: it is not as its producer wrote it.
        """
        found, rest = self._batches.next_batch(), self._rest
        if not self.are_checked:
            return found
        end = _OVERHEAD + int.from_bytes(rest[_LENGTH])
        if rest[_MAGIC] == _CURRENT:
            is_sound = _checksum(rest[_SUMMED_FROM:end]) == int.from_bytes(rest[_CHECKSUM])
        else:
            is_sound = found.validate_crc()
        if not is_sound:
            offset = int.from_bytes(rest[_OFFSET])
            raise CorruptRecordException(f"the checksum of the batch at offset {offset} does not fit")
        self._rest = rest[end:]
        return found


def _checksum(data: memoryview) -> int:
    # The library takes bytes only. Copied in parts they stay in the processor's cache.
    found = 0
    for start in range(0, len(data), _PART):
        found = google_crc32c.extend(found, data[start : start + _PART].tobytes())
    return found


class _PartitionRecords(fetcher.PartitionRecords):  # type: ignore[misc]
    """The records of one fetch of a partition, as they were parsed."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if isinstance(self._records, _Batches):
            self._records.are_checked = self._check_crcs  # type: ignore[has-type]  # aiokafka has no types
            self._check_crcs = False

    def __iter__(self) -> Any:
        return self._records_iterator

    def _consumer_record(self, tp: Any, record: Any) -> Any:
        return record


def install() -> None:
    """Make every consumer of this process unpack what it fetches in this way."""
    fetcher.PartitionRecords = _PartitionRecords
    if google_crc32c.implementation == "c":
        fetcher.MemoryRecords = _Batches
