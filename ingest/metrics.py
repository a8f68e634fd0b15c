"""Name the Prometheus metrics of ingest, each with its meaning and what to do about it."""

from collections.abc import Callable
from typing import Final, Literal, get_args

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

MetricName = Literal[
    # Requests by outcome; see Outcome. Anything retried or refused in number: look at the log.
    "flowrun_ingest_requests",
    # Records that Kafka acknowledged in answers of 202.
    "flowrun_ingest_records",
    # Bytes of bodies as received, before inflation.
    "flowrun_ingest_body_bytes",
    # Seconds from the first byte of a request to Kafka's last acknowledgement. Rising: Kafka is slow.
    "flowrun_ingest_acknowledged_seconds",
    # Requests that are being worked on.
    "flowrun_ingest_requests_in_flight",
    # Records that wait for Kafka in the producer. Near 20000: Kafka is slow, requests will get 503.
    "flowrun_ingest_producer_queue_records",
    # Records that reached Kafka though their request was answered 503: the sender sends them again, and the
    # processors drop the second one by its event id.
    "flowrun_ingest_possible_duplicates",
    # Records that Kafka did not take. Their requests were answered 503.
    "flowrun_ingest_failed_records",
]
(REQUESTS, RECORDS, BODY_BYTES, ACKNOWLEDGED, IN_FLIGHT, QUEUE, DUPLICATES, FAILED) = get_args(MetricName)

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

_BUCKETS_S: Final = (0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1.0, 2.0, 4.0, 8.0)


class Metrics:
    """Hold the metrics of one ingest process in a registry of their own."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry(auto_describe=False)
        requests = Counter(REQUESTS, "Requests by outcome", ("outcome",), registry=self.registry)
        self._requests = {outcome: requests.labels(outcome) for outcome in OUTCOMES}
        self.records = Counter(RECORDS, "Records acknowledged", registry=self.registry)
        self.body_bytes = Counter(BODY_BYTES, "Bytes of bodies received", registry=self.registry)
        self.acknowledged = Histogram(
            ACKNOWLEDGED, "Seconds until Kafka had acknowledged a request", buckets=_BUCKETS_S, registry=self.registry
        )
        self.possible_duplicates = Counter(DUPLICATES, "Records taken, yet answered 503", registry=self.registry)
        self.failed_records = Counter(FAILED, "Records that Kafka did not take", registry=self.registry)
        self._in_flight = Gauge(IN_FLIGHT, "Requests being worked on", registry=self.registry)
        self._queue = Gauge(QUEUE, "Records waiting for Kafka", registry=self.registry)

    def count(self, outcome: Outcome) -> None:
        """Count one request that ended."""
        self._requests[outcome].inc()

    def read_in_flight_from(self, figure: Callable[[], int]) -> None:
        """Ask ``figure`` for the requests in flight at each scrape."""
        self._in_flight.set_function(figure)

    def read_queue_from(self, figure: Callable[[], int]) -> None:
        """Ask ``figure`` for the records that wait at each scrape."""
        self._queue.set_function(figure)
