"""Report failing flows, and stand in for Kafka around the step of organisations."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Any, Final

import msgspec

from processors.engine.step import Output
from processors.org.step import OrgStep
from processors.watch.failing import Failing
from processors.watch.rules import OrgFailures
from processors.watch.rules.rule import RuleHead
from schemas import times
from schemas.alert import Alert
from schemas.topics import declare
from tests.processors.watch.records import Source, at

TOPICS: Final = declare()
PARTITION: Final = 2
ORG: Final = "A@AdobeOrg"


def many(threshold: int = 3, escalate_at: float | None = None, **match: str) -> OrgFailures:
    """Return the rule ``org-failures``."""
    return OrgFailures(RuleHead("org-failures", "warning", match, escalate_at), threshold)


def report(flow_id: str, clock: str = "10:00", *, fails: bool = True, **more: Any) -> Failing:
    """Return what a flow reports."""
    fields: dict[str, Any] = {
        "org_id": ORG,
        "sandbox_name": "prod",
        "flow_name": None,
        "moment": times.to_text(at(clock)),
        "reason": "threshold" if fails else "recovered",
    }
    return Failing(flow_id=flow_id, is_failing=fails, **(fields | more))


@dataclass
class Partition:
    """A step, and the topics it writes."""

    rules: Sequence[OrgFailures]
    alerts: list[Alert] = field(default_factory=list)
    keys: list[str] = field(default_factory=list)
    state: dict[bytes, bytes] = field(default_factory=dict)
    offset: int = 0

    def __post_init__(self) -> None:
        self.crash()

    def process(self, *values: Failing | bytes) -> None:
        """Process one micro-batch and keep what comes out."""
        sources = []
        for value in values:
            encoded = value if isinstance(value, bytes) else msgspec.json.encode(value)
            sources.append(Source(self.offset, encoded))
            self.offset += 2
        self.keep(self.step.process(sources, at("12:00")))

    def tick(self) -> Sequence[Output]:
        """Let time pass and keep what comes out."""
        outputs = self.step.tick(at("12:00"), caught_up=True)
        self.keep(outputs)
        return outputs

    def keep(self, outputs: Sequence[Output]) -> None:
        """Commit outputs."""
        for output in outputs:
            if output.topic == TOPICS.alerts.name:
                self.alerts.append(msgspec.json.decode(output.value or b"", type=Alert))
                self.keys.append((output.key or b"").decode())
                continue
            assert (output.topic, output.partition) == (TOPICS.org_state.name, PARTITION)
            if output.value is None:
                self.state.pop(output.key or b"", None)
            else:
                self.state[output.key or b""] = output.value

    def crash(self, random: Random | None = None) -> None:
        """Throw the step away and restore another from the compacted state topic, its keys in any order."""
        items = list(self.state.items())
        if random is not None:
            random.shuffle(items)
        self.step = OrgStep(PARTITION, TOPICS, self.rules)
        for key, value in items:
            self.step.restore(key, value)
        self.step.opened(0)

    @property
    def told(self) -> list[tuple[str, str]]:
        """The transitions so far: state, reason."""
        return [(alert.state, alert.reason) for alert in self.alerts]
