"""Test what a child is told on its command line, and the figures that it shares."""

import pytest

from ingest.processes.place import Place
from ingest.processes.shared import SharedFigures


def test_a_place_survives_the_command_line() -> None:
    """It is read as it was written."""
    place = Place(1, 4, 7, 9)
    assert Place.parse(str(place)) == place


@pytest.mark.parametrize("text", ["", "1/2/3", "1/2/3/x", "1/2/3/-4"])
def test_anything_else_is_refused(text: str) -> None:
    """Who calls the hidden option by hand is told."""
    with pytest.raises(ValueError, match="NUMBER/PROCESSES/FIGURES/LEASH"):
        Place.parse(text)


def test_figures_are_summed_and_survive_their_process() -> None:
    """Counters go on where the predecessor stopped; what describes the present is forgotten."""
    parent = SharedFigures.create(2)
    child = SharedFigures(parent.descriptor, 2)
    for place in (0, 1):
        child.of(place).requests.add("accepted")
        child.of(place).in_flight.add(3)
        child.of(place).ack_s.observe(0.25)
    parent.of(0).forget_present()
    child.of(0).requests.add("accepted")
    total = parent.total()
    assert (total.requests["accepted"], int(total.in_flight), total.ack_s.sum) == (3, 3, 0.5)
