"""Find out for which of Adobe's clients a notification is meant; its keys sign for all customers (DOMAIN.md 2.1)."""

import json
from collections.abc import Collection, Iterable
from typing import Any, Final

import msgspec

from ingest.errors import RecipientUnknown


class _Recipient(msgspec.Struct, gc=False):
    """Both names of the client id: Adobe removes the second by the end of 2026."""

    recipientclientid: str | None = None
    recipient_client_id: str | None = None


_decode: Final = msgspec.json.Decoder(_Recipient).decode


def expect(notifications: Iterable[bytes], ours: Collection[str]) -> None:
    """Check that every notification is meant for one of our client ids.

    What is no JSON names nobody: it passes, to be set aside by normalize. JSON that names nobody does not pass.

    Raises:
        RecipientUnknown: one is meant for somebody else, or for nobody.
    """
    for notification in notifications:
        try:
            named = _decode(notification)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            _expect_loosely(notification, ours)
            continue
        _compare(named.recipientclientid, named.recipient_client_id, ours)


def _compare(new: Any, old: Any, ours: Collection[str]) -> None:
    if new is not None and old is not None and new != old:
        raise RecipientUnknown("The two client ids of a notification differ.")
    named = new if new is not None else old
    if not isinstance(named, str) or named not in ours:
        raise RecipientUnknown("A notification is not meant for a client id of ours.")


def _expect_loosely(notification: bytes, ours: Collection[str]) -> None:
    """Read what msgspec refuses with the standard library, so that an odd character cannot hide the client id."""
    try:
        document = json.loads(notification.decode("utf-8", "surrogateescape"), parse_int=str)
    except (ValueError, RecursionError):
        return
    named = document if isinstance(document, dict) else {}
    _compare(named.get("recipientclientid"), named.get("recipient_client_id"), ours)
