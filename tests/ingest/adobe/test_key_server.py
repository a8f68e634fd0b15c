"""Test that nothing but a key comes from the key server."""

from collections.abc import Iterator

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from ingest.adobe.key_server import FetchFailed, KeyServer
from ingest.metrics.names import KeyFetch
from tests.ingest.adobe.served import PATHS, Reply, Served, key_server, new_key, pem

KEY = new_key()
EC = ec.generate_private_key(ec.SECP256R1()).public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)


@pytest.fixture
def served() -> Iterator[Served]:
    """A key server of this test's own."""
    with key_server() as running:
        yield running


async def fetched(origin: str, path: str = PATHS[0], timeout_s: float = 5.0) -> object:
    """Fetch once; return the key's numbers, or what went wrong."""
    server = KeyServer(origin, timeout_s)
    try:
        return (await server.fetch(path)).public_numbers()
    except FetchFailed as error:
        return error.result
    finally:
        await server.close()


async def test_a_key_is_fetched(served: Served) -> None:
    """A PEM answered with 200 is the key."""
    served.serve(PATHS[0], KEY)
    assert await fetched(served.origin) == KEY.public_key().public_numbers()


@pytest.mark.parametrize(
    ("reply", "result"),
    [
        (Reply(pem(KEY), 404), "refused"),
        (Reply(pem(KEY), 500), "refused"),
        (Reply(pem(KEY), 203), "refused"),
        (Reply(b"<html>maintenance</html>"), "no-key"),
        (Reply(b""), "no-key"),
        (Reply(EC), "no-key"),
        (Reply(pem(new_key(1024))), "no-key"),
        (Reply(pem(KEY) + b" " * 20_000), "no-key"),
    ],
)
async def test_anything_else_is_none(served: Served, reply: Reply, result: KeyFetch) -> None:
    """Another status, another page, another kind or size of key: none of it is a key."""
    served.replies[PATHS[0]] = reply
    assert await fetched(served.origin) == result


async def test_a_redirect_is_not_followed(served: Served) -> None:
    """Not even to a key on the same host."""
    served.serve(PATHS[1], KEY)
    served.replies[PATHS[0]] = Reply(b"", 302, PATHS[1])
    assert (await fetched(served.origin), served.asked[PATHS[1]]) == ("refused", 0)


async def test_a_server_that_is_slow_or_gone_is_unreachable(served: Served) -> None:
    """No answer in time and no connection are the same to us."""
    served.gate.clear()
    assert await fetched(served.origin, timeout_s=0.05) == "unreachable"
    assert await fetched("http://127.0.0.1:1") == "unreachable"


@pytest.mark.parametrize("path", [".evil.example/pub-key-1.pem", "@evil.example/pub-key-1.pem"])
async def test_the_host_is_looked_at_again(path: str) -> None:
    """Should the pattern of paths ever let such a path through, it still leads nowhere."""
    assert await fetched("https://static.adobeioevents.com", path) == "refused"
