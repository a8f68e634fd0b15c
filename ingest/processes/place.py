"""Tell a child process which of several it is, and what it has inherited."""

import re
from typing import NamedTuple


class Place(NamedTuple):
    """Hold what a child needs to know besides its settings. Written as one word on its command line."""

    number: int
    """Which of them it is, from 0."""
    processes: int
    figures: int
    """The descriptor of the shared figures."""
    leash: int
    """The descriptor of a pipe that ends when the parent does, however that happens."""

    def __str__(self) -> str:
        return "/".join(map(str, self[:]))

    @classmethod
    def parse(cls, text: str) -> "Place":
        """Read what ``str`` wrote.

        Raises:
            ValueError: it is not of that form.
        """
        if re.fullmatch(r"\d+/\d+/\d+/\d+", text) is None:
            raise ValueError("a place is NUMBER/PROCESSES/FIGURES/LEASH")
        return cls(*map(int, text.split("/")))
