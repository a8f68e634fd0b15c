"""Test that bodies are signed as Adobe signs them."""

import base64
from pathlib import Path

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, Encoding, NoEncryption, PrivateFormat

from flowrun.replay.sign import KeyInvalid, Signer

KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
BODY = b'{"exact": "bytes"}\n'
OTHERS = {
    "elliptic.pem": ec.generate_private_key(ec.SECP256R1()).private_bytes(
        Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()
    ),
    "locked.pem": KEY.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"x")),
    "text.pem": b"hello",
}


@pytest.mark.parametrize("number", [1, 2])
def test_both_signatures_verify(number: int) -> None:
    """RSASSA-PKCS1-v1_5 with SHA-256 over the exact body, in base64; for another body it does not hold."""
    signature = base64.b64decode(Signer(KEY).headers(BODY)[f"x-adobe-digital-signature-{number}"])
    KEY.public_key().verify(signature, BODY, padding.PKCS1v15(), SHA256())
    with pytest.raises(InvalidSignature):
        KEY.public_key().verify(signature, BODY + b" ", padding.PKCS1v15(), SHA256())


def test_the_key_path_is_made_of_the_key() -> None:
    """It is the same for the same key, and one that is given counts instead."""
    other = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    assert (Signer(KEY).path == Signer(KEY).path, Signer(KEY).path == Signer(other).path) == (True, False)
    headers = Signer(KEY, "/prod/keys/mine.pem").headers(BODY)
    assert [headers[f"x-adobe-public-key{number}-path"] for number in (1, 2)] == ["/prod/keys/mine.pem"] * 2


@pytest.mark.parametrize("form", [PrivateFormat.PKCS8, PrivateFormat.TraditionalOpenSSL])
def test_a_key_is_read_from_its_file(tmp_path: Path, form: PrivateFormat) -> None:
    """Both usual forms of a PEM file do."""
    file = tmp_path / "key.pem"
    file.write_bytes(KEY.private_bytes(Encoding.PEM, form, NoEncryption()))
    assert Signer.from_file(file).path == Signer(KEY).path


@pytest.mark.parametrize(
    ("name", "problem"),
    [
        ("missing.pem", "no such file or directory"),
        ("text.pem", "holds no private key in PEM without a password"),
        ("locked.pem", "holds no private key in PEM without a password"),
        ("elliptic.pem", "holds a private key that is not RSA"),
    ],
)
def test_what_is_no_key_is_told(tmp_path: Path, name: str, problem: str) -> None:
    """The message names the file and what is wrong with it."""
    for other, content in OTHERS.items():
        (tmp_path / other).write_bytes(content)
    with pytest.raises(KeyInvalid) as caught:
        Signer.from_file(tmp_path / name)
    assert str(caught.value) == f"{tmp_path / name}: {problem}"
