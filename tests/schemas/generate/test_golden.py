"""Test that the golden records are what flowrun would write, and that the schemas and types agree on them."""

import json
from typing import Any

import msgspec
import pytest
from jsonschema import Draft202012Validator

from schemas.generate.files import ROOT
from schemas.generate.golden import GOLDEN
from schemas.generate.json_schema import RECORDS

KINDS = {"run": "run", "window": "window", "alert": "alert", "dead": "dead-letter-headers"}


def golden(name: str) -> bytes:
    """Read a golden record as committed."""
    return (ROOT / "schemas/golden" / f"{name}.json").read_bytes()


def validator(record: str) -> Draft202012Validator:
    """Make the validator of a record's committed JSON Schema, formats included."""
    schema = json.loads((ROOT / "schemas/generated" / f"{record}.schema.json").read_bytes())
    return Draft202012Validator(schema, format_checker=Draft202012Validator.FORMAT_CHECKER)


@pytest.mark.parametrize("record", RECORDS)
def test_every_schema_is_a_json_schema_of_2020_12(record: str) -> None:
    """The schemas satisfy their own dialect."""
    schema = validator(record).schema
    assert Draft202012Validator(Draft202012Validator.META_SCHEMA).is_valid(schema)


@pytest.mark.parametrize("name", GOLDEN)
def test_golden_records_satisfy_their_schema(name: str) -> None:
    """Each golden record is valid against the committed JSON Schema of its type."""
    errors = validator(KINDS[name.split("-")[0]]).iter_errors(json.loads(golden(name)))
    assert [error.message for error in errors] == []


@pytest.mark.parametrize("name", GOLDEN)
def test_golden_records_survive_their_type_byte_for_byte(name: str) -> None:
    """Decoding and encoding gives the same bytes: no field lost, none renamed, the order kept."""
    compact = msgspec.json.format(golden(name).strip(), indent=-1)
    decoded = msgspec.json.decode(compact, type=RECORDS[KINDS[name.split("-")[0]]])
    assert msgspec.json.encode(decoded) == compact


@pytest.mark.parametrize("record", RECORDS)
def test_every_field_is_required(record: str) -> None:
    """What flowrun writes always has every field, absent ones as null: so a consumer may rely on each."""
    schema = validator(record).schema
    parts: list[dict[str, Any]] = [schema, *schema.get("$defs", {}).values()]
    assert [part["required"] for part in parts] == [list(part["properties"]) for part in parts]


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("run-success", {"status": "inProgress"}),
        ("run-success", {"occurred_at": "2020-08-12T06:25:30Z"}),
        ("run-success", {"duration_ms": -1}),
        ("window-final", {"failure_ratio": 1.5}),
        ("alert-firing", {"state": "FIRING"}),
        ("alert-firing", {"revision": 0}),
        ("dead-letter-headers", {"flowrun_reason": "unlucky"}),
    ],
)
def test_the_schemas_refuse_what_flowrun_never_writes(name: str, change: dict[str, object]) -> None:
    """A wrong status, time, count, ratio, state, revision or reason is invalid."""
    record = {**json.loads(golden(name)), **change}
    assert not validator(KINDS[name.split("-")[0]]).is_valid(record)


@pytest.mark.parametrize("name", GOLDEN)
def test_the_schemas_allow_fields_of_the_future(name: str) -> None:
    """Records gain fields: a reader that validates is not broken by a new one."""
    record = {**json.loads(golden(name)), "gained_later": 1}
    assert validator(KINDS[name.split("-")[0]]).is_valid(record)
