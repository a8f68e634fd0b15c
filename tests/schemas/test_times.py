"""Test the conversion of times between milliseconds and RFC 3339."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.times import LATEST_MS, from_text, to_text


@pytest.mark.parametrize(
    ("epoch_ms", "text"),
    [
        (0, "1970-01-01T00:00:00.000Z"),
        (1_585_344_900_000, "2020-03-27T21:35:00.000Z"),
        (1_585_344_900_007, "2020-03-27T21:35:00.007Z"),
        (LATEST_MS, "9999-12-31T23:59:59.999Z"),
    ],
)
def test_times_are_written_in_utc_with_milliseconds(epoch_ms: int, text: str) -> None:
    """The form is the contract's, at both ends of what it can write too."""
    assert to_text(epoch_ms) == text


@pytest.mark.parametrize(
    "text",
    ["2020-03-27T21:35:00Z", "2020-03-27T21:35:00", "2020-03-27T22:35:00+01:00", "2020-03-27T21:35:00.000000Z"],
)
def test_times_are_read_in_any_offset(text: str) -> None:
    """Other forms of the same moment give the same milliseconds; no offset means UTC."""
    assert from_text(text) == 1_585_344_900_000


@given(st.integers(0, LATEST_MS))
def test_what_is_written_is_read_back(epoch_ms: int) -> None:
    """Every time that can be written is read as the same one."""
    assert from_text(to_text(epoch_ms)) == epoch_ms


@pytest.mark.parametrize("epoch_ms", [-1, LATEST_MS + 1])
def test_times_beyond_the_years_that_can_be_written_are_refused(epoch_ms: int) -> None:
    """Nothing is written that could not be read."""
    with pytest.raises(ValueError, match="outside the years"):
        to_text(epoch_ms)


def test_what_is_no_time_is_refused() -> None:
    """Words are no time."""
    with pytest.raises(ValueError, match="Invalid isoformat"):
        from_text("yesterday")
