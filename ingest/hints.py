"""Read the few fields of a notification that its record's key and headers need. Never fails; missing is ``None``."""

from typing import Any, Final, NamedTuple

import msgspec
import orjson

MAX_IDENTIFIER: Final = 200
"""Characters of an id; a longer one is none (a part of it would be another's), as for the processors."""
MAX_TEXT: Final = 1_000
"""Characters of any other text that goes into a header; a longer one is none."""


class _Adobe(msgspec.Struct, gc=False):
    code: str | None = msgspec.field(default=None, name="eventCode")
    provider: str | None = msgspec.field(default=None, name="providerMetadata")


class _Header(msgspec.Struct, gc=False):
    adobe: _Adobe | None = msgspec.field(default=None, name="_adobeio")


class _Node(msgspec.Struct, gc=False):
    """An object of a notification, with those of its fields that matter on any level."""

    flow_id: str | None = msgspec.field(default=None, name="flowId")
    event_id: str | None = None
    eventid: str | None = None
    specversion: str | None = None
    id: str | None = None
    type: str | None = None
    source: str | None = None
    time: str | None = None
    header: _Header | None = None
    event: "_Node | None" = None
    data: "_Node | None" = None
    detail: "_Node | None" = None
    messages: "list[_Message] | None" = None


class _Message(msgspec.Struct, gc=False):
    value: _Node | None = None


class Hints(NamedTuple):
    """Hold what was found. Ids are never empty."""

    flow_id: str | None = None
    event_id: str | None = None
    """``event_id``, else ``eventid``, else a CloudEvent's ``id``; on the top level, else in ``event`` or ``detail``."""
    cloud_id: str | None = None
    """A CloudEvent's own ``id``, and so on for the next three."""
    cloud_source: str | None = None
    cloud_type: str | None = None
    cloud_time: str | None = None
    event_code: str | None = None
    """Adobe's code in ``header._adobeio``, on the top level or in ``event``."""
    provider: str | None = None
    """Adobe's provider, in the same place."""


_NO_HINTS: Final = Hints()
_EMPTY: Final = _Node()
_NO_MESSAGE: Final = _Message()
_decode: Final = msgspec.json.Decoder(_Node).decode


def read(value: bytes) -> Hints:
    """Read the hints of one notification; none of what is no JSON object."""
    node = _parse(value)
    if node is None:
        return _NO_HINTS
    event, detail = node.event or _EMPTY, node.detail or _EMPTY
    adobe = _adobe(node) or _adobe(event) or _Adobe()
    cloud = node if node.specversion is not None else _EMPTY
    return Hints(
        _flow_id(node, event, detail),
        _event_id(node) or _event_id(event) or _event_id(detail),
        _id(cloud.id),
        _text(cloud.source),
        _text(cloud.type),
        _text(cloud.time),
        _text(adobe.code),
        _text(adobe.provider),
    )


def _flow_id(node: _Node, event: _Node, detail: _Node) -> str | None:
    """Look at the places of CONTRACT.md 2, in its order."""
    message = (node.messages or (_NO_MESSAGE,))[0]
    return (
        _id(node.flow_id)
        or _id(event.flow_id)
        or _id((node.data or _EMPTY).flow_id)
        or _id(detail.flow_id)
        or _id((detail.event or _EMPTY).flow_id)
        or _id((event.data or _EMPTY).flow_id)
        or _id((message.value or _EMPTY).flow_id)
    )


def _event_id(node: _Node) -> str | None:
    return _id(node.event_id) or _id(node.eventid) or (_id(node.id) if node.specversion is not None else None)


def _adobe(node: _Node) -> _Adobe | None:
    return node.header.adobe if node.header is not None else None


def _id(text: str | None) -> str | None:
    return text if text is not None and 0 < len(text) <= MAX_IDENTIFIER else None


def _text(text: str | None) -> str | None:
    return text if text is not None and 0 < len(text) <= MAX_TEXT else None


def _parse(value: bytes) -> _Node | None:
    """Parse with the types that are usual; where one is another, with any."""
    try:
        return _decode(value)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        pass
    try:
        return _node(orjson.loads(value))
    except orjson.JSONDecodeError:
        return None


_TEXTS: Final = {
    "flowId": "flow_id",
    "event_id": "event_id",
    "eventid": "eventid",
    "specversion": "specversion",
    "id": "id",
    "type": "type",
    "source": "source",
    "time": "time",
}


def _node(parsed: Any, depth: int = 3) -> _Node | None:
    """Take from any parsed JSON what has the usual type, as deep as hints can lie."""
    if not isinstance(parsed, dict) or not depth:
        return None
    get = parsed.get
    texts = {field: text for name, field in _TEXTS.items() if isinstance(text := get(name), str)}
    return _Node(
        **texts,
        header=_header(get("header")),
        event=_node(get("event"), depth - 1),
        data=_node(get("data"), depth - 1),
        detail=_node(get("detail"), depth - 1),
        messages=_messages(get("messages"), depth),
    )


def _header(parsed: Any) -> _Header | None:
    adobe = parsed.get("_adobeio") if isinstance(parsed, dict) else None
    if not isinstance(adobe, dict):
        return None
    code, provider = adobe.get("eventCode"), adobe.get("providerMetadata")
    return _Header(
        _Adobe(code if isinstance(code, str) else None, provider if isinstance(provider, str) else None),
    )


def _messages(parsed: Any, depth: int) -> list[_Message] | None:
    first = parsed[0] if isinstance(parsed, list) and parsed else None
    return [_Message(_node(first.get("value"), depth - 1))] if isinstance(first, dict) else None
