"""Name what can go wrong between a sender, us and Kafka."""

import os
from collections.abc import Iterable

from schemas.settings import Address


class PortTaken(Exception):
    """An address cannot be listened on. The message says which and what to do, in one line."""

    def __init__(self, address: Address, reason: str, setting: str) -> None:
        self.address = address
        self.setting = setting
        super().__init__(f"{address}: {reason}; set {setting} to a free HOST:PORT")


class RequestRefused(Exception):
    """A request gets an answer other than 2xx. ``detail`` is for the sender: never secrets, never the body."""

    def __init__(self, detail: str) -> None:
        self.detail = detail
        super().__init__(detail)


class HeadTooLarge(RequestRefused):
    """The request line and headers are larger than the limit."""


class PathUnknown(RequestRefused):
    """Nothing is served at the path."""


class MethodNotAllowed(RequestRefused):
    """The path is served, with other methods."""

    def __init__(self, allowed: Iterable[str]) -> None:
        self.allowed = ", ".join(allowed)
        super().__init__(f"Use {self.allowed}.")


class ChallengeMissing(RequestRefused):
    """A GET came without a challenge to give back."""


class BodyBroken(RequestRefused):
    """The body ended early, its length or its chunks are wrong, or its compression is broken."""


class RequestMalformed(RequestRefused):
    """What came is no HTTP request that could be read."""


class BodyTooLarge(RequestRefused):
    """The body is larger than the limit, before or after inflation."""


class CodingUnknown(RequestRefused):
    """The body is compressed in a way that is not understood here."""


class NotAuthenticated(RequestRefused):
    """The sender did not show that it is the one we expect."""

    scheme: str = "Bearer"
    """What ``WWW-Authenticate`` names; every 401 has to have one (RFC 9110, 15.5.2)."""


class SignatureInvalid(NotAuthenticated):
    """Neither of Adobe's signatures is there and right."""

    scheme = "Adobe-Digital-Signature"


class RecipientUnknown(SignatureInvalid):
    """Adobe signed it, for another client id than ours."""


class NotTaken(RequestRefused):
    """We cannot promise that Kafka holds the notification: the sender must send it again."""

    def __init__(self, detail: str, retry_after_s: int = 5) -> None:
        self.retry_after_s = retry_after_s
        super().__init__(detail)


class KeyUnavailable(NotTaken):
    """The key of a signature could not be had, so nothing is known about the sender."""


class KafkaUnavailable(NotTaken):
    """Kafka did not take a record."""


class QueueFull(NotTaken):
    """Too many records wait for Kafka already."""


class Overloaded(NotTaken):
    """As many requests or bytes are being handled as this process takes."""


class DeadlinePassed(NotTaken):
    """Reading the request and having it acknowledged took too long; the outcome may be in doubt."""


class ShuttingDown(NotTaken):
    """This process takes nothing any more."""


class Broken(RequestRefused):
    """Our own mistake; the log has it."""


def why(error: OSError) -> str:
    """Say in a few words why an address cannot be listened on; asyncio wraps the system's words in its own."""
    return os.strerror(error.errno).lower() if error.errno and error.errno > 0 else "cannot be used"
