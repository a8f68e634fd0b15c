"""Open the wrappers around a notification and find the runs and alert states inside (DOMAIN.md 4.1).

What an object is, decided in this order:

1. An object with ``status`` FIRING or INACTIVE, a ``name`` and no ``metrics`` is an alert state.
2. An object with ``metrics``, or with ``flowId`` and ``id``, is a run. (With ``specversion`` and ``data`` it is a
   CloudEvent, whose ``id`` is its own.)
3. An object that holds an object or array at ``event``, ``data``, ``detail``, ``messages``, ``items``, ``events`` or
   ``value`` is a wrapper; the first of them is opened. So every documented envelope is understood, in any nesting up to
   16 levels, also with its other marks (``event_id``, ``detail-type``, ``position`` ...) missing.
4. What is left is refused, with a reason: ``control`` (``validationUrl``), ``deprecated`` (the data ingestion
   notification: keys with ``xdm:``, or event code ``platform_event``), ``missing_run_id`` or ``missing_flow_id`` (one
   of the two ids is there), ``unknown_shape``.

Arrays are opened element by element, also at the top. An empty array is of unknown shape: it says nothing of any run,
and dropping it silently would be a loss.
"""

from typing import Final, NamedTuple

import msgspec

from processors.normalize.fields import Faults, Node, identifier, text
from processors.normalize.refusal import Refusals

MAX_DEPTH: Final = 16
MAX_FOUND: Final = 1_000
"""Runs and states taken from one notification; more of them are dead-lettered with it (1,000 is above what a
delivery of 2 MB can hold of real ones)."""

DEPRECATED_CODE: Final = "platform_event"
_ALERT_STATES: Final = frozenset({"firing", "inactive"})
_CONTENTS: Final = ("event", "data", "detail", "messages", "items", "events", "value")


class Hints(msgspec.Struct, frozen=True, gc=False):
    """Gather what the wrappers around a run say of it; of the same field the innermost counts."""

    event_id: str | None = None
    eventid: str | None = None
    cloud_event_id: str | None = None
    message_type: str | None = None
    cloud_event_type: str | None = None
    org_id: str | None = None


_NO_HINTS: Final = Hints()


class FoundRun(NamedTuple):
    """Hold an object that is a run, with both its ids."""

    node: Node
    hints: Hints
    flow_id: str
    run_id: str


class FoundState(NamedTuple):
    """Hold an object that is an alert state of the platform."""

    node: Node
    hints: Hints
    name: str
    is_firing: bool


