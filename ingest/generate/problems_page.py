"""Write the page that lists every problem type."""

from ingest.problems import PROBLEMS, Problem

_HEAD = """\
# Problems

Generated from `ingest/problems.py` by `make generate`; a test fails when it is not up to date.

What `flowrun ingest` refuses it answers with `application/problem+json` (RFC 9457). The `type` is stable: programs may
compare it. Adobe sends again what was answered 5xx, for 24 hours, and drops everything else from push delivery (it
stays in the journal for 7 days): a 4xx is for what would be as wrong the next time.

| type | status | sent again by Adobe |
|---|---|---|
"""


def page() -> str:
    """Return the page as Markdown: a table, then a section for each problem."""
    rows = "".join(_row(problem) for problem in PROBLEMS.values())
    return _HEAD + rows + "".join(_section(problem) for problem in PROBLEMS.values())


def _row(problem: Problem) -> str:
    again = "yes" if problem.is_retried else "no"
    return f"| [`{problem.type_uri}`](#{problem.name}) | {int(problem.status)} | {again} |\n"


def _section(problem: Problem) -> str:
    return f"\n## {problem.name}\n\n{int(problem.status)}, “{problem.title}”. {problem.meaning}\n\n{problem.remedy}\n"
