"""Name the commands. Each is loaded only when it is called, which keeps ``flowrun --help`` quick."""

import importlib
from importlib.metadata import version
from typing import Final

import click

from flowrun.group import Group

COMMANDS: Final[dict[str, str]] = {
    "demo": "Show everything on this machine with nothing to set up.",
    "topics": "Create the topics, or compare them with the contract.",
    "ingest": "Take notifications over HTTP into the raw topic.",
    "process": "Make runs, windows and alerts from the raw topic.",
    "replay": "Send recorded or bare payloads again.",
    "tail": "Print the records of a topic.",
    "rules": "Check a rules file, or try it on recorded runs.",
    "config": "Show the effective settings and where they come from.",
}
"""Name and summary of each command; the module ``flowrun.commands.<name>`` holds it as ``command``."""


class LazyGroup(Group):
    """Find commands by name in :data:`COMMANDS`, and import the one that is asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """List the names in the order of a newcomer's way through them."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import the command of that name; ``None`` if there is none."""
        if cmd_name not in COMMANDS:
            return None
        command: click.Command = importlib.import_module(f"flowrun.commands.{cmd_name}").command
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write names and summaries without importing anything."""
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


@click.group(
    cls=LazyGroup,
    no_args_is_help=False,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110},
    epilog="Settings are FLOWRUN_* environment variables: see flowrun config. "
    "Exit codes: 0 done, 1 the work failed, 2 wrong usage or configuration.",
)
@click.version_option(version("flowrun"), prog_name="flowrun", message="%(prog)s %(version)s")
def cli() -> None:
    """Turn notifications about data-platform runs into runs, window rows and alerts, exactly once."""
