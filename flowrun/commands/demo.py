"""Show everything on this machine."""

import asyncio
import os
import shutil
import signal
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from flowrun.errors import INTERRUPTED, Misuse, WorkFailed
from flowrun.parameters import Parsed
from schemas.settings import Address, parse_address, parse_servers, read

if TYPE_CHECKING:
    from broker.connection import Connection
    from flowrun.demo.processes import Child
    from flowrun.demo.stage import Stage


@click.command("demo")
@click.option(
    "--bootstrap-servers",
    type=Parsed("servers", parse_servers),
    metavar="HOST:PORT",
    help="Use this Kafka instead of the embedded broker, with topics of its own (they stay there).",
)
@click.option(
    "--listen",
    type=Parsed("address", parse_address),
    metavar="HOST:PORT",
    help="Where ingest listens, on this machine only; default a free port.",
)
@click.option(
    "--once/--stay",
    default=None,
    help="End after the expected alerts arrived (default without a terminal), or stay until Ctrl-C.",
)
def command(bootstrap_servers: str | None, listen: Address | None, once: bool | None) -> int:
    """Show everything on this machine with nothing to set up.

    Starts an embedded broker, ingest and the processors, replays a recorded working day of 40 flows through HTTP with
    its times moved to now, and prints what comes out. Exit 1 if the expected alerts did not come within 60 s.
    """
    from flowrun.demo.stage import AddressTaken, set_up

    began = time.monotonic()
    if listen is not None and not listen.is_loopback:
        raise Misuse(f"--listen {listen}: the demo knows no senders, so it listens on a loopback address only")
    given = _given(bootstrap_servers) if bootstrap_servers is not None else None
    try:
        stage = set_up(given, listen)
    except AddressTaken as error:
        raise Misuse(f"--listen {error}; choose another, or leave it out for a free port") from None
    try:
        return _play(stage, began, once=not sys.stdout.isatty() if once is None else once)
    finally:
        if stage.embedded is not None:
            stage.embedded.stop()


def _given(bootstrap_servers: str) -> "Connection":
    from broker.connection import connection

    values = read(os.environ)
    target = connection(values)
    values.done()
    return replace(target, bootstrap_servers=bootstrap_servers)


def _play(stage: "Stage", began: float, *, once: bool) -> int:
    """Start the services, run the demo, and end the services however it went. Their logs stay only after a failure."""
    from flowrun.demo.processes import ChildDied, stop_all
    from flowrun.demo.show import DemoFailed, start_children

    logs = Path(tempfile.mkdtemp(prefix="flowrun-demo-"))
    children = start_children(stage, logs)
    try:
        code = asyncio.run(_run(stage, children, began, once=once))
    except (ChildDied, DemoFailed) as error:
        raise WorkFailed(f"{error}; the logs are in {logs}") from None
    finally:
        stop_all(children)
    shutil.rmtree(logs, ignore_errors=True)
    return code


async def _run(stage: "Stage", children: "list[Child]", began: float, *, once: bool) -> int:
    from flowrun.demo.show import Show, run
    from flowrun.terminal import Printer

    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    show = Show(stage, children, stop, Printer(), began)
    await run(show, once=once)
    return INTERRUPTED if once and stop.is_set() else 0
