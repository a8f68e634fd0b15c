"""Turn record types into JSON Schema 2020-12."""

from typing import Any, Final

import msgspec

from schemas.alert import Alert
from schemas.dead_letter import DeadLetterHeaders
from schemas.run import Run
from schemas.window import Window

DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"

RECORDS: Final[dict[str, type[msgspec.Struct]]] = {
    "run": Run,
    "window": Window,
    "alert": Alert,
    "dead-letter-headers": DeadLetterHeaders,
}
"""Every public record type by the name of its schema file."""


def document(name: str) -> dict[str, Any]:
    """Return the self-contained schema of one record type, with what it is made of under ``$defs``."""
    kind = RECORDS[name]
    parts = components([kind], "#/$defs/{name}")
    whole = parts.pop(kind.__name__)
    return {"$schema": DIALECT, "$id": f"urn:flowrun:{name}:1", **whole} | ({"$defs": parts} if parts else {})


def components(kinds: list[type[msgspec.Struct]], ref_template: str) -> dict[str, dict[str, Any]]:
    """Return the schemas of types and of all they are made of, by type name.

    They describe what flowrun writes: every field is always there, so all are required and none has a default.
    """
    _, parts = msgspec.json.schema_components(kinds, ref_template=ref_template)
    return {name: _as_written(part) for name, part in parts.items()}


def _as_written(part: dict[str, Any]) -> dict[str, Any]:
    fields = {name: _described(field) for name, field in part["properties"].items()}
    return {**_described(part), "properties": fields, "required": list(fields)}


def _described(schema: dict[str, Any]) -> dict[str, Any]:
    """Leave out the default and write the description in the words of JSON rather than of Python."""
    kept = {keyword: value for keyword, value in schema.items() if keyword != "default"}
    if "description" in kept:
        kept["description"] = kept["description"].replace("``None``", "`null`").replace("``", "`")
    return kept
