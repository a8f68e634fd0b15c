"""Count what ingest does, and show it to Prometheus."""

from ingest.metrics.collector import registry
from ingest.metrics.names import OUTCOMES, MetricName, Outcome
from ingest.metrics.statistics import CELLS, Statistics

__all__ = ["CELLS", "OUTCOMES", "MetricName", "Outcome", "Statistics", "registry"]
