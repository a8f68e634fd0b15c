"""Throw mutated requests at a process: each gets an answer of the table or a closed connection, and nothing breaks."""

import gzip
import json
import re
import socket
import zlib
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from broker.embedded import EmbeddedBroker
from tests.ingest.process import TOKEN, Running, running

ALLOWED = {200, 202, 400, 401, 404, 405, 413, 415, 431, 503}
QUICK, LONG = 500, 20_000


@pytest.fixture(scope="module")
def ingest(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """The process under test."""
    with EmbeddedBroker() as broker, running(broker, tmp_path_factory.mktemp("fuzz") / "log") as run:
        yield run


METHODS = st.sampled_from(
    [b"POST", b"POST", b"POST", b"GET", b"HEAD", b"PUT", b"CONNECT", b"OPTIONS", b"\x00", b"P OST"]
)
TARGETS = st.sampled_from(
    [b"/webhooks/adobe"] * 6 + [b"/webhooks/adobe?challenge=a%00b", b"*", b"/", b"http://h/x", b"//"]
)
VERSIONS = st.sampled_from([b"HTTP/1.1"] * 6 + [b"HTTP/1.0", b"HTTP/2.0", b"HTTP/0.9", b"HTTX/1.1", b""])
NAMES = st.sampled_from(
    [
        b"Content-Encoding",
        b"Content-Type",
        b"Content-Length",
        b"Transfer-Encoding",
        b"Expect",
        b"Connection",
        b"Upgrade",
        b"Authorization",
        b"traceparent",
        b"x-adobe-event-id",
        b"x-adobe-retry-count",
        b"Accept",
        b"X",
        b"Host",
        b"\xff",
    ]
)
VALUES = st.sampled_from(
    [
        b"gzip",
        b"deflate",
        b"br",
        b"chunked",
        b"100-continue",
        b"close",
        b"keep-alive",
        b"h2c",
        b"0",
        b"7",
        b"-1",
        b"1e3",
        b"text/plain",
        b"Bearer x",
        b"",
        b"\xe9\xff",
        b"a" * 300,
        b"application/json",
    ]
) | st.binary(max_size=20)
JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["flowId", "event_id", "event", "data", "messages", "validationUrl", "x"]), inner
        )
    ),
    max_leaves=8,
)
PLAIN = JSON.map(lambda value: json.dumps(value).encode()) | st.binary(max_size=60)
BODIES = PLAIN | PLAIN.map(gzip.compress) | PLAIN.map(zlib.compress)


@st.composite
def requests(draw: st.DrawFn) -> bytes:
    """Draw one request that is nearly right."""
    body = draw(BODIES)
    headers = draw(st.lists(st.tuples(NAMES, VALUES), max_size=4))
    if draw(st.integers(0, 9)):
        headers.append((b"Authorization", f"Bearer {TOKEN}".encode()))
    if draw(st.integers(0, 3)):
        headers.append((b"Content-Length", b"%d" % (len(body) + draw(st.sampled_from([0, 0, 0, 0, 1, -1])))))
    else:
        headers.append((b"Transfer-Encoding", b"chunked"))
        body = b"%x\r\n%b\r\n0\r\n\r\n" % (len(body), body)
    lines = b"".join(b"%b: %b\r\n" % header for header in headers)
    head = b"%b %b %b\r\n" % (draw(METHODS), draw(TARGETS), draw(VERSIONS))
    return head + lines + b"\r\n" + body


@st.composite
def conversations(draw: st.DrawFn) -> bytes:
    """Draw a few requests in a row, perhaps with bytes changed, lost or cut off."""
    sent = bytearray(b"".join(draw(st.lists(requests(), min_size=1, max_size=3))))
    for place in draw(st.lists(st.integers(0, len(sent) - 1), max_size=3)):
        sent[place] = draw(st.integers(0, 255))
    return bytes(sent[: draw(st.integers(1, len(sent)))] if draw(st.integers(0, 3)) == 0 else sent)


def converse(ingest: Running, sent: bytes) -> bytes:
    """Send bytes, end our side, and return what comes back."""
    with socket.create_connection(("127.0.0.1", ingest.port), timeout=20) as connection:
        parts = []
        try:
            connection.sendall(sent)
            connection.shutdown(socket.SHUT_WR)
            while part := connection.recv(65_536):
                parts.append(part)
        except ConnectionError:  # closed with our bytes unread: an answer before it may be lost, and claims nothing
            pass
        return b"".join(parts)


def check(ingest: Running, sent: bytes) -> None:
    """Every answer is of the table, and the server goes on."""
    answers = re.findall(rb"HTTP/1\.1 (\d{3}) [A-Z]", converse(ingest, sent))
    assert {int(status) for status in answers if status != b"100"} <= ALLOWED
    assert b" 202 " in converse(ingest, _GOOD)


_GOOD = f"POST /webhooks/adobe HTTP/1.1\r\nAuthorization: Bearer {TOKEN}\r\nContent-Length: 2\r\n\r\n{{}}".encode()


def is_clean(ingest: Running) -> bool:
    """Tell whether nothing was broken, and nothing is left in flight."""
    figure = ingest.service.figure
    left = figure("flowrun_ingest_in_flight_requests") + figure("flowrun_ingest_in_flight_bytes")
    return "Traceback" not in ingest.log and not figure("flowrun_ingest_requests_total", '"broken"') and not left


def test_mutated_requests(ingest: Running) -> None:
    """Nothing that comes makes another answer than those of the table, or breaks the server."""
    fuzz(ingest, QUICK)
    assert is_clean(ingest)


@pytest.mark.slow
def test_very_many_mutated_requests(ingest: Running) -> None:
    """The same, for longer."""
    fuzz(ingest, LONG)
    assert is_clean(ingest)


def fuzz(ingest: Running, cases: int) -> None:
    """Run so many cases."""

    @settings(max_examples=cases, deadline=None, suppress_health_check=list(HealthCheck))
    @given(conversations())
    def run(sent: bytes) -> None:
        check(ingest, sent)

    run()
