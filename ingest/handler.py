"""Answer the requests of the webhook port."""

import logging
import time
from dataclasses import replace
from time import monotonic
from typing import Final
from urllib.parse import parse_qs

import msgspec

from ingest import body, envelope, errors, problems
from ingest.access_log import AccessLog
from ingest.authentication import Authenticator
from ingest.confirmation import Confirmation
from ingest.http.message import Answer, Request
from ingest.limits import Limits
from ingest.load import Load
from ingest.metrics import Statistics
from ingest.operations import OPERATIONS, PATH
from ingest.producer import RawProducer
from ingest.split import split
from ingest.tracing import Tracing
from ingest.validation import asks_for_text, validation_url

log = logging.getLogger("flowrun.ingest.handler")

_JSON: Final = ("Content-Type", "application/json")
_CHALLENGE_HEADERS: Final = (("X-Content-Type-Options", "nosniff"), ("Cache-Control", "no-store"))
_MAX_QUERY_FIELDS: Final = 20


class Handler:
    """Serve one path. The service sets ``is_draining`` when it is told to stop."""

    def __init__(
        self,
        authenticator: Authenticator,
        producer: RawProducer,
        confirmation: Confirmation,
        load: Load,
        limits: Limits,
        statistics: Statistics,
        access_log: AccessLog,
        tracing: Tracing,
    ) -> None:
        self._authenticator = authenticator
        self._producer = producer
        self._confirmation = confirmation
        self._load = load
        self._limits = limits
        self._statistics = statistics
        self._access_log = access_log
        self._tracing = tracing
        self.is_draining = False
        """Whether every answer ends its connection and new requests get 503."""

    def admit(self, request: Request) -> None:
        """Judge a request by its head: a stranger's body is not even read.

        Raises:
            RequestRefused: it gets no further.
        """
        if request.path != PATH:
            raise errors.PathUnknown(f"The webhook is {PATH}.")
        if request.method not in OPERATIONS:
            raise errors.MethodNotAllowed(OPERATIONS)
        if request.method == "POST":
            self._admit_post(request)

    async def answer(self, request: Request) -> Answer:
        """Answer a request whose body is there. Whatever happens, it is an answer of the contract's table."""
        try:
            if request.method != "POST":
                return _challenge(request)
            request.trace = self._tracing.begin(request)
            return await self._post(request)
        except errors.QueueFull as error:
            error.retry_after_s = self._load.retry_after_s()  # what is ahead of it has to go first
            return self.refuse(request, error)
        except errors.RequestRefused as error:
            return self.refuse(request, error)
        except Exception:
            log.exception("a request could not be answered")
            return self.refuse(request, errors.Broken("This is our mistake; the log of the server has it."))

    def refuse(self, request: Request | None, error: errors.RequestRefused) -> Answer:
        """Answer a request that is refused, or that could not be read at all."""
        return problems.answer(error)

    def note(self, request: Request | None, answer: Answer, *, is_sent: bool) -> None:
        """Count a request that has ended, and log it."""
        statistics = self._statistics
        statistics.requests.add(answer.outcome)
        if answer.records and not is_sent:  # Kafka has them, and the sender does not know
            statistics.possible_duplicates.add(answer.records)
        if request is not None and request.trace is not None:
            request.trace.end(answer)
        self._access_log.write(request, answer, monotonic())

    def _admit_post(self, request: Request) -> None:
        if self.is_draining:
            raise errors.ShuttingDown("This server is shutting down; send it again.")
        headers = request.headers
        request.signatures = self._authenticator.admit(headers)
        body.coding(headers.get("content-encoding"))
        body.check_length(int(headers.get("content-length", "0")), self._limits.body_bytes)

    async def _post(self, request: Request) -> Answer:
        received_ms = time.time_ns() // 1_000_000
        content = await self._content(request)
        if (url := validation_url(content)) is not None:
            self._confirmation.take(url)
            return Answer(200, "validation")
        batch = split(content)
        self._authenticator.expect(batch.values)
        delivery = envelope.describe(request.headers, received_ms)
        if request.trace is not None:
            sent_by = request.trace.send(self._producer.topic, len(batch.values))
            delivery = replace(delivery, traceparent=sent_by)
        records = envelope.of_batch(batch, delivery)
        request.event_ids = [record.event_id for record in records]
        await self._producer.write(records, request.began + self._limits.deadline_s)
        statistics = self._statistics
        statistics.records.add(len(records))
        statistics.batch_records.observe(len(records))
        statistics.ack_s.observe(monotonic() - request.began)
        return Answer(202, "accepted", b'{"accepted":%d}' % len(records), (_JSON,), len(records))

    async def _content(self, request: Request) -> bytes:
        """Prove the body, exactly as it was received, then inflate it."""
        received = request.body
        self._statistics.received_bytes.add(len(received))
        await self._authenticator.verify(request.signatures, received)
        coding = body.coding(request.headers.get("content-encoding"))
        return received if coding is None else body.inflate(received, coding, self._limits.body_bytes)


def _challenge(request: Request) -> Answer:
    """Give the challenge back, which is how Adobe finds out that we want its events (DOMAIN.md 1.1)."""
    try:
        fields = parse_qs(request.query, max_num_fields=_MAX_QUERY_FIELDS)
    except ValueError:
        fields = {}
    challenge = fields.get("challenge", [""])[0]
    if not challenge:
        raise errors.ChallengeMissing("Send ?challenge=VALUE to have it back, or POST a notification.")
    if asks_for_text([request.headers.get("accept", "")]):
        text = ("Content-Type", "text/plain; charset=utf-8")
        return Answer(200, "challenge", challenge.encode("utf-8", "replace"), (text, *_CHALLENGE_HEADERS))
    document = msgspec.json.encode({"challenge": challenge})
    return Answer(200, "challenge", document, (_JSON, *_CHALLENGE_HEADERS))
