"""Define the headers of ``flowrun.dead-letters``; the value is the source record's exact bytes."""

from collections.abc import Sequence
from typing import Literal

import msgspec

Reason = Literal["not_json", "unknown_shape", "missing_flow_id", "missing_run_id", "control", "deprecated", "too_late"]

Header = tuple[str, bytes]


class DeadLetterHeaders(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """Say why a record was set aside and where it stands. Precedes the source record's own headers."""

    flowrun_reason: Reason
    flowrun_detail: str
    flowrun_topic: str
    flowrun_partition: int
    flowrun_offset: int

    def before(self, own: Sequence[Header]) -> list[Header]:
        """Put these headers in front of the source record's own, as Kafka wants them (values as UTF-8)."""
        mine = [(name, str(getattr(self, name)).encode()) for name in self.__struct_fields__]
        return [*mine, *own]
