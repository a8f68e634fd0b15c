"""A documented notification is decoded in one go, with the same result as the search for runs has."""

import random
from collections.abc import Iterator
from typing import Any, Final

import orjson
import pytest
from hypothesis import given

from processors.normalize import documented
from processors.normalize.notification import normalize, search
from processors.normalize.result import Normalized
from tests.processors.normalize.mutations import mutated
from tests.processors.normalize.samples import FILES, HEADERS, document
from tests.processors.normalize.test_corpus import spoilt

SEED: Final = 20_261_125
ODD: Final = b'{}[]",:0123456789.eE+-\\/utfn \x01\xff\t\xc3'
OTHER_HEADERS: Final = [("x-adobe-event-id", b"sent"), ("x-adobe-event-code", b"a_code"), ("flowrun_source", b"replay")]
CLOUD_EVENT: Final = {
    "specversion": "1.0",
    "type": "sources_flow_run_failure",
    "source": "urn:aep_observability_catalog_events",
    "id": "own",
    "time": "2025-06-25T13:03:41Z",
    "datacontenttype": "application/json",
    "eventid": "delivered",
    "event_id": "delivered before",
    "recipientclientid": "client",
    "recipient_client_id": "client",
}


def runs() -> Iterator[dict[str, Any]]:
    """Yield the run of each documented payload that holds one run."""
    for file in FILES:
        sent = document(file.split("-")[0])
        if isinstance(sent, dict):
            run = sent.get("event") or sent.get("data") or sent
            if "metrics" in run:
                yield run


def wrapped(run: Any) -> list[Any]:
    """Return a run in the wrappers that are documented, and in mixtures of them."""
    return [
        {"event_id": "e", "event": run},
        {"event_id": "e", "event": run, "recipient_client_id": "client"},
        {**CLOUD_EVENT, "data": run},
        {"specversion": "1.0", "id": "own", "data": run},
        {**CLOUD_EVENT, "event": run},
        {"id": "not an event's", "type": "nor a code", "data": run},
        {"event": run, "data": run, "eventid": "delivered"},
        {"event": None, "data": run},
        {"event": run},
    ]


def quick(value: bytes) -> list[Normalized]:
    """Normalise as the agent does, with two sets of headers."""
    return [normalize(value, headers, 1, 2, 3) for headers in (HEADERS, OTHER_HEADERS)]


def searched(value: bytes) -> list[Normalized]:
    """Normalise by the search for runs alone."""
    return [search(value, headers, 1, 2, 3) for headers in (HEADERS, OTHER_HEADERS)]


def is_taken(value: bytes) -> bool:
    """Tell whether a notification is decoded in one go."""
    return documented.read(value) is not None


def test_every_documented_run_is_decoded_in_one_go_whatever_its_wrapper() -> None:
    """Nobody would notice otherwise: the search gives the same."""
    sent = [orjson.dumps(one) for run in runs() for one in wrapped(run)]
    assert len(sent) == 9 * 12
    assert [quick(value) for value in sent] == [searched(value) for value in sent]
    assert {value for value in sent if not is_taken(value)} == {
        orjson.dumps(one) for one in wrapped(document("90")["data"])
    }, "only the one with a time as text"


@pytest.mark.parametrize("run", list(runs()), ids=lambda run: str(run["id"]))
def test_every_documented_run_with_every_value_spoilt_gives_the_same_as_the_search(run: dict[str, Any]) -> None:
    """A corpus that nothing chooses from."""
    taken = set()
    for sent in (orjson.dumps(one) for wrapper in wrapped(run)[:3] for one in spoilt(wrapper)):
        assert quick(sent) == searched(sent)
        taken.add(is_taken(sent))
    assert taken == {True, False}


def test_every_documented_run_with_bytes_spoilt_gives_the_same_as_the_search() -> None:
    """What orjson refuses is refused, wherever in the notification it stands."""
    chance = random.Random(SEED)  # noqa: S311  (must repeat, not surprise)
    taken = 0
    for run in runs():
        for sent in wrapped(run)[:3]:
            value = orjson.dumps(sent)
            for _ in range(150):
                changed = _spoil(value, chance)
                assert quick(changed) == searched(changed)
                taken += is_taken(changed)
    assert taken > 100


