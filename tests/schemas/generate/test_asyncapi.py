"""Test the structure of the AsyncAPI document: references resolve, and it tells of every public topic."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from referencing import Registry
from referencing.jsonschema import DRAFT202012

from schemas.generate.files import ROOT
from schemas.topics import declare

DOCUMENT: dict[str, Any] = json.loads((ROOT / "schemas/asyncapi.json").read_bytes())
CHANNELS = sorted(DOCUMENT["channels"])


def references(node: object) -> Iterator[str]:
    """Yield every reference in a document."""
    if isinstance(node, dict):
        if "$ref" in node:
            yield node["$ref"]
        for child in node.values():
            yield from references(child)
    elif isinstance(node, list):
        for child in node:
            yield from references(child)


def resolve(reference: str) -> Any:
    """Follow a reference from the document's root to what it names.

    Raises:
        KeyError: it names nothing.
    """
    node: Any = DOCUMENT
    for step in reference.removeprefix("#/").split("/"):
        node = node[step.replace("~1", "/").replace("~0", "~")]
    return node


def schema_of(name: str, part: str) -> Draft202012Validator:
    """Make the validator of a message's payload or headers."""
    registry: Registry[Any] = Registry().with_resource("doc", DRAFT202012.create_resource(DOCUMENT))
    reference = DOCUMENT["components"]["messages"][name][part]["$ref"]
    return Draft202012Validator({"$ref": f"doc{reference}"}, registry=registry)


def test_it_is_asyncapi_3() -> None:
    """The version and the required parts of info are there."""
    assert (DOCUMENT["asyncapi"], set(DOCUMENT["info"]) >= {"title", "version"}) == ("3.0.0", True)


def test_every_reference_resolves() -> None:
    """No reference points at nothing."""
    found = {reference: bool(resolve(reference)) for reference in references(DOCUMENT)}
    assert (len(found) > 20, all(found.values())) == (True, True)


def test_every_public_topic_is_a_channel() -> None:
    """Addresses are the topics that are not internal, all of them."""
    addresses = {channel["address"] for channel in DOCUMENT["channels"].values()}
    assert addresses == {topic.name for topic in declare() if not topic.internal}


@pytest.mark.parametrize("name", CHANNELS)
def test_every_channel_says_how_its_topic_is_set(name: str) -> None:
    """Partitions and cleanup policy are those that `flowrun topics create` gives."""
    topic = declare().find(name)
    binding = DOCUMENT["channels"][name]["bindings"]["kafka"]
    expected = (topic.partitions, topic.config["cleanup.policy"].split(","))
    assert (binding["partitions"], binding["topicConfiguration"]["cleanup.policy"]) == expected


@pytest.mark.parametrize("name", CHANNELS)
def test_every_message_has_a_key_and_a_payload(name: str) -> None:
    """A consumer learns what the key is and what the value holds."""
    message = DOCUMENT["components"]["messages"][name]
    assert ("description" in message["bindings"]["kafka"]["key"], "payload" in message) == (True, True)


@pytest.mark.parametrize("name", sorted(DOCUMENT["operations"]))
def test_operations_use_messages_of_their_channel(name: str) -> None:
    """An operation's channel and messages belong together, as AsyncAPI 3 demands."""
    operation = DOCUMENT["operations"][name]
    channel = operation["channel"]["$ref"]
    assert [m["$ref"].startswith(f"{channel}/messages/") for m in operation["messages"]] == [True]


@pytest.mark.parametrize(
    ("name", "part", "example"),
    [
        (name, part, example[part])
        for name, message in DOCUMENT["components"]["messages"].items()
        for example in message.get("examples", [])
        for part in ("payload", "headers")
        if part in example
    ],
)
def test_examples_satisfy_their_schema(name: str, part: str, example: object) -> None:
    """What the document shows as an example is valid by the document's own schema."""
    assert [error.message for error in schema_of(name, part).iter_errors(example)] == []
