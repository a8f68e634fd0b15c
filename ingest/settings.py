"""Settle what an ingest process needs to know, once, at its start."""

from dataclasses import dataclass, field
from typing import Final, Literal

from broker.connection import Connection, connection
from schemas.settings import Address, Values
from schemas.topics import declare

AuthName = Literal["adobe", "token", "none"]
LogFormat = Literal["text", "json"]

DEFAULT_LISTEN: Final = Address("127.0.0.1", 8080)
DEFAULT_KEYS_URL: Final = "https://static.adobeioevents.com"
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
    client_ids: tuple[str, ...] = ()
    """The ids of our Adobe credentials; at least one where ``auth`` is ``adobe``."""
    keys_url: str = DEFAULT_KEYS_URL
    """The origin of Adobe's public keys."""
    confirms_validation: bool = False
    """Whether Adobe's asynchronous validation is confirmed without a person."""
    log: LogFormat = "text"
    """How the access log is written."""


def ingest_settings(values: Values) -> IngestSettings:
    """Pick the settings of an ingest process, noting mistakes in ``values``; call ``values.done()`` after it."""
    listen = values.get("FLOWRUN_LISTEN", Address) or DEFAULT_LISTEN
    auth = values.get("FLOWRUN_AUTH", str)
    token = values.get("FLOWRUN_TOKEN", str)
    client_ids: tuple[str, ...] = values.get("FLOWRUN_ADOBE_CLIENT_ID", tuple) or ()
    _note_mistakes(values, auth, token, listen)
    topics = declare(values.get("FLOWRUN_TOPIC_PREFIX", str) or "", values.get("FLOWRUN_PARTITIONS", int) or 1)
    return IngestSettings(
        connection=connection(values),
        raw_topic=topics.raw.name,
        listen=listen,
        management=values.get("FLOWRUN_MANAGEMENT_LISTEN", Address) or DEFAULT_MANAGEMENT,
        auth=auth,  # type: ignore[arg-type]  # checked by the setting's parser; unset is a mistake noted above
        token=token,
        client_ids=client_ids,
        keys_url=values.get("FLOWRUN_ADOBE_KEYS_URL", str) or DEFAULT_KEYS_URL,
        confirms_validation=values.get("FLOWRUN_CONFIRM_VALIDATION", bool) or False,
        log="json" if values.get("FLOWRUN_LOG", str) == "json" else "text",
    )


def _note_mistakes(values: Values, auth: str | None, token: str | None, listen: Address) -> None:
    if auth is None:
        if _is_unset(values, "FLOWRUN_AUTH"):
            values.wrong(
                "FLOWRUN_AUTH",
                "must be set: adobe (with FLOWRUN_ADOBE_CLIENT_ID), token (with FLOWRUN_TOKEN), or none where only "
                "this machine can reach FLOWRUN_LISTEN",
            )
    elif auth == "adobe" and _is_unset(values, "FLOWRUN_ADOBE_CLIENT_ID"):
        values.wrong("FLOWRUN_ADOBE_CLIENT_ID", "is needed with FLOWRUN_AUTH=adobe: without it anybody's events pass")
    elif auth == "none" and not listen.is_loopback:
        values.wrong(
            "FLOWRUN_AUTH", f"none lets anybody write who reaches {listen}: use adobe or token, or listen on 127.0.0.1"
        )
    elif auth == "token" and token is None:
        values.wrong("FLOWRUN_TOKEN", "is needed with FLOWRUN_AUTH=token")
    elif auth == "token" and token is not None and not _is_bearer_token(token):
        values.wrong("FLOWRUN_TOKEN", "must be of printable ASCII characters without blanks: it travels in a header")


def _is_unset(values: Values, name: str) -> bool:
    return all(value.text is None for value in values if value.setting.name == name)


def _is_bearer_token(token: str) -> bool:
    return token.isascii() and token.isprintable() and " " not in token
