"""Post a steady load of notifications over HTTP until each is acknowledged, however often that takes."""

import random
import threading
import time
import urllib.error
import urllib.request
import uuid
from dataclasses import dataclass, field
from typing import Final

import orjson

PACE_S: Final = 0.05
BATCH: Final = 5
RETRY_PAUSE_S: Final = 0.2
GIVE_UP_S: Final = 90.0
FLOWS: Final = 24
STEP_MS: Final = 7 * 60_000
"""Event time between two notifications of one flow."""


class NeverAcknowledged(Exception):
    """Ingest did not acknowledge a batch within the time that a sender would still be trying."""


@dataclass
class Load:
    """A thread that posts batches. Deterministic by its seed: only the number sent depends on time."""

    url: str
    seed: int
    acknowledged: list[dict[str, object]] = field(default_factory=list)
    attempts: int = 0
    error: Exception | None = None

    def __post_init__(self) -> None:
        self._random = random.Random(self.seed)  # noqa: S311
        self._start_ms = time.time_ns() // 1_000_000 - 6 * 3_600_000
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="load")

    def start(self) -> None:
        """Begin to post."""
        self._thread.start()

    def stop(self) -> None:
        """End after the batch under way, and raise what went wrong."""
        self._stop.set()
        self._thread.join()
        if self.error is not None:
            raise self.error

    def _run(self) -> None:
        number = 0
        try:
            while not self._stop.is_set():
                batch = [self._notification(number + index) for index in range(BATCH)]
                number += BATCH
                self._post(batch)
                self._stop.wait(PACE_S)
        except Exception as error:
            self.error = error

    def _notification(self, number: int) -> dict[str, object]:
        round_, flow = divmod(number, FLOWS)
        late_ms = self._random.randrange(0, 5) * STEP_MS if self._random.random() < 0.2 else 0
        # Some flows fail often, so that incidents open and close all the time.
        failed = self._random.random() < (0.05, 0.5, 0.9)[flow % 3]
        return {
            "event_id": str(uuid.UUID(int=self._random.getrandbits(128))),
            "event": {
                "id": str(uuid.UUID(int=self._random.getrandbits(128))),
                "flowId": f"flow-{flow:02}",
                "updatedAt": self._start_ms + min(round_ * 20_000, 5 * 3_600_000) - late_ms,
                "metrics": {
                    "recordSummary": {"inputRecordCount": 100, "outputRecordCount": 0 if failed else 97},
                    "statusSummary": {"status": "failed" if failed else "success"},
                },
            },
        }

    def _post(self, batch: list[dict[str, object]]) -> None:
        body = orjson.dumps(batch)
        give_up = time.monotonic() + GIVE_UP_S
        while time.monotonic() < give_up:
            self.attempts += 1
            request = urllib.request.Request(self.url, body, {"Content-Type": "application/json"})
            try:
                with urllib.request.urlopen(request, timeout=10) as answer:
                    if answer.status == 202:
                        self.acknowledged += batch
                        return
            except OSError:
                # 503, or nobody listens: Adobe would try again, and so do we.
                self._stop.wait(RETRY_PAUSE_S)
        raise NeverAcknowledged(f"after {GIVE_UP_S:.0f} s")
