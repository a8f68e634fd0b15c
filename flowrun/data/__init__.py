"""Hold the bundled recording, what must come of it, and the program that makes both."""

from importlib.resources import files
from pathlib import Path
from typing import Final

_HERE: Final = Path(str(files(__name__)))
RECORDING: Final = _HERE / "working-day.ndjson.gz"
EXPECTED: Final = _HERE / "working-day.expected.json"
