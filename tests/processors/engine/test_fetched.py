"""What was fetched is unpacked as aiokafka would, and a batch whose checksum does not fit is refused."""

from itertools import islice
from typing import Any, Final

import google_crc32c
import pytest
from aiokafka.consumer import fetcher
from aiokafka.errors import CorruptRecordException
from aiokafka.record.default_records import DefaultRecordBatchBuilder
from aiokafka.record.legacy_records import LegacyRecordBatchBuilder
from aiokafka.structs import TopicPartition
from google_crc32c import python as in_python

from processors.engine import fetched

HEADERS: Final = [("ce_id", b"e1"), ("none", None), ("ce_id", b"again")]
PLACE: Final = TopicPartition("in", 3)


def batch(first: int, *values: bytes | None, compression: int = 0) -> bytes:
    """Make a batch of records at ``first`` and the offsets behind it, as a producer does."""
    builder = DefaultRecordBatchBuilder(2, compression, 0, -1, -1, -1, 1_000_000)
    for number, value in enumerate(values):
        builder.append(number, 1_000 + number, b"key", value, HEADERS)
    made = builder.build()
    return first.to_bytes(8) + bytes(made[8:])


def legacy(first: int, value: bytes) -> bytes:
    """Make what brokers of the years before 2017 held."""
    builder = LegacyRecordBatchBuilder(1, 0, 1_000_000)
    builder.append(0, 1_000, b"key", value)
    made = builder.build()
    return first.to_bytes(8) + bytes(made[8:])


@pytest.fixture(autouse=True)
def _installed(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("PartitionRecords", "MemoryRecords"):
        monkeypatch.setattr(fetcher, name, getattr(fetcher, name))
    fetched.install()


def unpack(data: bytes | memoryview, first: int = 0, *, is_checked: bool = True) -> list[Any]:
    """Unpack what was fetched from offset ``first`` on, as aiokafka's fetcher does."""
    return list(fetcher.PartitionRecords(PLACE, fetcher.MemoryRecords(data), [], first, None, None, is_checked, 1))


def test_records_come_as_they_were_written() -> None:
    """Keys, values, times and repeated headers; what lies before the asked offset, and half a batch, do not come."""
    data = batch(5, b"a", b"b") + batch(7, None, compression=1) + batch(8, b"c" * 50_000) + batch(9, b"later")[:-1]
    got = [(one.offset, one.timestamp, one.key, one.value, list(one.headers)) for one in unpack(data, 6)]
    assert got == [
        (6, 1_001, b"key", b"b", HEADERS),
        (7, 1_000, b"key", None, HEADERS),
        (8, 1_000, b"key", b"c" * 50_000, HEADERS),
    ]


def test_a_fetch_may_be_taken_in_parts() -> None:
    """A poll takes so many records and no more; the next goes on behind them."""
    data = batch(0, b"a", b"b") + batch(2, b"c")
    unpacked = fetcher.PartitionRecords(PLACE, fetcher.MemoryRecords(data), [], 0, None, None, True, 1)
    parts = [[one.value for one in islice(unpacked, 1)], unpacked.next_fetch_offset, [one.value for one in unpacked]]
    assert [*parts, unpacked.next_fetch_offset] == [[b"a"], 1, [b"b", b"c"], 3]


def test_records_of_brokers_before_2017_come_too() -> None:
    """Their batches have another checksum, which aiokafka verifies."""
    assert [(one.offset, one.value, list(one.headers)) for one in unpack(legacy(4, b"old"))] == [(4, b"old", [])]


@pytest.mark.parametrize("wrong", [20, 21, 60, -1])
@pytest.mark.parametrize("place", [0, 1])
def test_a_batch_that_changed_on_its_way_is_refused(place: int, wrong: int) -> None:
    """What came before it is handed out."""
    batches = [bytearray(batch(0, b"first")), bytearray(batch(1, b"second"))]
    batches[place][wrong] ^= 1
    unpacked = iter(
        fetcher.PartitionRecords(PLACE, fetcher.MemoryRecords(b"".join(batches)), [], 0, None, None, True, 1)
    )
    assert [next(unpacked).value for _ in range(place)] == [b"first"] * place
    with pytest.raises(CorruptRecordException, match=f"at offset {place} does not fit"):
        next(unpacked)


def test_where_checksums_are_not_wanted_none_is_verified() -> None:
    """The embedded broker writes wrong ones."""
    data = bytearray(batch(0, b"first") + batch(1, b"second"))
    data[17] ^= 1
    assert [one.value for one in unpack(bytes(data), is_checked=False)] == [b"first", b"second"]


def test_a_batch_of_before_2017_that_changed_on_its_way_is_refused() -> None:
    """The older checksum counts as well."""
    data = bytearray(legacy(4, b"old"))
    data[-1] ^= 1
    with pytest.raises(CorruptRecordException):
        unpack(bytes(data))


def test_where_the_library_has_only_python_aiokafka_adds_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """In Python a checksum would take a thousand times as long."""
    monkeypatch.setattr(google_crc32c, "implementation", in_python.__name__)
    monkeypatch.delattr(google_crc32c, "extend")
    changed = bytearray(batch(0, b"first"))
    changed[-1] ^= 1
    assert [one.value for one in unpack(batch(0, b"first"))] == [b"first"]
    with pytest.raises(CorruptRecordException):
        unpack(bytes(changed))


@pytest.mark.parametrize("compression", [0, 1, 3])
def test_a_view_of_what_was_received_is_read_in_place(compression: int) -> None:
    """The records outlive it: nothing of them lies there."""
    received = bytearray(batch(0, b"a" * 100, compression=compression) + batch(1, b"b", compression=compression))
    found = unpack(memoryview(received))
    received[:] = bytes(len(received))
    assert [(one.offset, one.key, one.value, list(one.headers)) for one in found] == [
        (0, b"key", b"a" * 100, HEADERS),
        (1, b"key", b"b", HEADERS),
    ]
    received.append(0)  # nor is it held


@pytest.mark.parametrize("length", [-1, 0, 4, 48])
@pytest.mark.parametrize("is_checked", [True, False])
def test_a_batch_without_a_whole_head_is_refused(length: int, is_checked: bool) -> None:
    """What lies behind it is not taken for a part of it."""
    data = bytearray(batch(7, b"first"))
    data[8:12] = length.to_bytes(4, signed=True)
    with pytest.raises(CorruptRecordException, match="at offset 7 has no whole head"):
        unpack(bytes(data), is_checked=is_checked)


def test_what_holds_no_whole_batch_says_how_much_it_is() -> None:
    """So that aiokafka can tell of a record that is larger than a fetch."""
    begun = fetcher.MemoryRecords(batch(0, b"first")[:-1])
    assert (begun.has_next(), begun.size_in_bytes()) == (False, len(batch(0, b"first")) - 1)
    nothing = fetcher.MemoryRecords(b"")
    assert (nothing.has_next(), nothing.size_in_bytes()) == (False, 0)
