"""Start the HTTP service."""

import os
import sys
from typing import TYPE_CHECKING

import click

from flowrun import logs
from flowrun.errors import Misuse
from schemas.settings import read

if TYPE_CHECKING:
    from ingest.processes.place import Place


def _place(text: str) -> "Place":
    """Read the place of a child; click makes a wrong one a wrong usage."""
    from ingest.processes.place import Place

    return Place.parse(text)


@click.command("ingest")
@click.option(
    "--processes",
    type=click.IntRange(1, 64),
    default=1,
    show_default=True,
    metavar="N",
    help="Serve by so many processes, one for each core, on the same port.",
)
@click.option("--child", type=_place, hidden=True, help="Which of several processes this is; set by their parent.")
def command(processes: int, child: "Place | None") -> int:
    """Take notifications over HTTP and answer 202 once Kafka holds them. SIGTERM ends it in order.

    Needs FLOWRUN_AUTH; listens on FLOWRUN_LISTEN, and for health and metrics on FLOWRUN_MANAGEMENT_LISTEN.
    """
    from ingest.errors import PortTaken
    from ingest.processes import child as one_of_many
    from ingest.processes import parent
    from ingest.service import run
    from ingest.settings import ingest_settings

    values = read(os.environ)
    logs.configure(values)
    settings = ingest_settings(values)
    values.done()
    try:
        if child is not None:
            return one_of_many.run(settings, child)
        if processes > 1:
            return parent.run(settings, processes, [sys.executable, "-m", "flowrun", "ingest", "--child"])
        return run(settings)
    except PortTaken as error:
        raise Misuse(str(error)) from None
