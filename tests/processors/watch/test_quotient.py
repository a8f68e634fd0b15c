"""A quotient is the same whatever divides."""

from operator import truediv

import pytest

from processors.watch.quotient import quotient


@pytest.mark.parametrize(
    ("dividend", "divisor"),
    [(1, 3), (0, 5), (2**53 + 1, 2), (2**53 + 1, 2**53 + 3), (2**60 + 12_345, 10**17 + 3), (2**63 - 1, 2**62 + 1)],
)
def test_it_is_rounded_once(dividend: int, divisor: int) -> None:
    """Also of numbers that no floating-point number is equal to."""
    assert quotient(dividend, divisor) == truediv(dividend, divisor)
