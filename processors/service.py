"""Run the agents until told to stop."""

import asyncio
import logging
import signal
from collections.abc import Sequence
from typing import Any, Final

from broker.topics import is_embedded, require
from processors import app as faust_app
from processors import interpreter
from processors.engine import watchdog
from processors.engine.owner import EXIT_FENCED, Owner
from processors.engine.partition import AgentSpec
from processors.management import serve
from processors.metrics import registry
from processors.normalize.step import NormalizeStep
from processors.org.step import OrgStep
from processors.settings import AgentName, ProcessSettings
from processors.watch.rules_file import RuleBook, load
from processors.watch.step import WatchStep

log = logging.getLogger("flowrun.processors")

WATCHDOG_S: Final = 5.0
NORMALIZED_AT_ONCE: Final = 512
"""Some megabytes of notifications and of what is made of them."""


def agent_specs(settings: ProcessSettings, agents: Sequence[AgentName], book: RuleBook) -> list[AgentSpec]:
    """Describe the chosen agents to the engine. With ``watch`` runs ``org``, which lives on what it reports."""
    topics = settings.topics
    normalize = AgentSpec(
        "normalize",
        topics.raw.name,
        topics.normalize_state.name,
        lambda partition: NormalizeStep(partition, topics, dedupe_ms=settings.dedupe_ms),
        at_once=NORMALIZED_AT_ONCE,
    )
    watch = AgentSpec(
        "watch",
        topics.runs.name,
        topics.watch_state.name,
        lambda partition: WatchStep(partition, topics, book),
        ticks=True,
    )
    org = AgentSpec(
        "org",
        topics.org_incidents.name,
        topics.org_state.name,
        lambda partition: OrgStep(partition, topics, book.org_rules),
        ticks=True,
    )
    chosen: dict[AgentName, list[AgentSpec]] = {"normalize": [normalize], "watch": [watch, org]}
    return [spec for name in agents for spec in chosen[name]]


def run(settings: ProcessSettings, agents: Sequence[AgentName]) -> int:
    """Process until SIGTERM or SIGINT and return the exit code. Blocks.

    Raises:
        RulesInvalid: the rules file has mistakes; all are listed.
        BrokerError: no broker answers, it refuses us, or topics are missing or have other partitions.
        PortTaken: the management port.
        UnsupportedVersion: of Faust or aiokafka.
    """
    book = load(settings.rules)
    require(settings.connection, settings.topics)
    checks_crcs = not is_embedded(settings.connection)
    interpreter.set_up()
    log.info("the steps are %s", "compiled" if interpreter.compiled() else "interpreted")
    return asyncio.run(_run(settings, agent_specs(settings, agents, book), checks_crcs=checks_crcs))


async def _run(settings: ProcessSettings, specs: list[AgentSpec], *, checks_crcs: bool) -> int:
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    faust_app.quiet_faust()
    owner = Owner(specs, settings.connection.for_confluent(), settings.app_id)
    app = faust_app.build(specs, owner, settings.connection, settings.app_id, checks_crcs=checks_crcs)

    def why_not_ready() -> str | None:
        return None if owner.is_ready else "the consumer group has not assigned partitions yet"

    site = await serve(settings.management, why_not_ready, registry(owner, app.consumer))
    try:
        return await until_stopped(app, owner, stop)
    finally:
        await site.cleanup()


async def until_stopped(app: Any, owner: Owner, stop: asyncio.Event) -> int:
    """Run the app until told to stop, or until it ends by itself, and return the exit code."""
    app.finalize()
    code = 0
    watch = asyncio.create_task(_watch(owner, app.consumer))
    try:
        await app.start()
        # Returns when told to stop, and too when a service of Faust has crashed; only its start raises.
        await app.wait(stop.wait())
        if not stop.is_set():
            log.critical("Faust ended by itself: %r; ending, start me again", app.crash_reason)
            code = EXIT_FENCED
    except Exception:
        log.exception("Faust ended; start me again")
        code = EXIT_FENCED
    finally:
        watch.cancel()
    await app.stop()
    await owner.close()
    log.info("stopped")
    return code


async def _watch(owner: Owner, reader: Any) -> None:
    while True:
        await asyncio.sleep(WATCHDOG_S)
        watchdog.check(owner, reader)
