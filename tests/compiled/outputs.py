"""Print a checksum of all that both steps make of a large input: ``python -m tests.compiled.outputs``.

The input is the demo's recorded day, through both steps in micro-batches, and every documented payload with every value
in it spoilt, each by itself. Prints as well how many steps are compiled, so that nobody compares a thing with itself.
"""

import gzip
import hashlib
import sys
from collections.abc import Iterator
from importlib.resources import files
from typing import Final

import orjson

from processors.engine.step import Output
from processors.interpreter import compiled
from processors.normalize import NormalizeStep
from processors.watch import rules_file
from processors.watch.step import WatchStep
from schemas import times
from schemas.topics import DAY_MS, declare
from tests.processors.normalize.samples import FILES, RECEIVED_MS, document, payload
from tests.processors.normalize.test_corpus import spoilt
from tests.processors.normalize.test_step import Raw
from tests.processors.watch.records import Source

BATCH: Final = 50
TOPICS: Final = declare()


def recorded_day() -> Iterator[Raw]:
    """Yield the demo's recording as raw records, each received when it was recorded."""
    recording = files("flowrun") / "data" / "working-day.ndjson.gz"
    for offset, line in enumerate(gzip.decompress(recording.read_bytes()).splitlines()):
        entry = orjson.loads(line)
        headers = [(name, value.encode()) for name, value in entry["headers"]]
        yield Raw(offset, entry["body"].encode(), headers, timestamp=times.from_text(entry["time"]))


def both_steps() -> Iterator[Output]:
    """Yield what both steps write for the recorded day, the clock standing at the last record of each batch."""
    normalize = NormalizeStep(0, TOPICS, dedupe_ms=7 * DAY_MS)
    watch = WatchStep(0, TOPICS, rules_file.built_in())
    records = list(recorded_day())
    watch.opened(records[0].timestamp)
    for start in range(0, len(records), BATCH):
        batch = records[start : start + BATCH]
        now_ms = batch[-1].timestamp
        normalized = normalize.process(batch, now_ms)
        yield from normalized
        runs = [output for output in normalized if output.topic == TOPICS.runs.name]
        if runs:
            places = range(BATCH * start, BATCH * start + len(runs))
            yield from watch.process(
                [Source(at, run.value, run.key) for at, run in zip(places, runs, strict=True)], now_ms
            )
        yield from watch.tick(now_ms, caught_up=True)
    yield from watch.tick(now_ms + DAY_MS, caught_up=True)


def spoilt_payloads() -> Iterator[Output]:
    """Yield what ``normalize`` writes for each spoilt payload, each by a step that has seen nothing."""
    for file in FILES:
        number = file.partition("-")[0]
        for value in (payload(number), *map(orjson.dumps, spoilt(document(number)))):
            yield from NormalizeStep(0, TOPICS, dedupe_ms=DAY_MS).process([Raw(0, value)], RECEIVED_MS)


def main() -> int:
    """Print what is compiled, how many records were written, and their checksum."""
    digest, count = hashlib.sha256(), 0
    for outputs in (both_steps(), spoilt_payloads()):
        for output in outputs:
            digest.update(repr(output).encode())
            count += 1
    print(compiled(), count, digest.hexdigest())
    return 0


if __name__ == "__main__":
    sys.exit(main())
