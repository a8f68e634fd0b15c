"""Run one command in this process, as a user would, and look at what it said."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from flowrun.__main__ import run


@dataclass(frozen=True, slots=True)
class Said:
    """Hold how a command ended."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """What it printed, read as one JSON value."""
        return json.loads(self.out)


Flowrun = Callable[..., Said]


def flowrun(capsys: pytest.CaptureFixture[str]) -> Flowrun:
    """Make a function that runs a command: ``invoke("tail", "runs")``."""

    def invoke(*arguments: object) -> Said:
        capsys.readouterr()
        code = run([str(argument) for argument in arguments])
        out, err = capsys.readouterr()
        return Said(code, out, err)

    return invoke
