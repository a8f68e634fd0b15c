"""Test which files are read, and that a bad one is told with its place."""

import gzip
import os
from pathlib import Path

import pytest

from flowrun.recording.entry import Entry, RecordingInvalid
from flowrun.recording.reader import find_files, read_entries


def test_a_directory_gives_its_known_files_in_order(tmp_path: Path) -> None:
    """Recordings and payloads are taken from it and below it, by path; anything else is left alone."""
    (tmp_path / "b").mkdir()
    for name in ("z.json", "a.ndjson.gz", "b/x.jsonl", "notes.txt", "b/y.json.gz", "c.csv"):
        (tmp_path / name).touch()
    found = [path.relative_to(tmp_path).as_posix() for path in find_files([tmp_path])]
    assert found == ["a.ndjson.gz", "b/x.jsonl", "b/y.json.gz", "z.json"]


def test_files_are_taken_as_given(tmp_path: Path) -> None:
    """Their order and their ending are the user's business."""
    files = [tmp_path / "b.txt", tmp_path / "a.json"]
    for file in files:
        file.touch()
    assert find_files(files) == files


@pytest.mark.parametrize(
    ("name", "problem"),
    [
        ("nothing", "does not exist"),
        ("empty", "holds no file ending in .ndjson, .ndjson.gz, .jsonl, .jsonl.gz, .json, .json.gz"),
        ("pipe", "is no regular file, and is read twice: save it in one first"),
    ],
)
def test_paths_without_payloads_are_told(tmp_path: Path, name: str, problem: str) -> None:
    """Each kind of wrong path has its own words."""
    (tmp_path / "empty").mkdir()
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(RecordingInvalid) as caught:
        find_files([tmp_path / name])
    assert str(caught.value) == f"{tmp_path / name}: {problem}"


def test_recordings_and_payloads_are_read(tmp_path: Path) -> None:
    """Each line of a recording is an entry, blank ones apart; any other file is one bare payload, inflated."""
    recording, packed, payload = tmp_path / "a.ndjson", tmp_path / "b.json.gz", tmp_path / "c.txt"
    recording.write_bytes(b'{"body":"1"}\n\n  \n{"body":"2"}')
    packed.write_bytes(gzip.compress(b"3\n"))
    payload.write_bytes(b"\xff\n4")
    assert list(read_entries([recording, packed, payload])) == [
        Entry(b"1", place=f"{recording}:1"),
        Entry(b"2", place=f"{recording}:4"),
        Entry(b"3\n", place=str(packed)),
        Entry(b"\xff\n4", place=str(payload)),
    ]


@pytest.mark.parametrize(
    ("name", "content", "problem"),
    [
        ("a.ndjson", b'{"body":"1"}\n{"body":1}\n', ":2: needs one of 'body' and 'body_base64', as text"),
        ("a.ndjson.gz", b"hello", ": is not a whole gzip file (Not a gzipped file (b'he'))"),
        (
            "a.ndjson.gz",
            gzip.compress(b'{"body":"1"}\n' * 999)[:-20],
            ": is not a whole gzip file (Compressed file ended",
        ),
        ("a.json.gz", gzip.compress(b"x")[:10] + b"\xff\xff\xff", ": is not a whole gzip file (Error -3"),
    ],
)
def test_broken_files_are_told(tmp_path: Path, name: str, content: bytes, problem: str) -> None:
    """The message names the file, and the line where there is one."""
    (tmp_path / name).write_bytes(content)
    with pytest.raises(RecordingInvalid) as caught:
        list(read_entries([tmp_path / name]))
    start = f"{tmp_path / name}{problem}"
    assert str(caught.value)[: len(start)] == start


def test_a_file_that_vanished_is_told(tmp_path: Path) -> None:
    """The reason is the system's, in small letters."""
    with pytest.raises(RecordingInvalid, match=r"gone\.json: no such file or directory$"):
        list(read_entries([tmp_path / "gone.json"]))
