"""Test how the interpreter is set up."""

import gc
import sys
from collections.abc import Iterator

import pytest

from processors import interpreter


@pytest.fixture(autouse=True)
def as_before() -> Iterator[None]:
    """Undo what the test changes in this process."""
    thresholds, interval = gc.get_threshold(), sys.getswitchinterval()
    yield
    gc.unfreeze()
    gc.set_threshold(*thresholds)
    sys.setswitchinterval(interval)


def test_set_up() -> None:
    """The collector still runs, but seldom, and passes over what was there at the start."""
    interpreter.set_up()
    assert gc.isenabled()
    assert gc.get_freeze_count() > 0
    assert (gc.get_threshold(), sys.getswitchinterval()) == (interpreter.COLLECT_EVERY, interpreter.SWITCH_S)
