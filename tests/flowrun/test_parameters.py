"""Test the values that options take."""

from collections.abc import Callable

import click
import pytest

from flowrun.parameters import DURATION, SPEED, Parsed, at_least, parse_field, parse_moment, parse_speed


@pytest.mark.parametrize(
    ("parse", "text", "value"),
    [
        (parse_speed, "1", 1.0),
        (parse_speed, "0.5", 0.5),
        (parse_speed, "max", None),
        (parse_moment("now"), "now", "now"),
        (parse_moment("now"), "1970-01-01T00:00:01Z", 1_000),
        (parse_moment("now"), "1970-01-02", 86_400_000),
        (parse_field, "a=b", ("a", "b")),
        (parse_field, "a.b=c=d", ("a.b", "c=d")),
        (parse_field, "a=", ("a", "")),
        (at_least(0), "0", 0),
        (at_least(1), "12", 12),
    ],
)
def test_values(parse: Callable[[str], object], text: str, value: object) -> None:
    """What is allowed is read."""
    assert parse(text) == value


@pytest.mark.parametrize(
    ("parse", "text", "allowed"),
    [
        *(
            (parse_speed, text, "must be a factor such as 1 or 10, or max")
            for text in ("0", "-1", "x", "nan", "inf", "")
        ),
        *(
            (parse_moment("now"), text, "must be now or a time since 1970 such as 2026-11-03T08:00:00Z")
            for text in ("then", "", "1969-12-31T23:59:59Z", "0001-01-01T00:00:00+23:59")
        ),
        (parse_moment("beginning", "end"), "now", "must be beginning, end or a time since 1970 such as"),
        *((parse_field, text, "must be FIELD=VALUE, such as status=failed") for text in ("a", "=b", "")),
        *(
            (at_least(1), text, "must be a whole number of at least 1")
            for text in ("0", "-1", "1.5", "x", "", "9" * 19)
        ),
    ],
)
def test_mistakes_say_what_is_allowed(parse: Callable[[str], object], text: str, allowed: str) -> None:
    """Anything else is refused with an example."""
    with pytest.raises(ValueError, match="must be") as caught:
        parse(text)
    assert str(caught.value)[: len(allowed)] == allowed


def test_a_mistake_is_shown_with_its_value() -> None:
    """The option's error quotes what was given."""
    with pytest.raises(click.BadParameter) as caught:
        SPEED.convert("fast", None, None)
    assert caught.value.message == "'fast': must be a factor such as 1 or 10, or max"


def test_a_default_passes_as_it_is() -> None:
    """Only texts are read."""
    assert (DURATION.convert(5, None, None), DURATION.convert("5s", None, None)) == (5, 5_000)
    assert Parsed("count", at_least(1)).name == "count"
