"""Run the tests of ingest on the event loop that the service runs on."""

import asyncio
from collections.abc import Callable, Mapping

import uvloop


def pytest_asyncio_loop_factories() -> Mapping[str, Callable[[], asyncio.AbstractEventLoop]]:
    """Use uvloop, as in production (a hook of pytest-asyncio)."""
    return {"uvloop": uvloop.new_event_loop}
