"""Find the files that paths name, and read the notifications in them one by one."""

import gzip
import zlib
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import IO, Final, cast

from flowrun.recording.entry import Entry, RecordingInvalid, read_line

RECORDINGS: Final = (".ndjson", ".ndjson.gz", ".jsonl", ".jsonl.gz")
PAYLOADS: Final = (".json", ".json.gz")


def find_files(paths: Iterable[Path]) -> list[Path]:
    """List the files to read: each file as it is given, of a directory those with a known ending, sorted by path.

    Raises:
        RecordingInvalid: a path does not exist or is no file, or a directory holds no payload.
    """
    files: list[Path] = []
    for path in paths:
        if path.is_dir():
            found = sorted(each for each in path.rglob("*") if each.name.endswith(RECORDINGS + PAYLOADS))
            if not found:
                raise RecordingInvalid(str(path), f"holds no file ending in {', '.join(RECORDINGS + PAYLOADS)}")
            files += found
        elif path.is_file():
            files.append(path)
        elif path.exists():
            raise RecordingInvalid(str(path), "is no regular file, and is read twice: save it in one first")
        else:
            raise RecordingInvalid(str(path), "does not exist")
    return files


def read_entries(files: Iterable[Path]) -> Iterator[Entry]:
    """Yield every notification: the lines of recordings, and any other file as one bare payload.

    Raises:
        RecordingInvalid: a file cannot be read, or a line is no record.
    """
    for path in files:
        try:
            if path.name.endswith(RECORDINGS):
                yield from _read_recording(path)
            else:
                with _open(path) as file:
                    yield Entry(file.read(), place=str(path))
        except (EOFError, zlib.error, gzip.BadGzipFile) as error:
            raise RecordingInvalid(str(path), f"is not a whole gzip file ({error})") from None
        except OSError as error:
            raise RecordingInvalid(str(path), (error.strerror or "cannot be read").lower()) from None


def _read_recording(path: Path) -> Iterator[Entry]:
    with _open(path) as file:
        for number, line in enumerate(file, 1):
            if line.strip():
                yield read_line(line, f"{path}:{number}")


def _open(path: Path) -> IO[bytes]:
    return cast("IO[bytes]", gzip.open(path, "rb")) if path.name.endswith(".gz") else path.open("rb")
