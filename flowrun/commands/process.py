"""Start the processors."""

import os
from typing import TYPE_CHECKING, Final

import click

from flowrun import logs
from flowrun.errors import Misuse
from schemas.settings import read

if TYPE_CHECKING:
    from processors.settings import AgentName

ALL: Final = "all"


@click.command("process")
@click.argument("agent", type=click.Choice(["normalize", "watch", ALL]), default=ALL, metavar="[normalize|watch|all]")
def command(agent: str) -> int:
    """Make runs from notifications (normalize), windows and alerts from runs (watch), or both (all).

    Start it as often as there are partitions to share. SIGTERM ends it in order.
    """
    from processors.engine.transport import UnsupportedVersion
    from processors.management import PortTaken
    from processors.service import run
    from processors.settings import AGENTS, process_settings
    from processors.watch.rules_file import RulesInvalid

    values = read(os.environ)
    logs.configure(values)
    settings = process_settings(values)
    values.done()
    agents: tuple[AgentName, ...] = AGENTS if agent == ALL else tuple(name for name in AGENTS if name == agent)
    try:
        return run(settings, agents)
    except (PortTaken, RulesInvalid, UnsupportedVersion) as error:
        raise Misuse(str(error)) from None
