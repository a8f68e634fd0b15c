"""Define the headers of ``flowrun.dead-letters``; the value is the source record's exact bytes."""

from collections.abc import Sequence
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

Reason = Literal["not_json", "unknown_shape", "missing_flow_id", "missing_run_id", "control", "deprecated", "too_late"]

Header = tuple[str, bytes]


class DeadLetterHeaders(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """Say why a record was set aside and where it stands. Precedes the source record's own headers."""

    flowrun_reason: Annotated[
        Reason,
        Meta(
            description="Why it was set aside. `control`: the check of a registration, no event; `deprecated`: the "
            "data ingestion notification; `too_late`: a run whose window can no longer be corrected."
        ),
    ]
    flowrun_detail: Annotated[str, Meta(description="What is wrong and where in the notification, in one line.")]
    flowrun_topic: Annotated[str, Meta(description="The topic it came from: `raw`, or `runs` for `too_late`.")]
    flowrun_partition: Annotated[int, Meta(description="Its partition there.")]
    flowrun_offset: Annotated[int, Meta(description="Its offset there.")]

    def before(self, own: Sequence[Header]) -> list[Header]:
        """Put these headers in front of the source record's own, as Kafka wants them (values as UTF-8)."""
        mine = [(name, str(getattr(self, name)).encode()) for name in self.__struct_fields__]
        return [*mine, *own]
