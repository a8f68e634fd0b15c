"""Say for how long a state was kept, so that a start with other rules knows how far back it reaches."""

from collections.abc import Iterator
from typing import Final

import msgspec

from processors.watch.durations import written
from processors.watch.rule_book import RuleBook
from processors.watch.rules.rule import Rule
from schemas import times

UNCHANGED: Final = 0
"""``complete_from`` of a state that was never kept for less than is asked of it."""


class Kept(msgspec.Struct, array_like=True, frozen=True):
    """What of a rules file decides how much the state holds. It is written with the state. Milliseconds."""

    size_ms: int
    final_after_ms: int
    keep_ms: int
    """How long past its end a window was kept."""
    tail: int
    """How many of a flow's newest runs were kept beyond that."""
    remembers_codes: bool
    tracks_started: bool
    complete_from: int = UNCHANGED
    """Windows that begin earlier may lack runs: they were let go before a later start asked for them."""

    def reaches_back_to(self, watermark: int) -> int:
        """Return the start of the first window of which every run is held."""
        earliest = watermark - self.size_ms - self.keep_ms
        return max(self.complete_from, -(-earliest // self.size_ms) * self.size_ms)


def kept_by(book: RuleBook, before: Kept | None, watermark: int) -> Kept:
    """Return for how long a state is kept from now on that was kept as ``before`` says (``None``: there is none)."""
    window = book.window
    now = Kept(window.size_ms, window.final_after_ms, book.keep_ms, book.tail, book.memory_ms > 0, book.tracks_started)
    if before is None:
        return now
    is_same = (now.size_ms, now.keep_ms) == (before.size_ms, before.keep_ms)
    since = before.complete_from if is_same else max(0, before.reaches_back_to(watermark))
    return msgspec.structs.replace(now, complete_from=since)


def lacks(book: RuleBook, before: Kept, now: Kept, watermark: int) -> Iterator[str]:
    """Say what the rules of this start ask for that the state does not hold, each in a line, and until when."""
    since = before.reaches_back_to(watermark)
    yield from _of_windows(book, before, now, watermark, since)
    for rule in book.rules:
        yield from _of_rule(rule, before, watermark, since)
    if now.remembers_codes and not before.remembers_codes:
        yield f"error codes are remembered from now on; those of the runs since {_text(since)} are known"
    if now.tracks_started and not before.tracks_started:
        yield "started runs are tracked from now on; of those that were started before, none is seen as overdue"


def _of_windows(book: RuleBook, before: Kept, now: Kept, watermark: int, since: int) -> Iterator[str]:
    window = book.window
    if now.size_ms != before.size_ms:
        yield (
            f"windows of {window.size} instead of {written(before.size_ms)} are made of the runs since {_text(since)}; "
            "rows of earlier windows stay as they are"
        )
    elif now.keep_ms > before.keep_ms and watermark - window.size_ms - window.grace_ms < since:
        yield f"windows before {_text(since)} are not held any more: a late run does not correct their rows"


def _of_rule(rule: Rule, before: Kept, watermark: int, since: int) -> Iterator[str]:
    name = rule.head.name
    if rule.reach_ms > before.keep_ms and watermark - rule.reach_ms < since:
        yield (
            f"rule {name} looks back {written(rule.reach_ms)} and runs are known since {_text(since)}: "
            f"it may miss failures until {_text(since + rule.reach_ms)}"
        )
    if rule.needs_runs > before.tail:
        yield (
            f"rule {name} looks at the newest {rule.needs_runs} runs of a flow; "
            f"of the runs before {_text(since)} only {before.tail} are known"
        )


def _text(moment: int) -> str:
    return times.to_text(min(max(0, moment), times.LATEST_MS))
