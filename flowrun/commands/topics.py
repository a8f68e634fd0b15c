"""Create the topics, or compare them with the contract."""

import os
from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from flowrun.errors import WorkFailed
from flowrun.group import Group
from schemas.settings import Values, read
from schemas.topics import Topics, declare

if TYPE_CHECKING:
    from broker.topics import Difference


@click.group("topics", cls=Group, no_args_is_help=False)
def command() -> None:
    """Create the topics of FLOWRUN_TOPIC_PREFIX, or compare them with the contract."""


@command.command("create", short_help="Create what is missing.")
def create_command() -> None:
    """Create what is missing: FLOWRUN_PARTITIONS partitions, FLOWRUN_REPLICATION_FACTOR copies of each."""
    from broker.connection import connection
    from broker.topics import create

    values = read(os.environ)
    target = connection(values)
    values.done()
    topics = declared(values)
    created = create(target, topics, values.get("FLOWRUN_REPLICATION_FACTOR", int) or 1)
    for topic in topics:
        click.echo(f"{topic.name}: {'created' if topic.name in created else 'exists'}")


@command.command("check", short_help="Compare with the contract; exit 1 on a difference.")
def check_command() -> None:
    """Compare partitions and settings with the contract: one line for each difference, exit 1 if there is one."""
    from broker.connection import connection
    from broker.topics import check

    values = read(os.environ)
    target = connection(values)
    values.done()
    differences = check(target, declared(values), values.get("FLOWRUN_REPLICATION_FACTOR", int) or 1)
    for difference in differences:
        click.echo(f"note: {difference}" if difference.is_information else str(difference))
    wrong = [difference for difference in differences if not difference.is_information]
    if wrong:
        count = f"{len(wrong)} difference{'s' if len(wrong) > 1 else ''}"
        raise WorkFailed(f"the topics differ from the contract ({count}): {_advice(wrong)}")
    click.echo(f"all topics of {values.get('FLOWRUN_TOPIC_PREFIX', str)}* are as the contract has them")


def declared(values: Values) -> Topics:
    """Declare the topics that the settings name."""
    return declare(
        values.get("FLOWRUN_TOPIC_PREFIX", str) or "",
        values.get("FLOWRUN_PARTITIONS", int) or 1,
        dedupe_ms=values.get("FLOWRUN_DEDUPE", int) or 1,
    )


def _advice(differences: Sequence["Difference"]) -> str:
    kinds = {difference.what for difference in differences}
    if "topic" in kinds:
        return "create what is missing with: flowrun topics create"
    if "partitions" in kinds:
        return "set FLOWRUN_PARTITIONS to what is there, or use new topics with another FLOWRUN_TOPIC_PREFIX"
    return "alter the settings with Kafka's kafka-configs.sh"
