"""A row is a function of the runs in its window."""

from random import Random
from typing import Any

import msgspec
import pytest

from processors.watch.fact import Fact, Labels
from processors.watch.facts import fact_of, labels_of, read_run
from processors.watch.panes import CHUNK_FACTS, CHUNK_WEIGHT, MAX_ROW_CODES, Pane
from schemas.window import Window
from tests.processors.watch.records import T0, error, run


def fact(run_id: str, status: str = "success", minute: int = 0, **more: Any) -> tuple[Fact, Labels]:
    """Return what a pane keeps of a run, and what the run says of its flow."""
    seen = read_run(msgspec.json.encode(run(run_id, status, T0 + minute * 60_000, **more)))
    assert not isinstance(seen, tuple)
    return fact_of(seen, T0 + minute * 60_000, arrival=minute), labels_of(seen)


def pane_of(*facts: tuple[Fact, Labels]) -> Pane:
    """Return a pane with these runs."""
    pane = Pane("f1", T0)
    for one in facts:
        pane.add(*one)
    return pane


def row(pane: Pane, name: str | None = None) -> Window:
    """Return the pane's row."""
    return pane.row(("start", "end", "1h"), name, final=False, updated_at="now")


def test_figures_add_up_and_unknown_ones_add_nothing() -> None:
    """Records, bytes and durations; the mean is that of the known durations."""
    known = {"input": 10, "output": 8, "failed": 1, "lost": 1}
    partly = {"input": 5, "output": None, "failed": None, "lost": None}
    pane = pane_of(
        fact("a", records=known, bytes={"input": 100, "output": 50}, duration_ms=1_000),
        fact("b", records=partly, bytes={"input": None, "output": 7}, duration_ms=None),
        fact("c", records=known, bytes={"input": 1, "output": None}, duration_ms=2_000),
    )
    told = msgspec.to_builtins(row(pane))
    assert told["records"] == {"input": 25, "output": 16, "failed": 2, "lost": 2}
    assert told["bytes"] == {"input": 101, "output": 57}
    assert told["duration_ms"] == {"min": 1_000, "max": 2_000, "mean": 1_500.0}


@pytest.mark.parametrize(
    ("statuses", "ratio"),
    [
        (["success", "failed"], 0.5),
        (["partial", "failed", "success", "success"], 0.25),
        (["unknown"], None),
        (["unknown", "failed"], 1.0),
        (["success"], 0.0),
    ],
)
def test_the_failure_ratio_is_of_runs_with_an_outcome(statuses: list[str], ratio: float | None) -> None:
    """Unknown ones count in ``runs`` alone; without an outcome there is no ratio."""
    told = row(pane_of(*(fact(f"r{number}", status) for number, status in enumerate(statuses))))
    assert told.failure_ratio == ratio
    assert told.runs == len(statuses)


def test_errors_say_in_how_many_runs_a_code_occurred() -> None:
    """A code that a run repeats counts once."""
    twice = [error("A"), error("A"), error("B")]
    assert row(pane_of(fact("a", errors=twice), fact("b", errors=[error("A")]))).errors == {"A": 2, "B": 1}


def test_a_row_tells_the_most_frequent_codes_only() -> None:
    """A row has to fit into a record of Kafka."""
    many = [fact(f"r{number}", errors=[error(f"C{number:04}"), error("Z")]) for number in range(MAX_ROW_CODES + 5)]
    told = row(pane_of(*many)).errors
    assert len(told) == MAX_ROW_CODES
    assert told["Z"] == MAX_ROW_CODES + 5
    assert "C0000" in told
    assert f"C{MAX_ROW_CODES:04}" not in told


def test_names_are_those_of_the_newest_run_that_has_them() -> None:
    """Each on its own; what no run says comes from the rules file, if it is the flow's name."""
    pane = pane_of(
        fact("a", minute=1, flow_name="Old", org_id="O1"),
        fact("b", minute=5, flow_name="New"),
        fact("c", minute=3, flow_name="Between", org_id="O2"),
    )
    assert (row(pane).flow_name, row(pane).org_id, row(pane).sandbox_name) == ("New", "O2", None)
    assert row(pane_of(fact("a")), "From the file").flow_name == "From the file"
    assert row(pane, "From the file").flow_name == "New"


def test_names_do_not_depend_on_the_order_of_arrival() -> None:
    """Any order of the same runs gives the same row."""
    facts = [
        {"run_id": "a", "minute": 1, "flow_name": "A"},
        {"run_id": "b", "minute": 2},
        {"run_id": "c", "minute": 3, "flow_name": "C", "org_id": "O"},
        {"run_id": "d", "minute": 4, "sandbox_name": "prod"},
        {"run_id": "e", "minute": 4, "sandbox_name": "dev"},
    ]
    expected = row(pane_of(*(fact(**each) for each in facts)))  # type: ignore[arg-type]
    for seed in range(20):
        shuffled = Random(seed).sample(facts, len(facts))  # noqa: S311
        assert row(pane_of(*(fact(**each) for each in shuffled))) == expected  # type: ignore[arg-type]


def test_removing_undoes_adding() -> None:
    """Extremes, codes and names too; a row that loses its last run has nothing but zeros."""
    first, second = fact("a", "failed", 1, errors=[error("A")], flow_name="N"), fact("b", minute=9, duration_ms=9)
    pane = pane_of(first, second)
    pane.remove(first[0])
    assert row(pane) == row(pane_of(fact("b", minute=9, duration_ms=9)))
    pane.remove(second[0])
    assert row(pane) == row(Pane("f1", T0))
    assert (row(pane).runs, row(pane).first_run_at, row(pane).failure_ratio) == (0, None, None)


def test_replacing_tells_whether_the_row_changes() -> None:
    """The same outcome at the same time is no change; another outcome is one."""
    pane = pane_of(fact("a", minute=1))
    same, other = fact("a", minute=1), fact("a", "failed", 1)
    assert not pane.replace(pane.chunks[0].facts[0], *same)
    assert pane.replace(same[0], *other)


def test_facts_are_cut_into_chunks() -> None:
    """By number, and by weight: no state record grows without bound."""
    pane = pane_of(*(fact(f"r{number}") for number in range(CHUNK_FACTS + 1)))
    assert [len(chunk.facts) for chunk in pane.chunks] == [CHUNK_FACTS, 1]
    heavy = [error("x" * 990 + str(number)) for number in range(100)]
    pane = pane_of(fact("a", errors=heavy), fact("b"))
    assert pane.chunks[0].weight > CHUNK_WEIGHT
    assert [len(chunk.facts) for chunk in pane.chunks] == [1, 1]


def test_a_fact_keeps_its_labels_only_where_they_differ_from_its_chunks() -> None:
    """Most runs of a window say the same of their flow."""
    pane = pane_of(fact("a", flow_name="N"), fact("b", flow_name="N"), fact("c", flow_name="M"))
    assert [kept.labels for kept in pane.facts()] == [None, None, ("M", None, None)]
