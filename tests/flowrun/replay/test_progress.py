"""Test how far a replay is shown to be."""

import sys

import pytest

from flowrun.replay.delivery import Tally
from flowrun.replay.progress import shown
from flowrun.replay.session import Result


@pytest.mark.parametrize(
    ("is_terminal", "tally", "expected"),
    [
        (True, Tally(acknowledged=3, skipped=1, retries=5), ["4/9", "5 retries, 0 failed"]),
        (True, Tally(acknowledged=4), ["4/9"]),
        (False, Tally(acknowledged=3), []),
    ],
)
async def test_a_bar_on_a_terminal(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    is_terminal: bool,
    tally: Tally,
    expected: list[str],
) -> None:
    """It counts what is done, on stderr, and tells of trouble; a program's output has none."""
    monkeypatch.setattr(sys.stdout, "isatty", lambda: is_terminal)
    monkeypatch.setenv("TTY_COMPATIBLE", "1")
    result = Result()
    async with shown(result, 9):
        result.tally = tally
    out, err = capsys.readouterr()
    assert ([text for text in ("4/9", "5 retries, 0 failed") if text in err], out) == (expected, "")
