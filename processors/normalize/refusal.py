"""Say in one line which parts of a notification were refused, and why."""

from typing import Final, NamedTuple

from schemas.dead_letter import Reason

MAX_DETAIL: Final = 500
MAX_PLACES: Final = 10
_MAX_PLACE: Final = 60


class Rejected(NamedTuple):
    """Say why a notification, or a part of it, becomes a dead letter."""

    reason: Reason
    detail: str


class Refusals:
    """Gather the parts that are neither runs nor alert states, grouped by what is wrong with them.

    Of each group the first places are kept and the others counted: an array may hold a million such parts.
    """

    __slots__ = ("_places", "_reason")

    def __init__(self) -> None:
        self._reason: Reason | None = None
        self._places: dict[str, tuple[list[str], int]] = {}

    def add(self, place: str, reason: Reason, why: str | None = None) -> None:
        """Note a part; its ``place`` is empty if it is the whole notification."""
        if self._reason is None:
            self._reason = reason
        if not why:
            why = reason
        elif place:
            why = f"{reason}, {why}"
        named, total = self._places.get(why, ([], 0))
        if total < MAX_PLACES:
            named.append(place)
        self._places[why] = named, total + 1

    def rejected(self) -> Rejected | None:
        """Return the reason of the first part and the places of all, ``None`` if nothing was refused.

        The detail reads ``messages[1], messages[3]: unknown_shape; messages[4]: missing_flow_id, no flowId``. Of a
        notification without wrappers it says only what is wrong: there is no place, and the reason stands beside it.
        """
        if self._reason is None:
            return None
        lines = (_line(why, *found) for why, found in self._places.items())
        return Rejected(self._reason, "; ".join(lines)[:MAX_DETAIL])


def _line(why: str, places: list[str], total: int) -> str:
    named = ", ".join(place[:_MAX_PLACE] for place in places if place)
    more = f" and {total - len(places):,} more" if total > len(places) else ""
    return f"{named}{more}: {why}" if named else why
