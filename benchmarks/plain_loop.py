"""The yardstick: a plain confluent-kafka loop, consume, orjson, produce. No state, no guarantee beyond at-least-once.

Run as ``python -m benchmarks.plain_loop BOOTSTRAP SOURCE TARGET COUNT``; prints CPU seconds and wall seconds.
"""

import sys
import time

import orjson
from confluent_kafka import Consumer, Producer


def main(bootstrap: str, source: str, target: str, count: int) -> None:
    """Copy ``count`` records, each read as JSON and written again with fourteen fields."""
    consumer = Consumer(
        {"bootstrap.servers": bootstrap, "group.id": f"plain-{target}", "auto.offset.reset": "earliest"}
    )
    producer = Producer({"bootstrap.servers": bootstrap, "linger.ms": 5, "batch.size": 900_000})
    consumer.subscribe([source])
    first = consumer.consume(1, 30)
    cpu, wall, done = time.process_time(), time.monotonic(), 0
    messages = first
    while done < count:
        for message in messages:
            producer.produce(target, orjson.dumps(_fields(orjson.loads(message.value() or b""))), message.key())
        done += len(messages)
        producer.poll(0)
        messages = consumer.consume(4_000, 1.0)
    producer.flush()
    print(f"{time.process_time() - cpu:.3f} {time.monotonic() - wall:.3f}")
    consumer.close()


def _fields(body: dict[str, dict[str, dict[str, dict[str, object]]]]) -> dict[str, object]:
    run = body["event"]
    metrics = run["metrics"]
    return {
        "event_id": body["event_id"],
        "run_id": run["id"],
        "flow_id": run["flowId"],
        "flow_name": run["flowName"],
        "org": run["imsOrgId"],
        "sandbox": run["sandboxName"],
        "status": metrics["statusSummary"]["status"],
        "started": metrics["durationSummary"]["startedAtUTC"],
        "completed": metrics["durationSummary"]["completedAtUTC"],
        "input_bytes": metrics["sizeSummary"]["inputBytes"],
        "output_bytes": metrics["sizeSummary"]["outputBytes"],
        "input": metrics["recordSummary"]["inputRecordCount"],
        "output": metrics["recordSummary"]["outputRecordCount"],
        "updated": run["updatedAt"],
    }


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], sys.argv[3], int(sys.argv[4]))
