"""Check a rules file, or try it on runs that were recorded."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import orjson

from flowrun.errors import MISUSED, Misuse
from flowrun.group import Group

if TYPE_CHECKING:
    pass


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
