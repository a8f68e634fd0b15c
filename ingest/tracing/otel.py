"""Follow requests with OpenTelemetry: a server span for each POST, and in it a producer span for its records."""

from typing import Final

from opentelemetry.sdk.resources import SERVICE_NAME, Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.trace import Span, SpanKind, StatusCode, Tracer, set_span_in_context
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from ingest.http.message import Answer, Request
from ingest.tracing import Trace

_PROPAGATOR: Final = TraceContextTextMapPropagator()
_SERVER_ERROR: Final = 500


class OpenTelemetryTrace:
    """Hold the spans of one request. Names and attributes follow OpenTelemetry's conventions for HTTP and messaging."""

    def __init__(self, tracer: Tracer, server: Span) -> None:
        self._tracer = tracer
        self._server = server
        self._producer: Span | None = None

    def send(self, topic: str, records: int) -> str:
        """Begin the producer span, and return its context as a ``traceparent``."""
        self._producer = self._tracer.start_span(
            f"send {topic}",
            set_span_in_context(self._server),
            SpanKind.PRODUCER,
            {
                "messaging.system": "kafka",
                "messaging.operation.name": "send",
                "messaging.operation.type": "send",
                "messaging.destination.name": topic,
                "messaging.batch.message_count": records,
            },
        )
        carrier: dict[str, str] = {}
        _PROPAGATOR.inject(carrier, set_span_in_context(self._producer))
        return carrier["traceparent"]

    def end(self, answer: Answer) -> None:
        """End both spans, with the outcome; what the sender will send again is an error."""
        for span in (self._producer, self._server):
            if span is not None:
                if answer.status >= _SERVER_ERROR:
                    span.set_status(StatusCode.ERROR, answer.outcome)
                span.set_attribute("flowrun.outcome", answer.outcome)
        if self._producer is not None:
            self._producer.end()
        self._server.set_attribute("http.response.status_code", answer.status)
        self._server.end()


class OpenTelemetryTracing:
    """Begin traces that a provider hands on."""

    def __init__(self, provider: TracerProvider) -> None:
        self._provider = provider
        self._tracer = provider.get_tracer("flowrun.ingest")

    def begin(self, request: Request) -> Trace:
        """Begin the server span, in the sender's trace if its headers name one."""
        headers = request.headers
        carried = {name: headers[name] for name in ("traceparent", "tracestate") if name in headers}
        server = self._tracer.start_span(
            f"{request.method} {request.path}",
            _PROPAGATOR.extract(carried),
            SpanKind.SERVER,
            {"http.request.method": request.method, "url.path": request.path, "http.route": request.path},
        )
        return OpenTelemetryTrace(self._tracer, server)

    def close(self) -> None:
        """Hand over what is left."""
        self._provider.shutdown()


def exporting() -> OpenTelemetryTracing:
    """Hand spans on by OTLP over HTTP, as OpenTelemetry's environment variables say."""
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
    from opentelemetry.sdk.trace.export import BatchSpanProcessor

    provider = TracerProvider(resource=Resource.create({SERVICE_NAME: "flowrun-ingest"}))
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    return OpenTelemetryTracing(provider)
