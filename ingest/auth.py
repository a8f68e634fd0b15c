"""Decide whether a request comes from the sender we expect."""

import hmac
from collections.abc import Mapping
from typing import Protocol

from ingest.errors import NotAuthenticated
from ingest.settings import IngestSettings


class Authenticator(Protocol):
    """Check one request in two steps, so that what its headers betray costs no reading of its body."""

    def check_headers(self, headers: Mapping[str, str]) -> None:
        """Check what can be checked before the body is read.

        Raises:
            NotAuthenticated: it is not the sender we expect.
        """

    async def check_body(self, headers: Mapping[str, str], body: bytes) -> None:
        """Check the body as received, inflated.

        Raises:
            NotAuthenticated: it is not the sender we expect.
            NotTaken: it cannot be found out now.
        """


class Token:
    """Ask for ``Authorization: Bearer`` with the configured token."""

    def __init__(self, token: str) -> None:
        self._expected = token.encode()

    def check_headers(self, headers: Mapping[str, str]) -> None:
        """Compare the token in constant time."""
        scheme, _, given = headers.get("Authorization", "").partition(" ")
        if scheme.lower() != "bearer":
            raise NotAuthenticated("Send Authorization: Bearer with the token.")
        if not hmac.compare_digest(given.strip().encode("utf-8", "surrogateescape"), self._expected):
            raise NotAuthenticated("The token is wrong.")

    async def check_body(self, headers: Mapping[str, str], body: bytes) -> None:
        """Accept every body: the token has told who sent it."""


class Anybody:
    """Accept everybody; the settings allow it on a loopback address only."""

    def check_headers(self, headers: Mapping[str, str]) -> None:
        """Accept."""

    async def check_body(self, headers: Mapping[str, str], body: bytes) -> None:
        """Accept."""


def authenticator(settings: IngestSettings) -> Authenticator:
    """Make the authenticator that the settings name."""
    if settings.auth == "none":
        return Anybody()
    if not settings.token:
        raise ValueError("FLOWRUN_AUTH=token without a token: settings were not checked")
    return Token(settings.token)
