"""The Faust app: one agent for each input topic, and the clock that ticks them."""

import logging
from collections.abc import Mapping, Sequence
from typing import Any, Final

import faust
from faust.auth import SASLCredentials, SSLCredentials

from broker.connection import Connection
from processors.engine import transport
from processors.engine.owner import Owner
from processors.engine.partition import AgentSpec

TICK_S: Final = 1.0
MAX_BATCH_RECORDS: Final = 4_000
MAX_FETCH_BYTES: Final = 6 * 1024 * 1024
"""What one fetch may bring of a partition. Above the largest record (5 MiB), or that record would be passed over."""


SETTINGS: Final[Mapping[str, Any]] = {
    "store": "memory://",
    "broker_max_poll_records": MAX_BATCH_RECORDS,
    "consumer_max_fetch_size": MAX_FETCH_BYTES,
    "consumer_auto_offset_reset": "earliest",
    "broker_commit_interval": 1.0,
    # A dead worker's partitions stand still for this long.
    "broker_session_timeout": 10.0,
    "broker_heartbeat_interval": 3.0,
    "broker_rebalance_timeout": 30.0,
    # Topics are ours to create, with explicit partitions and settings.
    "topic_allow_declare": False,
    "topic_disable_leader": True,
    "table_standby_replicas": 0,
    # Waiting for streams to run empty can hold up a rebalance without bound; transactions make it needless.
    "stream_wait_empty": False,
    "stream_buffer_maxsize": 4,
    "worker_redirect_stdouts": False,
}
"""How Faust is set up, whatever the installation."""


def build(
    agents: Sequence[AgentSpec], owner: Owner, connection: Connection, app_id: str, *, checks_crcs: bool = True
) -> faust.App:
    """Make the Faust app that feeds ``owner`` with the micro-batches of the agents' input topics.

    ``checks_crcs`` is to be false on an embedded broker only: it writes wrong checksums.

    Raises:
        UnsupportedVersion: Faust or aiokafka are not the versions that the transport was read against.
    """
    transport.register()
    app = transport.App(
        f"{app_id}-processors",
        broker=[f"{transport.SCHEME}://{server}" for server in connection.bootstrap_servers.split(",")],
        broker_credentials=_credentials(connection),
        broker_check_crcs=checks_crcs,
        **SETTINGS,
    )
    app.resume_offsets = owner
    for agent in agents:
        _add_agent(app, agent, owner)

    async def lose(sender: Any, assigned: Any, **kwargs: Any) -> None:
        owner.drop_others(assigned)

    async def open_(sender: Any, **kwargs: Any) -> None:
        # Faust seeks and reads on when this returns, so the state is restored before the first record arrives.
        await owner.open(app.consumer.assignment())

    async def tick() -> None:
        if owner.is_ready and not app.rebalancing:
            await owner.tick(app.consumer)

    app.on_partitions_assigned.connect(lose)
    app.on_rebalance_complete.connect(open_)
    app.timer(TICK_S)(tick)
    return app


def _add_agent(app: faust.App, spec: AgentSpec, owner: Owner) -> None:
    topic = app.topic(spec.input_topic, schema=transport.BatchSchema(key_type=bytes, value_type=bytes))

    async def agent(stream: Any) -> None:
        async for event in stream.events():
            await owner.handle(app.consumer, event.message.tp, event.value)

    app.agent(topic, name=spec.name, isolated_partitions=True)(agent)


def _credentials(connection: Connection) -> SASLCredentials | SSLCredentials | None:
    context = connection.tls_context() if connection.uses_tls else None
    if connection.uses_sasl:
        return SASLCredentials(
            username=connection.username,
            password=connection.password,
            mechanism=connection.mechanism or "PLAIN",
            ssl_context=context,
        )
    return SSLCredentials(context) if context is not None else None


def quiet_faust() -> None:
    """Keep the log to what an operator can use: Faust and aiokafka tell of every step otherwise."""
    for name in ("faust", "mode", "aiokafka", transport.__name__):  # Faust logs by the module of each class
        logging.getLogger(name).setLevel(logging.WARNING)
