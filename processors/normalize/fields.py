"""Read single fields of a parsed notification tolerantly: a wrong type is ``None``, and counted.

Senders vary, so these count as right: text of digits where a number is meant, a float without fraction, a time as
seconds, milliseconds or ISO 8601. Right in type but without meaning, and therefore ``None`` uncounted: negative
counts (-1 is how Adobe writes "unknown"), numbers beyond 64 bits, times before 2001, empty texts.
"""

from typing import Final

from schemas import times

Node = dict[str, object]
"""A JSON object as orjson gives it. orjson refuses lone surrogates, so every text in it can be written as UTF-8."""

MAX_IDENTIFIER: Final = 200
MAX_NAME: Final = 500
MAX_MESSAGE: Final = 1_000
MAX_URL: Final = 2_000
MAX_NUMBER: Final = 2**63 - 1
"""The largest number that readers with 64-bit integers can take."""

FIRST_MILLISECONDS: Final = 100_000_000_000
"""Smaller numbers are seconds (DOMAIN.md 4.3: the canonical success has seconds, all others milliseconds)."""
EARLIEST_S: Final = 978_307_200
"""The beginning of 2001: earlier times are nonsense that samples hold."""
EARLIEST_MS: Final = EARLIEST_S * 1000


class Faults:
    """Count the fields of one notification that have a wrong type."""

    __slots__ = ("ill_typed",)

    def __init__(self) -> None:
        self.ill_typed = 0


def identifier(value: object, faults: Faults) -> str | None:
    """Return an id: text of 1 to 200 characters. A longer one is no id, because a part of it would be another's."""
    if type(value) is str and 0 < len(value) <= MAX_IDENTIFIER:
        return value
    if value is not None and value != "":
        faults.ill_typed += 1
    return None


def code(value: object, faults: Faults) -> str | None:
    """Return an error code. Adobe's examples hold "133" and "2200": a sender that writes numbers means the same."""
    return str(value) if type(value) is int and abs(value) <= MAX_NUMBER else identifier(value, faults)


def text(value: object, faults: Faults, limit: int = MAX_NAME) -> str | None:
    """Return a text for people, cut to ``limit`` characters."""
    if type(value) is str:
        return value[:limit] or None
    if value is not None:
        faults.ill_typed += 1
    return None


def message(value: object, faults: Faults) -> str | None:
    """Return a longer text for people, cut to 1,000 characters."""
    return text(value, faults, MAX_MESSAGE)


def link(value: object, faults: Faults) -> str | None:
    """Return a URL as sent. One of more than 2,000 characters is none: cut, it would lead elsewhere."""
    if type(value) is str and 0 < len(value) <= MAX_URL:
        return value
    if value is not None and value != "":
        faults.ill_typed += 1
    return None


def number(value: object, faults: Faults) -> int | None:
    """Return a whole number of 64 bits."""
    if type(value) is int:
        return value if -MAX_NUMBER <= value <= MAX_NUMBER else None
    if type(value) is float and value.is_integer():
        # Compared as a whole number: as a float the limit would be 2**63.
        return number(int(value), faults)
    if type(value) is str:
        digits = value.removeprefix("-")
        # int() refuses 4,300 digits and more, and takes digits of any script.
        if digits.isascii() and digits.isdecimal() and len(digits) <= 20:
            return number(int(value), faults)
    if value is not None and value != "":
        faults.ill_typed += 1
    return None


def moment(value: object, faults: Faults) -> int | None:
    """Return a time as seconds or milliseconds since the epoch, in whole numbers; :func:`believable_ms` tells which."""
    if type(value) is float:
        return _rounded_ms(value)
    written = _iso_ms(value)
    if written is None:
        return number(value, faults)
    # An earlier one could be taken for seconds.
    return written if written >= EARLIEST_MS else None


def believable_ms(sent: int | None) -> int | None:
    """Return a time that was sent in seconds or milliseconds as milliseconds, ``None`` if it is nonsense."""
    if sent is None:
        return None
    if sent >= FIRST_MILLISECONDS:
        return sent if EARLIEST_MS <= sent <= times.LATEST_MS else None
    return sent * 1000 if sent >= EARLIEST_S else None


def _rounded_ms(sent: float) -> int | None:
    # Apart from the above, which reads whole numbers only: compiled, those are far cheaper.
    if sent >= FIRST_MILLISECONDS:
        return round(sent) if EARLIEST_MS <= sent <= times.LATEST_MS else None
    return round(sent * 1000) if sent >= EARLIEST_S else None


def _iso_ms(value: object) -> int | None:
    # Not the short forms of ISO 8601 that are digits only: those are numbers here.
    if type(value) is not str or not 10 <= len(value) <= 40 or value.isdecimal():
        return None
    try:
        return times.from_text(value)
    except (ValueError, OverflowError):
        return None
