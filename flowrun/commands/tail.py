"""Print the records of a topic."""

import os
from typing import TYPE_CHECKING, Any, Final

import click
import orjson

from flowrun.commands.topics import declared
from flowrun.errors import Misuse
from flowrun.parameters import FIELD, Parsed, at_least, parse_moment
from schemas.settings import Values, read
from schemas.topics import Topic, Topics

if TYPE_CHECKING:
    from broker.connection import Connection
    from flowrun.tail.reader import Start
    from flowrun.tail.record import Record

READ_S: Final = 0.05


@click.command("tail")
@click.argument("name", metavar="TOPIC")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line, for programs.")
@click.option(
    "--from",
    "start",
    type=Parsed("moment", parse_moment("beginning", "end")),
    metavar="beginning|end|TIME",
    help="Where to begin; default the beginning, with --follow the end.",
)
@click.option("--follow/--no-follow", "-f", help="Go on with what comes; without it stop at the end.")
@click.option("--flow", metavar="ID", help="Only records about this flow.")
@click.option(
    "--where",
    multiple=True,
    type=FIELD,
    metavar="FIELD=VALUE",
    help="Only records with this value, such as status=failed or records.lost=30; all of several must hold.",
)
@click.option("--limit", type=Parsed("count", at_least(1)), metavar="N", help="Stop after N records.")
def command(name: str, as_json: bool, limit: int | None, **options: Any) -> None:
    """Print the records of TOPIC (raw, runs, metrics, alerts, dead-letters, or a full name), committed ones only.

    --json prints the value of runs, metrics and alerts as it is; of raw and dead-letters an envelope with the exact
    bytes, which flowrun replay reads. Nothing is committed: other consumers do not notice.
    """
    from broker.connection import connection

    values = read(os.environ)
    target = connection(values)
    values.done()
    topic, short = _find(declared(values), name, values)
    start: Start = options["start"] or ("end" if options["follow"] else "beginning")
    show = _Show(short, as_json=as_json, wanted=options["where"], flow=options["flow"], limit=limit)
    _read(target, topic, start, show, follows=options["follow"])


def _find(topics: Topics, name: str, values: Values) -> tuple[Topic, str]:
    """Return the topic and its short name.

    Raises:
        Misuse: there is no such topic; the message lists what there is.
    """
    prefix = values.get("FLOWRUN_TOPIC_PREFIX", str) or ""
    try:
        topic = topics.find(name)
    except KeyError:
        names = ", ".join(each.name.removeprefix(prefix) for each in topics if not each.internal)
        raise Misuse(f"no topic {name!r}: there are {names} (short, or with {prefix} before)") from None
    return topic, topic.name.removeprefix(prefix)


def _read(connection: "Connection", topic: Topic, start: "Start", show: "_Show", *, follows: bool) -> None:
    from flowrun.tail.reader import Reader

    with Reader(connection, [topic], start) as reader:
        while not show.is_full:
            for record in reader.read(READ_S):
                show.record(record)
            if not follows:
                reader.require_contact()
                if reader.is_at_end:
                    return


class _Show:
    """Choose records and print them."""

    def __init__(
        self, short: str, *, as_json: bool, wanted: tuple[tuple[str, str], ...], flow: str | None, limit: int | None
    ) -> None:
        from flowrun.tail.lines import JSON_LINES
        from flowrun.terminal import Printer

        self._write = JSON_LINES.get(short)
        self._as_json = as_json
        self._wanted = wanted
        self._flow = flow
        self._left = limit
        self._printer = Printer()

    @property
    def is_full(self) -> bool:
        """Tell whether the limit is reached."""
        return self._left == 0

    def record(self, record: "Record") -> None:
        """Print a record if it is wanted."""
        from flowrun.tail.lines import bytes_line
        from flowrun.tail.matching import matches
        from flowrun.tail.record import envelope, json_value

        value = json_value(record) if self._write is not None else None
        shown = envelope(record) if value is None else value
        if self.is_full or not matches(shown, self._wanted, self._flow):
            return
        if self._left is not None:
            self._left -= 1
        if self._as_json:
            click.echo(orjson.dumps(shown))
        elif self._write is not None and value is not None:
            self._printer.line(self._write(value))
        else:
            self._printer.line(bytes_line(record))
