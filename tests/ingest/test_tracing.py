"""Test that a trace goes through ingest into Kafka, and that without the extra nothing is lost."""

import logging
from collections.abc import AsyncIterator, Mapping
from typing import NamedTuple

import pytest
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import SpanKind, StatusCode

from broker.embedded import EmbeddedBroker
from ingest import tracing as tracing_module
from ingest.limits import Limits
from ingest.tracing import NoTracing, tracing
from ingest.tracing.otel import OpenTelemetryTracing
from tests.ingest.inside import Inside, inside, request, statuses
from tests.ingest.process import embedded_topics, read_all

LIMITS = Limits(linger_s=0.0)
TRACE_ID = "4bf92f3577b34da6a3ce929d0e0e4736"
PARENT = f"00-{TRACE_ID}-00f067aa0ba902b7-01"


class Traced(NamedTuple):
    """Hold a service, the spans it has ended, and how to read its topic."""

    inside: Inside
    exporter: InMemorySpanExporter
    bootstrap: str
    topic: str

    def spans(self) -> Mapping[SpanKind, ReadableSpan]:
        """Return the ended spans by kind."""
        return {span.kind: span for span in self.exporter.get_finished_spans()}


@pytest.fixture
async def traced() -> AsyncIterator[Traced]:
    """Ingest inside this test, followed by OpenTelemetry's in-memory exporter."""
    exporter = InMemorySpanExporter()
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    topics = embedded_topics()
    with EmbeddedBroker().start(topics) as broker:
        address = broker.bootstrap_servers
        async with inside(address, LIMITS, topics.raw.name, OpenTelemetryTracing(provider)) as run:
            yield Traced(run, exporter, address, topics.raw.name)


def context(span: ReadableSpan) -> tuple[str, str]:
    """Return trace id and span id in hexadecimal."""
    found = span.get_span_context()
    assert found is not None
    return f"{found.trace_id:032x}", f"{found.span_id:016x}"


async def test_the_sender_s_trace_goes_on_into_kafka(traced: Traced) -> None:
    """A server span in the sender's trace, a producer span in it, and that one's context on every record."""
    sent = request(b"[1,2]", f"traceparent: {PARENT}".encode(), b"Connection: close")
    assert statuses(await traced.inside.send(sent)) == [202]
    server, producer = traced.spans()[SpanKind.SERVER], traced.spans()[SpanKind.PRODUCER]
    assert server.parent is not None
    assert producer.parent is not None
    assert (context(server)[0], f"{server.parent.span_id:016x}") == (TRACE_ID, "00f067aa0ba902b7")
    assert (context(producer)[0], f"{producer.parent.span_id:016x}") == context(server)
    carried = {dict(record.headers() or [])["traceparent"] for record in read_all(traced.bootstrap, traced.topic)}
    assert carried == {f"00-{TRACE_ID}-{context(producer)[1]}-01".encode()}
    told = dict(server.attributes or {}) | dict(producer.attributes or {})
    assert [told[name] for name in ("http.response.status_code", "messaging.batch.message_count")] == [202, 2]


async def test_a_request_without_a_trace_begins_one(traced: Traced) -> None:
    """And its records carry it."""
    await traced.inside.send(request(b"{}", b"Connection: close"))
    (record,) = read_all(traced.bootstrap, traced.topic)
    trace_id, span_id = context(traced.spans()[SpanKind.PRODUCER])
    carried = dict(record.headers() or [])["traceparent"]
    assert isinstance(carried, bytes)
    assert carried.split(b"-")[:3] == [b"00", trace_id.encode(), span_id.encode()]


async def test_what_is_refused_after_its_body_has_its_outcome(traced: Traced) -> None:
    """The span of a refused request ends, too; a 4xx is the sender's mistake and no error of ours."""
    await traced.inside.send(request(b"no gzip", b"Content-Encoding: gzip", b"Connection: close"))
    (span,) = traced.exporter.get_finished_spans()
    assert ((span.attributes or {})["flowrun.outcome"], span.status.status_code) == ("body-broken", StatusCode.UNSET)


async def test_without_opentelemetry_the_sender_s_context_is_carried() -> None:
    """Nobody looks, and normalize still finds the sender's trace."""
    topics = embedded_topics()
    with EmbeddedBroker().start(topics) as broker:
        async with inside(broker.bootstrap_servers, LIMITS, topics.raw.name) as run:
            await run.send(request(b"{}", f"traceparent: {PARENT}".encode(), b"Connection: close"))
        (record,) = read_all(broker.bootstrap_servers, topics.raw.name)
    assert dict(record.headers() or [])["traceparent"] == PARENT.encode()


@pytest.mark.parametrize(
    "environ", [{}, {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:1", "OTEL_SDK_DISABLED": "true"}]
)
def test_tracing_is_off_unless_an_endpoint_is_set(environ: dict[str, str]) -> None:
    """OpenTelemetry's own variables decide."""
    assert isinstance(tracing(environ), NoTracing)


def test_an_endpoint_turns_it_on() -> None:
    """With the extra installed."""
    made = tracing({"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:1"})
    made.close()
    assert isinstance(made, OpenTelemetryTracing)


def test_an_endpoint_without_the_extra_is_told(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Who set it finds out from the log what to install."""
    monkeypatch.setattr(tracing_module, "find_spec", lambda _: None)
    with caplog.at_level(logging.WARNING):
        made = tracing({"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:1"})
    assert (type(made), "install flowrun[otel]" in caplog.text) == (NoTracing, True)
