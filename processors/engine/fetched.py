"""Unpack what aiokafka fetched without the work that costs as much as parsing it.

Two things aiokafka does for each record are left out: copying it into a ``ConsumerRecord``, and adding up checksums in
software. Checksums are verified here, by the processor's own instruction for them, where its library has that. And
batches are read where they were received (:mod:`.responses`), not from a copy.
"""

from typing import Any, Final

import google_crc32c
from aiokafka.consumer import fetcher
from aiokafka.errors import CorruptRecordException
from aiokafka.record.default_records import DefaultRecordBatch
from aiokafka.record.memory_records import MemoryRecords

# Of a record batch (Kafka's protocol guide, "Record Batch"): base offset 8, length 4, leader epoch 4, magic 1, checksum
# 4; the checksum is over what follows it.
_OFFSET: Final = slice(8)
_LENGTH: Final = slice(8, 12)
_OVERHEAD: Final = 12
_MAGIC: Final = 16
_CHECKSUM: Final = slice(17, 21)
_SUMMED_FROM: Final = 21
_FIRST_RECORD: Final = 61
_CURRENT: Final = 2
_PART: Final = 32_768


class _Batches:
    """The record batches of one fetch of a partition, each with its checksum verified unless nobody wants that."""

    def __init__(self, fetched: bytes | memoryview) -> None:
        self._size = len(fetched)
        self._rest = memoryview(fetched)
        self.are_checked = True

    def size_in_bytes(self) -> int:
        """Return how much was fetched."""
        return self._size

    def has_next(self) -> bool:
        """Tell whether there is another whole batch. The last one of a fetch may be cut off."""
        rest = self._rest
        return len(rest) >= _OVERHEAD and len(rest) >= _OVERHEAD + int.from_bytes(rest[_LENGTH], signed=True)

    def next_batch(self) -> Any:
        """Return the next batch.

        Raises:
            CorruptRecordException: it is not as its producer wrote it.
        """
        rest = self._rest
        end = _OVERHEAD + int.from_bytes(rest[_LENGTH], signed=True)
        batch = rest[:end]
        if end <= _MAGIC or (batch[_MAGIC] == _CURRENT and end < _FIRST_RECORD):
            raise CorruptRecordException(f"the batch at offset {_offset(batch)} has no whole head")
        if batch[_MAGIC] == _CURRENT:
            found = DefaultRecordBatch(batch)
            is_sound = not self.are_checked or _is_sound(found, batch)
        else:
            found = MemoryRecords(batch.tobytes()).next_batch()
            is_sound = not self.are_checked or found.validate_crc()
        if not is_sound:
            raise CorruptRecordException(f"the checksum of the batch at offset {_offset(batch)} does not fit")
        self._rest = rest[end:]
        return found


def _offset(batch: memoryview) -> int:
    return int.from_bytes(batch[_OFFSET], signed=True)


def _is_sound(found: Any, batch: memoryview) -> bool:
    if google_crc32c.implementation != "c":
        return bool(found.validate_crc())
    return _checksum(batch[_SUMMED_FROM:]) == int.from_bytes(batch[_CHECKSUM])


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
    fetcher.MemoryRecords = _Batches
