"""Print lines for people: coloured on a terminal, plain elsewhere, with nothing in them that could steer a terminal."""

import sys
from collections.abc import Iterable
from typing import Final

Segment = tuple[str, str]
"""A piece of a line and its style in Rich's words, empty for none."""
Line = list[Segment]

REPLACEMENT: Final = "\N{REPLACEMENT CHARACTER}"


def plain(line: Iterable[Segment]) -> str:
    """Return the text of a line. Control characters, which payloads may hold, are replaced."""
    text = "".join(piece for piece, _ in line)
    return text if text.isprintable() else "".join(c if c.isprintable() else REPLACEMENT for c in text)


class Printer:
    """Write lines to stdout as they come."""

    def __init__(self) -> None:
        self._console = None
        if sys.stdout.isatty():
            from rich.console import Console

            self._console = Console(highlight=False, markup=False, emoji=False)

    def line(self, line: Line) -> None:
        """Write one line at once."""
        if self._console is None:
            sys.stdout.write(plain(line) + "\n")
            sys.stdout.flush()
            return
        from rich.text import Text

        styled = Text.assemble(*((plain([segment]), segment[1]) for segment in line))
        self._console.print(styled, soft_wrap=True)

    def text(self, text: str, style: str = "") -> None:
        """Write one line of one style."""
        self.line([(text, style)])
