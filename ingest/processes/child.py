"""Serve as one of several processes, until told to stop or the parent has ended."""

import asyncio
import os

from ingest.processes.place import Place
from ingest.processes.shared import SharedFigures
from ingest.service import Ingest, limits_here, run_loop, stop_event
from ingest.settings import IngestSettings
from ingest.tracing import tracing


def run(settings: IngestSettings, place: Place) -> int:
    """Serve until SIGTERM, SIGINT or the end of the parent, and return the exit code. Blocks.

    Raises:
        PortTaken: the address cannot be listened on.
        LoginRefused: a certificate or key file is not what it should be.
    """
    return run_loop(_run(settings, place))


async def _run(settings: IngestSettings, place: Place) -> int:
    stop = stop_event()
    asyncio.get_running_loop().add_reader(place.leash, stop.set)  # nothing is ever written: readable means ended
    figures = SharedFigures(place.figures, place.processes).of(place.number)
    async with Ingest(settings, limits_here(), figures, tracing=tracing(os.environ), is_one_of_many=True):
        await stop.wait()
        asyncio.get_running_loop().remove_reader(place.leash)
    return 0
