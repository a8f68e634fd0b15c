"""Show the effective settings, where they come from, and what is wrong with them."""

import json
import os
import sys

import click

from schemas.settings import Value, Values, read


@click.command("config")
@click.option("--json", "as_json", is_flag=True, help="One JSON object, for programs.")
def command(as_json: bool) -> None:
    """Show the effective settings and their origin. Secrets are hidden. Exit 2 if one is wrong."""
    values = read(os.environ)
    if as_json:
        click.echo(json.dumps({value.setting.name: _for_programs(value) for value in values}, indent=2))
    elif sys.stdout.isatty():
        _print_table(values)
    else:
        for value in values:
            click.echo(f"{value.setting.name}={value.shown()} ({value.origin})")
    _check(values)


def _for_programs(value: Value) -> dict[str, str | None]:
    return {"value": None if value.text is None else value.shown(), "origin": value.origin}


def _print_table(values: Values) -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False, header_style="bold")
    for title in ("Setting", "Value", "Origin", "Meaning"):
        table.add_column(title, overflow="fold", no_wrap=title == "Setting")
    for value in values:
        style = "dim" if value.origin == "default" else "cyan"
        cells = (value.setting.name, value.shown(), value.origin, value.setting.doc)
        table.add_row(*(Text(cell, style=style if place == 1 else "") for place, cell in enumerate(cells)))
    Console().print(table)


def _check(values: Values) -> None:
    """Let every part of the program look at the settings together, as it does at its start.

    Raises:
        SettingsInvalid: some are wrong.
    """
    from broker.connection import connection

    connection(values)
    values.done()
