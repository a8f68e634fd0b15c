"""Durations are written as people write them."""

import pytest

from processors.watch.durations import DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS, precisely, roughly, written
from schemas.settings import parse_duration


@pytest.mark.parametrize(
    ("duration_ms", "text"),
    [
        (6 * HOUR_MS, "6h"),
        (90 * MINUTE_MS, "90m"),
        (7 * DAY_MS, "7d"),
        (24 * HOUR_MS, "1d"),
        (1_500, "1500ms"),
        (30 * SECOND_MS, "30s"),
        (0, "0ms"),
    ],
)
def test_the_largest_unit_that_divides(duration_ms: int, text: str) -> None:
    """Nothing is rounded, so the text can be read back."""
    assert written(duration_ms) == text
    assert duration_ms == 0 or parse_duration(text) == duration_ms


@pytest.mark.parametrize(
    ("duration_ms", "text"),
    [
        (0, "under 1m"),
        (59_999, "under 1m"),
        (MINUTE_MS, "1m"),
        (HOUR_MS, "1h"),
        (HOUR_MS + 59 * MINUTE_MS + 59_999, "1h 59m"),
        (DAY_MS + 3 * HOUR_MS + 5 * MINUTE_MS, "1d 3h"),
        (DAY_MS + 5 * MINUTE_MS, "1d 5m"),
    ],
)
def test_for_people_two_parts_are_enough(duration_ms: int, text: str) -> None:
    """Rounded down to whole minutes, the two largest parts told."""
    assert roughly(duration_ms) == text


@pytest.mark.parametrize(
    ("duration_ms", "text"),
    [
        (0, "under 1s"),
        (999, "under 1s"),
        (45_000, "45s"),
        (5 * MINUTE_MS, "5m"),
        (4 * MINUTE_MS + 58_999, "4m 58s"),
        (2 * HOUR_MS + 5 * MINUTE_MS + 1_000, "2h 5m"),
    ],
)
def test_to_compare_durations_seconds_are_told(duration_ms: int, text: str) -> None:
    """Under an hour, rounded down."""
    assert precisely(duration_ms) == text
