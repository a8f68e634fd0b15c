"""Find the lines on which keys and tables of a TOML file stand; tomllib does not tell."""

import re
from typing import Final

Path = tuple[str | int, ...]
"""Where a value is: ``("rule", 0, "match", "flow_name")``."""

_HEADER: Final = re.compile(r"\s*(\[\[?)(.+?)\]\]?\s*(#.*)?$")
_PART: Final = re.compile(r"""\s*(?:"((?:[^"\\]|\\.)*)"|'([^']*)'|([A-Za-z0-9_-]+))\s*(\.|=|$)""")
_INLINE_KEY: Final = re.compile(r"""[{,]\s*(?:"([^"]*)"|'([^']*)'|([A-Za-z0-9_-]+))\s*=""")


def lines_of(text: str) -> dict[Path, int]:
    """Return the line of each table header and key, counted from 1.

    Made for valid TOML (what tomllib accepts). A key inside a value of several lines may be missing: use
    :func:`line_of`, which falls back to the line of what it is in.
    """
    found: dict[Path, int] = {}
    table: Path = ()
    arrays: dict[Path, int] = {}
    for number, line in enumerate(text.splitlines(), 1):
        header = _HEADER.match(line)
        if header is not None and (parts := _dotted(header[2])):
            table = parts
            if header[1] == "[[":
                arrays[parts] = arrays.get(parts, -1) + 1
            table = _numbered(table, arrays)
            _note(found, table, number)
        elif "=" in line and (parts := _dotted(line)):
            path = (*table, *parts)
            _note(found, path, number)
            for match in _INLINE_KEY.finditer(line.partition("=")[2]):
                _note(found, (*path, next(part for part in match.groups() if part is not None)), number)
    return found


def line_of(lines: dict[Path, int], path: Path) -> int:
    """Return the line of a value, else of the nearest thing around it that has one, else 1."""
    while path:
        if path in lines:
            return lines[path]
        path = path[:-1]
    return 1


def _dotted(text: str) -> tuple[str, ...]:
    """Read ``a."b c".d`` up to an equals sign or the end; empty if it is no key."""
    parts, place = [], 0
    while match := _PART.match(text, place):
        bare = next(part for part in match.groups()[:3] if part is not None)
        parts.append(bare.replace('\\"', '"').replace("\\\\", "\\"))
        place = match.end()
        if match[4] != ".":
            return tuple(parts)
    return ()


def _numbered(table: tuple[str, ...], arrays: dict[Path, int]) -> Path:
    """Put the number of the present element behind each array of tables: ``rule`` becomes ``rule, 0``."""
    path: Path = ()
    for index, part in enumerate(table, 1):
        path = (*path, part)
        if table[:index] in arrays:
            path = (*path, arrays[table[:index]])
    return path


def _note(found: dict[Path, int], path: Path, number: int) -> None:
    for length in range(1, len(path) + 1):
        found.setdefault(path[:length], number)
