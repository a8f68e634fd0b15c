"""Test Adobe's signatures from outside: a real process, a key server, and each defect of Adobe's own library."""

import json
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from broker.embedded import EmbeddedBroker
from flowrun.replay.sign import Signer
from tests.ingest.adobe.served import PATHS, Reply, Served, both_headers, key_server, new_key, pem
from tests.ingest.process import Running, running

OURS = "3c9f2a"
KEYS = (new_key(), new_key())
STRANGER = new_key()
EVENT = json.dumps({"event_id": "e-1", "event": {"flowId": "f-1"}, "recipient_client_id": OURS}).encode()
FRESH = iter(range(1000))
Headers = dict[str, str]


@pytest.fixture(scope="module")
def served() -> Iterator[Served]:
    """The key server of this module."""
    with key_server() as running_server:
        yield running_server


@pytest.fixture(scope="module")
def ingest(served: Served, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """An ingest process that checks Adobe's signatures."""
    settings = {
        "FLOWRUN_AUTH": "adobe",
        "FLOWRUN_ADOBE_CLIENT_ID": f"{OURS},another-of-ours,client_id1",
        "FLOWRUN_ADOBE_KEYS_URL": served.origin,
    }
    log = tmp_path_factory.mktemp("adobe") / "log"
    with EmbeddedBroker() as broker, running(broker, log, **settings) as run:
        yield run


def fresh() -> str:
    """Return a key path that nobody has asked for yet."""
    return f"/prod/keys/pub-key-fresh{next(FRESH)}.pem"


def signed(served: Served, body: bytes, key: Any = KEYS[0]) -> Headers:
    """Sign a body with a key that is served at a path of its own."""
    return served.serve(fresh(), key).headers(body)


def post(ingest: Running, body: bytes, headers: Headers) -> tuple[int, str]:
    """Post, and return the status and the type of problem."""
    connection = HTTPConnection("127.0.0.1", ingest.port, timeout=20)
    connection.request("POST", "/webhooks/adobe", body, headers)
    answer = connection.getresponse()
    document = json.loads(answer.read() or b"{}")
    connection.close()
    return answer.status, document.get("type", "").rpartition(":")[2]


ACCEPTED = (202, "")
INVALID = (401, "signature-invalid")
UNKNOWN = (401, "recipient-unknown")
UNAVAILABLE = (503, "key-unavailable")


def test_a_signed_notification_is_accepted(ingest: Running, served: Served) -> None:
    """Both signatures right, a client id of ours: 202, and the bytes are on the topic."""
    assert post(ingest, EVENT, signed(served, EVENT)) == ACCEPTED
    assert EVENT in [record.value() for record in ingest.records()]


def test_adobe_s_own_vectors(ingest: Running, served: Served) -> None:
    """The documents that Adobe's library is tested with: one, a batch, and one with a wrong signature."""
    answers = {}
    for vector in json.loads((Path(__file__).parents[1] / "payloads/50-signature-vectors.json").read_text()):
        for number, spki in enumerate(vector["public_keys_spki_base64"], 1):
            text = f"-----BEGIN PUBLIC KEY-----\n{spki}\n-----END PUBLIC KEY-----\n".encode()
            served.replies[vector["headers"][f"x-adobe-public-key{number}-path"]] = Reply(text)
        answers[vector["name"]] = post(ingest, vector["body"].encode(), vector["headers"])
    assert answers == {"single": ACCEPTED, "batch": ACCEPTED, "wrong-signature": INVALID}


@pytest.mark.parametrize("right", [1, 2])
def test_one_right_signature_is_enough(ingest: Running, served: Served, right: int) -> None:
    """Either may be the right one (defect 5: the second must be tried)."""
    good, bad = signed(served, EVENT), signed(served, b"another body")
    assert post(ingest, EVENT, both_headers(good, bad) if right == 1 else both_headers(bad, good)) == ACCEPTED


@pytest.mark.parametrize(
    "reply", [Reply(b"<html>error</html>"), Reply(b"-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n")]
)
def test_a_malformed_first_key_does_not_end_the_check(ingest: Running, served: Served, reply: Reply) -> None:
    """The second key is tried when the first is no key (defect 5)."""
    good, path = signed(served, EVENT), fresh()
    served.replies[path] = reply
    bad = good | {"x-adobe-public-key1-path": path}
    assert post(ingest, EVENT, both_headers(bad, good)) == ACCEPTED


def test_a_malformed_first_pair_does_not_end_the_check(ingest: Running, served: Served) -> None:
    """A first signature that is no base64, or whose path is not allowed, leaves the second (defects 3b and 5)."""
    good = signed(served, EVENT)
    for name, value in (("x-adobe-digital-signature-1", "!!"), ("x-adobe-public-key1-path", "@evil.example/k")):
        assert post(ingest, EVENT, good | {name: value}) == ACCEPTED
    only_second = {name: value for name, value in good.items() if "1" not in name}
    assert post(ingest, EVENT, only_second) == ACCEPTED


def test_a_foreign_recipient_is_refused(ingest: Running, served: Served) -> None:
    """What Adobe signed for another customer is not taken (defect 2: the library's answer to it counts as yes)."""
    body = EVENT.replace(OURS.encode(), b"somebody-else")
    assert post(ingest, body, signed(served, body)) == UNKNOWN


def test_the_new_name_of_the_client_id_is_read(ingest: Running, served: Served) -> None:
    """``recipientclientid`` alone will do (defect 2: the old name goes away)."""
    body = EVENT.replace(b"recipient_client_id", b"recipientclientid")
    assert post(ingest, body, signed(served, body)) == ACCEPTED


def test_batches_are_checked_element_by_element(ingest: Running, served: Served) -> None:
    """A batch of ours is taken (defect 2: always refused there), one foreign element spoils it."""
    ours, mixed = b"[" + EVENT + b"," + EVENT + b"]", b"[" + EVENT + b"," + EVENT.replace(b"3c9f2a", b"foreign") + b"]"
    assert post(ingest, ours, signed(served, ours)) == ACCEPTED
    assert post(ingest, mixed, signed(served, mixed)) == UNKNOWN
    assert post(ingest, b"[]", signed(served, b"[]")) == ACCEPTED


@pytest.mark.parametrize(
    "path", [".evil.example/pub-key-1.pem", "@evil.example/keys/pub-key-1.pem", "//evil.example/k/pub-key-1.pem"]
)
def test_a_key_path_cannot_choose_the_host(ingest: Running, served: Served, path: str) -> None:
    """A path that would make another host is refused, and nothing is fetched (defect 3a)."""
    before = served.asked.total()
    headers = signed(served, EVENT) | {"x-adobe-public-key1-path": path, "x-adobe-public-key2-path": path}
    assert (post(ingest, EVENT, headers), served.asked.total()) == (INVALID, before)


def test_missing_headers_are_refused(ingest: Running, served: Served) -> None:
    """Without signatures, or without paths, it is 401 and no exception (defect 3b)."""
    good = signed(served, EVENT)
    for missing in ("signature", "path"):
        assert post(ingest, EVENT, {name: value for name, value in good.items() if missing not in name}) == INVALID
    assert post(ingest, EVENT, {}) == INVALID
    assert "Traceback" not in ingest.log


def test_an_error_page_is_not_kept_as_a_key(ingest: Running, served: Served) -> None:
    """A key server's error is 503 to the sender, and the key is fetched when it is there (defect 4)."""
    good = signed(served, EVENT)
    path = good["x-adobe-public-key1-path"]
    kept, served.replies[path] = served.replies[path], Reply(b"<html>later</html>", 500)
    assert post(ingest, EVENT, good) == UNAVAILABLE
    served.replies[path] = kept
    good["x-adobe-public-key2-path"] = other = fresh()  # that of the first is not asked again for a moment
    served.replies[other] = kept
    assert post(ingest, EVENT, good) == ACCEPTED


def test_keys_of_the_same_file_name_differ_by_directory(ingest: Running, served: Served) -> None:
    """The whole path names a key, not its last part (defect 4)."""
    stage, prod = served.serve("/stage/keys/pub-key-x.pem", KEYS[0]), served.serve("/prod/keys/pub-key-x.pem", KEYS[1])
    assert [post(ingest, EVENT, signer.headers(EVENT)) for signer in (stage, prod)] == [ACCEPTED, ACCEPTED]
    crossed = stage.headers(EVENT) | {
        "x-adobe-public-key1-path": prod.path,
        "x-adobe-public-key2-path": prod.path,
    }
    assert post(ingest, EVENT, crossed) == INVALID


def test_a_key_is_fetched_once(ingest: Running, served: Served) -> None:
    """Many deliveries, one fetch."""
    good = signed(served, EVENT)
    assert {post(ingest, EVENT, good) for _ in range(5)} == {ACCEPTED}
    assert served.asked[good["x-adobe-public-key1-path"]] == 1


def test_a_signature_by_another_key_is_refused(ingest: Running, served: Served) -> None:
    """Who has no key of Adobe's cannot sign."""
    headers = signed(served, EVENT)
    forged = signed(served, EVENT, STRANGER)
    served.replies[forged["x-adobe-public-key1-path"]] = Reply(pem(KEYS[0]))
    assert post(ingest, EVENT, headers | {name: value for name, value in forged.items() if "sign" in name}) == INVALID


def test_an_unavailable_key_decides_only_if_the_other_signature_is_wrong(ingest: Running, served: Served) -> None:
    """No key and a right signature: 202. No key and a wrong one: 503, because the first might have been right."""
    good, bad = signed(served, EVENT), signed(served, b"another body")
    missing = good | {"x-adobe-public-key1-path": fresh()}
    assert post(ingest, EVENT, both_headers(missing, good)) == ACCEPTED
    assert post(ingest, EVENT, both_headers(missing, bad)) == UNAVAILABLE


def test_not_json_is_taken_if_adobe_signed_it(ingest: Running, served: Served) -> None:
    """A 4xx would drop it for ever; normalize sets it aside."""
    assert post(ingest, b"not json", signed(served, b"not json")) == ACCEPTED


def test_a_validation_needs_a_signature_and_no_client_id(ingest: Running, served: Served) -> None:
    """Adobe's validation names no client; a stranger's is refused."""
    body = b'{"validationUrl":"https://csm.adobe.io/csm/registrations/validate?id=1"}'
    assert post(ingest, body, signed(served, body)) == (200, "")
    assert post(ingest, body, {}) == INVALID


def test_results_are_counted(ingest: Running, served: Served) -> None:
    """The operator sees what became of signatures and of fetches."""
    post(ingest, EVENT, signed(served, EVENT))
    post(ingest, EVENT, {})
    figure = ingest.service.figure
    counted = [figure("flowrun_ingest_signatures_total", f'"{result}"') >= 1 for result in ("first", "malformed")]
    assert [*counted, figure("flowrun_ingest_key_fetches_total", '"fetched"') >= 1] == [True, True, True]


def test_no_signature_is_in_the_log(ingest: Running, served: Served) -> None:
    """Neither a right signature nor a wrong one is written anywhere."""
    good = signed(served, EVENT)
    post(ingest, EVENT, good)
    post(ingest, EVENT + b" ", good)
    assert good["x-adobe-digital-signature-1"][:40] not in ingest.log


def test_replay_signs_end_to_end(ingest: Running, served: Served, tmp_path: Path) -> None:
    """`flowrun replay --sign KEY` is believed where the key's public half is served."""
    key = new_key()
    file = tmp_path / "key.pem"
    file.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    served.serve(Signer.from_file(file).path, key)
    payload = tmp_path / "event.json"
    payload.write_bytes(EVENT.replace(b"e-1", b"e-replayed"))
    command = [sys.executable, "-m", "flowrun", "replay", "--to", ingest.url, "--sign", str(file), str(payload)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, b"e-replayed" in b"".join(r.value() or b"" for r in ingest.records())) == (0, True)


def test_the_key_server_is_what_tests_think(served: Served) -> None:
    """The fake serves what it was given."""
    signer = served.serve(PATHS[0], KEYS[0])
    with urllib.request.urlopen(served.origin + signer.path, timeout=5) as answer:
        assert (answer.status, answer.read()) == (200, pem(KEYS[0]))
