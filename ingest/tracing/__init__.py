"""Follow a request through ingest into Kafka, for who has the extra ``flowrun[otel]``; for who has not, nothing."""

import logging
from collections.abc import Mapping
from importlib.util import find_spec
from typing import Final, Protocol

from ingest.http.message import Answer, Request

log = logging.getLogger("flowrun.ingest.tracing")

_ENDPOINTS: Final = ("OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT")
"""OpenTelemetry's own settings; one of them turns tracing on."""


class Trace(Protocol):
    """Follow one request."""

    def send(self, topic: str, records: int) -> str:
        """Begin the sending to Kafka; return the ``traceparent`` that the records are to carry."""

    def end(self, answer: Answer) -> None:
        """End what was begun."""


class Tracing(Protocol):
    """Begin traces."""

    def begin(self, request: Request) -> Trace | None:
        """Begin to follow a request, as a part of its sender's trace if it names one; ``None`` if nobody looks."""

    def close(self) -> None:
        """Hand over what has not been handed over yet. May block for a moment."""


class NoTracing:
    """Follow nothing. A sender's ``traceparent`` is carried on all the same."""

    def begin(self, request: Request) -> Trace | None:
        """Follow nothing."""
        return None

    def close(self) -> None:
        """Nothing was kept."""


def tracing(environ: Mapping[str, str]) -> Tracing:
    """Make what OpenTelemetry's own environment variables ask for."""
    if not any(environ.get(name) for name in _ENDPOINTS) or environ.get("OTEL_SDK_DISABLED", "").lower() == "true":
        return NoTracing()
    if find_spec("opentelemetry") is None or find_spec("opentelemetry.exporter.otlp.proto.http") is None:
        log.warning("OTEL_EXPORTER_OTLP_ENDPOINT is set and nothing is traced: install flowrun[otel]")
        return NoTracing()
    from ingest.tracing.otel import exporting

    return exporting()
