"""Know the sender of a request."""

import hmac
from collections.abc import Iterable, Mapping, Sequence
from typing import Final, Protocol

from ingest.adobe.authentication import AdobeAuthentication
from ingest.adobe.key_server import KeyServer
from ingest.adobe.signature import Pair
from ingest.errors import NotAuthenticated
from ingest.metrics import Statistics
from ingest.settings import IngestSettings

AUTHORIZATION: Final = "authorization"


class Authenticator(Protocol):
    """Decide whether a POST is authentic, in two steps: a stranger's body is not even read.

    Header names are looked up in lower case; the mapping must not care about case.
    """

    def admit(self, headers: Mapping[str, str]) -> Sequence[Pair]:
        """Judge by the headers alone, before the body is read; return the signatures that are to be verified.

        Raises:
            NotAuthenticated: it is not.
        """

    async def verify(self, given: Sequence[Pair], received: bytes) -> None:
        """Judge the body, exactly as it was received, before it is inflated or parsed.

        Raises:
            NotAuthenticated: it is not.
            NotTaken: that cannot be decided now.
        """

    def expect(self, notifications: Iterable[bytes]) -> None:
        """Judge whom the notifications of an authentic body are meant for.

        Raises:
            NotAuthenticated: not for us.
        """

    async def close(self) -> None:
        """Let go of what was opened to judge."""


class NoAuthentication:
    """Admit everyone; the settings allow it on a loopback address only."""

    def admit(self, headers: Mapping[str, str]) -> Sequence[Pair]:
        """Admit."""
        return ()

    async def verify(self, given: Sequence[Pair], received: bytes) -> None:
        """Admit."""

    def expect(self, notifications: Iterable[bytes]) -> None:
        """Admit."""

    async def close(self) -> None:
        """Nothing was opened."""


class TokenAuthentication:
    """Admit who knows the bearer token (RFC 6750). The body proves nothing more."""

    def __init__(self, token: str) -> None:
        self._token = token.encode()

    def admit(self, headers: Mapping[str, str]) -> Sequence[Pair]:
        """Compare the token in constant time.

        Raises:
            NotAuthenticated: it is missing or another.
        """
        scheme, _, token = headers.get(AUTHORIZATION, "").partition(" ")
        given = token.strip(" ").encode("utf-8", "surrogateescape")
        if not hmac.compare_digest(given, self._token) or scheme.lower() != "bearer":
            raise NotAuthenticated("Send the right token: Authorization: Bearer TOKEN.")
        return ()

    async def verify(self, given: Sequence[Pair], received: bytes) -> None:
        """Admit: whoever knows the token may send any body."""

    def expect(self, notifications: Iterable[bytes]) -> None:
        """Admit: whoever knows the token may send for anybody."""

    async def close(self) -> None:
        """Nothing was opened."""


def authenticator(settings: IngestSettings, statistics: Statistics) -> Authenticator:
    """Make the authenticator that the settings ask for.

    Raises:
        ValueError: a token is to be compared and there is none.
    """
    if settings.auth == "none":
        return NoAuthentication()
    if settings.auth == "adobe":
        return AdobeAuthentication(KeyServer(settings.keys_url), settings.client_ids, statistics)
    if not settings.token:
        raise ValueError("auth 'token' needs a token")
    return TokenAuthentication(settings.token)
