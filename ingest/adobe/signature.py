"""Read Adobe's signature headers and check a signature: RSASSA-PKCS1-v1_5, SHA-256, exact bytes (DOMAIN.md 2.1)."""

import binascii
import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Final, NamedTuple

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed
from cryptography.hazmat.primitives.hashes import SHA256

PAIRS: Final = (
    ("x-adobe-digital-signature-1", "x-adobe-public-key1-path"),
    ("x-adobe-digital-signature-2", "x-adobe-public-key2-path"),
)
"""The headers of the two signatures, each with the header that says where its key is."""
_NUMBERED: Final = tuple(enumerate(PAIRS, 1))

_KEY_PATH: Final = re.compile(r"(/[A-Za-z0-9_-]+)+/pub-key-[A-Za-z0-9-]+\.pem")
"""No dot before the file name and always a slash at the start: appended to an origin it cannot become another host."""
_MAX_PATH: Final = 200
_MAX_SIGNATURE: Final = 1400
"""Characters of base64: a signature by a key of 8192 bits."""
_PADDING: Final = PKCS1v15()
_DIGEST: Final = Prehashed(SHA256())


class Pair(NamedTuple):
    """Hold one signature and the path of the key that should have made it."""

    number: int
    """1 or 2, as in the headers' names."""
    signature: str
    """In base64, as it was sent."""
    key_path: str

    def bytes(self) -> bytes:
        """Return the signature itself; nothing, which never verifies, if it is no base64."""
        try:
            return binascii.a2b_base64(self.signature, strict_mode=True)
        except (binascii.Error, ValueError):
            return b""


def pairs(headers: Mapping[str, str]) -> list[Pair]:
    """Return those of the two pairs whose headers are there, with an allowed path. Looks names up in lower case."""
    get = headers.get
    found = (_pair(number, get(signature), get(path)) for number, (signature, path) in _NUMBERED)
    return [pair for pair in found if pair is not None]


@lru_cache(maxsize=64)
def is_key_path(path: str) -> bool:
    """Tell whether a path may be asked of the key server."""
    return len(path) <= _MAX_PATH and _KEY_PATH.fullmatch(path) is not None


def verifies(key: RSAPublicKey, signature: bytes, digest: bytes) -> bool:
    """Tell whether the key's owner signed what has this SHA-256 digest."""
    try:
        key.verify(signature, digest, _PADDING, _DIGEST)
    except InvalidSignature:
        return False
    return True


def _pair(number: int, signature: str | None, path: str | None) -> Pair | None:
    if not signature or not path or len(signature) > _MAX_SIGNATURE or not is_key_path(path):
        return None
    return Pair(number, signature, path)
