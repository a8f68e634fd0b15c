"""Map every refusal to what the sender, the metrics and the log see, in one table (RFC 9457)."""

import logging
from dataclasses import dataclass
from http import HTTPStatus
from typing import Final

import msgspec

from ingest import errors
from ingest.http.message import Answer
from ingest.metrics import Outcome

MEDIA_TYPE: Final = "application/problem+json"
TYPE_PREFIX: Final = "urn:flowrun:problem:"


@dataclass(frozen=True, slots=True)
class Problem:
    """Describe one kind of problem. The type URI is public interface: it stays."""

    name: Outcome
    status: HTTPStatus
    title: str
    level: int

    @property
    def type_uri(self) -> str:
        """The stable identifier of this kind of problem."""
        return TYPE_PREFIX + self.name


PROBLEMS: Final[dict[type[errors.RequestRefused], Problem]] = {
    errors.PathUnknown: Problem("not-found", HTTPStatus.NOT_FOUND, "Nothing is served here", logging.DEBUG),
    errors.MethodNotAllowed: Problem(
        "method-not-allowed", HTTPStatus.METHOD_NOT_ALLOWED, "Method not allowed", logging.DEBUG
    ),
    errors.ChallengeMissing: Problem(
        "challenge-missing", HTTPStatus.BAD_REQUEST, "The challenge is missing", logging.INFO
    ),
    errors.BodyBroken: Problem("body-broken", HTTPStatus.BAD_REQUEST, "The body cannot be read", logging.WARNING),
    errors.RequestMalformed: Problem(
        "request-malformed", HTTPStatus.BAD_REQUEST, "The request cannot be read", logging.INFO
    ),
    errors.HeadTooLarge: Problem(
        "head-too-large", HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE, "The headers are too large", logging.INFO
    ),
    errors.BodyTooLarge: Problem(
        "body-too-large", HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "The body is too large", logging.WARNING
    ),
    errors.CodingUnknown: Problem(
        "coding-unknown", HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "The content coding is not understood", logging.WARNING
    ),
    errors.NotAuthenticated: Problem(
        "not-authenticated", HTTPStatus.UNAUTHORIZED, "The sender is not authenticated", logging.WARNING
    ),
    errors.SignatureInvalid: Problem(
        "signature-invalid", HTTPStatus.UNAUTHORIZED, "Adobe did not sign this", logging.WARNING
    ),
    errors.RecipientUnknown: Problem(
        "recipient-unknown", HTTPStatus.UNAUTHORIZED, "It is meant for another client id", logging.WARNING
    ),
    errors.KeyUnavailable: Problem(
        "key-unavailable", HTTPStatus.SERVICE_UNAVAILABLE, "The signing key could not be had", logging.WARNING
    ),
    errors.KafkaUnavailable: Problem(
        "kafka-unavailable", HTTPStatus.SERVICE_UNAVAILABLE, "Kafka did not take it", logging.WARNING
    ),
    errors.QueueFull: Problem(
        "queue-full", HTTPStatus.SERVICE_UNAVAILABLE, "Too much waits for Kafka already", logging.WARNING
    ),
    errors.Overloaded: Problem(
        "overloaded", HTTPStatus.SERVICE_UNAVAILABLE, "Too much is being handled already", logging.WARNING
    ),
    errors.DeadlinePassed: Problem(
        "deadline-passed", HTTPStatus.SERVICE_UNAVAILABLE, "It took too long", logging.WARNING
    ),
    errors.ShuttingDown: Problem("shutting-down", HTTPStatus.SERVICE_UNAVAILABLE, "Shutting down", logging.INFO),
    errors.Broken: Problem("broken", HTTPStatus.INTERNAL_SERVER_ERROR, "A mistake of ours", logging.ERROR),
}


def answer(error: errors.RequestRefused) -> Answer:
    """Write the answer to a refused request, with the headers that its status asks for."""
    problem = PROBLEMS[type(error)]
    document = {
        "type": problem.type_uri,
        "title": problem.title,
        "status": int(problem.status),
        "detail": error.detail,
    }
    headers = [("Content-Type", MEDIA_TYPE), ("Cache-Control", "no-store")]
    if isinstance(error, errors.NotTaken):
        headers.append(("Retry-After", str(error.retry_after_s)))
    if isinstance(error, errors.MethodNotAllowed):
        headers.append(("Allow", error.allowed))
    if isinstance(error, errors.NotAuthenticated):
        headers.append(("WWW-Authenticate", error.scheme))
    return Answer(int(problem.status), problem.name, msgspec.json.encode(document), tuple(headers))
