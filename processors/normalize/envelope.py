"""Open the wrappers around a notification and find the runs and alert states inside (DOMAIN.md 4.1).

What an object is, decided in this order:

1. An object with ``specversion`` and ``data`` is a CloudEvent and never a run itself: its ``id`` is its own.
2. An object with ``status`` FIRING or INACTIVE, a ``name`` and no ``metrics`` is an alert state.
3. An object with ``metrics``, or with ``flowId`` and ``id``, is a run. If one of the ids is absent or no id, it is
   refused: ``missing_flow_id``, ``missing_run_id``.
4. An object that holds an object or array at ``event``, ``data``, ``detail``, ``messages``, ``items``, ``events``,
   ``value`` or ``body`` (beside ``header``, as some journals have it) is a wrapper; the first of them is opened. So
   every documented envelope is understood, nested in any way up to 16 levels, also where its other marks
   (``event_id``, ``detail-type``, ``position`` ...) are missing.
5. What is left is refused: ``control`` (``validationUrl``), ``deprecated`` (the data ingestion notification: keys with
   ``xdm:``, or the event code ``platform_event``), ``missing_run_id`` or ``missing_flow_id`` (the other id is there),
   ``unknown_shape``.

Arrays are opened element by element, also at the top. An empty array is of unknown shape: it says nothing of any run,
and dropping it silently would be a loss.
"""

from typing import Final

from processors.normalize.fields import Faults, Node, identifier, text
from processors.normalize.refusal import Refusals

MAX_DEPTH: Final = 16
"""Levels of JSON opened around a run: 8 wrappers, each an object and perhaps an array in it."""
MAX_FOUND: Final = 1_000
"""Runs and states taken from one notification; if it holds more it is dead-lettered as well. Adobe delivers up to
2 MB, in which 1,000 real runs have no room."""

DEPRECATED_CODE: Final = "platform_event"
_ALERT_STATES: Final = frozenset({"firing", "inactive"})
_CONTENTS: Final = ("event", "data", "detail", "messages", "items", "events", "value", "body")
_CONTAINERS: Final = frozenset({dict, list})


class Hints:
    """Gather what the wrappers around a run say of it; of the same field the innermost counts."""

    __slots__ = ("cloud_event_id", "cloud_event_type", "event_id", "eventid", "message_type", "org_id")

    def __init__(
        self,
        event_id: str | None = None,
        eventid: str | None = None,
        cloud_event_id: str | None = None,
        message_type: str | None = None,
        cloud_event_type: str | None = None,
        org_id: str | None = None,
    ) -> None:
        self.event_id: Final = event_id
        self.eventid: Final = eventid
        self.cloud_event_id: Final = cloud_event_id
        self.message_type: Final = message_type
        self.cloud_event_type: Final = cloud_event_type
        self.org_id: Final = org_id


_NO_HINTS: Final = Hints()


class FoundRun:
    """Hold an object that is a run, with both its ids."""

    __slots__ = ("flow_id", "hints", "node", "run_id")

    def __init__(self, node: Node, hints: Hints, flow_id: str, run_id: str) -> None:
        self.node: Final = node
        self.hints: Final = hints
        self.flow_id: Final = flow_id
        self.run_id: Final = run_id


class FoundState:
    """Hold an object that is an alert state of the platform."""

    __slots__ = ("hints", "is_firing", "name", "node")

    def __init__(self, node: Node, hints: Hints, name: str, is_firing: bool) -> None:
        self.node: Final = node
        self.hints: Final = hints
        self.name: Final = name
        self.is_firing: Final = is_firing


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
        if "specversion" not in node or node.get("data") is None:
            if node.get("metrics") is not None:
                self._take_run(node, place, hints)
                return
            if "status" in node and _is_state(node):
                self._take_state(node, hints)
                return
            if "flowId" in node and "id" in node and "specversion" not in node:
                self._take_run(node, place, hints)
                return
        for name in _CONTENTS:
            content = node.get(name)
            if type(content) in _CONTAINERS:
                self.open(content, f"{place}.{name}" if place else name, self._extended(hints, node), depth + 1)
                return
        self._refuse(node, place, hints)

    def _take_run(self, node: Node, place: str, hints: Hints) -> None:
        flow_id = identifier(node.get("flowId"), self._faults)
        run_id = identifier(node.get("id"), self._faults)
        if flow_id is None:
            self.refusals.add(place, "missing_flow_id", _lack(node, "flowId"))
        elif run_id is None:
            self.refusals.add(place, "missing_run_id", _lack(node, "id"))
        else:
            self.found.append(FoundRun(node, self._with_own_id(hints, node), flow_id, run_id))

    def _take_state(self, node: Node, hints: Hints) -> None:
        is_firing = str(node["status"]).lower() == "firing"
        self.found.append(FoundState(node, self._with_own_id(hints, node), str(node["name"]), is_firing))

    def _with_own_id(self, hints: Hints, node: Node) -> Hints:
        if "event_id" not in node and "eventid" not in node:
            return hints
        return Hints(
            identifier(node.get("event_id"), self._faults) or hints.event_id,
            identifier(node.get("eventid"), self._faults) or hints.eventid,
            hints.cloud_event_id,
            hints.message_type,
            hints.cloud_event_type,
            hints.org_id,
        )

    def _extended(self, hints: Hints, node: Node) -> Hints:
        faults, get = self._faults, node.get
        is_cloud_event = "specversion" in node
        meta = get("_eventNotificationMeta")
        return Hints(
            identifier(get("event_id"), faults) or hints.event_id,
            identifier(get("eventid"), faults) or hints.eventid,
            (identifier(get("id"), faults) if is_cloud_event else None) or hints.cloud_event_id,
            (text(meta.get("type"), faults) if type(meta) is dict else None) or hints.message_type,
            (text(get("type"), faults) if is_cloud_event else None) or hints.cloud_event_type,
            identifier(get("imsOrgId"), faults) or hints.org_id,
        )

    def _refuse(self, node: Node, place: str, hints: Hints) -> None:
        if type(node.get("validationUrl")) is str:
            self.refusals.add(place, "control", "the check of a registration, not an event")
        elif self._is_deprecated(node, hints):
            self.refusals.add(place, "deprecated", "the data ingestion notification, which flow runs have replaced")
        elif "specversion" in node or "detail-type" in node:
            self.refusals.add(place, "unknown_shape")
        elif node.get("flowId") is not None:
            self.refusals.add(place, "missing_run_id", _lack(node, "id"))
        elif type(node.get("id")) is str:
            self.refusals.add(place, "missing_flow_id", _lack(node, "flowId"))
        else:
            self.refusals.add(place, "unknown_shape")

    def _is_deprecated(self, node: Node, hints: Hints) -> bool:
        code = _own_code(node) or hints.message_type or hints.cloud_event_type or self._sent_code
        return code == DEPRECATED_CODE or any(key.startswith("xdm:") for key in node)


def _is_state(node: Node) -> bool:
    status = node["status"]
    return (
        type(status) is str and status.lower() in _ALERT_STATES and identifier(node.get("name"), Faults()) is not None
    )


def _lack(node: Node, key: str) -> str:
    return f"no {key}" if node.get(key) in (None, "") else f"{key} is no text of 1 to 200 characters"


def _own_code(node: Node) -> object:
    header = node.get("header")
    adobe = header.get("_adobeio") if type(header) is dict else None
    return adobe.get("eventCode") if type(adobe) is dict else None
