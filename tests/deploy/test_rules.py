"""Test the rules file that docker compose uses."""

from pathlib import Path

from processors.watch.rules_file import built_in, load

RULES = Path(__file__).parents[2] / "deploy" / "rules.toml"


def test_it_says_what_is_built_in() -> None:
    """Whoever changes a line of it begins with what everybody else has."""
    assert load(RULES) == built_in()
