"""Test what people read of each record."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import orjson
import pytest

from flowrun.tail.lines import alert_line, bytes_line, run_line, window_line
from flowrun.tail.record import Record
from flowrun.terminal import Line, plain

GOLDEN = Path(__file__).parents[3] / "schemas" / "golden"
Write = Callable[[Mapping[str, Any]], Line]


@pytest.mark.parametrize(
    ("write", "file", "parts"),
    [
        (run_line, "run-success", ["success", "input ", "output "]),
        (run_line, "run-failed", ["failed", "CONNECTOR-"]),
        (run_line, "run-in-progress", ["in_progress"]),
        (window_line, "window-early", ["runs ", "revision "]),
        (window_line, "window-final", ["runs ", ", final"]),
        (alert_line, "alert-firing", ["FIRING", "critical"]),
        (alert_line, "alert-resolved", ["RESOLVED"]),
    ],
)
def test_golden_records(write: Write, file: str, parts: list[str]) -> None:
    """A line of each golden record begins with its time and holds what matters."""
    record = orjson.loads((GOLDEN / f"{file}.json").read_bytes())
    text = plain(write(record))
    assert [part for part in parts if part not in text] == []
    assert text[:4].isdigit()


@pytest.mark.parametrize(
    ("write", "record", "text"),
    [
        (run_line, {}, "-  None         None"),
        (
            run_line,
            {"status": "failed", "flow_id": "f", "records": {"input": 1000, "output": 0, "failed": 0, "lost": None}},
            "-  failed       f  input 1,000 output 0",
        ),
        (
            run_line,
            {"status": "success", "flow_name": "N", "flow_id": "f", "errors": [{"code": "a"}, {"code": "b"}]},
            "-  success      N  a, b",
        ),
        (
            window_line,
            {
                "window_start": "2026-11-03T08:00:00.000Z",
                "window_end": "2026-11-03T09:00:00.000Z",
                "flow_id": "f",
                "runs": 2,
                "succeeded": 0,
                "failed": 2,
                "partial": 0,
                "revision": 2,
                "final": True,
            },
            "2026-11-03 08:00-09:00  f  runs 2 succeeded 0 failed 2  revision 2, final",
        ),
        (
            alert_line,
            {
                "state": "firing",
                "severity": "info",
                "rule": "r",
                "starts_at": "2026-11-03T08:00:00.000Z",
                "annotations": {"summary": "S."},
            },
            "2026-11-03 08:00:00  FIRING    info      r  S.",
        ),
        (
            alert_line,
            {
                "state": "resolved",
                "severity": "critical",
                "rule": "r",
                "ends_at": "2026-11-03T09:00:00.000Z",
                "annotations": {"summary": "S."},
            },
            "2026-11-03 09:00:00  RESOLVED  critical  r  S.",
        ),
    ],
)
def test_lines(write: Write, record: Mapping[str, Any], text: str) -> None:
    """Counts that are unknown are left out, and of the bad ones those that are 0."""
    assert plain(write(record)) == text


@pytest.mark.parametrize(
    ("record", "text"),
    [
        (Record("t", 0, 0, 0, b"k", b'{\n  "a": 1 }'), '1970-01-01 00:00:00  k  12 bytes  { "a": 1 }'),
        (Record("t", 0, 0, 0, None, None), "1970-01-01 00:00:00  (no key)  0 bytes  "),
        (Record("t", 0, 0, 0, b"k", b"x" * 999), f"1970-01-01 00:00:00  k  999 bytes  {'x' * 80}"),
        (
            Record("t", 0, 0, 0, b"k", b"x", (("flowrun_reason", b"control"), ("flowrun_detail", b"D"))),
            "1970-01-01 00:00:00  control  D  k  1 bytes  x",
        ),
    ],
)
def test_lines_of_bytes(record: Record, text: str) -> None:
    """Key, size and beginning are shown, and of a dead letter why it is one."""
    assert plain(bytes_line(record)) == text
