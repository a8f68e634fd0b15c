"""The transport refuses library versions that it was not read against, and commits what the state holds."""

from collections import defaultdict
from importlib.metadata import version
from types import SimpleNamespace

import pytest
from faust.transport import drivers
from faust.types import TP

from processors.engine import transport

PLACE = TP("in", 0)


def consumer(acknowledged: list[int], stored: int | None) -> transport.Consumer:
    """Make a consumer to which Faust acknowledged these offsets, beside an engine that has stored up to another."""
    made = transport.Consumer.__new__(transport.Consumer)
    made._acked = defaultdict(list, {PLACE: list(acknowledged)})
    made._acked_index = defaultdict(set, {PLACE: set(acknowledged)})
    made.app = SimpleNamespace(resume_offsets=SimpleNamespace(stored_offset=lambda topic, partition: stored))
    return made


def test_the_installed_versions_are_accepted_and_the_scheme_is_registered() -> None:
    """Faust finds the transport by its URL scheme."""
    transport.register()
    assert drivers.by_url(f"{transport.SCHEME}://127.0.0.1:9092") is transport.Transport


def test_another_version_is_refused_with_what_is_needed(monkeypatch: pytest.MonkeyPatch) -> None:
    """The message names what is installed and what flowrun needs."""
    monkeypatch.setattr(transport, "READ_AGAINST", {"aiokafka": "9.9."})
    with pytest.raises(transport.UnsupportedVersion) as refused:
        transport.check_versions()
    assert str(refused.value) == f"aiokafka {version('aiokafka')} is installed; flowrun needs 9.9.x"


@pytest.mark.parametrize(
    ("acknowledged", "stored", "offset"),
    [([], 5, None), ([4], 5, 5), ([4, 9], 5, 5), ([9], None, None)],
)
def test_the_group_s_offset_is_the_state_s(acknowledged: list[int], stored: int | None, offset: int | None) -> None:
    """What Faust acknowledges may not be processed; without an acknowledgement there is nothing new to commit."""
    made = consumer(acknowledged, stored)
    assert (made._new_offset(PLACE), made._new_offset(PLACE)) == (offset, None)


@pytest.mark.parametrize(
    ("own", "group", "is_told"),
    [(None, None, False), (None, 0, False), (None, 7, True), (7, 7, False), (8, 7, False), (6, 7, True)],
)
def test_a_state_that_knows_less_than_was_committed_is_told(
    caplog: pytest.LogCaptureFixture, own: int | None, group: int | None, is_told: bool
) -> None:
    """Somebody has emptied the state topic: an operator has to know."""
    transport.tell_gap(PLACE, own, group)
    assert ["lost records" in record.message for record in caplog.records] == [True] * is_told
