"""Measure what it costs to remember a million notifications: memory, state topic, and time to read it again.

``python -m benchmarks.dedupe_memory [COUNT]`` spreads COUNT identities (a million) evenly over the eight days that the
default horizon of seven days holds, as one partition would see them, in micro-batches of a thousand.
"""

import gc
import hashlib
import sys
import time
from pathlib import Path
from typing import Final

import msgspec

from processors.normalize.identity import DIGEST_SIZE
from processors.normalize.seen import Seen
from processors.normalize.state import StateRecord
from schemas.topics import DAY_MS

DAYS: Final = 8
BATCH: Final = 1_000
BEGIN_MS: Final = 20_000 * DAY_MS


def resident_bytes() -> int:
    """Return what this process occupies in memory (Linux)."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * 4_096


def fill(seen: Seen, count: int) -> list[bytes]:
    """Show so many new notifications, and return the state records of each batch, encoded."""
    written, encode = [], msgspec.msgpack.Encoder().encode
    per_day = -(-count // DAYS)
    for number in range(count):
        moment_ms = BEGIN_MS + number // per_day * DAY_MS
        digest = hashlib.blake2b(b"%d" % number, digest_size=DIGEST_SIZE).digest()
        seen.admit((digest,), seen.advance(moment_ms, moment_ms))
        if number % BATCH == BATCH - 1:
            written += [encode(record) for record in seen.records(number)]
    return written


def main(count: int) -> None:
    """Print the figures."""
    gc.collect()
    before = resident_bytes()
    seen = Seen(7 * DAY_MS)
    started = time.process_time()
    written = fill(seen, count)
    filled_s = time.process_time() - started
    state = sum(map(len, written))
    held = resident_bytes() - before - state
    decode = msgspec.msgpack.Decoder(StateRecord).decode
    restored = Seen(7 * DAY_MS)
    started = time.process_time()
    for record in written:
        restored.restore(decode(record))
    restored_s = time.process_time() - started
    assert len(restored) == len(seen) == count
    print(f"{count:,} identities of {DIGEST_SIZE} bytes over {DAYS} days, one partition")
    print(f"memory           {held / count:7.1f} bytes each, {held / 1e6:,.0f} MB")
    print(f"state topic      {state / count:7.1f} bytes each, {state / 1e6:,.0f} MB")
    print(f"to remember      {1e6 * filled_s / count:7.2f} µs each, made up ones")
    print(f"to read again    {1e6 * restored_s / count:7.2f} µs each, {restored_s:.1f} s")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000)
