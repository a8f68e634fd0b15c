"""File overviews and batches are found in all their places."""

from typing import Any

import pytest

from tests.processors.normalize.samples import a_run, normalized, run


def of_run(**summary: Any) -> dict[str, Any]:
    """Make a run with this ``fileSummary``."""
    return a_run(metrics={"fileSummary": summary})


@pytest.mark.parametrize(
    ("info", "expected"),
    [
        ("https://a", ["https://a"]),
        ([{"path": "https://a", "pathPrefix": "/x"}, {"path": "https://b"}], ["https://a", "https://b"]),
        (["https://a", "https://b", "https://a"], ["https://a", "https://b"]),
        (["https://a", {"path": "https://b"}, {}], ["https://a", "https://b"]),
        ("", []),
        ([], []),
        (None, []),
    ],
)
@pytest.mark.parametrize("nested", [True, False])
def test_file_info(info: Any, expected: list[str], nested: bool) -> None:
    """Overviews are texts or arrays, under ``manifest`` or ``extensions.manifest``."""
    manifest = {"manifest": {"fileInfo": info}}
    assert run(of_run(**({"extensions": manifest} if nested else manifest))).file_info == expected


def test_file_info_of_run_and_activities() -> None:
    """The run's overviews come before those of its activities, each once."""
    sent = of_run(manifest={"fileInfo": "https://run"})
    sent["activities"] = [
        {"fileSummary": {"extensions": {"manifest": {"fileInfo": "https://a"}}}},
        {"fileSummary": {"manifest": {"fileInfo": ["https://run", "https://b"]}}},
    ]
    assert run(sent).file_info == ["https://run", "https://a", "https://b"]


@pytest.mark.parametrize(("wrong", "faults"), [(5, 1), ({"path": "x"}, 1), ([5, None, {"path": 7}], 3)])
def test_file_info_of_a_wrong_type(wrong: Any, faults: int) -> None:
    """Overviews of a wrong type are none, and counted."""
    assert run(of_run(manifest={"fileInfo": wrong})).file_info == []
    assert normalized(of_run(manifest={"fileInfo": wrong})).ill_typed == faults


def test_batch_ids() -> None:
    """Batches are named by targets and by the status of an activity, in this order, each once."""
    sent = a_run(
        activities=[
            {
                "targetInfo": [
                    {"reference": {"type": "Batch", "ids": ["b1", "b2"]}},
                    {"reference": {"type": "AdfRunId", "ids": ["no batch"]}},
                    {"reference": {"type": "batch"}},
                    {"reference": {"ids": ["untyped"]}},
                    {"reference": {"type": "BATCH", "ids": ["b1", "b3"]}},
                ],
                "statusSummary": {"extensions": {"batchId": "b4"}},
            },
            {"statusSummary": {"extensions": {"batchId": "b2"}}},
        ],
        metrics={"statusSummary": {"status": "success", "extensions": {"batchId": "b5"}}},
    )
    assert run(sent).batch_ids == ["b1", "b2", "b3", "b4", "b5"]


def test_bounds() -> None:
    """At most a hundred overviews and two hundred batches are kept."""
    sent = of_run(manifest={"fileInfo": [f"https://{number}" for number in range(300)]})
    sent["activities"] = [
        {"targetInfo": [{"reference": {"type": "batch", "ids": [f"b{number}" for number in range(300)]}}]}
    ]
    assert len(run(sent).file_info) == 100
    assert len(run(sent).batch_ids) == 200
