"""Errors come from five places, the deepest cause first, each code once."""

from typing import Any

import pytest

from processors.normalize.errors import stage
from schemas.run import ActivityKind, RunError
from tests.processors.normalize.samples import a_run, normalized, run

COPY = "copyActivity"


def activity(id_: str = "x", **status: Any) -> dict[str, Any]:
    """Make an activity with this ``statusSummary``."""
    return {"id": id_, "statusSummary": status}


def errors(*codes: str) -> list[dict[str, str]]:
    """Make errors with these codes."""
    return [{"code": code, "message": f"{code} happened"} for code in codes]


def codes(sent: dict[str, Any]) -> list[str]:
    """Return the codes of the errors of a run."""
    return [error.code for error in run(sent).errors]


def test_deepest_first() -> None:
    """The activities' causes come before their errors, these before failedInfo, this before the run's errors."""
    sent = a_run(
        metrics={
            "statusSummary": {"status": "failed", "errors": errors("run")},
            "recordSummary": {"failedInfo": errors("rows")},
        },
        activities=[
            activity(errors=errors("first"), extensions={"errors": errors("first cause")}),
            activity(errors=errors("second"), extensions={"errors": errors("second cause")}),
            {"id": "y", "recordSummary": {"failedInfo": errors("activity rows")}},
        ],
    )
    assert codes(sent) == ["first cause", "second cause", "first", "second", "activity rows", "rows", "run"]


def test_same_code_once() -> None:
    """Of a code the deepest finding counts; later ones only fill in what it lacks."""
    sent = a_run(
        metrics={
            "statusSummary": {"errors": [{"code": "A", "message": "from the run"}]},
            "recordSummary": {"failedInfo": [{"code": "A", "message": "from the rows", "count": 4}]},
        },
        activities=[activity(COPY, extensions={"errors": [{"code": "A"}]}, errors=[{"code": "B", "message": "b"}])],
    )
    assert run(sent).errors == [RunError("A", "from the rows", "copy", 4), RunError("B", "b", "copy")]


@pytest.mark.parametrize(
    ("sent", "expected"),
    [
        ({"code": "A", "count": 0}, 0),
        ({"code": "A", "recordCount": 7}, 7),
        ({"code": "A", "count": -1, "recordCount": 7}, 7),
        ({"code": "A", "count": "3"}, 3),
        ({"code": "A", "count": -1}, None),
        ({"code": "A"}, None),
    ],
)
def test_count(sent: dict[str, Any], expected: int | None) -> None:
    """How many records an error concerns is read under both names."""
    assert run(a_run(activities=[activity(errors=[sent])])).errors == [RunError("A", None, "other", expected)]


def test_free_text_explains_the_deepest_error() -> None:
    """The copy engine's free text is the text of the deepest error if that has none."""
    sent = a_run(activities=[activity(COPY, extensions={"errors": [{"code": "2200"}], "errorDetail": "host is away"})])
    assert run(sent).errors == [RunError("2200", "host is away", "copy")]


def test_free_text_of_an_explained_error() -> None:
    """The free text adds nothing to errors that have texts."""
    sent = a_run(activities=[activity(COPY, errors=errors("A"), extensions={"errorDetail": "host is away"})])
    assert run(sent).errors == [RunError("A", "A happened", "copy")]


def test_free_text_alone() -> None:
    """The free text stands for itself if there is no error."""
    sent = a_run(activities=[activity(COPY, extensions={"errorDetail": "host is away"})])
    assert run(sent).errors == [RunError("unknown", "host is away", "copy")]


def test_text_without_code() -> None:
    """An error with a text and no code is kept under the code ``unknown``; one with neither is none."""
    sent = a_run(activities=[activity(errors=[{"message": "broken"}, {}, {"code": "", "message": ""}])])
    assert run(sent).errors == [RunError("unknown", "broken")]


@pytest.mark.parametrize(
    ("code", "kind", "expected"),
    [
        ("CONNECTOR-1001-500", "other", "copy"),
        ("2200", "other", "copy"),
        ("22001", "other", "other"),
        ("CONNECTOR-2001-500", "other", "processing"),
        ("INGEST-1212-400", "other", "processing"),
        ("MAPPER-3700-400", "identity", "processing"),
        ("133", "other", "processing"),
        ("1330", "other", "other"),
        ("ACTSVC-1", "other", "other"),
        ("anything", "copy", "copy"),
        ("anything", "promotion", "processing"),
        ("CONNECTOR-1001-500", "promotion", "processing"),
        ("anything", "identity", "processing"),
        ("anything", "profile", "processing"),
        ("CONNECTOR-1001", "other", "copy"),
        ("CONNECTOR-2001", "other", "processing"),
        ("CONNECTOR-10010-500", "other", "other"),
    ],
)
def test_stage(code: str, kind: ActivityKind, expected: str) -> None:
    """The stage is that of the activity, else that of a known code."""
    assert stage(code, kind) == expected


def test_bounds() -> None:
    """At most a hundred errors are kept, with texts of at most a thousand characters."""
    found = run(a_run(metrics={"statusSummary": {"errors": errors(*map(str, range(300)))}})).errors
    assert [error.code for error in found] == [str(number) for number in range(100)]
    (long,) = run(a_run(metrics={"statusSummary": {"errors": [{"code": "A", "message": "m" * 2_000}]}})).errors
    assert long.message == "m" * 1_000


@pytest.mark.parametrize("wrong", [5, "text", True, {}])
def test_errors_of_a_wrong_type(wrong: Any) -> None:
    """Errors that are no array count as a fault, and are none."""
    result = normalized(a_run(activities=[activity(errors=wrong)]))
    assert result.ill_typed == 1
    assert result.records == normalized(a_run(activities=[activity()])).records


def test_elements_of_a_wrong_type() -> None:
    """Elements that are no errors count as faults, and the errors among them are kept."""
    sent = a_run(activities=[activity(errors=[5, None, {"code": "A", "message": 7}, {"code": 133}])])
    assert normalized(sent).ill_typed == 3
    assert run(sent).errors == [RunError("A"), RunError("133", None, "processing")]
