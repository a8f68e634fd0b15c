"""Run the command line: every mistake of a user becomes one line on stderr and an exit code of 0, 1 or 2."""

import os
import sys
from collections.abc import Sequence
from typing import Final

import click

from broker.errors import BrokerError, LoginRefused, PartitionsWrong
from flowrun.cli import cli
from flowrun.errors import INTERRUPTED, MISUSED
from schemas.settings import SettingsInvalid

DONE: Final = 0
FAILED: Final = 1


def main() -> None:
    """Run the command line of this process and end it."""
    sys.exit(run(sys.argv[1:]))


def run(arguments: Sequence[str]) -> int:
    """Run one command and return its exit code: 0 done, 1 the work failed, 2 wrong usage or configuration."""
    try:
        with cli.make_context("flowrun", list(arguments)) as context:
            result = cli.invoke(context)
        sys.stdout.flush()
    except click.exceptions.Exit as ended:
        return ended.exit_code
    except (KeyboardInterrupt, click.Abort):
        return INTERRUPTED
    except BrokenPipeError:
        return _reader_left()
    except (click.ClickException, SettingsInvalid, BrokerError) as error:
        for line in explain(error):
            print(f"flowrun: {line}", file=sys.stderr)
        return exit_code(error)
    return result if isinstance(result, int) else DONE


def exit_code(error: Exception) -> int:
    """Tell whether an error is the user's to mend in command or settings (2), or work that failed (1)."""
    if isinstance(error, click.ClickException):
        return error.exit_code
    if isinstance(error, SettingsInvalid | LoginRefused | PartitionsWrong):
        return MISUSED
    return FAILED


def explain(error: Exception) -> list[str]:
    """Say in one line for each mistake what is wrong, where, and what to do."""
    if isinstance(error, SettingsInvalid):
        return [_one_line(f"{mistake.setting} {mistake.problem}") for mistake in error.mistakes]
    if isinstance(error, click.UsageError):
        where = error.ctx.command_path if error.ctx else "flowrun"
        message = _one_line(error.format_message()).rstrip(".")
        return [f"{message}; see {where} --help"]
    if isinstance(error, click.ClickException):
        return [_one_line(line) for line in error.format_message().splitlines() if line.strip()]
    return [_one_line(str(error))]


def _one_line(text: str) -> str:
    return " ".join(text.split())


def _reader_left() -> int:
    """End quietly when the reader of our output has gone (``flowrun tail runs | head``): it has what it wanted."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # or Python complains when it flushes at exit
    return DONE


if __name__ == "__main__":
    main()
