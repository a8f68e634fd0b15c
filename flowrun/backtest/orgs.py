"""Judge organisations by what the partitions reported, as the ``org`` agent does."""

from collections.abc import Mapping, Sequence
from heapq import merge

from flowrun.backtest.fired import Fired, History
from flowrun.backtest.watching import Report
from processors.org.alerts import alert
from processors.org.place import Place
from processors.watch.rules import OrgFailures


def judge(partitions: Mapping[int, Sequence[Report]], rules: Sequence[OrgFailures]) -> list[Fired]:
    """Apply the reports of all partitions in the order of event time (at the same time in that of their numbers), and
    return the incidents.
    """
    history = History()
    places: dict[tuple[str, str], Place] = {}
    in_order = [reports for _, reports in sorted(partitions.items())]
    for report in merge(*in_order, key=lambda report: report.clock_ms):
        where = (report.failing.org_id, report.failing.sandbox_name)
        place = places.setdefault(where, Place(*where))
        for transition in place.apply(report.failing, rules):
            history.take(alert(place, transition, report.clock_ms))
    return history.fired
