"""Organisations are judged by the reports of all partitions."""

from flowrun.backtest import orgs
from flowrun.backtest.judge import Judge
from processors.watch.rule_book import RuleBook
from tests.flowrun.backtest.runs import book, failing, recorded, rule
from tests.processors.watch.records import run

RULES: RuleBook = book(rule("row", "consecutive_failures") + rule("org", "org_failures", threshold=2))
PLACE = {"org_id": "o", "sandbox_name": "prod"}


def test_flows_of_several_partitions_meet() -> None:
    """Two failing flows are an incident of their organisation; it ends when one of them succeeds."""
    judge = Judge(RULES, None)
    judge.take(recorded(*failing("f1", more=PLACE), run("s", "success", "11:00", "f1", **PLACE), partition=0))
    judge.take(recorded(*failing("f2", count=4, more=PLACE), partition=1))
    (only,) = orgs.judge(judge.finish(0).candidate_reports, RULES.org_rules)
    assert (only.rule, only.flow_id, only.org_id, only.sandbox_name) == ("org", None, "o", "prod")
    assert [text and text[11:16] for text in (only.starts_at, only.ends_at)] == ["10:02", "11:00"]


def test_the_order_of_partitions_does_not_matter() -> None:
    """However they were found, by one process or by several."""
    judge = Judge(RULES, None)
    for number, flow in enumerate(("f1", "f2", "f3")):
        judge.take(recorded(*failing(flow, more=PLACE), partition=number))
    reports = judge.finish(0).candidate_reports
    assert orgs.judge(reports, RULES.org_rules) == orgs.judge(dict(reversed(reports.items())), RULES.org_rules)


def test_without_rules_of_organisations_nothing_is_kept() -> None:
    """Nobody would read it."""
    judge = Judge(book(rule("row", "consecutive_failures")), None)
    judge.take(recorded(*failing(more=PLACE)))
    assert judge.finish(0).candidate_reports == {0: []}
