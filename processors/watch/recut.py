"""Cut the runs of windows of one size into windows of another."""

from collections import Counter
from collections.abc import Iterable, Mapping

from processors.watch.fact import NO_LABELS
from processors.watch.flows import Flow
from processors.watch.panes import Chunk, Pane


def recut(panes: Iterable[Pane], flows: Mapping[str, Flow], size_ms: int) -> list[Pane]:
    """Put every run into the window of ``size_ms`` that it is in; one that was re-sent since counts once.

    A row's revision must not go back where a window of the old size began at the same moment. So a new one is above all
    those whose runs it takes, and where no run is left in such a window, its row says so.
    """
    revisions: Counter[tuple[str, int]] = Counter()
    made: dict[tuple[str, int], Pane] = {}
    for old in sorted(panes, key=lambda pane: (pane.flow_id, pane.start)):
        flow_id, known = old.flow_id, flows[old.flow_id].facts
        places = {(flow_id, old.start - old.start % size_ms)}
        for chunk in old.chunks:
            for fact in chunk.facts:
                if known.get(fact.run_id) is not fact:
                    continue
                place = (flow_id, fact.occurred_at - fact.occurred_at % size_ms)
                places.add(place)
                labels, fact.labels = fact.labels or chunk.labels, None
                pane = made.get(place) or made.setdefault(place, Pane(*place))
                pane.add(fact, labels)
        revisions.update(dict.fromkeys(places, old.revision))
        if old.start % size_ms == 0 and (flow_id, old.start) not in made:
            made[flow_id, old.start] = _empty(flow_id, old.start)
    for place, pane in made.items():
        pane.revision = revisions[place] + 1
    return list(made.values())


def _empty(flow_id: str, start: int) -> Pane:
    pane = Pane(flow_id, start)
    chunk = Chunk(NO_LABELS)
    chunk.is_dirty = True
    pane.chunks.append(chunk)
    return pane
