"""Write the page that lists every field of every record."""

from collections.abc import Iterator
from typing import Any, Final

from schemas.generate import json_schema

_HEAD: Final = """\
# Records

Generated from the types in `schemas/` by `make generate`; a test fails when it is not up to date.

Values are JSON. Every field is always there; what is not known is `null`. Times are RFC 3339 in UTC with milliseconds
(`2020-03-27T21:35:00.000Z`). Records gain fields and never lose or redefine them; `schema_version` says which version a
record is. The same as JSON Schema 2020-12 is in `schemas/generated/`, with the topics as AsyncAPI 3.0 in
`schemas/asyncapi.json`, an example of each in `schemas/golden/`.
"""

_TOPICS: Final = {
    "run": ("Run", "`flowrun.runs`, key `flow_id`: one record for each notification about a run, each once."),
    "window": (
        "Window",
        "`flowrun.metrics`, key `flow_id|window_start`: an upsert, the newest of a key is the truth. "
        "See [time.md](time.md).",
    ),
    "alert": (
        "Alert",
        "`flowrun.alerts`, key `rule|flow_id` (`rule|flow_id|code` of `new_error_code`, `rule|org/<org>/<sandbox>` of "
        "`org_failures`): one record for each transition, the newest of a key is the present state. See "
        "[alerts.md](alerts.md).",
    ),
    "dead-letter-headers": (
        "Dead letter",
        "`flowrun.dead-letters`: the value is the exact bytes of the record that was set aside, under its key; these "
        "headers stand before its own.",
    ),
}
_SCALARS: Final = {"string": "text", "integer": "whole number", "number": "number", "boolean": "true or false"}


def page() -> str:
    """Return the page as Markdown."""
    return _HEAD + "".join(_record(name) for name in json_schema.RECORDS)


def _record(name: str) -> str:
    document = json_schema.document(name)
    title, topic = _TOPICS[name]
    parts = document.get("$defs", {})
    return "\n".join([f"\n## {title}\n", f"{topic}\n", *_table(document), *_parts(parts)]) + "\n"


def _parts(parts: dict[str, Any]) -> Iterator[str]:
    for name, part in parts.items():
        yield f"\n### {name}\n"
        yield f"{part['description']}\n"
        yield from _table(part)


def _table(schema: dict[str, Any]) -> Iterator[str]:
    yield "| field | type | what it is |"
    yield "|---|---|---|"
    for field, described in schema["properties"].items():
        cells = (f"`{field}`", kind(described), described["description"])
        yield f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |"


def kind(schema: dict[str, Any]) -> str:
    """Say of what type a field is, in words."""
    if "anyOf" in schema:
        return " or ".join(kind(each) for each in schema["anyOf"])
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        return f"[{name}](#{name.lower()})"
    if "enum" in schema:
        return ", ".join(f"`{value}`" for value in schema["enum"])
    if schema["type"] == "array":
        return f"array of {kind(schema['items'])}"
    if schema["type"] == "object":
        return f"object: text to {kind(schema['additionalProperties'])}"
    if schema["type"] == "null":
        return "null"
    return "time" if schema.get("format") == "date-time" else _SCALARS[schema["type"]]
