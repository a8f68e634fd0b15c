"""Describe the public topics as an AsyncAPI 3.0 document."""

from collections.abc import Sequence
from importlib.metadata import version
from typing import Any, Final, NamedTuple

import msgspec

from schemas import raw
from schemas.generate.golden import GOLDEN
from schemas.generate.json_schema import RECORDS, components
from schemas.settings import BY_NAME
from schemas.topics import Topic, declare

VERSION: Final = "3.0.0"
_KAFKA_BINDING: Final = "0.5.0"


class Channel(NamedTuple):
    """Say of one topic what its schema cannot: what is in it, under which key, in which words."""

    topic: str
    """The short name, as ``Topics.find`` takes it."""
    summary: str
    key: str
    payload: type[msgspec.Struct] | None
    """``None`` where the value is the sender's exact bytes."""
    headers: str | None
    """The name of the schema of its headers, if it has any."""
    examples: Sequence[str]
    """Golden records of the payload, or of the headers where the payload is bytes."""


CHANNELS: Final = (
    Channel(
        "raw",
        "One notification in the sender's exact bytes.",
        "The flow id if visible, else the event id, else the hex SHA-256 of the value.",
        None,
        "RawHeaders",
        (),
    ),
    Channel(
        "runs",
        "One record for each run that a notification tells of; each notification once.",
        "flow_id",
        RECORDS["run"],
        None,
        ("run-success", "run-failed", "run-in-progress"),
    ),
    Channel(
        "metrics",
        "The present state of one window of one flow: an upsert, the newest row of a key is the truth.",
        "flow_id|window_start",
        RECORDS["window"],
        None,
        ("window-early", "window-final"),
    ),
    Channel(
        "alerts",
        "One record for each transition of an incident; the newest of a key is its present state.",
        "rule|flow_id, or rule|flow_id|code, or rule|org/<org>/<sandbox>",
        RECORDS["alert"],
        None,
        ("alert-firing", "alert-resolved"),
    ),
    Channel(
        "dead-letters",
        "What was set aside, in the source record's exact bytes, with the reason in the headers.",
        "As in the raw topic.",
        None,
        RECORDS["dead-letter-headers"].__name__,
        ("dead-letter-headers",),
    ),
)


def document() -> dict[str, Any]:
    """Return the document: a channel, a message and a send and a receive operation for every public topic."""
    return {
        "asyncapi": VERSION,
        "info": {
            "title": "flowrun",
            "version": version("flowrun"),
            "description": "Notifications of data-platform runs in, runs, windows and alerts out. Keys are UTF-8, "
            "partitioned by murmur2. What the processors write is transactional: read it with "
            "isolation.level=read_committed.",
            "license": {"name": "Apache-2.0"},
        },
        "defaultContentType": "application/json",
        "servers": {
            "kafka": {
                "host": BY_NAME["FLOWRUN_BOOTSTRAP_SERVERS"].default,
                "protocol": "kafka",
                "description": "Whatever FLOWRUN_BOOTSTRAP_SERVERS names.",
            }
        },
        "channels": {channel.topic: _channel(channel) for channel in CHANNELS},
        "operations": _operations(),
        "components": {
            "messages": {channel.topic: _message(channel) for channel in CHANNELS},
            "schemas": {
                "RawHeaders": _raw_headers(),
                **components(list(RECORDS.values()), "#/components/schemas/{name}"),
            },
        },
    }


def _channel(channel: Channel) -> dict[str, Any]:
    topic = declare().find(channel.topic)
    return {
        "address": topic.name,
        "summary": channel.summary,
        "servers": [{"$ref": "#/servers/kafka"}],
        "messages": {channel.topic: {"$ref": f"#/components/messages/{channel.topic}"}},
        "bindings": {"kafka": _channel_binding(topic)},
    }


def _channel_binding(topic: Topic) -> dict[str, Any]:
    config: dict[str, Any] = {
        name: int(value) if value.isdigit() else value.split(",") if name == "cleanup.policy" else value
        for name, value in topic.config.items()
    }
    return {"partitions": topic.partitions, "topicConfiguration": config, "bindingVersion": _KAFKA_BINDING}


def _operations() -> dict[str, Any]:
    """Tell what flowrun does with each topic: it writes all of them and reads its own inputs."""
    does = {f"send-{channel.topic}": ("send", channel.topic) for channel in CHANNELS}
    does |= {"receive-raw": ("receive", "raw"), "receive-runs": ("receive", "runs")}
    return {
        name: {
            "action": action,
            "channel": {"$ref": f"#/channels/{topic}"},
            "messages": [{"$ref": f"#/channels/{topic}/messages/{topic}"}],
        }
        for name, (action, topic) in does.items()
    }


def _message(channel: Channel) -> dict[str, Any]:
    message: dict[str, Any] = {
        "name": channel.topic,
        "summary": channel.summary,
        "contentType": "application/json",
        "bindings": {
            "kafka": {"key": {"type": "string", "description": channel.key}, "bindingVersion": _KAFKA_BINDING}
        },
    }
    if channel.headers is not None:
        message["headers"] = {"$ref": f"#/components/schemas/{channel.headers}"}
    if channel.payload is not None:
        message["payload"] = {"$ref": f"#/components/schemas/{channel.payload.__name__}"}
    else:
        message["payload"] = {"description": "Any bytes: JSON as it was sent, or what was sent instead of JSON."}
    part = "headers" if channel.payload is None else "payload"
    if channel.examples:
        message["examples"] = [{"name": name, part: msgspec.to_builtins(GOLDEN[name])} for name in channel.examples]
    return message


def _raw_headers() -> dict[str, Any]:
    """Describe the headers of the raw topic: the CloudEvents 1.0 Kafka binding, ours, and the sender's."""
    always = {
        raw.CE_SPECVERSION: {"type": "string", "const": "1.0"},
        raw.CE_ID: {
            "type": "string",
            "description": "The CloudEvent's own id, else the event id, else the SHA-256 of the value.",
        },
        raw.CE_SOURCE: {"type": "string"},
        raw.CE_TYPE: {"type": "string"},
        raw.CE_TIME: {"type": "string", "format": "date-time"},
        raw.CONTENT_TYPE: {"type": "string"},
        raw.SOURCE: {"enum": ["webhook", "journal", "replay"]},
        raw.RECEIVED_AT: {"type": "string", "format": "date-time"},
    }
    sometimes = {
        raw.BATCH: {"type": "string", "description": "i/n: the i-th of the n notifications of one delivery."},
        raw.TRACEPARENT: {"type": "string", "description": "W3C trace context, if the sender gave one."},
        **{name: {"type": "string", "description": "As sent."} for name in raw.SENDER_HEADERS},
    }
    return {"title": "RawHeaders", "type": "object", "properties": always | sometimes, "required": list(always)}
