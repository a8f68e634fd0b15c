"""Test the log lines of a process."""

import io
import json
import logging
import sys

import pytest

from flowrun.logs import BURST, WINDOW_S, JsonFormatter, RepeatLimit, TextFormatter, configure
from schemas.settings import read


class Clock:
    """Show the time that a test sets."""

    now_s = 0.0

    def __call__(self) -> float:
        return self.now_s


def line(
    message: str, *arguments: object, level: int = logging.INFO, name: str = "x", **extra: object
) -> logging.LogRecord:
    """Make a log record of the epoch."""
    record = logging.LogRecord(name, level, "f.py", 1, message, arguments, None)
    record.created = 0.0
    vars(record).update(extra)
    return record


def test_text() -> None:
    """Time, level, logger, message and the fields stand on one line."""
    text = TextFormatter().format(line("took %d", 3, topic="t", partition=1))
    assert text == "1970-01-01T00:00:00.000Z info x: took 3 topic=t partition=1"


@pytest.mark.parametrize("value", ["a\nb", "a\r\nb"])
def test_a_value_cannot_begin_a_line(value: str) -> None:
    """Line ends inside a message or a field are written as escapes."""
    assert TextFormatter().format(line("m %s", value, field=value)).count("\n") == 0


def test_json() -> None:
    """Each line is one object with the fields beside the message."""
    assert json.loads(JsonFormatter().format(line("took %d", 3, level=logging.WARNING, topic="ä", odd={1}))) == {
        "time": "1970-01-01T00:00:00.000Z",
        "level": "warning",
        "logger": "x",
        "message": "took 3",
        "topic": "ä",
        "odd": "{1}",
    }


def test_exceptions_are_kept() -> None:
    """Below the line as text, in a field as JSON."""
    record = line("failed")
    try:
        raise ValueError("odd")
    except ValueError:
        record.exc_info = sys.exc_info()
    assert TextFormatter().format(record).splitlines()[-1] == "ValueError: odd"
    assert json.loads(JsonFormatter().format(record))["exception"].splitlines()[-1] == "ValueError: odd"


def test_repeated_lines_are_held_back() -> None:
    """A burst passes, the rest of the window does not, and the first line after it tells how many."""
    clock = Clock()
    limit = RepeatLimit(clock)
    passed = [limit.filter(line("busy %d", number)) for number in range(BURST + 3)]
    clock.now_s = WINDOW_S
    after = line("busy")
    other = line("busy %d", 1)
    assert passed == [True] * BURST + [False] * 3
    assert (limit.filter(after), hasattr(after, "repeated")) == (True, False)
    assert (limit.filter(other), vars(other).get("repeated")) == (True, 3)


@pytest.mark.parametrize(
    "other", [{"message": "idle"}, {"message": "busy", "name": "y"}, {"message": "busy", "level": logging.ERROR}]
)
def test_other_lines_pass_meanwhile(other: dict[str, object]) -> None:
    """Each place in the code, logger and level is limited by itself."""
    limit = RepeatLimit(Clock())
    for _ in range(BURST + 1):
        limit.filter(line("busy"))
    assert limit.filter(line(**other)) is True  # type: ignore[arg-type]


@pytest.mark.parametrize(("form", "start"), [("text", "2"), ("json", "{")])
def test_configured(monkeypatch: pytest.MonkeyPatch, form: str, start: str) -> None:
    """Everything goes to stderr in the form of the settings."""
    stderr = io.StringIO()
    monkeypatch.setattr(sys, "stderr", stderr)
    configure(read({"FLOWRUN_LOG": form}))
    logging.getLogger("x").info("hello")
    assert (stderr.getvalue()[:1], stderr.getvalue().count("\n")) == (start, 1)
