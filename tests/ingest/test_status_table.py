"""Test every row of the HTTP table from outside: a real process, a real socket, a broker."""

import gzip
import json
import socket
import zlib
from collections.abc import Iterator
from http.client import HTTPConnection, HTTPMessage
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from broker.embedded import EmbeddedBroker
from tests.ingest.process import AUTHORIZED, TOKEN, Running, running

LIMIT = 4 * 1024 * 1024
PATH = "/webhooks/adobe"


class Answer(NamedTuple):
    """What came back."""

    status: int
    headers: HTTPMessage
    body: bytes

    @property
    def json(self) -> Any:
        """The body, parsed."""
        return json.loads(self.body)


@pytest.fixture(scope="module")
def ingest(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """An ingest process on an embedded broker, shared by the tests of this module."""
    with EmbeddedBroker() as broker, running(broker, tmp_path_factory.mktemp("ingest") / "log") as run:
        yield run


def ask(
    ingest: Running, method: str, path: str = PATH, body: bytes | None = None, headers: dict[str, str] | None = None
) -> Answer:
    """Send one request and return the answer."""
    connection = HTTPConnection("127.0.0.1", ingest.port, timeout=20)
    try:
        connection.request(method, path, body, AUTHORIZED | (headers or {}))
        answer = connection.getresponse()
        return Answer(answer.status, answer.headers, answer.read())
    finally:
        connection.close()


def post(ingest: Running, body: bytes, **headers: str) -> Answer:
    """Post a body; header names are written with underscores."""
    return ask(ingest, "POST", PATH, body, {name.replace("_", "-"): value for name, value in headers.items()})


def send_bytes(ingest: Running, request: bytes, *, end: bool = False) -> bytes:
    """Send bytes as they are, perhaps end our side, and return all that comes back until the server closes."""
    with socket.create_connection(("127.0.0.1", ingest.port), timeout=20) as connection:
        connection.sendall(request)
        if end:
            connection.shutdown(socket.SHUT_WR)
        parts = []
        while part := connection.recv(65_536):
            parts.append(part)
        return b"".join(parts)


def stored(ingest: Running) -> list[bytes | None]:
    """Return the values of the raw topic."""
    return [message.value() for message in ingest.records()]


def problem(answer: Answer) -> tuple[int, str | None, bool]:
    """Return status, media type, and whether the document is one of RFC 9457 that agrees with the status."""
    document = answer.json
    is_right = document["status"] == answer.status and document["type"].startswith("urn:") and document["title"]
    return answer.status, answer.headers.get_content_type(), bool(is_right)


def problem_of(status: int) -> tuple[int, str, bool]:
    """What :func:`problem` returns for a proper answer of that status."""
    return status, "application/problem+json", True


def test_challenge_comes_back_as_json(ingest: Running) -> None:
    """A GET with a challenge has it back as JSON."""
    answer = ask(ingest, "GET", f"{PATH}?challenge=8ec8%22b%20c")
    assert (answer.status, answer.headers.get_content_type()) == (200, "application/json")
    assert answer.json == {"challenge": '8ec8"b c'}


@pytest.mark.parametrize(
    ("accept", "media_type"),
    [
        ("text/plain", "text/plain"),
        ("text/plain;q=0.9", "text/plain"),
        ("text/plain, application/json", "application/json"),
        ("text/plain, */*;q=0.1", "application/json"),
        ("*/*", "application/json"),
    ],
)
def test_challenge_is_text_only_where_only_text_is_asked_for(ingest: Running, accept: str, media_type: str) -> None:
    """Accept decides between text and JSON; JSON wins wherever it is accepted."""
    answer = ask(ingest, "GET", f"{PATH}?challenge=x1", headers={"Accept": accept})
    assert (answer.status, answer.headers.get_content_type()) == (200, media_type)


def test_challenge_needs_no_token(ingest: Running) -> None:
    """Adobe's registration check carries no token of ours."""
    connection = HTTPConnection("127.0.0.1", ingest.port, timeout=20)
    connection.request("GET", f"{PATH}?challenge=x1")
    assert connection.getresponse().status == 200
    connection.close()


@pytest.mark.parametrize("query", ["", "?challenge=", "?other=1"])
def test_get_without_challenge_is_refused(ingest: Running, query: str) -> None:
    """A GET that has nothing to give back is a mistake of the client."""
    assert problem(ask(ingest, "GET", PATH + query)) == problem_of(400)


@pytest.mark.parametrize(
    "body",
    [
        b'{"flowId":"f-1"}',
        b" \n{}\t",
        b'"text"',
        b"17",
        b"null",
        b"not json",
        b"",
        b'{"a":NaN}',
        b"[1,2",
        b"[NaN]",
        b"\xef\xbb\xbf[1]",
        b"\xff\xfe\x00",
        b"[" * 2000 + b"]" * 2000,
    ],
)
def test_anything_authentic_is_stored_whole(ingest: Running, body: bytes) -> None:
    """JSON that is no array, and what is no JSON at all, is accepted as one record with the same bytes."""
    before = len(stored(ingest))
    answer = post(ingest, body)
    assert (answer.status, answer.json) == (202, {"accepted": 1})
    values = stored(ingest)
    assert (len(values), body in values) == (before + 1, True)


def test_an_empty_array_is_accepted_as_nothing(ingest: Running) -> None:
    """``[]`` is a delivery of no notifications."""
    before = len(stored(ingest))
    answer = post(ingest, b" [ ] ")
    assert (answer.status, answer.json, len(stored(ingest))) == (202, {"accepted": 0}, before)


def test_a_batch_is_counted_by_its_elements(ingest: Running) -> None:
    """Each element of a top-level array is a record with its exact bytes."""
    answer = post(ingest, b'[ {"b1" : 1} ,[2 ,3],\n"b4" ]')
    assert (answer.status, answer.json) == (202, {"accepted": 3})
    assert {b'{"b1" : 1}', b"[2 ,3]", b'"b4"'} <= set(stored(ingest))


def test_validation_is_answered_logged_and_not_stored(ingest: Running) -> None:
    """Adobe's asynchronous validation gets 200, and the operator finds its URL in the log."""
    before = len(stored(ingest))
    url = "https://csm.adobe.io/csm/registrations/validate?id=guid1&challenge=guid2"
    answer = post(ingest, json.dumps({"validationUrl": url}).encode())
    assert (answer.status, url in ingest.log, len(stored(ingest))) == (200, True, before)


@pytest.mark.parametrize(
    "authorization",
    [None, "", "Bearer", "Bearer ", "Bearer wrong", f"Basic {TOKEN}", TOKEN, f"Bearer {TOKEN}x", "Bearer \xfc"],
)
def test_a_wrong_token_is_refused(ingest: Running, authorization: str | None) -> None:
    """Without the right bearer token nothing is stored, and the answer says how to authenticate."""
    connection = HTTPConnection("127.0.0.1", ingest.port, timeout=20)
    headers = {} if authorization is None else {"Authorization": authorization}
    connection.request("POST", PATH, b"{}", headers)
    response = connection.getresponse()
    answer = Answer(response.status, response.headers, response.read())
    connection.close()
    assert problem(answer) == problem_of(401)
    assert (answer.headers["WWW-Authenticate"] or "").split(" ")[0] == "Bearer"


def test_the_token_is_in_no_log(ingest: Running) -> None:
    """Neither the configured token nor a wrong one that was sent is logged, nor a body."""
    post(ingest, b'{"secret":"body-4711"}')
    post(ingest, b"{}", Authorization="Bearer guessed-4712")
    assert [text for text in (TOKEN, "guessed-4712", "body-4711") if text in ingest.log] == []


def test_a_body_of_the_limit_is_taken(ingest: Running) -> None:
    """Exactly 4 MiB are accepted and stored."""
    body = b'"' + b"x" * (LIMIT - 2) + b'"'
    assert post(ingest, body).status == 202
    assert len(body) in [len(value or b"") for value in stored(ingest)]


def test_a_body_over_the_limit_is_refused_by_its_length(ingest: Running) -> None:
    """A declared length over 4 MiB is refused before the body is sent."""
    head = f"POST {PATH} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {TOKEN}\r\nContent-Length: {LIMIT + 1}\r\n\r\n"
    assert send_bytes(ingest, head.encode(), end=True).startswith(b"HTTP/1.1 413 ")


def test_a_body_over_the_limit_is_refused_by_its_size(ingest: Running) -> None:
    """A chunked body is refused once more than 4 MiB have come."""
    chunks = (b"x" * 65_536 for _ in range(65))
    connection = HTTPConnection("127.0.0.1", ingest.port, timeout=20)
    connection.request("POST", PATH, chunks, AUTHORIZED, encode_chunked=True)
    response = connection.getresponse()
    assert problem(Answer(response.status, response.headers, response.read())) == problem_of(413)
    connection.close()


@pytest.mark.parametrize("coding", ["gzip", "deflate"])
def test_a_compression_bomb_is_refused(ingest: Running, coding: str) -> None:
    """A small body that inflates beyond 4 MiB is refused."""
    plain = b"0" * (LIMIT + 1)
    body = gzip.compress(plain) if coding == "gzip" else zlib.compress(plain)
    assert problem(post(ingest, body, Content_Encoding=coding)) == problem_of(413)


def bare_deflate(plain: bytes) -> bytes:
    """Compress without zlib's frame, as some senders mean deflate."""
    stream = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    return stream.compress(plain) + stream.flush()


@pytest.mark.parametrize(
    ("coding", "compress"),
    [("gzip", gzip.compress), ("GZIP", gzip.compress), ("deflate", zlib.compress), ("deflate", bare_deflate)],
)
def test_compressed_bodies_are_stored_inflated(ingest: Running, coding: str, compress: Any) -> None:
    """gzip and deflate are undone before the body is split and stored."""
    plain = json.dumps([{"inflated": coding, "by": compress.__name__}]).encode()
    assert post(ingest, compress(plain), Content_Encoding=coding).status == 202
    assert plain[1:-1] in stored(ingest)


@pytest.mark.parametrize(
    ("coding", "body"),
    [
        ("gzip", b"not gzip"),
        ("gzip", b""),
        ("gzip", gzip.compress(b"{}")[:-9]),
        ("gzip", gzip.compress(b"{}") + b"rest"),
        ("deflate", b"\xff\xff not deflate"),
        ("deflate", zlib.compress(b"{}")[:-2]),
    ],
)
def test_broken_compression_is_refused(ingest: Running, coding: str, body: bytes) -> None:
    """What cannot be inflated cannot become right by sending it again."""
    assert problem(post(ingest, body, Content_Encoding=coding)) == problem_of(400)


@pytest.mark.parametrize("coding", ["br", "zstd", "compress", "gzip, br"])
def test_an_unknown_coding_is_refused(ingest: Running, coding: str) -> None:
    """Only gzip and deflate are understood."""
    assert problem(post(ingest, b"{}", Content_Encoding=coding)) == problem_of(415)


def test_a_body_cut_short_is_refused(ingest: Running) -> None:
    """A sender that ends before its announced length gets 400, and nothing is stored."""
    before = len(stored(ingest))
    head = f"POST {PATH} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {TOKEN}\r\nContent-Length: 10\r\n\r\n"
    assert send_bytes(ingest, head.encode() + b"{}", end=True).startswith(b"HTTP/1.1 400 ")
    assert len(stored(ingest)) == before


def test_a_stranger_cut_short_leaves_no_traceback(ingest: Running) -> None:
    """Half a request without a token is refused, and is no error of ours in the log."""
    head = f"POST {PATH} HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\n"
    assert send_bytes(ingest, head.encode() + b"{}", end=True).startswith(b"HTTP/1.1 401 ")
    assert "Traceback" not in ingest.log


@pytest.mark.parametrize(
    "request_bytes",
    [
        f"POST {PATH} HTTP/1.1\r\nHost: x\r\nContent-Length: abc\r\n\r\n".encode(),
        f"POST {PATH} HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n".encode(),
        f"POST {PATH} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {TOKEN}\r\n"
        "Transfer-Encoding: chunked\r\n\r\nzz\r\n{}\r\n0\r\n\r\n".encode(),
        b"\x16\x03\x01 no http\r\n\r\n",
    ],
)
def test_broken_requests_are_refused(ingest: Running, request_bytes: bytes) -> None:
    """What is no HTTP gets 400 as a problem, and the connection ends."""
    answer = send_bytes(ingest, request_bytes)
    assert answer.startswith((b"HTTP/1.1 400 ", b"HTTP/1.0 400 "))
    assert b"application/problem+json" in answer


@pytest.mark.parametrize("path", ["/", "/webhooks", "/webhooks/adobe/", "/livez", "/webhooks/adobe%2f"])
def test_other_paths_are_not_found(ingest: Running, path: str) -> None:
    """Only one path is served on this port."""
    assert problem(ask(ingest, "POST", path, b"{}")) == problem_of(404)


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "OPTIONS", "HEAD", "TRACE"])
def test_other_methods_are_named(ingest: Running, method: str) -> None:
    """Other methods get 405 and the list of those that are served."""
    answer = ask(ingest, method)
    assert (answer.status, answer.headers["Allow"]) == (405, "GET, POST")


