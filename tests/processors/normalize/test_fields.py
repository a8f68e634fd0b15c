"""Single fields are read tolerantly, and wrong types counted."""

from typing import Any

import pytest

from processors.normalize.fields import Faults, believable_ms, code, identifier, link, moment, number, text


@pytest.mark.parametrize(
    ("value", "expected", "ill_typed"),
    [
        (5, 5, 0),
        (0, 0, 0),
        (-1, -1, 0),
        (5.0, 5, 0),
        ("100", 100, 0),
        ("-1", -1, 0),
        ("", None, 0),
        (None, None, 0),
        (2**63 - 1, 2**63 - 1, 0),
        (2**63, None, 0),
        (1e300, None, 0),
        ("99999999999999999999", None, 0),
        (5.5, None, 1),
        (True, None, 1),
        (False, None, 1),
        ("5.0", None, 1),
        ("many", None, 1),
        ("١٢٣", None, 1),
        ("9" * 5_000, None, 1),
        ("--1", None, 1),
        (" 5", None, 1),
        ([5], None, 1),
        ({}, None, 1),
    ],
)
def test_number(value: Any, expected: int | None, ill_typed: int) -> None:
    """Digits as text and floats without fraction are numbers; booleans are not."""
    faults = Faults()
    assert (number(value, faults), faults.ill_typed) == (expected, ill_typed)


@pytest.mark.parametrize(
    ("value", "expected", "ill_typed"),
    [
        (1_597_213_530_760, 1_597_213_530_760, 0),
        (1_590_512_053, 1_590_512_053_000, 0),
        (1_590_512_053.25, 1_590_512_053_250, 0),
        ("1597213530760", 1_597_213_530_760, 0),
        ("1590512053", 1_590_512_053_000, 0),
        ("2023-09-01T04:27:44.922Z", 1_693_542_464_922, 0),
        ("2023-09-01T06:27:44.922+02:00", 1_693_542_464_922, 0),
        ("2023-09-01", 1_693_526_400_000, 0),
        (0, None, 0),
        (-1, None, 0),
        (87_473_822, None, 0),
        (978_307_199, None, 0),
        (978_307_200, 978_307_200_000, 0),
        (978_307_199_999, None, 0),
        (99_999_999_999, 99_999_999_999_000, 0),
        (100_000_000_000, None, 0),
        (253_402_300_799_999, 253_402_300_799_999, 0),
        (253_402_300_800_000, None, 0),
        (2**64, None, 0),
        (1e300, None, 0),
        (float("inf"), None, 0),
        (float("-inf"), None, 0),
        ("1969-12-31T23:00:00Z", None, 0),
        ("0001-01-01T00:00:00+23:59", None, 0),
        ("9999-12-31T23:59:59-23:59", None, 0),
        ("", None, 0),
        (None, None, 0),
        (True, None, 1),
        ("yesterday morning", None, 1),
        ([1_597_213_530_760], None, 1),
    ],
)
def test_time(value: Any, expected: int | None, ill_typed: int) -> None:
    """Seconds, milliseconds and ISO 8601 are times; what lies before 2001 or after 9999 is none."""
    faults = Faults()
    assert (believable_ms(moment(value, faults)), faults.ill_typed) == (expected, ill_typed)


@pytest.mark.parametrize(
    ("value", "expected", "ill_typed"),
    [("a", "a", 0), ("a" * 200, "a" * 200, 0), ("a" * 201, None, 1), ("", None, 0), (None, None, 0), (5, None, 1)],
)
def test_identifier(value: Any, expected: str | None, ill_typed: int) -> None:
    """An id has 1 to 200 characters; a longer one is not cut."""
    faults = Faults()
    assert (identifier(value, faults), faults.ill_typed) == (expected, ill_typed)


@pytest.mark.parametrize(
    ("value", "expected", "ill_typed"),
    [("a", "a", 0), ("a" * 501, "a" * 500, 0), ("", None, 0), (None, None, 0), (5, None, 1), ({}, None, 1)],
)
def test_text(value: Any, expected: str | None, ill_typed: int) -> None:
    """A text for people is cut to its limit."""
    faults = Faults()
    assert (text(value, faults), faults.ill_typed) == (expected, ill_typed)


@pytest.mark.parametrize(
    ("value", "expected", "ill_typed"),
    [("https://a", "https://a", 0), ("a" * 2_001, None, 1), ("", None, 0), (None, None, 0), (5, None, 1)],
)
def test_link(value: Any, expected: str | None, ill_typed: int) -> None:
    """A URL is whole or absent."""
    faults = Faults()
    assert (link(value, faults), faults.ill_typed) == (expected, ill_typed)


@pytest.mark.parametrize(
    ("value", "expected", "ill_typed"),
    [("133", "133", 0), (133, "133", 0), (True, None, 1), (1.5, None, 1), (2**63, None, 1), (None, None, 0)],
)
def test_code(value: Any, expected: str | None, ill_typed: int) -> None:
    """An error code that is sent as a number is the same code."""
    faults = Faults()
    assert (code(value, faults), faults.ill_typed) == (expected, ill_typed)
