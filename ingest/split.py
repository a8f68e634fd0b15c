"""Split a delivery into its notifications' exact bytes, without reading what is in them."""

import json
import re
from typing import Any, Final, NamedTuple, NoReturn

import msgspec

MAX_ELEMENTS: Final = 10_000
"""Adobe sends 20 at most, and 4 MiB hold fewer real notifications than this. A longer array is kept whole: it could
not be stored element by element before the deadline, and would be sent again for ever."""

_elements: Final = msgspec.json.Decoder(list[msgspec.Raw]).decode
_SPACE: Final = re.compile(r"[ \t\n\r]*")
_ARRAY: Final = re.compile(rb"[ \t\n\r]*\[")


class Batch(NamedTuple):
    """Hold the notifications of one delivery, in order."""

    values: list[bytes]
    is_array: bool
    """Whether they were the elements of a top-level array (possibly of none or one). Else it is the body, alone."""


def split(body: bytes) -> Batch:
    """Split a body that is a JSON array into its elements' exact bytes; keep any other body whole, JSON or not.

    An array is kept whole too if it is no JSON (``NaN``, a byte order mark, something after its end), is nested deeper
    than about a thousand levels or has more than :data:`MAX_ELEMENTS` elements. What only later readers refuse (bytes
    that are not UTF-8, lone surrogates, numbers out of range) spoils the element it is in, not its neighbours.
    """
    if not body.startswith(b"[") and _ARRAY.match(body) is None:
        return Batch([body], is_array=False)
    values = _split_fast(body)
    if values is None:
        values = _split_tolerant(body)
    if values is None or len(values) > MAX_ELEMENTS:
        return Batch([body], is_array=False)
    return Batch(values, is_array=True)


def _split_fast(body: bytes) -> list[bytes] | None:
    try:
        return [bytes(element) for element in _elements(body)]
    except (msgspec.DecodeError, RecursionError):
        return None


def _refuse(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is no JSON")


# Numbers stay text: nobody looks at them, and Python refuses to convert very long ones.
_decoder: Final = json.JSONDecoder(parse_constant=_refuse, parse_int=str, parse_float=str)


def _split_tolerant(body: bytes) -> list[bytes] | None:
    """Split what msgspec refuses (lone surrogates above all) by the standard library's parser."""
    text = body.decode("utf-8", "surrogateescape")  # restores the same bytes, whatever they were
    try:
        ends = _scan(text)
    except (ValueError, RecursionError):
        return None
    return [text[start:end].encode("utf-8", "surrogateescape") for start, end in ends]


def _scan(text: str) -> list[tuple[int, int]]:
    """Find where the elements of the array begin and end.

    Raises:
        ValueError: it is no JSON array.
        RecursionError: it is nested too deep.
    """
    places: list[tuple[int, int]] = []
    at = _after_space(text, text.index("[") + 1)
    while places or text[at : at + 1] != "]":
        _, end = _decode(text, at)
        places.append((at, end))
        at = _after_space(text, end)
        if text[at : at + 1] != ",":
            break
        at = _after_space(text, at + 1)
    if text[at : at + 1] != "]" or _after_space(text, at + 1) != len(text):
        raise ValueError("no JSON array")
    return places


def _decode(text: str, start: int) -> tuple[Any, int]:
    if start >= len(text):
        raise ValueError("no JSON array")
    return _decoder.raw_decode(text, start)


def _after_space(text: str, start: int) -> int:
    match = _SPACE.match(text, start)
    return match.end() if match else start
