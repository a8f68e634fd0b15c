"""Read single fields of a parsed notification tolerantly: a wrong type is ``None``, and counted.

Senders vary, so these count as right: text of digits where a number is meant, a float without fraction, a time as
seconds, milliseconds or ISO 8601. Right in type but without meaning, and therefore ``None`` uncounted: negative
counts (-1 is how Adobe writes "unknown"), numbers beyond 64 bits, times before 2001, empty texts.
"""

from typing import Final

from schemas import times

Node = dict[str, object]
"""A JSON object as orjson gives it. orjson refuses lone surrogates, so every text in it can be written as UTF-8."""

NOTHING: Final[Node] = {}
"""Stands for an object that is absent. Never written to."""

MAX_IDENTIFIER: Final = 200
MAX_NAME: Final = 500
MAX_URL: Final = 2_000
MAX_COUNT: Final = 2**63 - 1
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


def section(node: Node, key: str, faults: Faults) -> Node:
    """Return the object at ``key``, an empty one if there is none."""
    value = node.get(key)
    if type(value) is dict:
        return value
    if value is not None:
        faults.ill_typed += 1
    return NOTHING


def objects(node: Node, key: str, faults: Faults) -> list[Node]:
    """Return the objects of the array at ``key``; elements that are no objects are counted and left out."""
    value = node.get(key)
    if value is None:
        return []
    if type(value) is not list:
        faults.ill_typed += 1
        return []
    found = [element for element in value if type(element) is dict]
    faults.ill_typed += len(value) - len(found)
    return found


def identifier(value: object, faults: Faults) -> str | None:
    """Return an id: text of 1 to 200 characters. A longer one is no id, because a part of it would be another's."""
    if type(value) is str and 0 < len(value) <= MAX_IDENTIFIER:
        return value
    if value is not None and value != "":
        faults.ill_typed += 1
    return None


def text(value: object, faults: Faults, limit: int = MAX_NAME) -> str | None:
    """Return text for people, cut to ``limit`` characters."""
    if type(value) is str:
        return value[:limit] or None
    if value is not None:
        faults.ill_typed += 1
    return None


def link(value: object, faults: Faults) -> str | None:
    """Return a URL as sent. One of more than 2,000 characters is none: cut, it would lead elsewhere."""
    if type(value) is str and 0 < len(value) <= MAX_URL:
        return value
    if value is not None and value != "":
        faults.ill_typed += 1
    return None


def count(value: object, faults: Faults) -> int | None:
    """Return how many, 0 or more."""
    if type(value) is int:
        return value if 0 <= value <= MAX_COUNT else None
    if value is None:
        return None
    number = _number(value, faults)
    return int(number) if number is not None and 0 <= number <= MAX_COUNT else None


def time_ms(value: object, faults: Faults) -> int | None:
    """Return a time in milliseconds since the epoch, ``None`` for one outside the years 2001 to 9999."""
    if type(value) is int or type(value) is float:
        return _moment(value)
    if value is None:
        return None
    written = _iso_ms(value)
    if written is not None:
        return written if EARLIEST_MS <= written <= times.LATEST_MS else None
    number = _number(value, faults)
    return None if number is None else _moment(number)


def _moment(number: float) -> int | None:
    if number < FIRST_MILLISECONDS:
        return round(number * 1000) if number >= EARLIEST_S else None
    return round(number) if EARLIEST_MS <= number <= times.LATEST_MS else None


def _number(value: object, faults: Faults) -> int | float | None:
    if type(value) is float and value.is_integer():
        return value
    if type(value) is str:
        if value == "":
            return None
        digits = value.removeprefix("-")
        # 4,300 digits and more would make int() raise.
        if digits.isascii() and digits.isdecimal() and len(digits) <= 20:
            return int(value)
    faults.ill_typed += 1
    return None


def _iso_ms(value: object) -> int | None:
    # Not the short forms of ISO 8601 that are digits only: those are numbers here.
    if type(value) is not str or not 10 <= len(value) <= 40 or value.isdecimal():
        return None
    try:
        return times.from_text(value)
    except (ValueError, OverflowError):
        return None
