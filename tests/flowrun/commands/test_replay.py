"""Test a replay as a user runs it, against a webhook that answers as it is told."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import orjson
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from broker.connection import Connection
from flowrun.recording.entry import Entry, write_line
from flowrun.replay.sign import Signer
from schemas.topics import Topics
from tests.flowrun.invoke import Flowrun
from tests.flowrun.receiver import BUSY, Answer, Receiver
from tests.ingest.process import read_all
from tests.service import free_port

T0_MS = 1_600_000_000_000
REFUSING = Answer(401, b'{"detail": "No token."}')


@pytest.fixture
def recording(tmp_path: Path) -> Path:
    """Five entries of two flows, a second apart."""
    bodies = [orjson.dumps({"event_id": f"e{n}", "flowId": "ab"[n % 2], "time": T0_MS // 1000 + n}) for n in range(5)]
    path = tmp_path / "five.ndjson"
    path.write_bytes(b"".join(write_line(Entry(body, T0_MS + 1000 * n)) for n, body in enumerate(bodies)))
    return path


def ids(receiver: Receiver) -> list[str]:
    """Return the event ids that a receiver got."""
    return sorted(orjson.loads(request.body)["event_id"] for request in receiver.requests)


def test_everything_arrives(flowrun: Flowrun, recording: Path) -> None:
    """The summary counts it, and the exit code is 0."""
    with Receiver() as receiver:
        said = flowrun("replay", recording, "--to", receiver.url)
    assert (said.code, said.err, ids(receiver)) == (0, "", ["e0", "e1", "e2", "e3", "e4"])
    assert {name: said.json[name] for name in said.json if name != "seconds"} == {
        "sent": 5,
        "acknowledged": 5,
        "accepted": 5,
        "failed": 0,
        "not_sent": 0,
        "skipped": 0,
        "retries": 0,
        "rounds": 1,
        "to": receiver.url,
    }


@pytest.mark.parametrize(
    ("arguments", "sent"),
    [
        (["--limit", "2"], ["e0", "e1"]),
        (["--limit", "0"], []),
        (["--only", "flow=a"], ["e0", "e2", "e4"]),
        (["--only", "flow=b", "--limit", "1"], ["e1"]),
        (["--only", "status=failed"], []),
        (["--speed", "10", "--max-gap", "1ms"], ["e0", "e1", "e2", "e3", "e4"]),
    ],
)
def test_what_is_chosen_arrives(flowrun: Flowrun, recording: Path, arguments: list[str], sent: list[str]) -> None:
    """No more and no less than was asked for."""
    with Receiver() as receiver:
        said = flowrun("replay", recording, "--to", receiver.url, *arguments)
    assert (said.code, ids(receiver), said.json["acknowledged"]) == (0, sent, len(sent))


def test_a_directory_of_payloads(flowrun: Flowrun, tmp_path: Path) -> None:
    """Each file arrives byte for byte."""
    bodies = [b'{"a": 1}\n', b"\xff", b""]
    for number, body in enumerate(bodies):
        (tmp_path / f"{number}.json").write_bytes(body)
    with Receiver() as receiver:
        said = flowrun("replay", tmp_path, "--to", receiver.url)
    assert (said.code, sorted(request.body for request in receiver.requests)) == (0, sorted(bodies))


def test_times_move(flowrun: Flowrun, recording: Path) -> None:
    """``--rebase`` brings the last record to the moment."""
    with Receiver() as receiver:
        flowrun("replay", recording, "--to", receiver.url, "--rebase", "2026-11-03T08:00:04Z")
    times = sorted(orjson.loads(request.body)["time"] for request in receiver.requests)
    assert times == [1_793_692_800 + second for second in range(5)]


def test_a_loop_ends_at_its_limit(flowrun: Flowrun, recording: Path) -> None:
    """Each round after the first has new event ids."""
    with Receiver() as receiver:
        said = flowrun("replay", recording, "--to", receiver.url, "--loop", "--limit", "12")
    assert (said.code, said.json["rounds"], len(set(ids(receiver)))) == (0, 3, 12)


def test_busy_receivers_are_tried_again(flowrun: Flowrun, recording: Path) -> None:
    """What was answered 503 arrives later, and the retries are counted."""
    with Receiver(BUSY, BUSY) as receiver:
        said = flowrun("replay", recording, "--to", receiver.url)
    assert (said.code, said.json["acknowledged"], said.json["retries"], len(receiver.requests)) == (0, 5, 2, 7)


def test_the_token_and_the_local_address_are_settings(
    flowrun: Flowrun, recording: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without ``--to`` it goes to the ingest that the settings name, with the token it wants."""
    with Receiver() as receiver:
        monkeypatch.setenv("FLOWRUN_LISTEN", f"0.0.0.0:{receiver.port}")
        monkeypatch.setenv("FLOWRUN_TOKEN", "sesame")
        said = flowrun("replay", recording, "--limit", "1")
    assert (said.json["to"], receiver.requests[0].headers["authorization"]) == (receiver.url, "Bearer sesame")


