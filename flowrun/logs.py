"""Write log lines to stderr: for people (``text``) or one JSON object a line for programs (``json``)."""

import json
import logging
import sys
import time
from collections.abc import Callable
from typing import Any, Final

from schemas.settings import Values
from schemas.times import to_text

BURST: Final = 5
"""How many equal lines pass within one window."""
WINDOW_S: Final = 10.0
"""How long further equal lines are held back."""

_STANDARD: Final = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}


class TextFormatter(logging.Formatter):
    """Write time, level, logger, message, and the fields given as ``extra``."""

    def format(self, record: logging.LogRecord) -> str:
        """Write one line, and a traceback below it if there is one."""
        fields = "".join(f" {name}={value}" for name, value in _extra(record).items())
        line = f"{_time(record)} {record.levelname.lower()} {record.name}: {_message(record)}{fields}"
        line = line.replace("\r", "\\r").replace("\n", "\\n")
        return f"{line}\n{self.formatException(record.exc_info)}" if record.exc_info else line


class JsonFormatter(logging.Formatter):
    """Write one JSON object: ``time``, ``level``, ``logger``, ``message``, the ``extra`` fields, ``exception``."""

    def format(self, record: logging.LogRecord) -> str:
        """Write one line."""
        line: dict[str, Any] = {
            "time": _time(record),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": _message(record),
            **_extra(record),
        }
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        return json.dumps(line, default=str, ensure_ascii=False)


class RepeatLimit(logging.Filter):
    """Let at most :data:`BURST` lines of one place in the code pass in :data:`WINDOW_S`, then say how many did not."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        super().__init__()
        self._clock = clock
        self._windows: dict[tuple[str, int, str], tuple[float, int]] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        """Decide on one line; the first after a window tells how many the window held back."""
        key = (record.name, record.levelno, str(record.msg))
        now = self._clock()
        began, seen = self._windows.get(key, (now, 0))
        if now - began >= WINDOW_S:
            if seen > BURST:
                record.repeated = seen - BURST
            began, seen = now, 0
        self._windows[key] = (began, seen + 1)
        return seen < BURST


def configure(values: Values) -> None:
    """Send all logging of this process to stderr in the format of ``FLOWRUN_LOG``."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonFormatter() if values.get("FLOWRUN_LOG", str) == "json" else TextFormatter())
    handler.addFilter(RepeatLimit())
    logging.basicConfig(level=logging.INFO, handlers=[handler], force=True)


def _time(record: logging.LogRecord) -> str:
    return to_text(round(record.created * 1000))


def _message(record: logging.LogRecord) -> str:
    return record.getMessage()


def _extra(record: logging.LogRecord) -> dict[str, Any]:
    return {name: value for name, value in vars(record).items() if name not in _STANDARD}
