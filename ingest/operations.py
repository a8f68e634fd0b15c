"""Declare what the webhook's port serves: the handler, the OpenAPI document and docs/problems.md read it here."""

from dataclasses import dataclass
from typing import Final, Literal

from ingest import errors

PATH: Final = "/webhooks/adobe"

Method = Literal["GET", "POST"]
Refusal = type[errors.RequestRefused]

_ANY: Final[tuple[Refusal, ...]] = (
    errors.RequestMalformed,
    errors.HeadTooLarge,
    errors.Overloaded,
    errors.DeadlinePassed,
    errors.Broken,
)
"""What any request may come to."""


@dataclass(frozen=True, slots=True)
class Success:
    """Describe one answer that is no problem. ``bodies`` has a JSON Schema for each media type, none for no body."""

    status: int
    meaning: str
    bodies: dict[str, dict[str, object]]


@dataclass(frozen=True, slots=True)
class Operation:
    """Describe one method of the path."""

    method: Method
    summary: str
    successes: tuple[Success, ...]
    refusals: tuple[Refusal, ...]


_CHALLENGE: Final[dict[str, object]] = {
    "type": "object",
    "properties": {"challenge": {"type": "string"}},
    "required": ["challenge"],
}
_ACCEPTED: Final[dict[str, object]] = {
    "type": "object",
    "properties": {"accepted": {"type": "integer", "minimum": 0}},
    "required": ["accepted"],
}

OPERATIONS: Final[dict[str, Operation]] = {
    "GET": Operation(
        "GET",
        "Give the challenge back, by which Adobe finds out that this webhook wants its events",
        (
            Success(
                200,
                "The challenge; as text only if `Accept` asks for nothing else",
                {"application/json": _CHALLENGE, "text/plain": {"type": "string"}},
            ),
        ),
        (errors.ChallengeMissing, errors.BodyBroken, errors.BodyTooLarge, *_ANY),
    ),
    "POST": Operation(
        "POST",
        "Take one notification, or an array of them; 202 once Kafka has acknowledged all of it",
        (
            Success(202, "Kafka holds every notification; how many there were", {"application/json": _ACCEPTED}),
            Success(200, "Adobe's asynchronous validation was taken note of", {}),
        ),
        (
            errors.BodyBroken,
            errors.NotAuthenticated,
            errors.SignatureInvalid,
            errors.RecipientUnknown,
            errors.BodyTooLarge,
            errors.CodingUnknown,
            errors.KeyUnavailable,
            errors.KafkaUnavailable,
            errors.QueueFull,
            errors.ShuttingDown,
            *_ANY,
        ),
    ),
}
ANYWHERE: Final[tuple[Refusal, ...]] = (errors.PathUnknown, errors.MethodNotAllowed)
"""What a request that fits no operation comes to."""
