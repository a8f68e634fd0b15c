"""The step of the ``normalize`` agent: raw records in; runs, alerts and dead letters out, each notification once.

Dead letters are not deduplicated: each raw record that cannot be read in full gives one, also when the same bytes come
again. What was set aside may be sent again on purpose once the cause is mended, and must not vanish if it is not.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Final, get_args

import msgspec

from processors.engine.step import Output, SourceRecord
from processors.normalize.notification import normalize
from processors.normalize.refusal import Rejected
from processors.normalize.result import Identified
from processors.normalize.seen import Seen
from processors.normalize.size import encode, fit
from processors.normalize.state import StateRecord
from schemas.dead_letter import DeadLetterHeaders, Reason
from schemas.run import Run
from schemas.topics import Topics

RUNS: Final = "runs"
ALERTS: Final = "alerts"
DUPLICATES: Final = "duplicates"
UNKNOWN_STATUSES: Final = "unknown_statuses"
ILL_TYPED_FIELDS: Final = "ill_typed_fields"
REMEMBERED: Final = "remembered"
REJECTED: Final = "rejected_"
"""Followed by the reason."""

_REASONS: Final = tuple(reason for reason in get_args(Reason) if reason != "too_late")
"""All but the one that only ``watch`` gives."""
_COUNTED: Final = (RUNS, ALERTS, DUPLICATES, UNKNOWN_STATUSES, ILL_TYPED_FIELDS, *(REJECTED + r for r in _REASONS))


class NormalizeStep:
    """Normalise one partition of the raw topic. Its state is which notifications were seen; see :mod:`.seen`."""

    def __init__(self, partition: int, topics: Topics, *, dedupe_ms: int) -> None:
        self.position = -1
        self._partition = partition
        self._raw = topics.raw.name
        self._runs = topics.runs.name
        self._alerts = topics.alerts.name
        self._dead_letters = topics.dead_letters.name
        self._state_topic = topics.normalize_state.name
        self._seen = Seen(dedupe_ms)
        self._counts: Counter[str] = Counter(dict.fromkeys(_COUNTED, 0))
        self._encode_state = msgspec.msgpack.Encoder().encode
        self._decode_state = msgspec.msgpack.Decoder(StateRecord).decode

    def restore(self, key: bytes | None, value: bytes | None) -> None:
        """Take one record of the state topic."""
        if value is not None:
            record = self._decode_state(value)
            self.position = record.position
            self._seen.restore(record)

    def opened(self, now_ms: int) -> Sequence[str]:
        """Need nothing: the memory depends on the raw records alone."""
        return ()

    def process(self, records: Sequence[SourceRecord], now_ms: int) -> list[Output]:
        """Return the outputs of these records, and last the state records with the new position."""
        outputs: list[Output] = []
        for record in records:
            self._process_one(record, now_ms, outputs)
        self.position = records[-1].offset
        outputs.extend(
            Output(self._state_topic, None, self._encode_state(added), None, self._partition)
            for added in self._seen.records(self.position)
        )
        return outputs

    def _process_one(self, source: SourceRecord, now_ms: int, outputs: list[Output]) -> None:
        normalized = normalize(source.value, source.headers, source.timestamp, self._partition, source.offset)
        counts = self._counts
        if normalized.records:
            day = self._seen.advance(normalized.received_ms, now_ms)
            for identified in normalized.records:
                if self._seen.admit(identified.known_by, day, identified.settles):
                    outputs.append(self._output(identified))
                else:
                    counts[DUPLICATES] += 1
        if normalized.ill_typed:
            counts[ILL_TYPED_FIELDS] += normalized.ill_typed
        if normalized.rejected is not None:
            counts[REJECTED + normalized.rejected.reason] += 1
            outputs.append(self._dead_letter(source, normalized.rejected))

    def _output(self, identified: Identified) -> Output:
        record = identified.record
        if isinstance(record, Run):
            self._counts[RUNS] += 1
            if record.status == "unknown":
                self._counts[UNKNOWN_STATUSES] += 1
            return Output(self._runs, identified.key.encode(), encode(record))
        self._counts[ALERTS] += 1
        return Output(self._alerts, identified.key.encode(), encode(record))

    def _dead_letter(self, source: SourceRecord, rejected: Rejected) -> Output:
        value, own, left_out = fit(source.value, source.headers)
        headers = DeadLetterHeaders(
            flowrun_reason=rejected.reason,
            flowrun_detail=rejected.detail + left_out,
            flowrun_topic=self._raw,
            flowrun_partition=self._partition,
            flowrun_offset=source.offset,
        )
        return Output(self._dead_letters, source.key, value, headers.before(own))

    def tick(self, now_ms: int, *, caught_up: bool) -> Sequence[Output]:
        """Do nothing: time alone makes no notification."""
        return ()

    def statistics(self) -> Mapping[str, int]:
        """Return what was counted, and how many identities are remembered now."""
        return {**self._counts, REMEMBERED: len(self._seen)}
