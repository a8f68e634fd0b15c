"""Serve public keys as Adobe does, on this machine, and misbehave on request."""

import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import NamedTuple

from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from flowrun.replay.sign import Signer

PATHS = ("/prod/keys/pub-key-a1.pem", "/prod/keys/pub-key-b2.pem")


class Reply(NamedTuple):
    """Say what is answered at a path."""

    body: bytes
    status: int = 200
    location: str | None = None


class Served:
    """Answer GET requests by path, and count them. Unknown paths are 404; while ``gate`` is closed all wait."""

    def __init__(self, address: tuple[str, int]) -> None:
        self.origin = f"http://{address[0]}:{address[1]}"
        self.replies: dict[str, Reply] = {}
        self.asked: Counter[str] = Counter()
        self.gate = threading.Event()
        self.gate.set()

    def serve(self, path: str, key: RSAPrivateKey) -> Signer:
        """Serve the public half of a key, and return what signs with the private one."""
        self.replies[path] = Reply(pem(key))
        return Signer(key, path)


def new_key(bits: int = 2048) -> RSAPrivateKey:
    """Make a key."""
    return rsa.generate_private_key(65537, bits)


def pem(key: RSAPrivateKey) -> bytes:
    """Write the public half as Adobe does."""
    return key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)


@contextmanager
def key_server() -> Iterator[Served]:
    """Run a key server on a free port."""

    class Answering(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            served.asked[self.path] += 1
            served.gate.wait(20)
            reply = served.replies.get(self.path, Reply(b"<html>no such page</html>", 404))
            self.send_response(reply.status)
            if reply.location is not None:
                self.send_header("Location", reply.location)
            self.send_header("Content-Length", str(len(reply.body)))
            self.end_headers()
            self.wfile.write(reply.body)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Answering) as server:
        served = Served(("127.0.0.1", server.server_address[1]))
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield served
        finally:
            served.gate.set()
            server.shutdown()
            thread.join()


def both_headers(first: dict[str, str], second: dict[str, str]) -> dict[str, str]:
    """Take the first pair of headers from one signing and the second from another."""
    ones = ("x-adobe-digital-signature-1", "x-adobe-public-key1-path")
    twos = ("x-adobe-digital-signature-2", "x-adobe-public-key2-path")
    return {name: first[name] for name in ones} | {name: second[name] for name in twos}
