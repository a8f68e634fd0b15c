"""Test the access log: one line for each request, which events it carried, and nothing that is secret."""

import json
import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from broker.embedded import EmbeddedBroker
from ingest import problems
from ingest.access_log import AccessLog
from ingest.errors import NotAuthenticated
from ingest.http.message import Answer, Request
from ingest.limits import Limits
from ingest.settings import LogFormat
from tests.ingest.inside import Inside, inside, request
from tests.ingest.process import TOKEN, embedded_topics, running
from tests.ingest.test_status_table import post

TRACE = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"


def lines(form: LogFormat, *ended: tuple[Request, Answer]) -> list[str]:
    """Write requests to a log and return its lines."""
    written: list[bytes] = []
    log = AccessLog(form, written.append)
    for request_, answer in ended:
        log.write(request_, answer, 12.5)
    log.flush()
    return b"".join(written).decode().splitlines()


def made(target: str = "/webhooks/adobe?challenge=secret", **headers: str) -> Request:
    """Make a request that began 0.25 s before it ended."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Request("POST", target, named, "1.1", 12.25, b"{}")


async def test_a_line_says_what_happened() -> None:
    """As JSON for programs, with the ids of the events."""
    sent = made(traceparent=TRACE, x_adobe_retry_count="3")
    sent.event_ids = ["e-1", "e-2"]
    (line,) = lines("json", (sent, Answer(202, "accepted", records=2)))
    fields = json.loads(line)
    assert fields.pop("time").endswith("Z")
    assert fields == {
        "level": "info",
        "logger": "flowrun.ingest.access",
        "message": "request",
        "status": 202,
        "outcome": "accepted",
        "method": "POST",
        "path": "/webhooks/adobe",
        "bytes": 2,
        "duration_ms": 250.0,
        "records": 2,
        "event_ids": ["e-1", "e-2"],
        "retry_count": "3",
        "traceparent": TRACE,
    }


async def test_a_line_is_one_line() -> None:
    """As text for people, and whatever the sender wrote, it stays one line."""
    sent = made(x_adobe_event_id="a\nb\rc", x_adobe_retry_count="\udcff")
    (line,) = lines("text", (sent, Answer(401, "not-authenticated")))
    assert "flowrun.ingest.access: request status=401 outcome=not-authenticated records=0 method=POST" in line
    assert "event_ids=a\\nb\\rc retry_count=?" in line


async def test_bytes_that_are_no_text_do_not_stop_the_log() -> None:
    """A header that is no UTF-8 is written with replacements."""
    (line,) = lines("json", (made(x_adobe_event_id="\udcff"), Answer(202, "accepted")))
    assert json.loads(line)["event_ids"] == ["?"]


async def test_refusals_have_their_level_and_do_not_flood_the_log() -> None:
    """Strangers get a hundred lines in ten seconds; then a line tells how many there were. Others are not held back."""
    written: list[bytes] = []
    log = AccessLog("json", written.append)
    refused = problems.answer(NotAuthenticated("no"))
    for _ in range(150):
        log.write(made(), refused, 20.0)
        log.write(made(), Answer(202, "accepted"), 20.0)
    log.write(made(), refused, 31.0)
    log.flush()
    lines = [json.loads(line) for line in b"".join(written).splitlines()]
    found = [line for line in lines if line["outcome"] == "not-authenticated"]
    assert (len(lines), len(found), found[-1]["repeated"]) == (251, 101, 50)
    assert {line["level"] for line in found} == {"warning"}


async def test_the_query_is_not_logged() -> None:
    """It may hold what its sender thinks is secret."""
    assert "secret" not in "".join(lines("json", (made(), Answer(200, "challenge"))))


@pytest.fixture
async def served() -> AsyncIterator[Inside]:
    """Ingest inside this test, on a broker."""
    topics = embedded_topics()
    with EmbeddedBroker().start(topics) as broker:
        async with inside(broker.bootstrap_servers, Limits(linger_s=0.0), topics.raw.name) as run:
            yield run


async def test_each_request_has_its_line(served: Inside) -> None:
    """What was accepted, refused and unreadable: each is logged with its outcome, when it has ended."""
    await served.send(request(b'[{"event_id":"e-1"},{"event_id":"e-2"}]', b"Connection: close"))
    await served.send(request(b"{}", b"Content-Encoding: br", b"Connection: close"))
    await served.send(b"\0\r\n\r\n")
    served.ingest.flush_log()
    found = b"".join(served.log).decode().splitlines()
    outcomes = [word for line in found for word in line.split() if word.startswith("outcome=")]
    assert outcomes == ["outcome=accepted", "outcome=coding-unknown", "outcome=request-malformed"]
    assert "event_ids=e-1,e-2" in found[0]


def test_no_secret_signature_or_body_is_in_any_log(tmp_path: Path) -> None:
    """Tokens, signatures, cookies and bodies leave no trace in what the process writes, in either format."""
    secrets = ["body-4711", "guessed-4712", "signature-4713", "cookie-4714", "query-4715", TOKEN]
    for form in ("text", "json"):
        with EmbeddedBroker() as broker, running(broker, tmp_path / form, FLOWRUN_LOG=form) as run:
            hidden = {"x_adobe_digital_signature_1": "signature-4713", "Cookie": "cookie-4714"}
            post(run, b'{"secret":"body-4711"}', **hidden)
            post(run, b'{"secret":"body-4711"', Authorization="Bearer guessed-4712", **hidden)
            post(run, b"body-4711", Content_Encoding="gzip")
            post(run, b"body-4711", Content_Encoding="br")
            run.service.stop()
            assert [secret for secret in secrets if secret in run.log] == []
            assert run.log.count("flowrun.ingest.access") == 4


async def test_times_are_finer_than_a_millisecond(served: Inside) -> None:
    """Kafka may answer in less, and the event loop's own clock would not show it."""
    for _ in range(5):
        await served.send(request(b"{}", b"Connection: close"))
    served.ingest.flush_log()
    lines = b"".join(served.log).decode()
    durations = [float(text) for text in re.findall(r"duration_ms=([\d.]+)", lines)]
    assert (len(durations), [each for each in durations if each % 1] != []) == (5, True)
