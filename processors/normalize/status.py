"""Read the status of a run or activity, which alone says how it ended (DOMAIN.md 4.2)."""

from typing import Final

from schemas.run import Status

_FOLDED: Final[dict[str, Status]] = {
    "success": "success",
    "failed": "failed",
    "partialsuccess": "partial",
    "partial": "partial",
    "inprogress": "in_progress",
    "scheduled": "scheduled",
}
# As senders write them, so that the usual ones need no folding; and none at all.
_AS_SENT: Final[dict[str | None, Status]] = {
    "success": "success",
    "failed": "failed",
    "partialSuccess": "partial",
    "inProgress": "in_progress",
    "scheduled": "scheduled",
    None: "unknown",
}


def status(sent: str | None) -> Status:
    """Return the status of a ``statusSummary``, in any case; ``unknown`` for none and for any other."""
    return _AS_SENT.get(sent) or _FOLDED.get(_fold(sent or ""), "unknown")


def distinct(known: Status, sent: str | None) -> str:
    """Return what tells this status from another: for an unknown one the sender's own word."""
    return _fold(sent) if known == "unknown" and sent is not None else known


def _fold(sent: str) -> str:
    return sent.lower().replace("_", "")
