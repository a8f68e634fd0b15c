"""The agent of organisations runs beside watch on a real broker, fed by what watch reports."""

import secrets
import time
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest
from confluent_kafka import Producer

from schemas.alert import Alert
from schemas.topics import Topics
from tests.faults.topic import read
from tests.processors.watch.records import run
from tests.service import Service

PLACE = {"org_id": "A@AdobeOrg", "sandbox_name": "prod"}
PATIENCE_S = 40.0


def org_alerts(bootstrap: str, topics: Topics, count: int) -> list[tuple[str, Alert]]:
    """Return the alerts of the organisation once there are so many."""
    deadline = time.monotonic() + PATIENCE_S
    while True:
        stored = read(bootstrap, topics.alerts.name, topics.alerts.partitions)
        found = [one for one in stored if one.key.startswith("org-failures|")]
        if len(found) >= count or time.monotonic() > deadline:
            return [(one.key, msgspec.json.decode(one.value, type=Alert)) for one in found]
        time.sleep(0.2)


@pytest.mark.broker
def test_five_failing_flows_are_one_alert_and_their_recovery_ends_it(
    bootstrap_servers: str, make_topics: Callable[..., Topics], tmp_path: Path
) -> None:
    """Built-in rules, flows in different partitions of runs; ``process watch`` runs both agents."""
    topics = make_topics(partitions=4)
    flows = [secrets.token_hex(8) for _ in range(5)]
    prefix = topics.runs.name.removesuffix("runs")
    producer = Producer({"bootstrap.servers": bootstrap_servers, "partitioner": "murmur2_random"})
    for flow_id in flows:
        for number in range(3):
            record = run(f"{flow_id}-{number}", "failed", f"10:{number:02}", flow_id, **PLACE)
            producer.produce(topics.runs.name, msgspec.json.encode(record), flow_id)
    producer.flush()
    service = Service(["process", "watch"], bootstrap_servers, prefix, tmp_path / "log")
    try:
        service.wait_ready()
        [(key, fired)] = org_alerts(bootstrap_servers, topics, 1)
        for flow_id in flows:
            for number in range(3):
                record = run(f"{flow_id}-{number}", "success", "10:30", flow_id, **PLACE)
                producer.produce(topics.runs.name, msgspec.json.encode(record), flow_id)
        producer.flush()
        [_, (_, resolved)] = org_alerts(bootstrap_servers, topics, 2)
    finally:
        service.stop()
    assert key == "org-failures|org/A@AdobeOrg/prod"
    assert (fired.state, fired.value, fired.threshold) == ("firing", 5.0, 5.0)
    assert (resolved.state, resolved.reason, resolved.incident_id) == ("resolved", "corrected", fired.incident_id)