def test_a_sender_that_asks_first_is_told_to_go_on(ingest: Running) -> None:
    """``Expect: 100-continue`` is answered before the body comes."""
    head = f"POST {PATH} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {TOKEN}\r\nContent-Length: 2\r\n"
    with socket.create_connection(("127.0.0.1", ingest.port), timeout=5) as connection:
        connection.sendall(head.encode() + b"Expect: 100-continue\r\nConnection: close\r\n\r\n")
        assert connection.recv(65_536) == b"HTTP/1.1 100 Continue\r\n\r\n"
        connection.sendall(b"{}")
        assert connection.recv(65_536).startswith(b"HTTP/1.1 202 ")


def test_management_answers_on_its_own_port(ingest: Running) -> None:
    """/livez, /readyz and /metrics are there, and requests are counted by outcome."""
    post(ingest, b"{}")
    pages = [ingest.service.fetch(path) for path in ("/livez", "/readyz")]
    assert pages == ["ok\n", "ok\n"]
    assert ingest.service.figure("flowrun_ingest_requests_total", 'outcome="accepted"') >= 1


def test_a_process_that_is_told_to_stop_ends_well(tmp_path: Path) -> None:
    """SIGTERM ends an idle process with exit code 0, kept connections or not."""
    with EmbeddedBroker() as broker, running(broker, tmp_path / "log") as run:
        kept = HTTPConnection("127.0.0.1", run.port, timeout=20)
        kept.request("POST", PATH, b"{}", AUTHORIZED)
        assert kept.getresponse().read() == b'{"accepted":1}'
        run.service.stop()
        assert run.service.exit_code == 0
        kept.close()
