"""Read the values of options: durations, speeds, moments. A wrong one is refused with what is allowed."""

import re
from collections.abc import Callable
from typing import Any, Final, Generic, TypeVar

import click

from schemas.settings import parse_duration
from schemas.times import from_text

T = TypeVar("T")


class Parsed(click.ParamType, Generic[T]):
    """Make a parameter type of a function that reads a text and raises ``ValueError`` saying what is allowed."""

    def __init__(self, name: str, read: Callable[[str], T]) -> None:
        self.name = name
        self._read = read

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> T:
        """Read the value; a default that is no text passes as it is."""
        if not isinstance(value, str):
            already: T = value
            return already
        try:
            return self._read(value)
        except ValueError as error:
            self.fail(f"{value!r}: {error}", param, ctx)


def parse_speed(text: str) -> float | None:
    """Read a factor of the recorded speed, ``None`` for ``max``: as fast as possible.

    Raises:
        ValueError: it is neither a number above 0 nor ``max``.
    """
    if text == "max":
        return None
    try:
        factor = float(text)
    except ValueError:
        factor = 0.0
    if not 0 < factor < float("inf"):
        raise ValueError("must be a factor such as 1 or 10, or max")
    return factor


def parse_moment(*words: str) -> Callable[[str], int | str]:
    """Make a reader of RFC 3339 times (as milliseconds since the epoch) that also takes the given words."""

    def parse(text: str) -> int | str:
        """Read one value; raise ``ValueError`` with what is allowed."""
        if text in words:
            return text
        try:
            moment = from_text(text)
        except (ValueError, OverflowError):
            moment = -1
        if moment < 0:
            raise ValueError(f"must be {', '.join(words)} or a time since 1970 such as 2026-11-03T08:00:00Z")
        return moment

    return parse


def at_least(minimum: int) -> Callable[[str], int]:
    """Make a reader of whole numbers that are not smaller than ``minimum``."""

    def parse(text: str) -> int:
        if re.fullmatch("[0-9]{1,18}", text) is None or int(text) < minimum:
            raise ValueError(f"must be a whole number of at least {minimum}")
        return int(text)

    return parse


def parse_field(text: str) -> tuple[str, str]:
    """Read ``FIELD=VALUE``.

    Raises:
        ValueError: there is no field or no equals sign.
    """
    field, equals, value = text.partition("=")
    if not field or not equals:
        raise ValueError("must be FIELD=VALUE, such as status=failed or records.lost=30")
    return field, value


DURATION: Final = Parsed("duration", parse_duration)
SPEED: Final = Parsed("speed", parse_speed)
FIELD: Final = Parsed("field", parse_field)
