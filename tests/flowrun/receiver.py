"""Stand for a webhook: a real HTTP server in a thread, with answers written down beforehand."""

import asyncio
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, NamedTuple, Self

from aiohttp import web

PATIENCE_S: Final = 10.0


@dataclass(frozen=True, slots=True)
class Answer:
    """Hold one answer to give."""

    status: int = 202
    body: bytes = b'{"accepted": 1}'
    headers: Mapping[str, str] = field(default_factory=dict)
    never: bool = False
    """Take the request and say nothing."""


TAKEN: Final = Answer()
BUSY: Final = Answer(503, b'{"title": "Busy", "detail": "Kafka is away."}', {"Retry-After": "0"})


class Request(NamedTuple):
    """Hold one request as it came."""

    path: str
    headers: Mapping[str, str]
    """By their names in lower case."""
    body: bytes


class Receiver:
    """Serve until the context ends: the given answers in turn, then always ``then``."""

    def __init__(self, *answers: Answer, then: Answer = TAKEN) -> None:
        self._answers = list(answers)
        self._then = then
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever)
        self._has_come = threading.Event()
        self.requests: list[Request] = []
        self.port = 0

    @property
    def url(self) -> str:
        """Where to post."""
        return f"http://127.0.0.1:{self.port}/webhooks/adobe"

    def wait_for_a_request(self) -> None:
        """Return when the first has come.

        Raises:
            TimeoutError: none came, for long.
        """
        if not self._has_come.wait(PATIENCE_S):
            raise TimeoutError("no request came")

    def __enter__(self) -> Self:
        self._thread.start()
        asyncio.run_coroutine_threadsafe(self._start(), self._loop).result(PATIENCE_S)
        return self

    def __exit__(self, *_: object) -> None:
        asyncio.run_coroutine_threadsafe(self._runner.cleanup(), self._loop).result(PATIENCE_S)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(PATIENCE_S)
        self._loop.close()

    async def _start(self) -> None:
        application = web.Application()
        application.router.add_route("*", "/{path:.*}", self._answer)
        self._runner = web.AppRunner(application, access_log=None, shutdown_timeout=0.1)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        self.port = self._runner.addresses[0][1]

    async def _answer(self, request: web.Request) -> web.Response:
        headers = {name.lower(): value for name, value in request.headers.items()}
        self.requests.append(Request(request.path, headers, await request.read()))
        self._has_come.set()
        answer = self._answers.pop(0) if self._answers else self._then
        if answer.never:
            await asyncio.Event().wait()
        return web.Response(status=answer.status, body=answer.body, headers=answer.headers)
