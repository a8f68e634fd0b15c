"""A rule is a value."""

import pickle

import pytest

from processors.watch.rules.rule import Rule
from tests.processors.watch.rules import empty, in_a_row, loss, new_code, often, overdue, partly, ratio, slow, stalled

RULES = [empty(4), in_a_row(4), loss(), new_code(), often(5), overdue(), partly(0.5), ratio(), slow(), stalled()]


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.kind)
def test_another_process_gets_the_same_rule(rule: Rule) -> None:
    """As a backtest hands it over, compiled or not."""
    received = pickle.loads(pickle.dumps(rule))  # noqa: S301
    assert received == rule
    assert repr(received) == repr(rule)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.kind)
def test_nothing_changes_a_rule(rule: Rule) -> None:
    """It is frozen, compiled or not."""
    with pytest.raises(AttributeError):
        rule.head = rule.head
    with pytest.raises(AttributeError):
        rule.head.name = "another"  # type: ignore[misc]
