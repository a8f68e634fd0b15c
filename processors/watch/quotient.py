"""Divide whole numbers of any size, compiled or not, with the same result."""

from operator import truediv


def quotient(dividend: int, divisor: int) -> float:
    """Return the floating-point number that is nearest to the quotient.

    So does ``/``, but compiled it rounds the two numbers first, which beyond 2**53 can give another result: and senders
    choose how many records a run had.
    """
    result: float = truediv(dividend, divisor)
    return result
