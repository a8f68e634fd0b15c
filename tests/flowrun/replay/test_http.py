"""Test what is posted to a webhook, and how its answers are judged."""

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from flowrun.recording.entry import Entry
from flowrun.replay import http
from flowrun.replay.delivery import Outcome
from flowrun.replay.http import HttpTarget
from flowrun.replay.sign import Signer
from tests.flowrun.receiver import Answer, Receiver
from tests.service import free_port

ENTRY = Entry(b'{"a": 1}\n', headers=(("content-type", b"application/cloudevents+json"), ("x-adobe-event-id", b"e")))


async def post(answer: Answer, entry: Entry = ENTRY) -> Outcome:
    """Post once to a receiver that answers so."""
    with Receiver(answer) as receiver:
        async with HttpTarget(receiver.url) as target:
            return await target.send(entry)


@pytest.mark.parametrize(
    ("answer", "outcome"),
    [
        (Answer(202, b'{"accepted": 20}'), Outcome("acknowledged", accepted=20, status=202)),
        (Answer(200, b"ok"), Outcome("acknowledged", status=200)),
        (Answer(202, b'{"accepted": "x"}'), Outcome("acknowledged", status=202)),
        (Answer(202, b"[]"), Outcome("acknowledged", status=202)),
        (Answer(503, b"", {"Retry-After": "7"}), Outcome("later", "the receiver answers 503", 7.0, status=503)),
        (Answer(503, b"", {"Retry-After": "Fri"}), Outcome("later", "the receiver answers 503", status=503)),
        (Answer(429, b"slow down"), Outcome("later", "the receiver answers 429 (slow down)", status=429)),
        (Answer(500, b'{"detail": "A b."}'), Outcome("later", "the receiver answers 500 (A b.)", status=500)),
        (Answer(599, b'{"title": "T"}'), Outcome("later", "the receiver answers 599 (T)", status=599)),
        (Answer(505, b"[1]"), Outcome("refused", "the receiver answers 505", status=505)),
        (Answer(400, b"\x1b[31m\n a"), Outcome("refused", "the receiver answers 400 ([31m a)", status=400)),
        (Answer(413, b"{}"), Outcome("refused", "the receiver answers 413", status=413)),
        (Answer(302, b"", {"Location": "/x"}), Outcome("refused", "the receiver answers 302", status=302)),
        (Answer(401, b"{}"), Outcome("refused_all", "the receiver answers 401", status=401)),
        (Answer(403, b"{}"), Outcome("refused_all", "the receiver answers 403", status=403)),
        (Answer(404, b"{}"), Outcome("refused_all", "the receiver answers 404", status=404)),
        (Answer(405, b"{}"), Outcome("refused_all", "the receiver answers 405", status=405)),
    ],
)
async def test_answers(answer: Answer, outcome: Outcome) -> None:
    """Only 429 and 5xx are worth another attempt, as for Adobe; the detail quotes the answer safely."""
    assert await post(answer) == outcome


async def test_the_request() -> None:
    """The exact body goes with the recorded headers, marked as a replay."""
    with Receiver() as receiver:
        async with HttpTarget(receiver.url) as target:
            await target.send(ENTRY)
    (request,) = receiver.requests
    names = ("content-type", "x-adobe-event-id", "x-flowrun-source", "authorization")
    assert (request.path, request.body) == ("/webhooks/adobe", ENTRY.body)
    assert [request.headers.get(name) for name in names] == ["application/cloudevents+json", "e", "replay", None]


async def test_a_bare_payload_is_json() -> None:
    """That is its content type where none was recorded."""
    with Receiver() as receiver:
        async with HttpTarget(receiver.url) as target:
            await target.send(Entry(b"{}"))
    assert receiver.requests[0].headers["content-type"] == "application/json"


async def test_who_we_are() -> None:
    """The token and the signatures of the body go with every request."""
    signer = Signer(rsa.generate_private_key(public_exponent=65537, key_size=2048))
    with Receiver() as receiver:
        async with HttpTarget(receiver.url, token="sesame", signer=signer) as target:
            await target.send(ENTRY)
    headers = receiver.requests[0].headers
    assert headers["authorization"] == "Bearer sesame"
    assert {name: headers[name] for name in signer.headers(b"")} == signer.headers(ENTRY.body)


async def test_nobody_there() -> None:
    """It is worth another attempt, and the words say where and why."""
    port = free_port()
    async with HttpTarget(f"http://127.0.0.1:{port}/") as target:
        outcome = await target.send(ENTRY)
    assert outcome == Outcome("later", f"cannot connect to 127.0.0.1:{port} (connection refused)", is_unreachable=True)


async def test_no_such_host() -> None:
    """A name that cannot be resolved is told with the resolver's words."""
    async with HttpTarget("http://nobody.invalid/") as target:
        outcome = await target.send(ENTRY)
    assert outcome.detail[:38] == "cannot connect to nobody.invalid:80 (n"
    assert (outcome.verdict, outcome.is_unreachable) == ("later", True)


async def test_tls_where_there_is_none() -> None:
    """The reason is TLS's, and nobody is thought to have answered."""
    with Receiver() as receiver:
        async with HttpTarget(receiver.url.replace("http:", "https:")) as target:
            outcome = await target.send(ENTRY)
    assert (outcome.verdict, outcome.is_unreachable, "SSL" in outcome.detail) == ("later", True, True)


async def test_no_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    """An attempt ends in bounded time; the receiver is there, so it is tried for longer."""
    monkeypatch.setattr(http, "TIMEOUT_S", 0.05)
    assert await post(Answer(never=True)) == Outcome("later", "no answer within 0 s")


async def test_outside_its_context() -> None:
    """A target that was not entered says so."""
    with pytest.raises(RuntimeError, match="async with"):
        await HttpTarget("http://127.0.0.1/").send(ENTRY)
