"""Name the Prometheus metrics of the processors, each with its meaning and what to do about it."""

from collections.abc import Iterable
from typing import Final, Literal, get_args

from prometheus_client import CollectorRegistry, Metric
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.registry import Collector

from processors.engine.owner import Owner, Reader

MetricName = Literal[
    # Offsets between what a partition has processed and the end of its input. Growing: add workers, up to the
    # number of partitions.
    "flowrun_processors_lag_records",
    # Partitions that are open in this process. 0 for long: more workers than partitions, or none assigned.
    "flowrun_processors_open_partitions",
    # Micro-batches committed. Standing still while lag is above 0: the watchdog ends the process after a minute.
    "flowrun_processors_batches_total",
    # Input records processed, each once.
    "flowrun_processors_records_total",
    # Transactions that were lost and processed again. A few after a broker restart are normal.
    "flowrun_processors_reopened_total",
    # What the steps have counted: runs, duplicates, dead letters by reason, rows, alerts.
    "flowrun_processors_step",
]
LAG, OPEN, BATCHES, RECORDS, REOPENED, STEP = get_args(MetricName)
PLACE: Final = ("agent", "partition")


class ProcessorsCollector(Collector):
    """Read the figures from the partitions at each scrape; nothing is counted twice."""

    def __init__(self, owner: Owner, reader: Reader) -> None:
        self._owner = owner
        self._reader = reader

    def collect(self) -> Iterable[Metric]:
        """Yield all metrics."""
        lag = GaugeMetricFamily(LAG, "Offsets not processed yet", labels=PLACE)
        opened = GaugeMetricFamily(OPEN, "Open partitions", labels=("agent",))
        batches = CounterMetricFamily(BATCHES, "Micro-batches committed", labels=PLACE)
        records = CounterMetricFamily(RECORDS, "Input records processed", labels=PLACE)
        reopened = CounterMetricFamily(REOPENED, "Transactions lost and processed again", labels=PLACE)
        step = GaugeMetricFamily(STEP, "What the step counts since it was opened", labels=(*PLACE, "figure"))
        counts: dict[str, int] = {}
        for place, partition in self._owner:
            labels = [partition.agent.name, str(partition.number)]
            counts[labels[0]] = counts.get(labels[0], 0) + 1
            unread = self._reader.lag(place)
            if unread is not None:
                lag.add_metric(labels, unread + max(0, self._reader.handed_out(place) - partition.position))
            batches.add_metric(labels, partition.batches)
            records.add_metric(labels, partition.records)
            reopened.add_metric(labels, partition.reopened)
            for figure, value in partition.step.statistics().items():
                step.add_metric([*labels, figure], value)
        for agent, count in counts.items():
            opened.add_metric([agent], count)
        return iter((lag, opened, batches, records, reopened, step))


def registry(owner: Owner, reader: Reader) -> CollectorRegistry:
    """Make the registry that ``/metrics`` serves."""
    made = CollectorRegistry(auto_describe=False)
    made.register(ProcessorsCollector(owner, reader))
    return made
