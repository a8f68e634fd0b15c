"""Serve /livez, /readyz and /metrics of a processors process on a port of its own."""

import os
from collections.abc import Callable

from aiohttp import web
from prometheus_client import CollectorRegistry
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest

from schemas.settings import Address


class PortTaken(Exception):
    """The management address cannot be listened on. The message says which and what to do."""


async def serve(address: Address, why_not_ready: Callable[[], str | None], metrics: CollectorRegistry) -> web.AppRunner:
    """Start the site; clean the returned runner up to end it.

    Raises:
        PortTaken: another process listens there, or the address is not this machine's.
    """

    async def livez(_: web.Request) -> web.Response:
        return web.Response(text="ok\n")

    async def readyz(_: web.Request) -> web.Response:
        reason = why_not_ready()
        return web.Response(text=f"{reason or 'ok'}\n", status=503 if reason else 200)

    async def scrape(_: web.Request) -> web.Response:
        return web.Response(body=generate_latest(metrics), headers={"Content-Type": CONTENT_TYPE_LATEST})

    site = web.Application()
    site.add_routes([web.get("/livez", livez), web.get("/readyz", readyz), web.get("/metrics", scrape)])
    runner = web.AppRunner(site, access_log=None)
    await runner.setup()
    try:
        await web.TCPSite(runner, address.host, address.port).start()
    except OSError as error:
        await runner.cleanup()
        # asyncio words it in its own way; a name that cannot be resolved has a negative number and a text of its own.
        number = error.errno or 0
        reason = os.strerror(number) if number > 0 else error.strerror or "cannot be used"
        raise PortTaken(f"{address}: {reason.lower()}; set FLOWRUN_MANAGEMENT_LISTEN to a free HOST:PORT") from error
    return runner
