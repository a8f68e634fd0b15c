"""Test the comparison of tokens."""

import hmac

import pytest

from ingest.authentication import TokenAuthentication
from ingest.errors import NotAuthenticated


def test_tokens_are_compared_in_constant_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every token that is given, right or wrong or none, is compared by the function made for it."""
    compared: list[tuple[bytes, bytes]] = []

    def compare(given: bytes, expected: bytes) -> bool:
        compared.append((given, expected))
        return given == expected

    monkeypatch.setattr(hmac, "compare_digest", compare)
    judge = TokenAuthentication("sesame")
    judge.admit({"authorization": "Bearer sesame"})
    for headers in ({"authorization": "Bearer sesam"}, {"authorization": "Basic sesame"}, {}):
        with pytest.raises(NotAuthenticated):
            judge.admit(headers)
    assert compared == [(given, b"sesame") for given in (b"sesame", b"sesam", b"sesame", b"")]


def test_a_token_given_twice_is_none() -> None:
    """Two headers are joined by a comma, and that is another token."""
    with pytest.raises(NotAuthenticated):
        TokenAuthentication("sesame").admit({"authorization": "Bearer sesame, Bearer sesame"})
