"""Find out which of the present rules say something else than the candidate's: only those are judged apart."""

from dataclasses import replace
from typing import NamedTuple

from processors.watch.failing import FAILURE_KINDS
from processors.watch.rule_book import RuleBook


class Split(NamedTuple):
    """Say how the present rules are judged."""

    apart: RuleBook | None
    """The present rules that are judged by themselves; ``None`` if there is none."""
    shared: frozenset[str]
    """The names of the others: whatever the candidate's rule of that name says, the present one says too."""


def split(present: RuleBook, candidate: RuleBook) -> Split:
    """Divide the present rules. A rule that is the same in both says the same, as each looks at the runs alone.

    Not if windows are cut or kept otherwise, or flows described otherwise: then nothing is shared.
    """
    if (present.window, present.flows) != (candidate.window, candidate.flows):
        return Split(present, frozenset())
    rules = [rule for rule in present.rules if rule not in candidate.rules]
    org_rules = present.org_rules if _counts_otherwise(present, candidate) else ()
    if org_rules:
        # What they count are the incidents of all rules about failures.
        rules = [rule for rule in present.rules if rule in rules or rule.kind in FAILURE_KINDS]
    if not rules and not org_rules:
        return Split(None, _names(present))
    names = frozenset(rule.head.name for rule in present.rules if rule not in rules)
    if not org_rules:
        names |= {rule.head.name for rule in present.org_rules}
    return Split(replace(present, rules=tuple(rules), org_rules=org_rules), names)


def _names(book: RuleBook) -> frozenset[str]:
    flows = {rule.head.name for rule in book.rules}
    return frozenset(flows | {rule.head.name for rule in book.org_rules})


def _counts_otherwise(present: RuleBook, candidate: RuleBook) -> bool:
    if present.org_rules != candidate.org_rules:
        return True
    return _about_failures(present) != _about_failures(candidate)


def _about_failures(book: RuleBook) -> set[str]:
    # Not the order: a flow fails if any of them says so.
    return {repr(rule) for rule in book.rules if rule.kind in FAILURE_KINDS}
