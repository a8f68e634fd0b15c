"""Every documented payload with every value in it spoilt, one after the other: a corpus that nothing chooses from."""

import copy
from collections.abc import Iterator
from typing import Any, Final

import orjson
import pytest

from tests.processors.normalize.mutations import places
from tests.processors.normalize.samples import FILES, PAYLOADS, normalized
from tests.processors.normalize.test_hostile import check

REMOVED: Final = object()
SPOILT: Final[list[Any]] = [
    REMOVED,
    None,
    True,
    0,
    -1,
    10**15,
    2**63,
    1.5,
    1e300,
    "",
    "-1",
    "\x00\u2028😀",
    "FIRING",
    "x" * 3_000,
    [],
    {},
    [None, 5, "x", {}],
    {"id": "r", "flowId": "f", "status": "INACTIVE", "name": "n", "metrics": {"statusSummary": "failed"}},
]


def spoilt(document: Any) -> Iterator[Any]:
    """Yield the document with each value in turn replaced by each of these, or removed."""
    for number, _ in enumerate(places(document)):
        for value in SPOILT:
            changed = copy.deepcopy(document)
            container, key = places(changed)[number]
            if value is REMOVED:
                del container[key]
            else:
                container[key] = value
            yield changed


@pytest.mark.parametrize("file", FILES)
def test_each_value_spoilt(file: str) -> None:
    """Valid records or a dead letter, whatever becomes of which value."""
    document = orjson.loads((PAYLOADS / file).read_bytes())
    found = 0
    for sent in spoilt(document):
        result = normalized(orjson.dumps(sent))
        check(result)
        found += 1
    assert found == len(SPOILT) * len(places(document))


@pytest.mark.parametrize("file", FILES)
@pytest.mark.parametrize("wrapper", ["event", "data", "detail", "messages", "items", "events", "value", "body"])
def test_each_payload_in_each_wrapper(file: str, wrapper: str) -> None:
    """A wrapper more changes what is known of an event, never what is found in it."""
    document = orjson.loads((PAYLOADS / file).read_bytes())
    plain, wrapped = normalized(document), normalized({wrapper: [document]})
    check(wrapped)
    assert [one.key for one in wrapped.records] == [one.key for one in plain.records]
    assert (wrapped.rejected and wrapped.rejected.reason) == (plain.rejected and plain.rejected.reason)
