"""Know of an open incident what its end has to tell."""

import hashlib

import msgspec

from schemas.alert import Severity


class Incident(msgspec.Struct, array_like=True):
    """An open incident of one rule and one flow. Holds what is needed to close it even if the rule has gone."""

    incident_id: str
    rule: str
    kind: str
    severity: Severity
    threshold: float
    starts_at: int
    first_failure_at: int | None
    last_failure_at: int | None
    revision: int = 1


def digest(*parts: object, length: int = 32) -> str:
    """Return hex digits that are the same for the same parts, at every replay."""
    return hashlib.sha256("\x1f".join(map(str, parts)).encode()).hexdigest()[:length]
