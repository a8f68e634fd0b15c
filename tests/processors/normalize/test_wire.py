"""Objects are read in one call or field by field, with one outcome."""

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from processors.normalize.fields import Faults
from processors.normalize.wire import WireRun, WireState, mend, read
from tests.processors.normalize.mutations import mutated
from tests.processors.normalize.samples import a_run, document


def objects_in(value: Any) -> list[dict[str, Any]]:
    """Return every object in a document."""
    if isinstance(value, list):
        return [found for element in value for found in objects_in(element)]
    if not isinstance(value, dict):
        return []
    return [value, *(found for element in value.values() for found in objects_in(element))]


@given(mutated())
def test_both_ways_agree(sent: Any) -> None:
    """Whatever converts in one call reads the same field by field, without faults."""
    for node in objects_in(sent):
        for type_ in (WireRun, WireState):
            try:
                expected: msgspec.Struct = msgspec.convert(node, type_)
            except msgspec.ValidationError:
                continue
            faults = Faults()
            assert mend(node, type_, faults) == expected
            assert faults.ill_typed == 0


@given(mutated())
def test_mended_fields_convert(sent: Any) -> None:
    """What is read field by field holds the declared types and limits."""
    for node in objects_in(sent):
        for type_ in (WireRun, WireState):
            mended = read(node, type_, Faults())
            assert msgspec.convert(msgspec.to_builtins(mended), type_) == mended


@given(st.sampled_from(["01", "12", "33"]), st.sampled_from([None, True, 1.5, "x", [], {}, [None], [5], [[]], {"": 1}]))
def test_one_wrong_field_spoils_no_other(number: str, wrong: Any) -> None:
    """A wrong field leaves all the others as they were."""
    sent = document(number)
    node = sent.get("event") or (sent["items"][0] if "items" in sent else sent)
    expected = read(node, WireRun, Faults())
    for name, key in zip(WireRun.__struct_fields__, WireRun.__struct_encode_fields__, strict=True):
        found = read({**node, key: wrong}, WireRun, Faults())
        others = [other for other in WireRun.__struct_fields__ if other != name]
        assert [getattr(found, other) for other in others] == [getattr(expected, other) for other in others]


@pytest.mark.parametrize(("wrong", "faults"), [(None, 0), (5, 1), ("x", 1), ([], 1)])
def test_faults_are_counted_once(wrong: Any, faults: int) -> None:
    """A section of a wrong type is one fault."""
    counted = Faults()
    assert read(a_run(header=wrong), WireRun, counted).header == WireRun().header
    assert counted.ill_typed == faults