def test_signed(flowrun: Flowrun, recording: Path, tmp_path: Path) -> None:
    """The path that ``--dry-run`` tells is the one that is sent."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    file = tmp_path / "key.pem"
    file.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    told = flowrun("replay", recording, "--sign", file, "--dry-run").json["key_path"]
    with Receiver() as receiver:
        flowrun("replay", recording, "--sign", file, "--limit", "1", "--to", receiver.url)
    sent = [receiver.requests[0].headers[f"x-adobe-public-key{number}-path"] for number in (1, 2)]
    assert [told, *sent] == [Signer(key).path] * 3


def test_a_dry_run_sends_nothing(flowrun: Flowrun, recording: Path) -> None:
    """It tells what would be sent, and keeps no progress."""
    with Receiver() as receiver:
        said = flowrun("replay", recording, "--to", receiver.url, "--dry-run", "--only", "flow=a")
    assert (said.code, receiver.requests, [*recording.parent.glob("state/**/*")]) == (0, [], [])
    assert said.json == {
        "dry_run": True,
        "to": receiver.url,
        "records": 3,
        "flows": 1,
        "first": "2020-09-13T12:26:40.000Z",
        "last": "2020-09-13T12:26:44.000Z",
    }


def test_what_is_left_is_sent_by_resume(flowrun: Flowrun, recording: Path) -> None:
    """After a failure ``--resume`` sends exactly the rest, and after that everything anew."""
    arguments = ("replay", recording, "--only", "flow=a")
    with Receiver(Answer(), REFUSING) as receiver:
        said = [flowrun(*arguments, "--to", receiver.url)]
        said += [flowrun(*arguments, "--to", receiver.url, "--resume") for _ in range(2)]
    assert [(each.code, each.json["acknowledged"], each.json["skipped"]) for each in said] == [
        (1, 1, 0),
        (0, 2, 1),
        (0, 3, 0),
    ]


@pytest.mark.parametrize(
    ("answer", "options", "advice"),
    [
        (REFUSING, [], "the receiver answers 401 (No token.); set FLOWRUN_TOKEN, or --sign"),
        (Answer(404, b"nix"), [], "the receiver answers 404 (nix); is {url} the right address?"),
        (
            BUSY,
            ["--give-up-after", "10ms"],
            "the receiver answers 503 (Kafka is away.); go on with --resume when it takes notifications again",
        ),
        (Answer(400, b"odd"), [], "the receiver answers 400 (odd)"),
    ],
)
def test_what_did_not_arrive_is_told(
    flowrun: Flowrun, recording: Path, answer: Answer, options: list[str], advice: str
) -> None:
    """One line on stderr says how many, where, why and what to do; the exit code is 1."""
    with Receiver(then=answer) as receiver:
        said = flowrun("replay", recording, "--only", "flow=a", "--limit", "1", "--to", receiver.url, *options)
    line = f"flowrun: not acknowledged: 1, the first {recording}:1: {advice.format(url=receiver.url)}\n"
    assert (said.code, said.json["failed"], said.err) == (1, 1, line)


def test_nobody_there(flowrun: Flowrun, recording: Path) -> None:
    """The line names the address and asks for ingest."""
    url = f"http://127.0.0.1:{free_port()}/x"
    said = flowrun("replay", recording, "--limit", "1", "--give-up-after", "10ms", "--to", url)
    where = url.removeprefix("http://").removesuffix("/x")
    assert (said.code, said.err) == (
        1,
        f"flowrun: not acknowledged: 1, the first {recording}:1: cannot connect to {where} (connection refused); "
        f"is {url} the right address, and does flowrun ingest run there? Then go on with --resume\n",
    )


def test_straight_to_kafka(
    flowrun: Flowrun, recording: Path, connection: Connection, topics: Topics, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The records are in the raw topic when the command ends."""
    monkeypatch.setenv("FLOWRUN_BOOTSTRAP_SERVERS", connection.bootstrap_servers)
    monkeypatch.setenv("FLOWRUN_TOPIC_PREFIX", topics.raw.name.removesuffix("raw"))
    monkeypatch.setenv("FLOWRUN_PARTITIONS", str(topics.raw.partitions))
    said = flowrun("replay", recording, "--to-kafka")
    written = read_all(connection.bootstrap_servers, topics.raw.name)
    assert (said.code, said.json["acknowledged"], said.json["to"], len(written)) == (0, 5, "kafka", 5)
    assert sorted(message.key() or b"" for message in written) == [b"a", b"a", b"a", b"b", b"b"]


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (["nix.json"], "nix.json: does not exist"),
        (
            ["{here}", "--to", "x"],
            "Invalid value for '--to': 'x' must be a URL such as http://127.0.0.1:8080/webhooks/adobe",
        ),
        (
            ["{here}", "--to", "http://a:b@c"],
            "Invalid value for '--to': must hold no user and password: set FLOWRUN_TOKEN",
        ),
        (["{here}", "--speed", "0"], "Invalid value for '--speed': '0': must be a factor such as 1 or 10, or max"),
        (["{here}", "--limit", "-1"], "Invalid value for '--limit': '-1': must be a whole number of at least 0"),
        (["{here}", "--only", "x"], "Invalid value for '--only': 'x' must be flow=ID-OR-NAME or status=STATUS"),
        (["{here}", "--rebase", "x"], "Invalid value for '--rebase': 'x': must be now or a time since 1970"),
        (
            ["{here}", "--to-kafka", "--to", "http://x"],
            "--to and --to-kafka do not go together; see flowrun replay --help",
        ),
        (["{here}", "--loop", "--resume"], "--loop and --resume do not go together; see flowrun replay --help"),
        (
            ["{here}", "--to-kafka", "--sign", "x"],
            "--to-kafka and --sign do not go together; see flowrun replay --help",
        ),
        (["{here}", "--key-path", "/x"], "--key-path needs --sign; see flowrun replay --help"),
        (
            ["{here}", "--sign", "x", "--key-path", "a\nb"],
            "Invalid value for '--key-path': 'a\\nb' must be of printable",
        ),
        (["{here}", "--sign", "nix.pem"], "nix.pem: no such file or directory"),
        (["{here}", "--sign", "{here}"], "{here}: holds no private key in PEM without a password"),
    ],
)
def test_wrong_usage(flowrun: Flowrun, recording: Path, arguments: list[str], line: str) -> None:
    """One line on stderr, nothing sent, exit code 2."""
    said = flowrun("replay", *(argument.format(here=recording) for argument in arguments))
    start = f"flowrun: {line.format(here=recording)}"
    assert (said.code, said.out, said.err[: len(start)], said.err.count("\n")) == (2, "", start, 1)


