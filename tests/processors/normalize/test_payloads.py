"""Every documented payload becomes exactly what is written down for it."""

import orjson
import pytest

from tests.processors.normalize.samples import FILES, PAYLOADS, as_json, normalized


@pytest.mark.parametrize("file", FILES)
def test_payload(file: str) -> None:
    """A documented payload becomes the records or the dead letter of its expected file."""
    expected = orjson.loads((PAYLOADS / "expected" / file).read_bytes())
    assert as_json(normalized((PAYLOADS / file).read_bytes())) == expected


def test_every_payload_is_expected() -> None:
    """No payload lacks its expected file, and none is left over."""
    assert sorted(file.name for file in (PAYLOADS / "expected").iterdir()) == FILES
