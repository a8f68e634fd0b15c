"""Give Prometheus the figures at each scrape; nothing is counted twice."""

from collections.abc import Callable, Iterable

from prometheus_client import CollectorRegistry, Metric
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily
from prometheus_client.registry import Collector

from ingest.metrics import names
from ingest.metrics.figures import Counts, Histogram, Label
from ingest.metrics.statistics import Statistics


class IngestCollector(Collector):
    """Read the figures when they are asked for."""

    def __init__(self, read: Callable[[], Statistics]) -> None:
        self._read = read

    def collect(self) -> Iterable[Metric]:
        """Yield all metrics."""
        now = self._read()
        yield from _gauges(now)
        yield from _counters(now)
        yield _histogram(names.ACK_SECONDS, "Request to acknowledgement", now.ack_s)
        yield _histogram(names.BATCH_RECORDS, "Records of an accepted request", now.batch_records)


def registry(read: Callable[[], Statistics]) -> CollectorRegistry:
    """Make the registry that ``/metrics`` serves; ``read`` gives the figures of all processes that are to be shown."""
    made = CollectorRegistry(auto_describe=False)
    made.register(IngestCollector(read))
    return made


def _gauges(now: Statistics) -> Iterable[Metric]:
    yield GaugeMetricFamily(names.IN_FLIGHT, "Requests being handled", value=int(now.in_flight))
    yield GaugeMetricFamily(names.IN_FLIGHT_BYTES, "Bytes of bodies in memory", value=int(now.in_flight_bytes))
    yield GaugeMetricFamily(names.CONNECTIONS, "Open connections", value=int(now.connections))
    yield GaugeMetricFamily(names.QUEUE_RECORDS, "Records waiting for Kafka", value=int(now.queue_records))
    yield GaugeMetricFamily(names.PROCESSES, "Processes that serve", value=int(now.serving))


def _counters(now: Statistics) -> Iterable[Metric]:
    yield _by_label(names.REQUESTS, "Requests by outcome", "outcome", now.requests)
    yield CounterMetricFamily(names.RECORDS, "Records acknowledged by Kafka", value=int(now.records))
    yield CounterMetricFamily(names.RECEIVED_BYTES, "Bytes of bodies as received", value=int(now.received_bytes))
    yield CounterMetricFamily(
        names.POSSIBLE_DUPLICATES,
        "Records stored although not acknowledged to the sender",
        value=int(now.possible_duplicates),
    )
    yield _by_label(names.DELIVERY_ERRORS, "Records that Kafka did not take, by error", "error", now.delivery_errors)
    yield _by_label(names.BROKER_ERRORS, "Trouble with brokers, by error", "error", now.broker_errors)
    yield _by_label(names.SIGNATURES, "Adobe's signatures by result", "result", now.signatures)
    yield _by_label(names.KEY_FETCHES, "Fetches of Adobe's public keys by result", "result", now.key_fetches)
    yield _by_label(names.CONNECTIONS_CLOSED, "Connections that we ended, by reason", "reason", now.closed)
    yield _by_label(names.VALIDATIONS, "Asynchronous validations by what was done", "result", now.validations)


def _by_label(name: str, meaning: str, label: str, counts: Counts[Label]) -> CounterMetricFamily:
    family = CounterMetricFamily(name, meaning, labels=(label,))
    for value, count in counts.items():
        family.add_metric([value], count)
    return family


def _histogram(name: str, meaning: str, histogram: Histogram) -> HistogramMetricFamily:
    return HistogramMetricFamily(name, meaning, buckets=histogram.cumulated(), sum_value=histogram.sum)
