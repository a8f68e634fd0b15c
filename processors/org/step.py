"""The step of the ``org`` agent: reports of failing flows in; alerts about organisations out."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

import msgspec

from processors.engine.step import Output, SourceRecord
from processors.org import state
from processors.org.alerts import alert
from processors.org.place import Place, Transition
from processors.watch.failing import Failing
from processors.watch.rules import OrgFailures
from schemas import times
from schemas.topics import Topics

_encode: Final = msgspec.json.Encoder().encode
_decode: Final = msgspec.json.Decoder(Failing).decode


class OrgStep:
    """Watch the organisations of one partition of the org-incidents topic."""

    def __init__(self, partition: int, topics: Topics, rules: Sequence[OrgFailures]) -> None:
        self.position = -1
        self._partition = partition
        self._topics = topics
        self._rules = rules
        self._places: state.Places = {}
        self._has_checked_rules = False
        """Whether the places have been held against the rules of this start, which may differ from the last one's."""
        self._undecodable = self._reports = 0
        self._alerts = {(rule.head.name, told): 0 for rule in rules for told in ("firing", "resolved")}

    def restore(self, key: bytes | None, value: bytes | None) -> None:
        """Take one record of the state topic."""
        position = state.take(self._places, key or b"", value)
        if position is not None:
            self.position = position

    def opened(self, now_ms: int) -> Sequence[str]:
        """Nothing is left to do: the state is complete."""
        return ()

    def process(self, records: Sequence[SourceRecord], now_ms: int) -> Sequence[Output]:
        """Apply reports, and return alerts and the changed state."""
        outputs = self._check_rules(now_ms)
        for record in records:
            outputs += self._apply(record, now_ms)
        self.position = records[-1].offset
        return [*outputs, self._own(state.POSITION_KEY, state.encode(self.position))]

    def tick(self, now_ms: int, *, caught_up: bool) -> Sequence[Output]:
        """Hold what was restored against the rules, once; time alone changes nothing."""
        return self._check_rules(now_ms)

    def _apply(self, source: SourceRecord, now_ms: int) -> list[Output]:
        try:
            report = _decode(source.value or b"")
            times.from_text(report.moment)
        except (msgspec.MsgspecError, ValueError, RecursionError):
            # An internal topic: only a foreign writer can have put it there.
            self._undecodable += 1
            return []
        self._reports += 1
        where = (report.org_id, report.sandbox_name)
        place = self._places.setdefault(where, Place(*where))
        told = self._tell(place, place.apply(report, self._rules), now_ms)
        flow = place.flows.get(report.flow_id)
        key = state.flow_key(place, report.flow_id)
        return [*told, self._own(key, None if flow is None else state.encode(flow))]

    def _check_rules(self, now_ms: int) -> list[Output]:
        if self._has_checked_rules:
            return []
        self._has_checked_rules = True
        outputs: list[Output] = []
        for _, place in sorted(self._places.items()):
            newest = max((flow.since for flow in place.flows.values()), default="")
            outputs += self._tell(place, place.end_others(self._rules), now_ms)
            outputs += self._tell(place, place.judge(self._rules, newest, "expired"), now_ms)
        return outputs

    def _tell(self, place: Place, transitions: Iterable[Transition], now_ms: int) -> list[Output]:
        outputs = []
        for transition in transitions:
            told = alert(place, transition, now_ms)
            self._alerts[told.rule, told.state] = self._alerts.get((told.rule, told.state), 0) + 1
            outputs.append(Output(self._topics.alerts.name, f"{told.rule}|{place.name}".encode(), _encode(told)))
        if outputs:
            outputs.append(self._own(state.place_key(place), state.place_record(place)))
        return outputs

    def _own(self, key: bytes, value: bytes | None) -> Output:
        return Output(self._topics.org_state.name, key, value, None, self._partition)

    def statistics(self) -> Mapping[str, int]:
        """Return what was counted since the step was made, and how much is held now."""
        return {
            "reports": self._reports,
            "undecodable": self._undecodable,
            **{f"alerts_{told}:{rule}": count for (rule, told), count in list(self._alerts.items())},
            "places": len(self._places),
            "failing_flows": sum(len(place.flows) for place in list(self._places.values())),
            "open_incidents": sum(len(place.incidents) for place in list(self._places.values())),
        }
