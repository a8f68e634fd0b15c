"""Records that find no room in the send queue are written once there is some, in order and with all they carry."""

from typing import Any

import pytest

from processors.engine import transactions
from processors.engine.errors import TransactionLost
from processors.engine.step import Output
from processors.engine.transactions import Transactions


class FullProducer:
    """A producer whose queue is full so many times before each record, and for ever if that is -1."""

    def __init__(self, refusals: int) -> None:
        self.sent: list[Any] = []
        self.polls = 0
        self._refusals = self._left = refusals

    def begin_transaction(self) -> None: ...
    def commit_transaction(self, timeout: float) -> None: ...

    def produce(self, topic: str, value: bytes, key: bytes, partition: int, headers: Any = None) -> None:
        if self._left:
            self._left -= 1
            raise BufferError
        self._left = self._refusals
        self.sent.append((topic, value, key, partition, headers))

    def poll(self, timeout: float) -> None:
        self.polls += 1


def writing(producer: Any) -> Transactions:
    """Make transactions on this producer."""
    made = Transactions({}, "id")
    made._producer = producer
    return made


@pytest.mark.parametrize("refusals", [0, 1, 3])
def test_a_full_queue_is_waited_for(refusals: int) -> None:
    """Nothing is left out or changes its place."""
    producer = FullProducer(refusals)
    outputs = [Output("a", b"k", b"1"), Output("b", b"k", b"2", [("h", b"v")], 3), Output("a", None, None, (), 0)]
    writing(producer).write(outputs)
    got = [(topic, value, key, partition, headers or None) for topic, value, key, partition, headers in producer.sent]
    assert got == [("a", b"1", b"k", -1, None), ("b", b"2", b"k", 3, [("h", b"v")]), ("a", None, None, 0, None)]
    assert producer.polls == 3 * refusals


def test_a_queue_that_stays_full_loses_the_transaction(monkeypatch: pytest.MonkeyPatch) -> None:
    """The engine restores and tries again; nothing hangs for ever."""
    monkeypatch.setattr(transactions, "BUDGET_S", 0.0)
    with pytest.raises(TransactionLost, match="id: the send queue stayed full"):
        writing(FullProducer(-1)).write([Output("a", b"k", b"1")])
