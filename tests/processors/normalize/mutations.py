"""Hypothesis strategies that spoil documented payloads the way a hostile sender would."""

import copy
from typing import Any

from hypothesis import strategies as st

from tests.processors.normalize.samples import FILES, document

TEXTS = st.text('aB1 -"\\\x00\u00e9\u2028😀', max_size=20)
SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**63), 2**64 - 1),
    st.floats(allow_nan=False, allow_infinity=False),
    TEXTS,
    st.sampled_from(
        [
            "",
            "-1",
            "100",
            "1597213530760",
            "2023-09-01T04:27:44.922Z",
            "\x00",
            "FIRING",
            "INACTIVE",
            "Failed",
            "x" * 3_000,
        ]
    ),
    st.sampled_from([0, -1, 1_590_512_053, 1_597_213_530_760, 10**15, 2**63, 1e300, 1e11]),
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=5,
)
WORDS = st.sampled_from(
    [
        "id",
        "flowId",
        "metrics",
        "status",
        "name",
        "event",
        "event_id",
        "eventid",
        "data",
        "detail",
        "messages",
        "items",
        "events",
        "value",
        "specversion",
        "type",
        "activities",
        "activites",
        "errors",
        "extensions",
        "code",
        "message",
        "statusSummary",
        "recordSummary",
        "durationSummary",
        "updatedAt",
        "createdAt",
        "etag",
        "header",
        "_adobeio",
    ]
)


def places(value: Any) -> list[tuple[Any, Any]]:
    """Return every (container, key or index) in a document."""
    if isinstance(value, dict):
        items: Any = value.items()
    elif isinstance(value, list):
        items = enumerate(value)
    else:
        return []
    return [place for key, inner in items for place in ((value, key), *places(inner))]


@st.composite
def mutated(draw: st.DrawFn) -> Any:
    """Draw a documented payload with up to four values replaced, removed, repeated or moved."""
    sent = copy.deepcopy(document(draw(st.sampled_from(FILES)).split("-")[0]))
    for _ in range(draw(st.integers(0, 4))):
        found = places(sent)
        if not found:
            break
        container, key = draw(st.sampled_from(found))
        match draw(st.sampled_from(["replace", "remove", "repeat", "wrap", "add"])):
            case "replace":
                container[key] = draw(VALUES)
            case "remove":
                del container[key]
            case "repeat":
                container[key] = [container[key], copy.deepcopy(container[key])]
            case "wrap":
                container[key] = {draw(WORDS): container[key]}
            case "add" if isinstance(container, dict):
                container[draw(WORDS)] = draw(st.one_of(VALUES, st.just(copy.deepcopy(container[key]))))
    return sent
