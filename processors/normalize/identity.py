"""Say when two notifications are the same one (CONTRACT.md 3.1, "Once").

By the sender's event id where there is one: ``event_id``, else ``eventid``, else a CloudEvent's ``id``, wherever in
the wrappers it stands; else the ``x-adobe-event-id`` header of a delivery that is no batch. Each counts together with
the run's id, because an event may carry several runs, and whether they arrive in one raw record or split into several
must not matter. Without any: run id, status and etag.
"""

import hashlib
from typing import Final

import orjson

from processors.normalize.envelope import Hints

Digest = bytes
"""What is remembered of an identity: 16 bytes, so that two of a trillion collide with a chance below 1e-14."""

DIGEST_SIZE: Final = 16
DERIVED: Final = "derived:"


def event_id(hints: Hints, sent_id: str | None) -> str | None:
    """Return the sender's id of the notification."""
    return hints.event_id or hints.eventid or hints.cloud_event_id or sent_id


def of_event(event_id: str, id_: str) -> Digest:
    """Identify what an event says of one run or alert, by the id of that too."""
    return _digest("event", event_id, id_)


def of_run(run_id: str, status: str, version: str) -> Digest:
    """Identify a run's notification that has no event id; ``version`` is its etag, else ``updatedAt``."""
    return _digest("run", run_id, status, version)


def of_state(rule: str, subject: str, id_: str, created: str, what: str) -> Digest:
    """Identify one transition (``what``) of an alert of the platform."""
    return _digest("state", rule, subject, id_, created, what)


def derived(digest: Digest) -> str:
    """Write an identity as an event id."""
    return DERIVED + digest.hex()


def of_derived(event_id: str) -> Digest:
    """Return the identity that was written as this event id."""
    return bytes.fromhex(event_id.removeprefix(DERIVED))


def _digest(*parts: str) -> Digest:
    # JSON keeps the parts apart whatever is in them.
    return hashlib.blake2b(orjson.dumps(parts), digest_size=DIGEST_SIZE).digest()
