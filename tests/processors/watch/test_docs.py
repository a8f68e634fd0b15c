"""The docs show what the code says."""

import re
from pathlib import Path

import pytest

from processors.watch.rule_book import built_in
from processors.watch.rules import KINDS
from processors.watch.rules_file import parse
from tests.processors.watch.examples import DOCS, EXAMPLES, pages, play, renewed


@pytest.mark.parametrize("page", pages(), ids=lambda page: page.name)
def test_a_page_shows_what_the_examples_give(page: Path) -> None:
    """To renew it: ``make generate``."""
    assert page.read_text() == renewed(page.read_text(), pages()[page])


def test_every_kind_has_an_example_that_fires_and_ends() -> None:
    """In the order of the registry."""
    assert [example.kind for example in EXAMPLES] == list(KINDS)
    for example in EXAMPLES:
        states = [alert.state for _, alerts in play(example) for alert in alerts]
        assert (states[0], states[-1]) == ("firing", "resolved")


def test_every_rules_file_in_the_docs_is_one() -> None:
    """Each TOML block is accepted."""
    blocks = re.findall(r"```toml\n(.*?)```", (DOCS / "rules.md").read_text(), re.DOTALL)
    assert len(blocks) == 1 + len(KINDS)
    for block in blocks:
        assert parse(block, "rules.md").rules is not None


def test_the_built_in_rules_are_those_of_the_table() -> None:
    """Name, kind, severity."""
    rows = re.findall(r"^\| `([\w-]+)` \| `(\w+)` \| (\w+) \|$", (DOCS / "rules.md").read_text(), re.MULTILINE)
    built = built_in()
    of_flows = [(rule.head.name, rule.kind, str(rule.head.severity)) for rule in built.rules]
    of_orgs = [(rule.head.name, rule.kind, str(rule.head.severity)) for rule in built.org_rules]
    assert rows == of_flows + of_orgs
