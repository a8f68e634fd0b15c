"""Remember which entries were acknowledged, so that an interrupted replay goes on where it stopped."""

import contextlib
import hashlib
import json
import os
import time
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any, Final

SAVE_EVERY_S: Final = 0.2


class StateUnwritable(Exception):
    """The state file cannot be written. The message says where and what to do."""


def state_directory(environ: Mapping[str, str]) -> Path:
    """Return where state files are kept: ``$XDG_STATE_HOME/flowrun``, else ``~/.local/state/flowrun``."""
    home = environ.get("XDG_STATE_HOME") or str(Path.home() / ".local" / "state")
    return Path(home) / "flowrun"


def identity(files: Iterable[Path], *what: str) -> str:
    """Name a replay by its files (path, size, time of change) and what else decides on what is sent where."""
    digest = hashlib.sha256()
    for file in files:
        stat = file.stat()
        digest.update(f"{file.resolve()}\0{stat.st_size}\0{stat.st_mtime_ns}\0".encode())
    for word in what:
        digest.update(f"{word}\0".encode())
    return digest.hexdigest()[:32]


class Progress:
    """Keep which entries are acknowledged in a small file, written anew a few times a second.

    What is acknowledged between two writes is sent again after a crash; its event id makes that a known duplicate.
    """

    def __init__(self, file: Path, clock: Callable[[], float] = time.monotonic) -> None:
        self._file = file
        self._clock = clock
        self._saved_at = clock()
        self._below = 0
        self._beyond: set[int] = set()
        self.shift_s: int | None = None
        """By how much the times were moved when it began; the rest must be moved by the same."""

    def load(self) -> None:
        """Take up what an earlier run wrote; nothing if there is nothing, or nothing that can be read."""
        try:
            state: Any = json.loads(self._file.read_text())
            below, beyond, shift_s = int(state["below"]), {int(each) for each in state["beyond"]}, state["shift_s"]
        except (OSError, ValueError, KeyError, TypeError):
            return
        self._below, self._beyond = below, beyond
        self.shift_s = shift_s if isinstance(shift_s, int) else None

    def is_done(self, number: int) -> bool:
        """Tell whether an entry was acknowledged."""
        return number < self._below or number in self._beyond

    def keep_shift(self, shift_s: int) -> int:
        """Return the shift that the replay began with, which is the given one at its beginning."""
        self.shift_s = shift_s if self.shift_s is None else self.shift_s
        return self.shift_s

    def note(self, number: int) -> None:
        """Note that an entry was acknowledged; save now and then."""
        self._beyond.add(number)
        while self._below in self._beyond:
            self._beyond.remove(self._below)
            self._below += 1
        if self._clock() - self._saved_at >= SAVE_EVERY_S:
            self._saved_at = self._clock()
            with contextlib.suppress(StateUnwritable):  # tried again at the end, where it is reported
                self.save()

    def close(self, *, is_complete: bool) -> None:
        """End: remove the file if everything arrived, so that the next replay begins anew; else save.

        Raises:
            StateUnwritable: something is left to be sent, and the file cannot be written.
        """
        if is_complete:
            with contextlib.suppress(FileNotFoundError):
                self._file.unlink()
        else:
            self.save()

    def save(self) -> None:
        """Write the file, whole or not at all.

        Raises:
            StateUnwritable: it cannot be written.
        """
        state = {"below": self._below, "beyond": sorted(self._beyond), "shift_s": self.shift_s}
        temporary = self._file.with_suffix(f".{os.getpid()}.tmp")
        try:
            self._file.parent.mkdir(parents=True, exist_ok=True)
            temporary.write_text(json.dumps(state))
            temporary.replace(self._file)
        except OSError as error:
            reason = (error.strerror or "cannot be written").lower()
            raise StateUnwritable(f"{self._file}: {reason}; set XDG_STATE_HOME to a writable directory") from None
