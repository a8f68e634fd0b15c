"""Name the two ways in which a command ends badly. The message is one line: what, where, and what to do."""

import click


class Misuse(click.ClickException):
    """The command or the settings are wrong: exit code 2."""

    exit_code = 2


class WorkFailed(click.ClickException):
    """The command was right and the work did not succeed: exit code 1."""

    exit_code = 1
