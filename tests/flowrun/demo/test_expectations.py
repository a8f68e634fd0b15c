"""Test that expected alerts are known when they have come, and missed when not."""

import pytest

from flowrun.data import EXPECTED
from flowrun.demo.expectations import Expectations

FIRES_AND_ENDS = {("r", "f"): ("CRM", ["firing", "resolved"])}


def alert(state: str, rule: str = "r", flow: str = "f") -> dict[str, object]:
    """Make a transition."""
    return {"rule": rule, "state": state, "labels": {"flow_id": flow}}


@pytest.mark.parametrize(
    ("seen", "missing"),
    [
        ([], ["r of CRM: expected firing then resolved, saw nothing"]),
        ([alert("firing")], ["r of CRM: expected firing then resolved, saw firing"]),
        ([alert("resolved"), alert("firing")], ["r of CRM: expected firing then resolved, saw resolved then firing"]),
        (
            [alert("firing", flow="g"), alert("resolved", rule="s")],
            ["r of CRM: expected firing then resolved, saw nothing"],
        ),
        ([{"rule": "r", "state": "firing", "labels": None}], ["r of CRM: expected firing then resolved, saw nothing"]),
        ([alert("firing"), alert("resolved")], []),
        ([alert("firing"), alert("resolved"), alert("firing")], []),
    ],
)
def test_states_must_come_in_order(seen: list[dict[str, object]], missing: list[str]) -> None:
    """Each rule and flow by itself; what comes after the expected states does no harm."""
    expectations = Expectations(FIRES_AND_ENDS)
    for each in seen:
        expectations.see(each)
    assert (expectations.missing(), expectations.are_met) == (missing, not missing)


def test_the_bundled_file() -> None:
    """It expects alerts, and counts what else comes."""
    expectations = Expectations.from_file(EXPECTED)
    assert (len(expectations.missing()) > 10, expectations.runs > 1000, expectations.dead_letters > 0) == (
        True,
        True,
        True,
    )
