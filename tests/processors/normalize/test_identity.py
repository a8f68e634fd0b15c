"""Two notifications are the same by event id, else by what they say."""

from typing import Any

import pytest

from processors.normalize import identity
from tests.processors.normalize.samples import a_run, normalized, run

EVENT = {"event_id": "first", "eventid": "second", "specversion": "1.0", "id": "third"}
HEADER = ("x-adobe-event-id", b"fourth")


@pytest.mark.parametrize(
    ("missing", "expected"),
    [
        ([], "first"),
        (["event_id"], "second"),
        (["event_id", "eventid"], "third"),
        (["event_id", "eventid", "id"], "fourth"),
    ],
)
def test_preference(missing: list[str], expected: str) -> None:
    """Event ids are preferred in the order of the contract."""
    event: dict[str, Any] = {key: value for key, value in EVENT.items() if key not in missing}
    assert run({**event, "data": a_run()}, HEADER).event_id == expected


@pytest.mark.parametrize("wrong", [5, "", None, [], "e" * 201])
def test_event_id_of_a_wrong_type(wrong: Any) -> None:
    """An event id that is none gives way to the next."""
    assert run({"event_id": wrong, "event": a_run()}, HEADER).event_id == "fourth"


def test_preference_holds_across_wrappers() -> None:
    """The better kind of event id wins wherever it stands; of the same kind the innermost."""
    inner = {"specversion": "1.0", "id": "producer", "data": a_run()}
    assert run({"event_id": "outer", "event": inner}).event_id == "outer"
    assert run({"event_id": "outer", "event": {"event_id": "inner", "event": a_run()}}).event_id == "inner"
    assert run({"event_id": "outer", "event": a_run(event_id="own")}).event_id == "own"


def test_header_of_a_batch() -> None:
    """The header's event id belongs to no element of a batch, split or not."""
    assert run(a_run(), HEADER, ("flowrun_batch", b"1/2")).event_id.startswith("derived:")
    assert run([a_run()], HEADER).event_id.startswith("derived:")


def test_event_bridge_id() -> None:
    """EventBridge's own id is not the notification's."""
    assert run({"id": "bridge", "detail-type": "x", "detail": a_run()}).event_id.startswith("derived:")


def test_derived_id() -> None:
    """A derived id has 32 hex digits and is the same at every replay."""
    derived = run(a_run(etag='"1"')).event_id
    assert derived == "derived:" + identity.of_run("r", "success", "1").hex()
    assert len(derived) == len("derived:") + 32


SAME = [
    (a_run(etag='"1"'), a_run(etag="1", updatedAt=1_600_000_000_000, flowName="other")),
    (a_run(updatedAt=1_600_000_000), a_run(updatedAt="1600000000000")),
    (a_run(), a_run(metrics={"statusSummary": {"status": "SUCCESS"}})),
]
DIFFERENT = [
    (a_run(etag="1"), a_run(etag="2")),
    (a_run(updatedAt=1_600_000_000), a_run(updatedAt=1_600_000_001)),
    (a_run(), a_run(metrics={"statusSummary": {"status": "failed"}})),
    (a_run(), a_run(id="r2")),
    (a_run(metrics={"statusSummary": {"status": "a"}}), a_run(metrics={"statusSummary": {"status": "b"}})),
    (a_run(id="a", etag="b\x00c"), a_run(id="a\x00b", etag="c")),
]


@pytest.mark.parametrize(("one", "other"), SAME)
def test_same(one: Any, other: Any) -> None:
    """Run, status and version make a notification without event id the same."""
    assert run(one).event_id == run(other).event_id


@pytest.mark.parametrize(("one", "other"), DIFFERENT)
def test_different(one: Any, other: Any) -> None:
    """Another run, status or version makes another notification."""
    assert run(one).event_id != run(other).event_id


def test_event_id_of_several_runs() -> None:
    """An event id counts together with each run's id; the record holds it as it is."""
    result = normalized({"event_id": "e", "event": {"items": [a_run(id="r1"), a_run(id="r2")]}})
    assert [one.known_by for one in result.records] == [
        (identity.of_event("e", "r1"),),
        (identity.of_event("e", "r2"),),
    ]
    assert [getattr(one.record, "event_id", None) for one in result.records] == ["e", "e"]


def test_event_id_of_runs_that_come_apart() -> None:
    """Runs of one event are known by the same, whether they come in one raw record or in several."""
    together = normalized([{"event_id": "e", "event": a_run(id=id_)} for id_ in ("r1", "r2")]).records
    apart = [normalized({"event_id": "e", "event": a_run(id=id_)}).records[0] for id_ in ("r1", "r2")]
    assert [one.known_by for one in apart] == [one.known_by for one in together]


def test_own_event_ids_of_several_runs() -> None:
    """Runs of one journal page are known by their own event ids."""
    page = {
        "events": [{"event": {"event_id": "e1", "event": a_run()}}, {"event": {"event_id": "e2", "event": a_run()}}]
    }
    assert [one.known_by for one in normalized(page).records] == [
        (identity.of_event("e1", "r"),),
        (identity.of_event("e2", "r"),),
    ]


def test_event_id_that_looks_derived() -> None:
    """A sender that writes an event id like a derived one does not hit another's."""
    derived = run(a_run()).event_id
    (forged,) = normalized({"event_id": derived, "event": a_run(id="r2")}).records
    (real,) = normalized(a_run()).records
    assert set(forged.known_by).isdisjoint(real.known_by)
