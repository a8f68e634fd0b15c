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
    subject: str = ""
    """What it is about, where a rule may have several incidents of a flow: an error code."""
    has_escalated: bool = False
    run_id: str = ""
    """The run that reported it, where there is a subject."""

    @property
    def name(self) -> str:
        """Tell it from the other open incidents of its flow."""
        return named(self.rule, self.subject)


def named(rule: str, subject: str) -> str:
    """Return what tells an incident from the others of its flow. A rule's name has no bar in it."""
    return f"{rule}|{subject}" if subject else rule


def digest(*parts: object, length: int = 32) -> str:
    """Return hex digits that are the same for the same parts, at every replay."""
    return hashlib.sha256("\x1f".join(map(str, parts)).encode()).hexdigest()[:length]
