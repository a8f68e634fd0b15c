"""Name the Prometheus metrics of ingest, each with its meaning and what to do about it, and count them."""

from bisect import bisect_left
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from typing import Final, Literal, get_args

from prometheus_client import CollectorRegistry, Metric
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily
from prometheus_client.registry import Collector

MetricName = Literal[
    # Requests of the webhook's port by how they ended (see Outcome). kafka-unavailable, deadline-passed, queue-full:
    # look at Kafka. not-authenticated, body-*, coding-unknown: the sender drops these for ever, look at who sends.
    "flowrun_ingest_requests_total",
    # Requests being handled now. As high as the number of connections for long: Kafka acknowledges slowly.
    "flowrun_ingest_in_flight_requests",
    # Records that Kafka has acknowledged, all of a request's before its 202.
    "flowrun_ingest_records_total",
    # Bytes of bodies as received, before inflation.
    "flowrun_ingest_received_bytes_total",
    # Records that Kafka stored although their request got no 202: the sender will send them again, and normalize will
    # know them again. Many: Kafka acknowledges later than the deadline.
    "flowrun_ingest_possible_duplicates_total",
    # Records that Kafka did not take, by librdkafka's name of the error.
    "flowrun_ingest_delivery_errors_total",
    # Seconds from a request to the acknowledgement of its last record. Near 8: senders are about to get 503.
    "flowrun_ingest_ack_seconds",
    # Records of one accepted request.
    "flowrun_ingest_batch_records",
    # Records that wait for Kafka in this process. Growing: Kafka is slow or down; at its limit requests get 503.
    "flowrun_ingest_producer_queue_records",
]
(
    REQUESTS,
    IN_FLIGHT,
    RECORDS,
    RECEIVED_BYTES,
    POSSIBLE_DUPLICATES,
    DELIVERY_ERRORS,
    ACK_SECONDS,
    BATCH_RECORDS,
    QUEUE_RECORDS,
) = get_args(MetricName)

Outcome = Literal[
    "accepted",
    "challenge",
    "validation",
    "not-found",
    "method-not-allowed",
    "challenge-missing",
    "body-broken",
    "request-malformed",
    "body-too-large",
    "coding-unknown",
    "not-authenticated",
    "kafka-unavailable",
    "queue-full",
    "deadline-passed",
    "shutting-down",
    "broken",
    "sender-left",
]
"""How a request ended. All but the first three and the last are also the names of problem types."""
OUTCOMES: Final[tuple[Outcome, ...]] = get_args(Outcome)

ACK_BOUNDS_S: Final = (0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 8.0)
BATCH_BOUNDS: Final = (1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 100.0, 1000.0)


class Histogram:
    """Count values in buckets. From one thread only, hence without a lock."""

    __slots__ = ("bounds", "counts", "total")

    def __init__(self, bounds: Sequence[float]) -> None:
        self.bounds = bounds
        self.counts = [0] * (len(bounds) + 1)
        self.total = 0.0

    def observe(self, value: float) -> None:
        """Count one value, in the first bucket whose bound is not below it."""
        self.counts[bisect_left(self.bounds, value)] += 1
        self.total += value

    def cumulated(self) -> list[tuple[str, float]]:
        """Return Prometheus' buckets: each with all values up to its bound."""
        buckets: list[tuple[str, float]] = []
        seen = 0
        for bound, count in zip((*map(str, self.bounds), "+Inf"), self.counts, strict=True):
            seen += count
            buckets.append((bound, float(seen)))
        return buckets


class Statistics:
    """Hold what this process has counted. Changed by the event loop's thread only."""

    __slots__ = (
        "ack_s",
        "batch_records",
        "delivery_errors",
        "in_flight",
        "possible_duplicates",
        "received_bytes",
        "records",
        "requests",
    )

    def __init__(self) -> None:
        self.requests: dict[Outcome, int] = dict.fromkeys(OUTCOMES, 0)
        self.in_flight = 0
        self.records = 0
        self.received_bytes = 0
        self.possible_duplicates = 0
        self.delivery_errors: Counter[str] = Counter()
        self.ack_s = Histogram(ACK_BOUNDS_S)
        self.batch_records = Histogram(BATCH_BOUNDS)


class IngestCollector(Collector):
    """Read the figures at each scrape; nothing is counted twice."""

    def __init__(self, statistics: Statistics, queue_records: Callable[[], int]) -> None:
        self._statistics = statistics
        self._queue_records = queue_records

    def collect(self) -> Iterable[Metric]:
        """Yield all metrics."""
        now = self._statistics
        yield _counters(REQUESTS, "Requests by outcome", "outcome", now.requests)
        yield GaugeMetricFamily(IN_FLIGHT, "Requests being handled", value=now.in_flight)
        yield CounterMetricFamily(RECORDS, "Records acknowledged by Kafka", value=now.records)
        yield CounterMetricFamily(RECEIVED_BYTES, "Bytes of bodies as received", value=now.received_bytes)
        yield CounterMetricFamily(
            POSSIBLE_DUPLICATES, "Records stored although not acknowledged to the sender", value=now.possible_duplicates
        )
        yield _counters(DELIVERY_ERRORS, "Records that Kafka did not take, by error", "error", now.delivery_errors)
        yield HistogramMetricFamily(
            ACK_SECONDS, "Request to acknowledgement", buckets=now.ack_s.cumulated(), sum_value=now.ack_s.total
        )
        yield HistogramMetricFamily(
            BATCH_RECORDS,
            "Records of an accepted request",
            buckets=now.batch_records.cumulated(),
            sum_value=now.batch_records.total,
        )
        yield GaugeMetricFamily(QUEUE_RECORDS, "Records waiting for Kafka", value=self._queue_records())


def registry(statistics: Statistics, queue_records: Callable[[], int]) -> CollectorRegistry:
    """Make the registry that ``/metrics`` serves. ``queue_records`` tells how many records wait for Kafka."""
    made = CollectorRegistry(auto_describe=False)
    made.register(IngestCollector(statistics, queue_records))
    return made


def _counters(name: str, meaning: str, label: str, counts: dict[Outcome, int] | Counter[str]) -> CounterMetricFamily:
    family = CounterMetricFamily(name, meaning, labels=(label,))
    for value, count in counts.items():
        family.add_metric([value], count)
    return family
