"""Settle what an ingest process needs to know, once, at its start."""

from dataclasses import dataclass, field
from typing import Final, Literal

from broker.connection import Connection, connection
from schemas.settings import Address, Values
from schemas.topics import declare

AuthName = Literal["token", "none"]

DEFAULT_LISTEN: Final = Address("127.0.0.1", 8080)
DEFAULT_MANAGEMENT: Final = Address("127.0.0.1", 9400)


@dataclass(frozen=True, slots=True)
class IngestSettings:
    """Hold the settings of an ingest process. The token is left out of ``repr``."""

    connection: Connection
    raw_topic: str
    listen: Address
    management: Address
    auth: AuthName
    token: str | None = field(default=None, repr=False)
    """The bearer token; never ``None`` where ``auth`` is ``token``."""


def ingest_settings(values: Values) -> IngestSettings:
    """Pick the settings of an ingest process, noting mistakes in ``values``; call ``values.done()`` after it."""
    listen = values.get("FLOWRUN_LISTEN", Address) or DEFAULT_LISTEN
    auth = values.get("FLOWRUN_AUTH", str)
    token = values.get("FLOWRUN_TOKEN", str)
    _note_mistakes(values, auth, token, listen)
    if values.get("FLOWRUN_CONFIRM_VALIDATION", bool):
        values.wrong(
            "FLOWRUN_CONFIRM_VALIDATION",
            "is not available in this version yet: leave it unset, and open the validation URL from the log by hand",
        )
    topics = declare(values.get("FLOWRUN_TOPIC_PREFIX", str) or "", values.get("FLOWRUN_PARTITIONS", int) or 1)
    return IngestSettings(
        connection=connection(values),
        raw_topic=topics.raw.name,
        listen=listen,
        management=values.get("FLOWRUN_MANAGEMENT_LISTEN", Address) or DEFAULT_MANAGEMENT,
        auth="none" if auth == "none" else "token",
        token=token,
    )


def _note_mistakes(values: Values, auth: str | None, token: str | None, listen: Address) -> None:
    if auth is None:
        if all(value.text is None for value in values if value.setting.name == "FLOWRUN_AUTH"):
            values.wrong(
                "FLOWRUN_AUTH",
                "must be set: token (with FLOWRUN_TOKEN), or none where only this machine can reach FLOWRUN_LISTEN",
            )
    elif auth == "adobe":
        values.wrong("FLOWRUN_AUTH", "adobe is not available in this version yet: use token")
    elif auth == "none" and not listen.is_loopback:
        values.wrong("FLOWRUN_AUTH", f"none lets anybody write who reaches {listen}: use token, or listen on 127.0.0.1")
    elif auth == "token" and token is None:
        values.wrong("FLOWRUN_TOKEN", "is needed with FLOWRUN_AUTH=token")
    elif auth == "token" and token is not None and not _is_bearer_token(token):
        values.wrong("FLOWRUN_TOKEN", "must be of printable ASCII characters without blanks: it travels in a header")


def _is_bearer_token(token: str) -> bool:
    return token.isascii() and token.isprintable() and " " not in token
