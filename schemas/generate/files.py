"""List every generated file with its text, and find those that are not up to date."""

import json
from pathlib import Path
from typing import Any, Final

import msgspec

from schemas.generate import asyncapi, json_schema, records_page, settings_page
from schemas.generate.golden import GOLDEN

ROOT: Final = Path(__file__).resolve().parents[2]
"""The checkout: generated files are named from here."""


def files() -> dict[str, str]:
    """Return the text of every generated file by its path from :data:`ROOT`."""
    schemas = {
        f"schemas/generated/{name}.schema.json": _json(json_schema.document(name)) for name in json_schema.RECORDS
    }
    golden = {f"schemas/golden/{name}.json": _json(msgspec.to_builtins(record)) for name, record in GOLDEN.items()}
    return {
        **schemas,
        **golden,
        "schemas/asyncapi.json": _json(asyncapi.document()),
        "docs/settings.md": settings_page.page(),
        "docs/records.md": records_page.page(),
    }


def stale(root: Path) -> list[str]:
    """Return the paths of files under ``root`` that are missing, differ, or are no longer generated."""
    wanted = files()
    folders = (root / "schemas" / "generated", root / "schemas" / "golden")
    found = {str(path.relative_to(root)) for folder in folders for path in folder.glob("*")}
    differing = [name for name, text in wanted.items() if _read(root / name) != text]
    return [*differing, *sorted(found - wanted.keys())]


def _read(path: Path) -> str | None:
    return path.read_text() if path.exists() else None


def _json(document: Any) -> str:
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"
