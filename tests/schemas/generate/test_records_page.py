"""The page of records lists every field with a type and a description."""

import pytest

from schemas.generate import json_schema
from schemas.generate.records_page import kind, page

ROWS = [line.split(" | ") for line in page().splitlines() if line.startswith("| `")]


@pytest.mark.parametrize("name", json_schema.RECORDS)
def test_every_field_is_described(name: str) -> None:
    """In the types, so that the schemas say it too."""
    document = json_schema.document(name)
    parts = {"": document, **document.get("$defs", {})}
    bare = [
        f"{part}.{field}"
        for part, schema in parts.items()
        for field, described in schema["properties"].items()
        if not described.get("description")
    ]
    assert bare == []


def test_every_field_has_a_row() -> None:
    """Of the records and of all they are made of, in their order."""
    fields = [
        field
        for name in json_schema.RECORDS
        for part in (json_schema.document(name), *json_schema.document(name).get("$defs", {}).values())
        for field in part["properties"]
    ]
    assert [row[0].strip("| `") for row in ROWS] == fields


def test_rows_have_three_cells() -> None:
    """A bar in a text does not make one more."""
    assert {len(row) for row in ROWS} == {3}


@pytest.mark.parametrize(
    ("schema", "words"),
    [
        ({"type": "string"}, "text"),
        ({"type": "string", "format": "date-time"}, "time"),
        ({"type": "integer", "minimum": 0}, "whole number"),
        ({"type": "number"}, "number"),
        ({"type": "boolean"}, "true or false"),
        ({"enum": ["a", 1]}, "`a`, `1`"),
        ({"anyOf": [{"type": "string"}, {"type": "null"}]}, "text or null"),
        ({"type": "array", "items": {"$ref": "#/$defs/RunError"}}, "array of [RunError](#runerror)"),
        ({"type": "object", "additionalProperties": {"type": "integer"}}, "object: text to whole number"),
    ],
)
def test_types_in_words(schema: dict[str, object], words: str) -> None:
    """Every shape that the types use."""
    assert kind(schema) == words
