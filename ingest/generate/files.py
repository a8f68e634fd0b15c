"""List every generated page with its text, and find those that are not up to date."""

from pathlib import Path
from typing import Final

from ingest.generate import problems_page

ROOT: Final = Path(__file__).resolve().parents[2]
"""The checkout: generated files are named from here."""


def files() -> dict[str, str]:
    """Return the text of every generated file by its path from :data:`ROOT`."""
    return {"docs/problems.md": problems_page.page()}


def stale(root: Path) -> list[str]:
    """Return the paths of files under ``root`` that are missing or differ."""
    return [name for name, text in files().items() if _read(root / name) != text]


def _read(path: Path) -> str | None:
    return path.read_text() if path.exists() else None
