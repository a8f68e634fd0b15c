"""Test the signature check against Adobe's own vectors, and the form of its headers."""

import base64
import hashlib
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from yarl import URL

from ingest.adobe.key_server import read_key
from ingest.adobe.signature import is_key_path, pairs, verifies

VECTORS = json.loads((Path(__file__).parents[2] / "payloads/50-signature-vectors.json").read_text())
GOOD = base64.b64encode(b"s" * 256).decode()
PATH = "/prod/keys/pub-key-3f5c.pem"


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: vector["name"])
def test_adobe_s_own_vectors(vector: dict[str, Any]) -> None:
    """Both signatures of each vector are judged as Adobe's library judges them, a batch's over the whole array."""
    digest = hashlib.sha256(vector["body"].encode()).digest()
    found = pairs(vector["headers"])
    keys = [_pem(text) for text in vector["public_keys_spki_base64"]]
    judged = [verifies(read_key(key), pair.bytes(), digest) for key, pair in zip(keys, found, strict=True)]
    assert judged == vector["expect_valid"]


def test_a_byte_more_or_less_is_another_body() -> None:
    """The signature is of the exact bytes, not of what they mean."""
    vector = VECTORS[0]
    first = pairs(vector["headers"])[0]
    key = read_key(_pem(vector["public_keys_spki_base64"][0]))
    changed = (vector["body"] + "\n", vector["body"].replace(":", ": ", 1), vector["body"][:-1])
    assert [verifies(key, first.bytes(), hashlib.sha256(body.encode()).digest()) for body in changed] == [False] * 3


@pytest.mark.parametrize(
    "path",
    [
        ".evil.example/pub-key-1.pem",
        "@evil.example/pub-key-1.pem",
        ":8080/pub-key-1.pem",
        "//evil.example/pub-key-1.pem",
        "/../keys/pub-key-1.pem",
        "/prod/keys/../pub-key-1.pem",
        "/prod/keys/%2e%2e/pub-key-1.pem",
        "/prod\\keys/pub-key-1.pem",
        "/prod/keys/pub-key-1.pem?x=1",
        "/prod/keys/pub-key-1.pem#x",
        "/prod/keys/pub-key-1.pem\n",
        "/prod/keys/pub-key-1.PEM",
        "/prod/keys/pub-key-.pem.pem",
        "/prod/keys/key-1.pem",
        "/pub-key-1.pem",
        "prod/keys/pub-key-1.pem",
        "/prod/keys/pub-key-é.pem",
        "/prod/" + "k" * 200 + "/pub-key-1.pem",
        "",
    ],
)
def test_a_path_that_could_lead_elsewhere_is_none(path: str) -> None:
    """A key path that could make another host, another page or no sense is not allowed (DOMAIN.md 2.2, 3a and 3b)."""
    assert not is_key_path(path)


@pytest.mark.parametrize("path", [PATH, "/junit/pub-key-1.pem", "/a_b/C-d/pub-key-A9-.pem"])
def test_paths_that_adobe_uses_are_allowed(path: str) -> None:
    """Those of production and of Adobe's own tests."""
    assert is_key_path(path)


@given(st.text(alphabet="/.:@?#%\\ak-", max_size=30) | st.from_regex(r"(/[a-z.@:]+)+/pub-key-[a-z.]+\.pem"))
def test_no_allowed_path_changes_the_host(path: str) -> None:
    """Whatever is allowed, the URL made of it has the host that was configured."""
    if is_key_path(path):
        assert URL(f"https://static.adobeioevents.com{path}").host == "static.adobeioevents.com"


@pytest.mark.parametrize(
    ("headers", "numbers"),
    [
        ({}, []),
        ({"x-adobe-digital-signature-1": GOOD}, []),
        ({"x-adobe-public-key1-path": PATH}, []),
        ({"x-adobe-digital-signature-1": GOOD, "x-adobe-public-key1-path": PATH}, [1]),
        ({"x-adobe-digital-signature-2": GOOD, "x-adobe-public-key2-path": PATH}, [2]),
        ({"x-adobe-digital-signature-1": GOOD, "x-adobe-public-key2-path": PATH}, []),
        ({"x-adobe-digital-signature-1": GOOD * 5, "x-adobe-public-key1-path": PATH}, []),
    ],
)
def test_only_whole_pairs_count(headers: dict[str, str], numbers: list[int]) -> None:
    """A signature without its key path is none; the other pair stands on its own."""
    assert [pair.number for pair in pairs(headers)] == numbers


@pytest.mark.parametrize(
    "signature", ["no base64!", "é", "\udcff", f"{GOOD}, {GOOD}", f"{GOOD[:-4]}\n{GOOD[-4:]}", "A"]
)
def test_what_is_no_base64_verifies_nothing(signature: str) -> None:
    """A signature given twice, with blanks, or in other characters is none."""
    (pair,) = pairs({"x-adobe-digital-signature-1": signature, "x-adobe-public-key1-path": PATH})
    key = read_key(_pem(VECTORS[0]["public_keys_spki_base64"][0]))
    assert (pair.bytes(), verifies(key, pair.bytes(), hashlib.sha256(b"").digest())) == (b"", False)


def _pem(spki: str) -> bytes:
    return f"-----BEGIN PUBLIC KEY-----\n{spki}\n-----END PUBLIC KEY-----\n".encode()
