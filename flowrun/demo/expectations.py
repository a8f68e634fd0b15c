"""Know what must come of the bundled recording, and tell what is missing."""

import json
from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Self

Key = tuple[str, str]
"""A rule and a flow id."""


class Expectations:
    """Compare the alerts that arrive with those that must."""

    def __init__(self, alerts: Mapping[Key, tuple[str, list[str]]], *, runs: int = 0, dead_letters: int = 0) -> None:
        """Take for each rule and flow the flow's name and its states in order, and how many records to wait for."""
        self._alerts = dict(alerts)
        self._seen: dict[Key, list[str]] = defaultdict(list)
        self.runs = runs
        self.dead_letters = dead_letters

    @classmethod
    def from_file(cls, path: Path) -> Self:
        """Read the file that ``flowrun.data.make`` writes."""
        expected: Any = json.loads(path.read_text())
        alerts = {
            (alert["rule"], alert["flow_id"]): (alert["flow_name"], alert["states"]) for alert in expected["alerts"]
        }
        return cls(alerts, runs=expected["runs"], dead_letters=sum(expected["dead_letters"].values()))

    def see(self, alert: Mapping[str, Any]) -> None:
        """Note a transition."""
        labels = alert.get("labels") or {}
        self._seen[str(alert.get("rule")), str(labels.get("flow_id"))].append(str(alert.get("state")))

    @property
    def are_met(self) -> bool:
        """Tell whether every expected alert went through its states."""
        return not self.missing()

    def missing(self) -> list[str]:
        """Say for each expected alert that has not gone through its states what was seen of it."""
        return [
            f"{rule} of {name}: expected {_words(states)}, saw {_words(self._seen[rule, flow])}"
            for (rule, flow), (name, states) in self._alerts.items()
            if self._seen[rule, flow][: len(states)] != states
        ]


def _words(states: list[str]) -> str:
    return " then ".join(states) or "nothing"
