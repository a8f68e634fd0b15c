"""Serve /livez, /readyz, /metrics and /openapi.json of an ingest process on a port of its own."""

from collections.abc import Awaitable, Callable

from aiohttp import web
from prometheus_client import CollectorRegistry
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest

from ingest.errors import PortTaken, why
from ingest.openapi import Document
from schemas.settings import Address

WhyNotReady = Callable[[], Awaitable[str | None]]


async def serve(
    address: Address, why_not_ready: WhyNotReady, metrics: CollectorRegistry, description: Document
) -> web.AppRunner:
    """Start the site; clean the returned runner up to end it.

    Raises:
        PortTaken: another process listens there, or the address is not this machine's.
    """

    async def livez(_: web.Request) -> web.Response:
        return web.Response(text="ok\n")

    async def readyz(_: web.Request) -> web.Response:
        reason = await why_not_ready()
        return web.Response(text=f"{reason or 'ok'}\n", status=503 if reason else 200)

    async def scrape(_: web.Request) -> web.Response:
        return web.Response(body=generate_latest(metrics), headers={"Content-Type": CONTENT_TYPE_LATEST})

    async def describe(_: web.Request) -> web.Response:
        return web.json_response(description)

    site = web.Application()
    pages = {"/livez": livez, "/readyz": readyz, "/metrics": scrape, "/openapi.json": describe}
    site.add_routes([web.get(path, answer) for path, answer in pages.items()])
    runner = web.AppRunner(site, access_log=None, shutdown_timeout=1.0)
    await runner.setup()
    try:
        await web.TCPSite(runner, address.host, address.port).start()
    except OSError as error:
        await runner.cleanup()
        raise PortTaken(address, why(error), "FLOWRUN_MANAGEMENT_LISTEN") from error
    return runner
