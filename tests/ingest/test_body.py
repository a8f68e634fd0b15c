"""Test reading and inflating bodies within a limit."""

import gzip
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest import body
from ingest.errors import BodyBroken, BodyTooLarge, CodingUnknown

LIMIT = 1000


@given(st.binary(max_size=LIMIT), st.integers(0, 9))
def test_inflating_undoes_compressing(plain: bytes, level: int) -> None:
    """Both codings give the same bytes back, up to the limit."""
    assert body.inflate(gzip.compress(plain, level), "gzip", LIMIT) == plain
    assert body.inflate(zlib.compress(plain, level), "deflate", LIMIT) == plain


def test_members_of_gzip_are_joined() -> None:
    """A gzip body may have several members (RFC 1952)."""
    assert body.inflate(gzip.compress(b"ab") + gzip.compress(b"cd"), "gzip", LIMIT) == b"abcd"


@pytest.mark.parametrize("plain", [b"", b"x"])
def test_very_many_members_cost_no_more_than_their_bytes(plain: bytes) -> None:
    """A small body of 100,000 members is inflated in one go; work that grows by their square would take minutes."""
    assert body.inflate(gzip.compress(plain) * 100_000, "gzip", 100_000) == plain * 100_000


@given(st.lists(st.binary(max_size=20_000), min_size=1, max_size=4))
def test_members_end_anywhere(plains: list[bytes]) -> None:
    """Where a member ends does not depend on how the body is fed to zlib."""
    packed = b"".join(gzip.compress(plain, 0) for plain in plains)
    assert body.inflate(packed, "gzip", 100_000) == b"".join(plains)


def test_the_limit_counts_all_members() -> None:
    """Members cannot get round the limit together."""
    with pytest.raises(BodyTooLarge):
        body.inflate(gzip.compress(b"x" * 600) * 2, "gzip", LIMIT)


@pytest.mark.parametrize("excess", [1, 10_000_000])
def test_inflating_stops_at_the_limit(excess: int) -> None:
    """One byte too many is too many, and so are ten million."""
    with pytest.raises(BodyTooLarge):
        body.inflate(gzip.compress(b"0" * (LIMIT + excess)), "gzip", LIMIT)


@given(st.binary(max_size=100), st.sampled_from(["gzip", "deflate"]))
def test_garbage_is_refused_or_inflated(garbage: bytes, coding: str) -> None:
    """No bytes make inflating fail in another way than by a refusal."""
    try:
        inflated = body.inflate(garbage, coding, LIMIT)
    except (BodyBroken, BodyTooLarge):
        return
    assert len(inflated) <= LIMIT


@pytest.mark.parametrize(
    ("header", "coding"),
    [(None, None), ("", None), ("identity", None), ("gzip", "gzip"), (" X-GZIP ", "x-gzip"), ("deflate", "deflate")],
)
def test_codings_are_read_from_the_header(header: str | None, coding: str | None) -> None:
    """The names of RFC 9110, in any case."""
    assert body.coding(header) == coding


@pytest.mark.parametrize("header", ["br", "gzip, gzip", "gzip;q=1", "identity, zstd"])
def test_other_codings_are_refused(header: str) -> None:
    """What is not understood is said so, and never guessed."""
    with pytest.raises(CodingUnknown):
        body.coding(header)
