"""Choose records by the flow they are about and by the values of their fields."""

from collections.abc import Iterator, Sequence
from typing import Any

import orjson

from flowrun.recording.facts import subjects

_FLOW_PATHS = ("flow_id", "labels.flow_id", "key")


def values_at(document: Any, path: Sequence[str]) -> Iterator[Any]:
    """Yield what stands at a dotted path. In a list every element is looked at: ``errors.code`` is any error's code."""
    if isinstance(document, list):
        for element in document:
            yield from values_at(element, path)
    elif not path:
        yield document
    elif isinstance(document, dict):
        # A name may hold dots itself, such as a header's.
        for length in range(1, len(path) + 1):
            name = ".".join(path[:length])
            if name in document:
                yield from values_at(document[name], path[length:])


def equals(value: Any, text: str) -> bool:
    """Compare a JSON value with the text a person wrote: ``null``, ``true``, numbers by value, else exactly."""
    if value is None or isinstance(value, bool):
        return text == {None: "null", True: "true", False: "false"}[value]
    if isinstance(value, int | float):
        try:
            return float(text) == value
        except ValueError:
            return False
    return isinstance(value, str) and value == text


def matches(document: dict[str, Any], wanted: Sequence[tuple[str, str]], flow: str | None) -> bool:
    """Tell whether a record has all the wanted values and, if one is given, is about the flow."""
    if flow is not None and not _is_about(document, flow):
        return False
    return all(any(equals(value, text) for value in _values(document, path)) for path, text in wanted)


def _values(document: dict[str, Any], path: str) -> Iterator[Any]:
    """Yield the values at a path; of an envelope also those inside the payload, with or without ``body.`` before it."""
    yield from values_at(document, path.split("."))
    if isinstance(document.get("body"), str):
        try:
            payload = orjson.loads(document["body"])
        except orjson.JSONDecodeError:
            return
        yield from values_at({"body": payload}, path.split("."))
        yield from values_at(payload, path.split("."))


def _is_about(document: dict[str, Any], flow: str) -> bool:
    if any(value == flow for path in _FLOW_PATHS for value in values_at(document, path.split("."))):
        return True
    body = document.get("body")
    return isinstance(body, str) and any(subject.flow_id == flow for subject in subjects(body.encode()))
