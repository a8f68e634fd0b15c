"""Judge the runs of a flow: one module for each kind of rule, behind one interface."""

from collections.abc import Callable, Mapping
from typing import Final, NamedTuple

from processors.watch.rules import (
    consecutive_failures,
    failure_count,
    failure_ratio,
    new_error_code,
    org_failures,
    overdue,
    partial_errors,
    record_loss,
    slow,
    stalled,
    zero_records,
)
from processors.watch.rules.org_failures import OrgFailures
from processors.watch.rules.rule import Parameters, Rule, RuleHead


class RuleKind(NamedTuple):
    """Say how rules of a kind are read from the rules file."""

    parameters: tuple[str, ...]
    read: Callable[[RuleHead, Parameters], Rule | OrgFailures]


KINDS: Final[Mapping[str, RuleKind]] = {
    failure_count.KIND: RuleKind(failure_count.PARAMETERS, failure_count.read),
    failure_ratio.KIND: RuleKind(failure_ratio.PARAMETERS, failure_ratio.read),
    consecutive_failures.KIND: RuleKind(consecutive_failures.PARAMETERS, consecutive_failures.read),
    record_loss.KIND: RuleKind(record_loss.PARAMETERS, record_loss.read),
    partial_errors.KIND: RuleKind(partial_errors.PARAMETERS, partial_errors.read),
    zero_records.KIND: RuleKind(zero_records.PARAMETERS, zero_records.read),
    stalled.KIND: RuleKind(stalled.PARAMETERS, stalled.read),
    overdue.KIND: RuleKind(overdue.PARAMETERS, overdue.read),
    slow.KIND: RuleKind(slow.PARAMETERS, slow.read),
    new_error_code.KIND: RuleKind(new_error_code.PARAMETERS, new_error_code.read),
    org_failures.KIND: RuleKind(org_failures.PARAMETERS, org_failures.read),
}
"""Every kind of the rules file."""

__all__ = ["KINDS", "OrgFailures", "Rule", "RuleKind"]
