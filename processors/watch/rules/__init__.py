"""Judge the runs of a flow: one module for each kind of rule, behind one interface."""

from collections.abc import Callable, Mapping
from typing import Final, NamedTuple

from processors.watch.rules import consecutive_failures, failure_count
from processors.watch.rules.rule import Parameters, Rule, RuleHead


class RuleKind(NamedTuple):
    """Say how rules of a kind are read from the rules file."""

    parameters: tuple[str, ...]
    read: Callable[[RuleHead, Parameters], Rule]


KINDS: Final[Mapping[str, RuleKind]] = {
    failure_count.KIND: RuleKind(failure_count.PARAMETERS, failure_count.read),
    consecutive_failures.KIND: RuleKind(consecutive_failures.PARAMETERS, consecutive_failures.read),
}
"""Every kind that is built."""

PLANNED: Final = frozenset(
    {
        "failure_ratio", "record_loss", "partial_errors", "zero_records", "stalled", "overdue", "slow",
        "new_error_code", "org_failures",
    }
)  # fmt: skip
"""Kinds of the contract that this version does not have: their own message, so that nobody looks for a misspelling."""

__all__ = ["KINDS", "PLANNED", "RuleKind"]
