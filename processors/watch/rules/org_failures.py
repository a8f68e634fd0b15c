"""Fire when many flows of one organisation and sandbox fail at once."""

from dataclasses import dataclass

from processors.watch.rules.rule import Parameters, RuleHead, escalating

KIND = "org_failures"
PARAMETERS = ("threshold", "escalate_at")


@dataclass(frozen=True, slots=True)
class OrgFailures:
    """At least ``threshold`` flows of one organisation and sandbox that match have an open failure incident.

    No rule of a single flow: an agent of its own judges it, which sees all flows of an organisation.
    """

    head: RuleHead
    threshold: int = 5

    kind = KIND


def read(head: RuleHead, parameters: Parameters) -> OrgFailures:
    """Make the rule from its table in the rules file."""
    threshold = parameters.count("threshold", 5)
    head = escalating(
        head, parameters, threshold, str(threshold), lambda: parameters.count("escalate_at", threshold + 1)
    )
    return OrgFailures(head, threshold)
