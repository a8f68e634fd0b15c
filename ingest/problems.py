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
    meaning: str
    """What has happened, for the documentation."""
    remedy: str
    """What to do about it, for the documentation."""

    @property
    def type_uri(self) -> str:
        """The stable identifier of this kind of problem."""
        return TYPE_PREFIX + self.name

    @property
    def is_retried(self) -> bool:
        """Whether Adobe sends it again: 429 and 5xx, but not 505 (DOMAIN.md 1.2)."""
        return self.status >= HTTPStatus.INTERNAL_SERVER_ERROR


_SEND_AGAIN: Final = "Send it again after `Retry-After` seconds."
_TABLE: Final[tuple[tuple[type[errors.RequestRefused], Problem], ...]] = (
    (
        errors.ChallengeMissing,
        Problem(
            "challenge-missing",
            HTTPStatus.BAD_REQUEST,
            "The challenge is missing",
            logging.INFO,
            "A GET came without `challenge` in its query.",
            "Send `?challenge=VALUE` to have it back, or POST a notification.",
        ),
    ),
    (
        errors.BodyBroken,
        Problem(
            "body-broken",
            HTTPStatus.BAD_REQUEST,
            "The body cannot be read",
            logging.WARNING,
            "The body ended before its announced length, or its compression is broken.",
            "Look at what is between the sender and here: sent again it would be as broken.",
        ),
    ),
    (
        errors.RequestMalformed,
        Problem(
            "request-malformed",
            HTTPStatus.BAD_REQUEST,
            "The request cannot be read",
            logging.INFO,
            "What came is no HTTP/1 request, or its framing (lengths, chunks) is wrong.",
            "Speak HTTP/1.1; look at what is in front of this port.",
        ),
    ),
    (
        errors.NotAuthenticated,
        Problem(
            "not-authenticated",
            HTTPStatus.UNAUTHORIZED,
            "The sender is not authenticated",
            logging.WARNING,
            "The bearer token is missing or wrong (`FLOWRUN_AUTH=token`).",
            "Send `Authorization: Bearer TOKEN` with the token of `FLOWRUN_TOKEN`.",
        ),
    ),
    (
        errors.SignatureInvalid,
        Problem(
            "signature-invalid",
            HTTPStatus.UNAUTHORIZED,
            "Adobe did not sign this",
            logging.WARNING,
            "Neither of Adobe's two signatures is there, with an allowed key path, and fits the body "
            "(`FLOWRUN_AUTH=adobe`).",
            "If it did come from Adobe: something in front of this port changes the body.",
        ),
    ),
    (
        errors.RecipientUnknown,
        Problem(
            "recipient-unknown",
            HTTPStatus.UNAUTHORIZED,
            "It is meant for another client id",
            logging.WARNING,
            "Adobe signed it, and a notification in it names another client id than those of "
            "`FLOWRUN_ADOBE_CLIENT_ID`, or none.",
            "Add the client id of the credentials that the registration belongs to.",
        ),
    ),
    (
        errors.PathUnknown,
        Problem(
            "not-found",
            HTTPStatus.NOT_FOUND,
            "Nothing is served here",
            logging.DEBUG,
            "The path is another than `/webhooks/adobe`.",
            "Correct the URL of the registration.",
        ),
    ),
    (
        errors.MethodNotAllowed,
        Problem(
            "method-not-allowed",
            HTTPStatus.METHOD_NOT_ALLOWED,
            "Method not allowed",
            logging.DEBUG,
            "The method is neither GET nor POST; `Allow` lists them.",
            "Use one of them.",
        ),
    ),
    (
        errors.BodyTooLarge,
        Problem(
            "body-too-large",
            HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
            "The body is too large",
            logging.WARNING,
            "The body has more than 4 MiB, as sent or inflated.",
            "Send fewer notifications at once. Adobe sends 2 MB at most.",
        ),
    ),
    (
        errors.CodingUnknown,
        Problem(
            "coding-unknown",
            HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
            "The content coding is not understood",
            logging.WARNING,
            "`Content-Encoding` names something else than `gzip` or `deflate`, or several.",
            "Send the body plain, or compressed once with one of them.",
        ),
    ),
    (
        errors.HeadTooLarge,
        Problem(
            "head-too-large",
            HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE,
            "The headers are too large",
            logging.INFO,
            "Request line and headers have more than 16 KiB together.",
            "Send fewer or shorter headers.",
        ),
    ),
    (
        errors.Broken,
        Problem(
            "broken",
            HTTPStatus.INTERNAL_SERVER_ERROR,
            "A mistake of ours",
            logging.ERROR,
            "Something happened that nobody thought of; the log has it.",
            "Report it, with the lines of the log. Adobe sends the notification again.",
        ),
    ),
    (
        errors.KeyUnavailable,
        Problem(
            "key-unavailable",
            HTTPStatus.SERVICE_UNAVAILABLE,
            "The signing key could not be had",
            logging.WARNING,
            "Neither signature is right, and the key of one could not be fetched or is no key: it may be right.",
            f"{_SEND_AGAIN} If it lasts, look at the way from here to `FLOWRUN_ADOBE_KEYS_URL`.",
        ),
    ),
    (
        errors.KafkaUnavailable,
        Problem(
            "kafka-unavailable",
            HTTPStatus.SERVICE_UNAVAILABLE,
            "Kafka did not take it",
            logging.WARNING,
            "Kafka refused a record, did not take it in time, or takes nothing at present; nothing is claimed.",
            f"{_SEND_AGAIN} `/readyz` says what is wrong with Kafka.",
        ),
    ),
    (
        errors.QueueFull,
        Problem(
            "queue-full",
            HTTPStatus.SERVICE_UNAVAILABLE,
            "Too much waits for Kafka already",
            logging.WARNING,
            "More records wait for Kafka than this process holds; nothing is claimed.",
            _SEND_AGAIN,
        ),
    ),
    (
        errors.Overloaded,
        Problem(
            "overloaded",
            HTTPStatus.SERVICE_UNAVAILABLE,
            "Too much is being handled already",
            logging.WARNING,
            "More requests or bytes are in flight than this process holds.",
            f"{_SEND_AGAIN} If it lasts, run more processes (`flowrun ingest --processes N`).",
        ),
    ),
    (
        errors.DeadlinePassed,
        Problem(
            "deadline-passed",
            HTTPStatus.SERVICE_UNAVAILABLE,
            "It took too long",
            logging.WARNING,
            "The request did not come in time, or Kafka did not acknowledge all of it within 8 seconds. "
            "It may be stored nevertheless: then it is known again when it is sent again.",
            _SEND_AGAIN,
        ),
    ),
    (
        errors.ShuttingDown,
        Problem(
            "shutting-down",
            HTTPStatus.SERVICE_UNAVAILABLE,
            "Shutting down",
            logging.INFO,
            "This process has been told to stop.",
            _SEND_AGAIN,
        ),
    ),
)
PROBLEMS: Final[dict[type[errors.RequestRefused], Problem]] = dict(_TABLE)


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
    return Answer(int(problem.status), problem.name, msgspec.json.encode(document), tuple(headers), level=problem.level)
