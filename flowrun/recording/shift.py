"""Move the times of recorded notifications, leaving every other byte of them as it is.

The text is edited in place, not parsed and written again: a body that is no valid JSON, repeats a key or writes numbers
in an odd way keeps all of that.
"""

import re
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from flowrun.recording.entry import Entry
from schemas.times import from_text

TIME_FIELDS: Final = (
    *("createdAt", "updatedAt", "resolvedAt", "slaCreatedAt", "processStartTime", "transformedTime", "sentTime"),
    *("startedAtUTC", "completedAtUTC", "updatedAtUTC", "startedAt", "completedAt"),
    *("windowStart", "windowEnd", "windowStartTime", "windowEndTime", "timestamp", "time"),
)
"""The members that hold times in the documented payloads (DOMAIN.md 4.3)."""

_FROM_S: Final = 978_307_200
"""2001: what is earlier is unset or nonsense, such as ``updatedAtUTC: 0``, and no time to move."""
_TO_S: Final = 4_102_444_800
"""2100."""

# An unescaped `"name":` can only be a member's name: inside a text the quotes would be escaped.
_MEMBER: Final = re.compile(
    rb'(?<!\\)(?P<name>"(?:' + "|".join(TIME_FIELDS).encode() + rb')"\s*:\s*)'
    rb"(?:"
    rb'(?P<quote>"?)(?P<number>\d{9,13})(?P<fraction>\.\d+)?(?(quote)(?P=quote))(?=\s*[,}\]]|\s*$)'
    rb'|"(?P<date>\d{4}-\d\d-\d\d)(?P<separator>[Tt ])(?P<clock>\d\d:\d\d:\d\d)(?=(?P<rest>[^"\\]{0,20})")'
    rb")"
)


def shift_body(body: bytes, seconds: int) -> bytes:
    """Add whole seconds to every time in a payload: numbers stay seconds or milliseconds, texts keep their form."""

    def moved(match: re.Match[bytes]) -> bytes:
        start, old = match.start(), match[0]
        if match["number"] is not None:
            new = _shift_number(match["number"], seconds)
            return _splice(old, match.span("number"), start, new)
        new = _shift_text(match["date"] + b"T" + match["clock"], seconds)
        return _splice(old, (match.start("date"), match.end("clock")), start, new.replace(b"T", match["separator"]))

    return _MEMBER.sub(moved, body)


def newest_time(body: bytes) -> int | None:
    """Return the latest time in a payload in milliseconds, ``None`` if there is none: when it can have been sent."""
    times = (_match_ms(match) for match in _MEMBER.finditer(body))
    return max((time for time in times if time is not None), default=None)


def when(entry: Entry) -> int | None:
    """Tell when an entry was sent: as recorded, for a bare payload its newest time."""
    return entry.time_ms if entry.time_ms is not None else newest_time(entry.body)


def shift_entry(entry: Entry, seconds: int) -> Entry:
    """Move the time of the record and every time in its body; ids stay, so what was sent before is known again."""
    time_ms = None if entry.time_ms is None else entry.time_ms + 1000 * seconds
    return replace(entry, body=shift_body(entry.body, seconds), time_ms=time_ms)


def seconds_until(last_ms: int, now_ms: int) -> int:
    """Tell by how many whole seconds to shift so that ``last_ms`` is at ``now_ms``, at most a second before it.

    Whole seconds, so that times written in seconds and in milliseconds keep their distance.
    """
    return (now_ms - last_ms) // 1000


def _splice(old: bytes, span: tuple[int, int], start: int, new: bytes) -> bytes:
    return old[: span[0] - start] + new + old[span[1] - start :]


def _match_ms(match: re.Match[bytes]) -> int | None:
    if match["number"] is not None:
        return _number_ms(match["number"])
    try:
        return from_text((match["date"] + b"T" + match["clock"] + match["rest"]).decode())
    except (ValueError, OverflowError):
        return None


def _number_ms(digits: bytes) -> int | None:
    """Read a number of seconds or milliseconds (by its size), ``None`` if it is no believable time."""
    number = int(digits)
    if _FROM_S <= number < _TO_S:
        return number * 1000
    return number if _FROM_S * 1000 <= number < _TO_S * 1000 else None


def _shift_number(digits: bytes, seconds: int) -> bytes:
    if _number_ms(digits) is None:
        return digits
    return b"%d" % (int(digits) + (seconds if int(digits) < _TO_S else seconds * 1000))


def _shift_text(text: bytes, seconds: int) -> bytes:
    """Move a date and time of day; what follows (fraction, offset) is not touched by whole seconds."""
    try:
        moment = datetime.fromisoformat(text.decode()) + timedelta(seconds=seconds)
    except (ValueError, OverflowError):
        return text
    return moment.isoformat().encode()
