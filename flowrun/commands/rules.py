"""Check a rules file, or try it on runs that were recorded."""

import os
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import orjson

from flowrun.commands.topics import declared
from flowrun.errors import MISUSED, Misuse, WorkFailed
from flowrun.group import Group
from schemas.settings import Values, read

if TYPE_CHECKING:
    from flowrun.backtest.sources import Source
    from processors.watch.rule_book import RuleBook


@click.group("rules", cls=Group, no_args_is_help=False)
def command() -> None:
    """Check a rules file, or try it on runs that were recorded."""


@command.command("check", short_help="List every mistake of a rules file, or what it says; exit 2 on mistakes.")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="One JSON object, for programs.")
def check_command(file: Path, as_json: bool) -> int:
    """List every mistake of FILE with its line, the key and what is allowed there, and exit 2; else say what FILE
    says. Nothing else is touched: no broker, no setting.
    """
    from flowrun.rules.summary import for_programs, lines, mistakes_for_programs
    from flowrun.terminal import Printer
    from processors.watch.rules_file import RulesInvalid, load

    try:
        book = load(file)
    except RulesInvalid as invalid:
        if not as_json:
            raise Misuse(str(invalid)) from None
        _print_json(mistakes_for_programs(invalid.mistakes, str(file)))
        return MISUSED
    if as_json:
        _print_json(for_programs(book, str(file)))
        return 0
    printer = Printer()
    for line in lines(book, str(file)):
        printer.line(line)
    return 0


def _print_json(document: dict[str, Any]) -> None:
    click.echo(orjson.dumps(document, option=orjson.OPT_INDENT_2))


@command.command("backtest", short_help="Show what would have fired on recorded runs, against the present rules.")
@click.argument("file", type=click.Path(path_type=Path))
@click.option(
    "--from",
    "source",
    required=True,
    metavar="TOPIC|RECORDING",
    help="runs or raw (short, or in full), or a recording: a file, or a directory of them.",
)
@click.option("--json", "as_json", is_flag=True, help="One JSON object, for programs.")
def backtest_command(file: Path, source: str, as_json: bool) -> None:
    """Show what the rules of FILE would have fired on recorded runs, when, and for how long, and how that differs from
    the present rules: those of FLOWRUN_RULES, or the built-in ones. + added, - gone, ~ changed, = the same.

    Time passes as it did when the runs arrived, for a topic up to now. Nothing is written.
    """
    from flowrun.backtest.backtest import backtest
    from flowrun.backtest.crew import WorkerEnded, cores
    from flowrun.backtest.report import Names, document, lines
    from flowrun.recording.entry import RecordingInvalid
    from flowrun.terminal import Printer

    values = read(os.environ)
    rules = values.get("FLOWRUN_RULES", Path)
    chosen, until_ms = _source(source, values)
    candidate, present = _load(file), _load(rules)
    started = time.perf_counter()
    try:
        result = backtest(chosen, candidate, present, until_ms, min(cores(), declared(values).runs.partitions))
    except RecordingInvalid as error:
        raise Misuse(str(error)) from None
    except WorkerEnded as error:
        raise WorkFailed(str(error)) from None
    if not result.outcome.runs:
        raise WorkFailed(f"{source} holds no run that the rules could be tried on")
    names = Names(str(file), source, "built in" if rules is None else str(rules))
    elapsed_s = time.perf_counter() - started
    if as_json:
        _print_json(document(result, names, elapsed_s))
        return
    printer = Printer()
    for line in lines(result, names, elapsed_s):
        printer.line(line)


def _load(file: Path | None) -> "RuleBook":
    from processors.watch.rules_file import RulesInvalid, load

    try:
        return load(file)
    except RulesInvalid as invalid:
        raise Misuse(str(invalid)) from None


def _source(name: str, values: Values) -> tuple["Source", int | None]:
    """Return what is read, and up to when time passes after it.

    Raises:
        Misuse: it is neither a topic of runs or notifications nor a recording.
    """
    from broker.connection import connection
    from flowrun.backtest.sources import Files, RawTopic, RunsTopic
    from flowrun.recording.entry import RecordingInvalid
    from flowrun.recording.reader import find_files

    topics, dedupe_ms = declared(values), values.get("FLOWRUN_DEDUPE", int) or 1
    is_runs, is_raw = name in ("runs", topics.runs.name), name in ("raw", topics.raw.name)
    if not is_runs and not is_raw:
        values.done()
        try:
            return Files(find_files([Path(name)]), topics, dedupe_ms), None
        except RecordingInvalid as error:
            raise Misuse(f"{error}; --from takes runs, raw, or a recording") from None
    target = connection(values)
    values.done()
    now_ms = time.time_ns() // 1_000_000
    return RunsTopic(target, topics.runs) if is_runs else RawTopic(target, topics, dedupe_ms), now_ms
