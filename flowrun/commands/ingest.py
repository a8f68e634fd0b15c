"""Start the HTTP service."""

import os

import click

from flowrun import logs
from flowrun.errors import Misuse
from schemas.settings import read


@click.command("ingest")
def command() -> int:
    """Take notifications over HTTP and answer 202 once Kafka holds them. SIGTERM ends it in order.

    Needs FLOWRUN_AUTH; listens on FLOWRUN_LISTEN, and for health and metrics on FLOWRUN_MANAGEMENT_LISTEN.
    """
    from ingest.errors import PortTaken
    from ingest.service import run
    from ingest.settings import ingest_settings

    values = read(os.environ)
    logs.configure(values)
    settings = ingest_settings(values)
    values.done()
    try:
        return run(settings)
    except PortTaken as error:
        raise Misuse(str(error)) from None
