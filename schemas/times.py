"""Convert between milliseconds since the epoch (inside) and RFC 3339 text (in records)."""

from datetime import UTC, datetime
from functools import lru_cache
from typing import Final

LATEST_MS = 253_402_300_799_999
"""The last millisecond of the year 9999, the largest time RFC 3339 can write."""


_MINUTE_MS: Final = 60_000
_SECONDS: Final = tuple(f"{second:02d}." for second in range(60))
_MILLIS: Final = tuple(f"{millis:03d}Z" for millis in range(1000))


@lru_cache(maxsize=65_536)
def _minute(epoch_min: int) -> str:
    return datetime.fromtimestamp(60 * epoch_min, UTC).strftime("%Y-%m-%dT%H:%M:").rjust(17, "0")


def to_text(epoch_ms: int) -> str:
    """Write a time as ``2020-03-27T21:35:00.000Z``.

    Raises:
        ValueError: the time lies outside the years 1970 to 9999.
    """
    if not 0 <= epoch_ms <= LATEST_MS:
        raise ValueError(f"{epoch_ms} ms lies outside the years 1970 to 9999")
    # Times of neighbours share their minute, which takes longest to write.
    rest = epoch_ms % _MINUTE_MS
    return _minute(epoch_ms // _MINUTE_MS) + _SECONDS[rest // 1000] + _MILLIS[rest % 1000]


def from_text(text: str) -> int:
    """Read an RFC 3339 time (any offset; none means UTC) as milliseconds since the epoch.

    Raises:
        ValueError: the text is no such time.
    """
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return round(moment.timestamp() * 1000)
