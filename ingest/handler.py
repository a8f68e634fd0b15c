"""Answer the requests of the webhook port."""

import asyncio
import logging
import time
from typing import Final

import msgspec
from aiohttp import web

from ingest import body, envelope, errors, problems
from ingest.authentication import Authenticator
from ingest.limits import Limits
from ingest.metrics import Outcome, Statistics
from ingest.producer import RawProducer
from ingest.validation import asks_for_text, validation_url

log = logging.getLogger("flowrun.ingest.handler")

PATH: Final = "/webhooks/adobe"
METHODS: Final = ("GET", "POST")
_JSON: Final = {"Content-Type": "application/json"}
_CONTINUE: Final = b"HTTP/1.1 100 Continue\r\n\r\n"


class Handler:
    """Serve one path. ``is_draining`` is the service's to read, ``drain`` its to call."""

    def __init__(
        self, authenticator: Authenticator, producer: RawProducer, limits: Limits, statistics: Statistics
    ) -> None:
        self._authenticator = authenticator
        self._producer = producer
        self._limits = limits
        self._statistics = statistics
        self._now = asyncio.get_running_loop().time
        self._idle = asyncio.Event()
        self._idle.set()
        self.is_draining = False
        """Whether every answer ends its connection and new requests get 503."""

    async def drain(self, linger_s: float, timeout_s: float) -> None:
        """Take nothing new, and wait until what is in flight is answered.

        For ``linger_s`` first answer (503, ``Connection: close``) what comes on kept connections: their senders cannot
        know that we stop, and a connection closed as they write is a request without an answer.

        Raises:
            TimeoutError: it was not, by then.
        """
        self.is_draining = True
        await asyncio.sleep(linger_s)
        async with asyncio.timeout(timeout_s):
            await self._idle.wait()

    async def __call__(self, request: web.BaseRequest) -> web.StreamResponse:
        """Answer one request. Whatever happens, the sender gets an answer of the contract's table."""
        self._statistics.in_flight += 1
        self._idle.clear()
        try:
            response, outcome = await self._outcome(request)
        finally:
            self._statistics.in_flight -= 1
            if not self._statistics.in_flight:
                self._idle.set()
        self._statistics.requests[outcome] += 1
        if self.is_draining:
            response.force_close()
        return response

    async def _outcome(self, request: web.BaseRequest) -> tuple[web.Response, Outcome]:
        try:
            return await self._answer(request)
        except errors.RequestRefused as error:
            return _refuse(request, error)
        except ConnectionError:  # nobody is there to read an answer; aiohttp wants one all the same
            return web.Response(status=400), "sender-left"
        except Exception:
            log.exception("a request could not be answered")
            return _refuse(request, errors.Broken("This is our mistake; the log of the server has it."))

    async def _answer(self, request: web.BaseRequest) -> tuple[web.Response, Outcome]:
        path, _, _ = request.path_qs.partition("?")
        if path != PATH:
            raise errors.PathUnknown(f"The webhook is {PATH}.")
        if request.method == "POST":
            return await self._post(request)
        if request.method != "GET":
            raise errors.MethodNotAllowed(METHODS)
        return _challenge(request), "challenge"

    async def _post(self, request: web.BaseRequest) -> tuple[web.Response, Outcome]:
        if self.is_draining:
            raise errors.ShuttingDown("This server is shutting down; send it again.")
        began = self._now()
        deadline = began + self._limits.deadline_s
        received_ms = time.time_ns() // 1_000_000
        content = await self._body(request, deadline)
        if (url := validation_url(content)) is not None:
            log.warning("Adobe asks for validation: open this URL within 5 minutes", extra={"url": url})
            return web.Response(status=200), "validation"
        records = envelope.records(content, envelope.describe(request.headers, received_ms))
        await self._producer.write(records, deadline)
        statistics = self._statistics
        statistics.records += len(records)
        statistics.batch_records.observe(len(records))
        statistics.ack_s.observe(self._now() - began)
        return web.Response(status=202, body=b'{"accepted":%d}' % len(records), headers=_JSON), "accepted"

    async def _body(self, request: web.BaseRequest, deadline: float) -> bytes:
        """Read the body, prove it and inflate it, refusing early what can be refused early."""
        headers, limit = request.headers, self._limits.body_bytes
        self._authenticator.admit(headers)
        coding = body.coding(headers.get("Content-Encoding"))
        body.check_length(request.content_length, limit)
        if headers.get("Expect", "").lower() == "100-continue" and request.transport is not None:
            request.transport.write(_CONTINUE)
        try:
            async with asyncio.timeout_at(None if request.content.is_eof() else deadline):
                received = await body.read(request.content, limit)
        except TimeoutError:
            raise errors.DeadlinePassed("The body took too long; send it again.") from None
        self._statistics.received_bytes += len(received)
        await self._authenticator.verify(headers, received)
        return received if coding is None else body.inflate(received, coding, limit)


def _challenge(request: web.BaseRequest) -> web.Response:
    """Give the challenge back, which is how Adobe finds out that we want its events (DOMAIN.md 1.1)."""
    challenge = request.rel_url.query.get("challenge")
    if not challenge:
        raise errors.ChallengeMissing("Send ?challenge=VALUE to have it back, or POST a notification.")
    headers = {"X-Content-Type-Options": "nosniff", "Cache-Control": "no-store"}
    if asks_for_text(request.headers.getall("Accept", [])):
        return web.Response(text=challenge, headers=headers)
    return web.Response(body=msgspec.json.encode({"challenge": challenge}), headers=headers | _JSON)


def _refuse(request: web.BaseRequest, error: errors.RequestRefused) -> tuple[web.Response, Outcome]:
    problem = problems.PROBLEMS[type(error)]
    if log.isEnabledFor(problem.level):
        event_id = request.headers.get("x-adobe-event-id", "")[:200]
        log.log(problem.level, "refused: %s", problem.name, extra={"status": int(problem.status), "event_id": event_id})
    return problems.answer(error), problem.name
