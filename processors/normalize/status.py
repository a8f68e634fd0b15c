"""Read the status of a run or activity, which alone says how it ended (DOMAIN.md 4.2)."""

from typing import Final

from processors.normalize.fields import Faults, Node, text
from schemas.run import Status

_STATUSES: Final[dict[str, Status]] = {
    "success": "success",
    "failed": "failed",
    "partialsuccess": "partial",
    "partial": "partial",
    "inprogress": "in_progress",
    "scheduled": "scheduled",
}
# As senders write them, so that the usual ones need no folding.
_AS_SENT: Final[dict[object, Status]] = {
    "success": "success",
    "failed": "failed",
    "partialSuccess": "partial",
    "inProgress": "in_progress",
    "scheduled": "scheduled",
}


def status(summary: Node, faults: Faults) -> Status:
    """Return the status in a ``statusSummary``, in any case; ``unknown`` for none and for any other."""
    sent = summary.get("status")
    if type(sent) is str:
        return _AS_SENT.get(sent) or _STATUSES.get(_folded(sent), "unknown")
    text(sent, faults)
    return "unknown"


def distinct(known: Status, summary: Node) -> str:
    """Return what tells this status from another: for an unknown one the sender's own word."""
    sent = summary.get("status")
    return _folded(sent) if known == "unknown" and type(sent) is str else known


def _folded(sent: str) -> str:
    return sent.lower().replace("_", "")
