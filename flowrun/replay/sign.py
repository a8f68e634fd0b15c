"""Sign bodies as Adobe does, for tests of a receiver that checks signatures."""

import base64
import uuid
from pathlib import Path

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_private_key


class KeyInvalid(Exception):
    """The file holds no private RSA key in PEM. The message says what is wrong."""


class Signer:
    """Sign with RSASSA-PKCS1-v1_5 and SHA-256 over the exact body (DOMAIN.md 2.1). Both signatures are of one key."""

    def __init__(self, key: RSAPrivateKey, path: str | None = None) -> None:
        """Take the key, and the path where its public half is served; by default one made from the key itself."""
        self._key = key
        public = key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        self.path = path or f"/prod/keys/pub-key-{uuid.uuid5(uuid.NAMESPACE_OID, public.hex())}.pem"

    @classmethod
    def from_file(cls, file: Path, path: str | None = None) -> "Signer":
        """Read a PEM file without a password.

        Raises:
            KeyInvalid: it cannot be read, or holds no such key.
        """
        try:
            key = load_pem_private_key(file.read_bytes(), password=None)
        except OSError as error:
            raise KeyInvalid(f"{file}: {(error.strerror or 'cannot be read').lower()}") from None
        except (ValueError, TypeError, UnsupportedAlgorithm):
            raise KeyInvalid(f"{file}: holds no private key in PEM without a password") from None
        if not isinstance(key, RSAPrivateKey):
            raise KeyInvalid(f"{file}: holds a private key that is not RSA")
        return cls(key, path)

    def headers(self, body: bytes) -> dict[str, str]:
        """Return the signature headers for a body."""
        signature = base64.b64encode(self._key.sign(body, padding.PKCS1v15(), SHA256())).decode()
        return {
            "x-adobe-digital-signature-1": signature,
            "x-adobe-digital-signature-2": signature,
            "x-adobe-public-key1-path": self.path,
            "x-adobe-public-key2-path": self.path,
        }
