"""Test which records ``--flow`` and ``--where`` choose."""

from typing import Any

import pytest

from flowrun.tail.matching import equals, matches, values_at

RUN = {
    "flow_id": "f",
    "status": "failed",
    "records": {"lost": 30},
    "errors": [{"code": "1"}, {"code": "2"}],
    "url": None,
}
ALERT = {"rule": "r", "labels": {"flow_id": "f"}}
RAW = {"key": "k", "headers": {"a.b": "1"}, "body": '{"event": {"flowId": "f", "n": 1}, "status": "x"}'}
BYTES = {"key": "k", "body_base64": "/w=="}


@pytest.mark.parametrize(
    ("path", "values"),
    [
        ("status", ["failed"]),
        ("records.lost", [30]),
        ("records", [{"lost": 30}]),
        ("errors.code", ["1", "2"]),
        ("url", [None]),
        ("records.lost.x", []),
        ("missing", []),
        ("", []),
    ],
)
def test_values_at_a_path(path: str, values: list[Any]) -> None:
    """A path goes into objects by name and into every element of a list."""
    assert list(values_at(RUN, path.split("."))) == values


@pytest.mark.parametrize(
    ("value", "text", "expected"),
    [
        ("failed", "failed", True),
        ("failed", "Failed", False),
        ("30", "30", True),
        (30, "30", True),
        (30, "30.0", True),
        (30, "3e1", True),
        (30, "x", False),
        (0.5, "0.5", True),
        (None, "null", True),
        (None, "", False),
        (True, "true", True),
        (True, "1", False),
        (False, "false", True),
        ({}, "{}", False),
        ([], "", False),
    ],
)
def test_equals(value: object, text: str, expected: bool) -> None:
    """Numbers are compared by value, ``null`` and truth by their JSON words, texts exactly."""
    assert equals(value, text) is expected


@pytest.mark.parametrize(
    ("document", "wanted", "flow", "expected"),
    [
        (RUN, [], None, True),
        (RUN, [("status", "failed"), ("errors.code", "2")], "f", True),
        (RUN, [("status", "failed"), ("errors.code", "3")], "f", False),
        (RUN, [], "g", False),
        (ALERT, [], "f", True),
        (ALERT, [("labels.flow_id", "f")], None, True),
        (RAW, [], "f", True),
        (RAW, [], "k", True),
        (RAW, [], "g", False),
        (RAW, [("headers.a.b", "1"), ("event.n", "1"), ("body.event.n", "1"), ("status", "x")], None, True),
        (BYTES, [("event.n", "1")], "f", False),
        ({"key": "f", "body": "ping"}, [("event.n", "1")], "f", False),
    ],
)
def test_matches(document: dict[str, Any], wanted: list[tuple[str, str]], flow: str | None, expected: bool) -> None:
    """All conditions must hold; of a payload its own fields count as well."""
    assert matches(document, wanted, flow) is expected
