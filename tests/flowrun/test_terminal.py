"""Test that what is printed cannot steer a terminal."""

import sys

import pytest

from flowrun.terminal import Printer, plain


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("ä – 😀", "ä – 😀"),
        ("a\x1b[31mb", "a�[31mb"),
        ("a\r\n\tb\x00", "a���b�"),
        ("a\u202eb", "a�b"),
        ("[bold]x[/bold] :smile:", "[bold]x[/bold] :smile:"),
    ],
)
def test_plain(text: str, shown: str) -> None:
    """Control characters are replaced, one for one; everything else stays."""
    assert plain([(text[:1], "bold"), (text[1:], "")]) == shown


@pytest.mark.parametrize("text", ["a\x1b[31mb", "[red]x[/red] :smile:"])
def test_without_a_terminal(capsys: pytest.CaptureFixture[str], text: str) -> None:
    """A line is its text and a line feed."""
    Printer().line([(text, "bold red")])
    assert capsys.readouterr().out == f"{plain([(text, '')])}\n"


def test_on_a_terminal(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """Styles become colours; a payload's own markup and control characters do not."""
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.delenv("NO_COLOR", raising=False)
    Printer().line([("[red]\x1b[2J", "bold")])
    assert capsys.readouterr().out == "\x1b[1m[red]�[2J\x1b[0m\n"


def test_long_lines_are_not_broken(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """Wrapping is the terminal's, so that a line can be copied as one."""
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    Printer().text("word " * 60)
    assert capsys.readouterr().out.count("\n") == 1
