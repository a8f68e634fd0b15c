"""Name the headers of ``flowrun.raw``; the value is one notification's exact bytes."""

from typing import Final

CE_SPECVERSION: Final = "ce_specversion"
CE_ID: Final = "ce_id"
CE_SOURCE: Final = "ce_source"
CE_TYPE: Final = "ce_type"
CE_TIME: Final = "ce_time"
CONTENT_TYPE: Final = "content-type"
SOURCE: Final = "flowrun_source"
RECEIVED_AT: Final = "flowrun_received_at"
BATCH: Final = "flowrun_batch"
TRACEPARENT: Final = "traceparent"

SENDER_HEADERS: Final = (
    "x-adobe-event-id",
    "x-adobe-event-code",
    "x-adobe-provider",
    "x-adobe-delivery-id",
    "x-adobe-retry-count",
)
"""The sender's headers that are carried over as they are. Never signatures, credentials or addresses."""
