"""Test that an interrupted replay knows where to go on."""

import json
from pathlib import Path

import pytest

from flowrun.replay.resume import SAVE_EVERY_S, Progress, StateUnwritable, identity, state_directory


class Clock:
    """Show the time that a test sets."""

    now_s = 0.0

    def __call__(self) -> float:
        return self.now_s


def loaded(file: Path) -> Progress:
    """Take up what is in a file."""
    progress = Progress(file)
    progress.load()
    return progress


def done(progress: Progress, count: int = 8) -> list[int]:
    """List which of the first numbers are done."""
    return [number for number in range(count) if progress.is_done(number)]


@pytest.mark.parametrize("noted", [[], [0, 1, 2], [2, 0, 1], [5, 1, 0, 7], [3]])
def test_what_is_saved_is_loaded(tmp_path: Path, noted: list[int]) -> None:
    """Exactly the acknowledged entries are done, in whatever order they arrived."""
    progress = Progress(tmp_path / "deep" / "state.json")
    for number in noted:
        progress.note(number)
    progress.save()
    assert done(loaded(tmp_path / "deep" / "state.json")) == sorted(noted)


@pytest.mark.parametrize(
    "content",
    ["", "{", "[]", "{}", '{"below":"x","beyond":[],"shift_s":0}', '{"below":1,"beyond":[null],"shift_s":0}', "\udcff"],
)
def test_a_file_that_cannot_be_read_counts_as_none(tmp_path: Path, content: str) -> None:
    """Everything is sent then; what was sent before is known again by its event id."""
    file = tmp_path / "state.json"
    file.write_bytes(content.encode(errors="surrogateescape"))
    assert done(loaded(file)) == []


def test_the_shift_is_that_of_the_beginning(tmp_path: Path) -> None:
    """What is sent after an interruption is moved as what was sent before it."""
    file = tmp_path / "state.json"
    progress = Progress(file)
    assert (progress.keep_shift(60), progress.keep_shift(90)) == (60, 60)
    progress.save()
    assert loaded(file).keep_shift(120) == 60


def test_it_is_saved_now_and_then(tmp_path: Path) -> None:
    """At most a few times a second, so that a kill loses little and disks are spared."""
    file, clock = tmp_path / "state.json", Clock()
    progress = Progress(file, clock)
    progress.note(0)
    assert not file.exists()
    clock.now_s = SAVE_EVERY_S
    progress.note(1)
    progress.note(2)
    assert done(loaded(file)) == [0, 1]


@pytest.mark.parametrize(("is_complete", "left"), [(True, []), (False, ["state.json"])])
def test_the_end(tmp_path: Path, is_complete: bool, left: list[str]) -> None:
    """When all has arrived no file stays, so that the next replay begins anew; else the one file does."""
    progress = Progress(tmp_path / "state.json")
    progress.save()
    progress.close(is_complete=is_complete)
    assert [path.name for path in tmp_path.iterdir()] == left


def test_an_unwritable_place_is_told(tmp_path: Path) -> None:
    """The message names the file, the reason, and the setting that helps."""
    (tmp_path / "file").touch()
    progress = Progress(tmp_path / "file" / "state.json")
    with pytest.raises(StateUnwritable, match=r"state\.json: .+; set XDG_STATE_HOME to a writable directory$"):
        progress.save()


def test_noting_does_not_fail_where_saving_does(tmp_path: Path) -> None:
    """The replay goes on; it is told at its end."""
    clock = Clock()
    (tmp_path / "file").touch()
    progress = Progress(tmp_path / "file" / "state.json", clock)
    clock.now_s = SAVE_EVERY_S
    progress.note(0)
    assert progress.is_done(0)


def test_the_file_is_small(tmp_path: Path) -> None:
    """Entries that arrived in order are one number."""
    progress = Progress(tmp_path / "state.json")
    for number in range(1000):
        progress.note(number)
    progress.save()
    assert json.loads((tmp_path / "state.json").read_text()) == {"below": 1000, "beyond": [], "shift_s": None}


def test_a_replay_is_known_by_its_files_and_what_decides_on_it(tmp_path: Path) -> None:
    """Another file, a changed file or another target is another replay; the same is the same."""
    one, two = tmp_path / "a.json", tmp_path / "b.json"
    one.write_text("1")
    two.write_text("2")
    names = [identity([one], "x"), identity([one], "y"), identity([two], "x"), identity([one, two], "x")]
    one.write_text("changed")
    names.append(identity([one], "x"))
    assert len(set(names)) == len(names)
    assert identity([one], "x") == names[-1]


@pytest.mark.parametrize(
    ("environ", "directory"),
    [
        ({"XDG_STATE_HOME": "/x"}, "/x/flowrun"),
        ({"XDG_STATE_HOME": ""}, "~/.local/state/flowrun"),
        ({}, "~/.local/state/flowrun"),
    ],
)
def test_where_files_are_kept(environ: dict[str, str], directory: str) -> None:
    """Where the desktop's convention says."""
    assert state_directory(environ) == Path(directory).expanduser()
