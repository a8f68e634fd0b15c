"""Only those of the present rules are judged apart that may say something else."""

import pytest

from flowrun.backtest.books import split
from flowrun.rules.summary import all_rules
from processors.watch.rules_file import built_in
from tests.flowrun.backtest.runs import book, rule

OFTEN = rule("often", "failure_count")
SLOW = rule("slow", "slow")
ORG = rule("org", "org_failures")


@pytest.mark.parametrize(
    ("present", "candidate", "apart", "shared"),
    [
        (OFTEN + SLOW, OFTEN + SLOW, [], ["often", "slow"]),
        (OFTEN + SLOW, SLOW, ["often"], ["slow"]),
        (OFTEN + SLOW, OFTEN, ["slow"], ["often"]),
        (OFTEN, OFTEN + SLOW, [], ["often"]),
        (OFTEN, rule("often", "failure_count", threshold=4), ["often"], []),
        (OFTEN, rule("more-often", "failure_count"), ["often"], []),
        # What organisations' rules count are the rules about failures.
        (OFTEN + SLOW + ORG, OFTEN + SLOW + ORG, [], ["often", "org", "slow"]),
        (OFTEN + SLOW + ORG, OFTEN + ORG, ["slow"], ["often", "org"]),
        (OFTEN + SLOW + ORG, SLOW + ORG, ["often", "org"], ["slow"]),
        (OFTEN + SLOW + ORG, OFTEN + SLOW + rule("org", "org_failures", threshold=2), ["often", "org"], ["slow"]),
        (OFTEN + ORG, OFTEN + ORG + rule("row", "consecutive_failures"), ["often", "org"], []),
        (ORG + OFTEN, OFTEN + ORG, [], ["often", "org"]),
        # Windows and flows concern every rule.
        (OFTEN, '[window]\ngrace = "1d"\n' + OFTEN, ["often"], []),
        (OFTEN, OFTEN + '[flow.f]\nname = "F"\n', ["often"], []),
    ],
)
def test_split(present: str, candidate: str, apart: list[str], shared: list[str]) -> None:
    """Names of the rules judged apart, and of those that the candidate's stand for."""
    divided = split(book(present), book(candidate))
    judged = () if divided.apart is None else all_rules(divided.apart)
    assert ([each.head.name for each in judged], sorted(divided.shared)) == (apart, shared)


def test_the_present_rules_themselves() -> None:
    """Nothing is judged twice."""
    assert split(built_in(), built_in()).apart is None
