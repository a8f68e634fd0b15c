"""Test when entries are due."""

import pytest

from flowrun.replay.pace import Pacer


@pytest.mark.parametrize(
    ("speed", "max_gap_ms", "times_ms", "due_ms"),
    [
        (1, None, [5_000, 6_000, 8_500], [0, 1_000, 3_500]),
        (10, None, [5_000, 6_000, 8_500], [0, 100, 350]),
        (0.5, None, [0, 1_000], [0, 2_000]),
        (None, None, [0, 1_000, 9_000], [0, 0, 0]),
        (1, 500, [0, 100, 9_000, 9_200], [0, 100, 600, 800]),
        (10, 500, [0, 1_000, 90_000], [0, 100, 600]),
        (1, None, [None, 1_000, None, 3_000, None], [0, 0, 0, 2_000, 2_000]),
        (1, None, [1_000, 500, 1_500], [0, 0, 500]),
        (1, None, [0, 7_000], [0, 7_000]),
    ],
)
def test_due(speed: float | None, max_gap_ms: int | None, times_ms: list[int | None], due_ms: list[float]) -> None:
    """Gaps shrink by the speed and then to the longest; without a time, or back in time, there is none."""
    pacer = Pacer(speed, max_gap_ms)
    assert [pacer.due_ms(time_ms) for time_ms in times_ms] == due_ms
