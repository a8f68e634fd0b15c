"""Payloads, and short ways to send them through the normaliser."""

from pathlib import Path
from typing import Any, Final

import msgspec
import orjson

from processors.normalize import Normalized, normalize
from schemas.alert import Alert
from schemas.run import Run

PAYLOADS: Final = Path(__file__).parents[2] / "payloads"
NOT_A_NOTIFICATION: Final = "50-signature-vectors.json"
FILES: Final = sorted(file.name for file in PAYLOADS.glob("*.json") if file.name != NOT_A_NOTIFICATION)

RECEIVED_AT: Final = "2026-01-02T03:04:05.678Z"
RECEIVED_MS: Final = 1_767_323_045_678
HEADERS: Final = [("flowrun_source", b"webhook"), ("flowrun_received_at", RECEIVED_AT.encode())]

Json = dict[str, Any]


def payload(number: str) -> bytes:
    """Return the bytes of the file whose name begins with ``number``."""
    (file,) = PAYLOADS.glob(f"{number}-*.json")
    return file.read_bytes()


def document(number: str) -> Any:
    """Return the parsed file whose name begins with ``number``."""
    return orjson.loads(payload(number))


def normalized(value: object, *headers: tuple[str, bytes]) -> Normalized:
    """Normalise bytes, or a document, as if it had arrived by webhook at ``RECEIVED_AT``."""
    data = value if isinstance(value, bytes) else orjson.dumps(value)
    return normalize(data, [*HEADERS, *headers], 0, 3, 17)


def runs(value: object, *headers: tuple[str, bytes]) -> list[Run]:
    """Return the run records of a document that is accepted in full."""
    result = normalized(value, *headers)
    assert result.rejected is None
    found = [one.record for one in result.records]
    assert all(isinstance(record, Run) for record in found)
    return [record for record in found if isinstance(record, Run)]


def run(value: object, *headers: tuple[str, bytes]) -> Run:
    """Return the run record of a document that holds one."""
    (only,) = runs(value, *headers)
    return only


def alert(value: object, *headers: tuple[str, bytes]) -> Alert:
    """Return the alert record of a document that holds one state."""
    (one,) = normalized(value, *headers).records
    assert isinstance(one.record, Alert)
    return one.record


def rejected(value: object, *headers: tuple[str, bytes]) -> tuple[str, str]:
    """Return reason and detail of a document that is refused in full."""
    result = normalized(value, *headers)
    assert list(result.records) == []
    assert result.rejected is not None
    return result.rejected


def a_run(**changes: Any) -> Json:
    """Make a small run object."""
    return {"id": "r", "flowId": "f", "metrics": {"statusSummary": {"status": "success"}}, **changes}


def as_json(result: Normalized) -> Json:
    """Write a result the way the files in ``expected`` do."""
    return {
        "records": [orjson.loads(msgspec.json.encode(one.record)) for one in result.records],
        "rejected": None if result.rejected is None else result.rejected._asdict(),
        "ill_typed": result.ill_typed,
    }
