"""Test the samples for a TLS server in front: bodies pass byte for byte, and a server that is away is no 4xx."""

import getpass
import json
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.client import HTTPConnection
from pathlib import Path

import pytest

from broker.embedded import EmbeddedBroker
from ingest.generate.files import ROOT
from tests.ingest.adobe.served import PATHS, key_server, new_key
from tests.ingest.process import PATIENCE_S, running
from tests.service import free_port

LARGE = 3 * 1024 * 1024
OURS = "client-1"
Command = list[str]


def caddy(folder: Path, port: int, upstream: int) -> Command:
    """Take the sample for Caddy without its name, which would need a certificate."""
    sample = (ROOT / "deploy/Caddyfile").read_text().replace("127.0.0.1:8080", f"127.0.0.1:{upstream}")
    options = "{\n\tadmin off\n\tauto_https off\n}\n"
    (folder / "Caddyfile").write_text(options + sample.replace("webhook.example.com {", f"http://127.0.0.1:{port} {{"))
    return ["caddy", "run", "--config", str(folder / "Caddyfile"), "--adapter", "caddyfile"]


def nginx(folder: Path, port: int, upstream: int) -> Command:
    """Take the sample for nginx without TLS, in the frame that a distribution has around it."""
    lines = (ROOT / "deploy/nginx.conf").read_text().replace("127.0.0.1:8080", f"127.0.0.1:{upstream}").splitlines()
    sample = "\n".join(line for line in lines if "ssl_certificate" not in line)
    sample = sample.replace("listen 443 ssl;", f"listen 127.0.0.1:{port};")
    places = "".join(
        f"{name}_temp_path {folder}/{name};\n" for name in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    process = f"daemon off;\nuser {getpass.getuser()};\npid {folder}/pid;\nevents {{}}\n"
    frame = f"{process}http {{\naccess_log off;\n{places}{sample}\n}}\n"
    (folder / "nginx.conf").write_text(frame)
    return ["nginx", "-e", str(folder / "error.log"), "-p", str(folder), "-c", str(folder / "nginx.conf")]


@contextmanager
def front(make: Callable[[Path, int, int], Command], folder: Path, upstream: int) -> Iterator[int]:
    """Run a server in front of a port, and say where it listens."""
    port = free_port()
    command = make(folder, port, upstream)
    if shutil.which(command[0]) is None:
        pytest.skip(f"needs {command[0]}: apt-get install {command[0]}")
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log)
    try:
        yield port
    finally:
        process.terminate()
        process.wait(20)


def post(port: int, body: bytes, headers: dict[str, str]) -> int:
    """Post through the server in front, once it listens, and return the status."""
    deadline = time.monotonic() + PATIENCE_S
    while True:
        connection = HTTPConnection("127.0.0.1", port, timeout=20)
        try:
            connection.request("POST", "/webhooks/adobe", body, headers)
            return connection.getresponse().status
        except ConnectionError:
            assert time.monotonic() < deadline, "the server in front does not answer"
            time.sleep(0.02)
        finally:
            connection.close()


@pytest.mark.parametrize("make", [caddy, nginx])
def test_signed_bodies_pass_and_an_ingest_that_is_away_is_5xx(
    make: Callable[[Path, int, int], Command], tmp_path: Path
) -> None:
    """Small, large and oddly written bodies verify behind it; without ingest Adobe is told to send it again."""
    odd = b' [ {"recipientclientid" : "client-1", "n":1.50,\r\n"t":"\xc3\xa9\\u00e9"} ]\n'
    large = json.dumps({"recipientclientid": OURS, "pad": "x" * LARGE}).encode()
    key = new_key()
    with EmbeddedBroker() as broker, key_server() as keys:
        signer = keys.serve(PATHS[0], key)
        settings = {
            "FLOWRUN_AUTH": "adobe",
            "FLOWRUN_ADOBE_CLIENT_ID": OURS,
            "FLOWRUN_ADOBE_KEYS_URL": keys.origin,
        }
        with running(broker, tmp_path / "ingest.log", **settings) as run, front(make, tmp_path, run.port) as port:
            assert [post(port, body, signer.headers(body)) for body in (odd, large)] == [202, 202]
            assert post(port, odd + b" ", signer.headers(odd)) == 401
            run.service.stop()
            assert post(port, odd, signer.headers(odd)) in (502, 503, 504)