def test_a_malformed_recording_is_found_before_anything_is_sent(flowrun: Flowrun, recording: Path) -> None:
    """File and line are told."""
    with recording.open("ab") as file:
        file.write(b"{}\n")
    with Receiver() as receiver:
        said = flowrun("replay", recording, "--to", receiver.url)
    line = f"flowrun: {recording}:6: has neither 'body' nor 'body_base64'; a bare payload belongs in a .json file\n"
    assert (said.code, said.err, receiver.requests) == (2, line, [])


@pytest.mark.parametrize("token", ["a b", "a\nb", "ä"])
def test_a_token_that_no_header_can_carry(
    flowrun: Flowrun, recording: Path, monkeypatch: pytest.MonkeyPatch, token: str
) -> None:
    """It is refused before anything is sent, and not shown."""
    monkeypatch.setenv("FLOWRUN_TOKEN", token)
    said = flowrun("replay", recording)
    line = "flowrun: FLOWRUN_TOKEN must be of printable ASCII characters without blanks: it travels in a header\n"
    assert (said.code, said.err) == (2, line)


def test_progress_that_cannot_be_kept(flowrun: Flowrun, recording: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """``--resume`` refuses to begin; without it the replay goes its way, and a failed one says that it cannot go on."""
    monkeypatch.setenv("XDG_STATE_HOME", str(recording))
    with Receiver(then=REFUSING) as receiver:
        arguments = ("replay", recording, "--limit", "1", "--to", receiver.url)
        refused, failed = flowrun(*arguments, "--resume"), flowrun(*arguments)
    advice = "set XDG_STATE_HOME to a writable directory"
    assert (refused.code, refused.err.count("\n"), refused.err.strip().endswith(advice)) == (2, 1, True)
    assert (failed.code, [line.split(": ")[1] for line in failed.err.splitlines()]) == (
        1,
        ["progress is lost", "not acknowledged"],
    )


def test_interrupted(recording: Path, tmp_path: Path) -> None:
    """Ctrl-C ends it in order: a summary, exit code 130, and the rest is sent by ``--resume``."""
    with Receiver() as receiver:
        arguments = [sys.executable, "-m", "flowrun", "replay", str(recording), "--to", receiver.url]
        environment = {**os.environ, "XDG_STATE_HOME": str(tmp_path / "state")}
        process = subprocess.Popen([*arguments, "--speed", "0.01"], stdout=subprocess.PIPE, env=environment)
        receiver.wait_for_a_request()
        process.send_signal(signal.SIGINT)
        out, _ = process.communicate(timeout=20)
        rest = subprocess.run([*arguments, "--resume"], capture_output=True, env=environment, timeout=20)
    assert (process.returncode, json.loads(out)["acknowledged"], rest.returncode) == (130, 1, 0)
    assert ids(receiver) == ["e0", "e1", "e2", "e3", "e4"]
