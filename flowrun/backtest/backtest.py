"""Try a rule book on what was recorded, against the present one."""

from dataclasses import dataclass

from flowrun.backtest import crew, orgs
from flowrun.backtest.books import split
from flowrun.backtest.compare import Compared, compare
from flowrun.backtest.judge import Outcome
from flowrun.backtest.sources import Source
from processors.watch.rule_book import RuleBook


@dataclass(frozen=True, slots=True)
class Result:
    """Hold what a backtest found."""

    outcome: Outcome
    dropped: dict[str, int]
    """What was dropped before it was a run: ``duplicates`` and ``refused`` notifications."""
    compared: list[Compared]


def backtest(
    source: Source, candidate: RuleBook, present: RuleBook, until_ms: int | None, processes: int = 1
) -> Result:
    """Judge everything that the source holds by both rule books.

    ``until_ms`` is the moment (wall clock) up to which time passes after the last run, ``None`` for its arrival. Of
    many runs the partitions are spread over ``processes``.

    Raises:
        BrokerError: no broker answers, or the topic is missing.
        RecordingInvalid: a file cannot be read, or a line is no record.
        WorkerEnded: one of the processes was ended by something else.
    """
    divided = split(present, candidate)
    books = crew.Books(candidate, divided.apart)
    outcome = crew.judge(source.runs(), books, crew.Until(until_ms), processes)
    fired = outcome.candidate + orgs.judge(outcome.candidate_reports, candidate.org_rules)
    before = outcome.present + [incident for incident in fired if incident.rule in divided.shared]
    if divided.apart is not None:
        before += orgs.judge(outcome.present_reports, divided.apart.org_rules)
    return Result(outcome, source.statistics(), compare(fired, before))
