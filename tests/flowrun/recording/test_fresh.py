"""Test that a recording gets new identities which belong together as the old ones did."""

from pathlib import Path

import orjson
import pytest

from flowrun.data import RECORDING
from flowrun.recording.entry import Entry
from flowrun.recording.facts import subjects
from flowrun.recording.fresh import freshen
from flowrun.recording.reader import read_entries

PAYLOADS = sorted((Path(__file__).parents[2] / "payloads").glob("*.json"))
RUN_ID = "933cf9f4-cf01-4d75-bcf9-f4cf010d750a"


def entry(payload: object, *headers: tuple[str, bytes]) -> Entry:
    """Make an entry of a payload."""
    return Entry(orjson.dumps(payload), headers=headers)


@pytest.mark.parametrize(
    ("payload", "path"),
    [
        ({"event_id": "e-1"}, ("event_id",)),
        ({"eventid": "e-1"}, ("eventid",)),
        ({"event": {"flowId": "f", "id": "e-1"}}, ("event", "id")),
        ({"specversion": "1.0", "id": "e-1"}, ("id",)),
        ({"data": {"flowRunId": "e-1"}}, ("data", "flowRunId")),
    ],
)
def test_ids_of_events_and_runs_are_new(payload: object, path: tuple[str, ...]) -> None:
    """Each becomes a UUID that only the round and the old id decide on."""
    value = orjson.loads(freshen(entry(payload), "1").body)
    for name in path:
        value = value[name]
    assert value == str(orjson.loads(freshen(entry({"event_id": "e-1"}), "1").body)["event_id"])
    assert value != "e-1"


@pytest.mark.parametrize("payload", [{"id": "e-1"}, {"flowId": "f-1"}, {"event_id": 1}, {"event_id": ""}, [1]])
def test_everything_else_stays(payload: object) -> None:
    """The flow is the same one, and an id that is no run's or event's is not touched."""
    assert freshen(entry(payload), "1") == entry(payload)


def test_what_belongs_together_stays_together() -> None:
    """The run id of a start and of its end is the same new one, and in the links to the run as well."""
    start = freshen(entry({"flowId": "f", "id": RUN_ID, "event_id": "a"}), "1").body
    end = freshen(entry({"flowId": "f", "id": RUN_ID, "url": f"https://x/runs/{RUN_ID}?a"}), "1").body
    new = orjson.loads(start)["id"]
    assert orjson.loads(end) == {"flowId": "f", "id": new, "url": f"https://x/runs/{new}?a"}


def test_a_short_id_is_not_looked_for_inside_texts() -> None:
    """What merely holds the same letters stays."""
    fresh = orjson.loads(freshen(entry({"event_id": "a", "name": "banana", "quoted": "a"}), "1").body)
    assert (fresh["name"], fresh["quoted"]) == ("banana", fresh["event_id"])


def test_rounds_differ() -> None:
    """Another round has other ids, the same round the same."""
    one, again, two = (freshen(entry({"event_id": "a"}), name).body for name in ("1", "1", "2"))
    assert (one == again, one == two) == (True, False)


def test_the_event_id_in_the_headers_follows() -> None:
    """It becomes the id that the body has."""
    fresh = freshen(entry({"event_id": "a"}, ("X-Adobe-Event-Id", b"a"), ("x-adobe-provider", b"p")), "1")
    assert fresh.header("x-adobe-event-id") == orjson.loads(fresh.body)["event_id"].encode()
    assert fresh.header("x-adobe-provider") == b"p"


@pytest.mark.parametrize("path", PAYLOADS, ids=lambda path: path.stem)
def test_documented_payloads_stay_what_they_are(path: Path) -> None:
    """Flows and outcomes of every documented payload are the same in a new round."""
    body = path.read_bytes()
    assert subjects(freshen(Entry(body), "1").body) == subjects(body)


def test_a_body_that_is_no_json_keeps_its_ids() -> None:
    """It is sent byte for byte."""
    broken = Entry(b'{"event_id":"a"')
    assert freshen(broken, "1") == broken


def test_the_bundled_day_is_news_in_each_round() -> None:
    """No delivery of JSON with an id is the same as in the round before."""
    entries = list(read_entries([RECORDING]))
    kept = [each for each in entries if freshen(each, "1") == each]
    assert [each.body for each in kept] == []
