"""Make the day's notifications that are no runs: each must become a dead letter and stop nothing."""

import random
from typing import Any, Final

import orjson

from flowrun.data.deliveries import entry
from flowrun.data.payloads import CLIENT_ID
from flowrun.data.runs import DAY_BEGINS_MS, HOUR_MS, make_id
from flowrun.recording.entry import Entry

NESTED: Final = 200


def hostile(rng: random.Random) -> list[tuple[str, Entry]]:
    """Return deliveries spread over the day, each with the reason of its dead letter."""
    bodies = [
        ("not_json", orjson.dumps(_wrapped({"id": make_id(rng), "flowId": make_id(rng)}, rng))[:-40]),
        ("unknown_shape", orjson.dumps(_other_product(rng))),
        ("missing_flow_id", orjson.dumps(_wrapped({"id": make_id(rng), **_SUCCESS}, rng))),
        ("not_json", b'{"event_id":"%s","event":{"value":NaN}}' % make_id(rng).encode()),
        ("missing_run_id", orjson.dumps(_wrapped({"flowId": make_id(rng), **_SUCCESS}, rng))),
        ("unknown_shape", b'{"a":' * NESTED + b"1" + b"}" * NESTED),
        ("not_json", b"ping"),
        ("unknown_shape", orjson.dumps({"service": "status page", "components": [{"name": "sources", "up": True}]})),
    ]
    times = [DAY_BEGINS_MS + round((1.6 + 2.7 * number) * HOUR_MS) for number in range(len(bodies))]
    headers = [("content-type", "application/json")]
    return [
        (reason, entry(time_ms, body, [*headers, ("x-adobe-event-id", make_id(rng))], None))
        for time_ms, (reason, body) in zip(times, bodies, strict=True)
    ]


_SUCCESS: Final[dict[str, Any]] = {"metrics": {"statusSummary": {"status": "success"}}, "activities": []}


def _wrapped(event: dict[str, Any], rng: random.Random) -> dict[str, Any]:
    return {"event_id": make_id(rng), "event": event, "recipient_client_id": CLIENT_ID}


def _other_product(rng: random.Random) -> dict[str, Any]:
    return {
        "specversion": "1.0",
        "type": "com.adobe.platform.marketo.activity.standard.changesegment",
        "source": "urn:marketo_activity_stream",
        "id": make_id(rng),
        "time": "2026-11-04T04:18:00Z",
        "datacontenttype": "application/json",
        "eventid": make_id(rng),
        "recipientclientid": CLIENT_ID,
        "data": {"leadId": "1234", "activityTypeId": 108, "activityType": "Change Segment"},
    }
