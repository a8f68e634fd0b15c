"""Keep what is written below what Kafka takes, so that no notification can stop a partition."""

from collections.abc import Callable, Sequence
from typing import Final

import msgspec

from schemas.alert import Alert
from schemas.run import Run, RunError
from schemas.topics import MAX_MESSAGE_BYTES

MAX_RECORD: Final = 900_000
"""Bytes of an encoded run: Kafka's usual limit is 1 MiB with key and headers."""

MAX_DEAD_LETTER: Final = MAX_MESSAGE_BYTES - 16_384
"""Bytes of a dead letter without the headers that are put in front. Only what lay compressed in the raw topic can be
larger; ingest accepts 4 MiB."""

Header = tuple[str, bytes]

_encode: Final = msgspec.json.Encoder().encode

_CUTS: Final[Sequence[Callable[[Run], Run]]] = (
    lambda run: msgspec.structs.replace(run, file_info=[]),
    lambda run: msgspec.structs.replace(run, activities=[]),
    lambda run: msgspec.structs.replace(
        run, errors=[RunError(error.code, None, error.stage, error.count) for error in run.errors]
    ),
    lambda run: msgspec.structs.replace(run, batch_ids=[]),
)


def encode(record: Run | Alert, limit: int = MAX_RECORD) -> bytes:
    """Encode a record; from a run of more than ``limit`` bytes detail is dropped, the least needed first.

    Each field is bounded already (see :mod:`.fields`), so this happens only to a run with many of the longest texts.
    """
    value = _encode(record)
    if len(value) > limit and isinstance(record, Run):
        for cut in _CUTS:
            record = cut(record)
            value = _encode(record)
            if len(value) <= limit:
                break
    return value


def fit(value: bytes | None, headers: Sequence[Header]) -> tuple[bytes | None, Sequence[Header], str]:
    """Return the value and headers of a dead letter, and what had to be left out of them (mostly nothing, empty)."""
    header_bytes = sum(len(name) * 4 + len(content or b"") for name, content in headers)
    size = len(value or b"")
    if size + header_bytes <= MAX_DEAD_LETTER:
        return value, headers, ""
    if size <= MAX_DEAD_LETTER:
        return value, (), f"; own headers of {header_bytes:,} bytes left out"
    return (value or b"")[:MAX_DEAD_LETTER], (), f"; cut from {size:,} bytes, own headers left out"