def _spoil(value: bytes, chance: random.Random) -> bytes:
    spoiling = bytearray(value)
    for _ in range(chance.choice((1, 1, 2, 3))):
        at = chance.randrange(len(spoiling))
        match chance.choice(("put", "put", "cut", "add")):
            case "put":
                spoiling[at] = chance.choice(ODD)
            case "cut":
                del spoiling[at]
            case "add":
                spoiling.insert(at, chance.choice(ODD))
    return bytes(spoiling)


@pytest.mark.parametrize(
    "odd",
    [
        b"1e999", b"-1e999", b"1e-999", b"1" * 400, b"-" + b"1" * 400, b"18446744073709551616", b"9223372036854775808",
        b"1.5", b"1.0", b"-0", b"0e0", b"NaN", b"Infinity", b"tru", b'"\xff"', b'"\xed\xa0\x80"', b'"\\ud800"',
        b'"\\ud83d\\ude00"', b'"\x01"', b'"\x7f"', b'"\\u0000"', b"{}", b"[]", b"null", b"[[[[[[1e999]]]]]]",
        b'{"a":{"b":{"c":{"d":1e999}}}}', b'{"a":{"b":{"c":1e999}}}', b'{"\xff":1}', b'{"a":[1,{"b":"\xff"}]}', b"[1,",
        b"[" * 2_000, b"01", b"1.", b".5", b"",
    ],
    ids=lambda odd: str(odd[:12]),
)  # fmt: skip
@pytest.mark.parametrize("field", ["createdAt", "createdBy", "flowSpec", "unheard_of", "providerRefId", "updatedAt"])
def test_what_orjson_makes_of_a_value_counts_also_where_nobody_reads_it(field: str, odd: bytes) -> None:
    """A number beyond all bounds, or a text that is no UTF-8, makes the whole notification no JSON."""
    run = b'{"id":"r","flowId":"f","metrics":{"statusSummary":{"status":"failed"}},"' + field.encode() + b'":' + odd
    for value in (b'{"event_id":"e","event":' + run + b"}}", b'{"specversion":"1.0","data":' + run + b'},"id":"own"}'):
        assert quick(value) == searched(value)


@pytest.mark.parametrize(
    "twice",
    [
        b'"id":"r2"', b'"id":5', b'"id":null', b'"metrics":{}', b'"metrics":null', b'"metrics":[]', b'"imsOrgId":"o"',
        b'"imsOrgId":null', b'"imsOrgId":7', b'"status":"FIRING","name":"n"', b'"specversion":"1.0"', b'"event_id":"x"',
        b'"activities":[{"id":"a"}],"activities":[]', b'"flow_id":"f2"', b'"\\u0069d":"r3"',
        b'"updatedAt":1e400,"updatedAt":1',
    ],
    ids=str,
)  # fmt: skip
def test_of_a_repeated_field_the_last_counts_both_ways(twice: bytes) -> None:
    """Both readers take the last of several fields of one name, and look at all of them."""
    run = b'{"imsOrgId":"first","id":"r","flowId":"f","metrics":{"statusSummary":{"status":"failed"}},' + twice + b"}"
    for value in (
        b'{"event_id":"e","event":' + run + b"}",
        b'{"event_id":"e","event":5,"event":' + run + b"}",
        b'{"event":' + run + b',"event":null}',
        b'{"specversion":null,"data":' + run + b',"id":"own"}',
    ):
        assert quick(value) == searched(value)


@given(mutated())
def test_whatever_is_sent_both_ways_agree(sent: Any) -> None:
    """A payload with up to four values replaced, removed, repeated or moved, in a wrapper and without."""
    for value in (orjson.dumps(sent), orjson.dumps({"event_id": "e", "event": sent})):
        assert quick(value) == searched(value)