class Search:
    """Walk through one parsed notification. ``found`` is in document order."""

    __slots__ = ("_faults", "_sent_code", "found", "refusals")

    def __init__(self, sent_code: str | None, faults: Faults) -> None:
        self._sent_code = sent_code
        self._faults = faults
        self.found: list[FoundRun | FoundState] = []
        self.refusals = Refusals()

    def open(self, value: object, place: str = "", hints: Hints = _NO_HINTS, depth: int = 0) -> None:
        """Look at ``value``, which lies at ``place`` (as ``messages[0].value``)."""
        if depth > MAX_DEPTH:
            self.refusals.add(place, "unknown_shape", "nested too deep")
        elif type(value) is dict:
            self._open_object(value, place, hints, depth)
        elif type(value) is list and value:
            self._open_array(value, place, hints, depth)
        else:
            self.refusals.add(place, "unknown_shape")

    def _open_array(self, elements: list[object], place: str, hints: Hints, depth: int) -> None:
        for number, element in enumerate(elements):
            if len(self.found) >= MAX_FOUND:
                why = f"more than {MAX_FOUND:,} runs in one notification"
                self.refusals.add(f"{place}[{number}]", "unknown_shape", why)
                return
            self.open(element, f"{place}[{number}]", hints, depth + 1)

    def _open_object(self, node: Node, place: str, hints: Hints, depth: int) -> None:
        is_cloud_event = "specversion" in node
        if not is_cloud_event or node.get("data") is None:
            if _is_state(node):
                self._take_state(node, hints)
                return
            if node.get("metrics") is not None or ("flowId" in node and "id" in node and not is_cloud_event):
                self._take_run(node, place, hints)
                return
        hints = self._extend(hints, node)
        for name in _CONTENTS:
            content = node.get(name)
            if type(content) is dict or type(content) is list:
                self.open(content, f"{place}.{name}" if place else name, hints, depth + 1)
                return
        self._refuse_object(node, place, hints)

    def _take_state(self, node: Node, hints: Hints) -> None:
        is_firing = str(node["status"]).lower() == "firing"
        self.found.append(FoundState(node, self._with_own_id(hints, node), str(node["name"]), is_firing))

    def _take_run(self, node: Node, place: str, hints: Hints) -> None:
        flow_id = identifier(node.get("flowId"), self._faults)
        run_id = identifier(node.get("id"), self._faults)
        if flow_id is None:
            self.refusals.add(place, "missing_flow_id", _lack(node, "flowId"))
        elif run_id is None:
            self.refusals.add(place, "missing_run_id", _lack(node, "id"))
        else:
            self.found.append(FoundRun(node, self._with_own_id(hints, node), flow_id, run_id))

    def _with_own_id(self, hints: Hints, node: Node) -> Hints:
        if "event_id" not in node and "eventid" not in node:
            return hints
        faults = self._faults
        return msgspec.structs.replace(
            hints,
            event_id=identifier(node.get("event_id"), faults) or hints.event_id,
            eventid=identifier(node.get("eventid"), faults) or hints.eventid,
        )

    def _extend(self, hints: Hints, node: Node) -> Hints:
        faults = self._faults
        event_id, eventid = identifier(node.get("event_id"), faults), identifier(node.get("eventid"), faults)
        id_ = type_ = message_type = None
        if "specversion" in node:
            id_, type_ = identifier(node.get("id"), faults), text(node.get("type"), faults)
        meta = node.get("_eventNotificationMeta")
        if type(meta) is dict:
            message_type = text(meta.get("type"), faults)
        return Hints(
            event_id or hints.event_id,
            eventid or hints.eventid,
            id_ or hints.cloud_event_id,
            message_type or hints.message_type,
            type_ or hints.cloud_event_type,
            identifier(node.get("imsOrgId"), faults) or hints.org_id,
        )

    def _refuse_object(self, node: Node, place: str, hints: Hints) -> None:
        is_wrapper = "specversion" in node or "detail-type" in node
        if type(node.get("validationUrl")) is str:
            self.refusals.add(place, "control", "the check of a registration, not an event")
        elif self._is_deprecated(node, hints):
            self.refusals.add(place, "deprecated", "the data ingestion notification, which flow runs have replaced")
        elif is_wrapper:
            self.refusals.add(place, "unknown_shape")
        elif node.get("flowId") is not None:
            self.refusals.add(place, "missing_run_id", _lack(node, "id"))
        elif type(node.get("id")) is str:
            self.refusals.add(place, "missing_flow_id", _lack(node, "flowId"))
        else:
            self.refusals.add(place, "unknown_shape")

    def _is_deprecated(self, node: Node, hints: Hints) -> bool:
        code = event_code(node, hints, self._sent_code, self._faults)
        return code == DEPRECATED_CODE or any(key.startswith("xdm:") for key in node)


def _is_state(node: Node) -> bool:
    status = node.get("status")
    return (
        type(status) is str
        and status.lower() in _ALERT_STATES
        and node.get("metrics") is None
        and identifier(node.get("name"), Faults()) is not None
    )


def _lack(node: Node, key: str) -> str:
    return f"no {key}" if node.get(key) in (None, "") else f"{key} is no text of 1 to 200 characters"


def event_code(node: Node, hints: Hints, sent_code: str | None, faults: Faults) -> str | None:
    """Return the event code of a run or state: of its own header, else its message, its CloudEvent, its delivery."""
    header = node.get("header")
    if type(header) is dict:
        adobe = header.get("_adobeio")
        if type(adobe) is dict and adobe.get("eventCode") is not None:
            return text(adobe["eventCode"], faults)
    return hints.message_type or hints.cloud_event_type or sent_code
