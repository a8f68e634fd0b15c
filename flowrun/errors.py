"""Name the ways in which a command ends badly. The message is one line: what, where, and what to do."""

from typing import Final

import click

INTERRUPTED: Final = 130
"""The exit code after Ctrl-C: 128 + SIGINT, as shells have it."""


MISUSED: Final = 2
"""The exit code of a wrong command or configuration."""


class Misuse(click.ClickException):
    """The command or the settings are wrong: exit code 2."""

    exit_code = MISUSED


class WorkFailed(click.ClickException):
    """The command was right and the work did not succeed: exit code 1."""

    exit_code = 1
