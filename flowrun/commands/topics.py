"""Create the topics, or compare them with the contract."""

import os

import click

from flowrun.errors import WorkFailed
from schemas.settings import Values, read
from schemas.topics import Topics, declare


@click.group("topics", no_args_is_help=False)
def command() -> None:
    """Create the topics of FLOWRUN_TOPIC_PREFIX, or compare them with the contract."""


@command.command("create")
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


@command.command("check")
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
        missing = any(difference.what == "topic" for difference in wrong)
        advice = "create what is missing with: flowrun topics create" if missing else "alter them with Kafka's tools"
        raise WorkFailed(f"the topics differ from the contract ({len(wrong)} differences): {advice}")
    click.echo(f"all topics of {values.get('FLOWRUN_TOPIC_PREFIX', str)}* are as the contract has them")


def declared(values: Values) -> Topics:
    """Declare the topics that the settings name."""
    return declare(
        values.get("FLOWRUN_TOPIC_PREFIX", str) or "",
        values.get("FLOWRUN_PARTITIONS", int) or 1,
        dedupe_ms=values.get("FLOWRUN_DEDUPE", int) or 1,
    )
