"""Answer notifications by a plain aiohttp handler that keeps nothing: the yardstick for ingest.

``python -m benchmarks.plain_handler PORT``
"""

import sys

from aiohttp import web


async def answer(request: web.Request) -> web.Response:
    """Read the body and accept it."""
    await request.read()
    return web.json_response({"accepted": 1}, status=202)


if __name__ == "__main__":
    application = web.Application()
    application.add_routes([web.post("/webhooks/adobe", answer)])
    web.run_app(application, host="127.0.0.1", port=int(sys.argv[1]), access_log=None, print=None)
