"""The transport refuses library versions that it was not read against."""

from importlib.metadata import version

import pytest
from faust.transport import drivers

from processors.engine import transport


def test_the_installed_versions_are_accepted_and_the_scheme_is_registered() -> None:
    """Faust finds the transport by its URL scheme."""
    transport.register()
    assert drivers.by_url(f"{transport.SCHEME}://127.0.0.1:9092") is transport.Transport


def test_another_version_is_refused_with_what_is_needed(monkeypatch: pytest.MonkeyPatch) -> None:
    """The message names what is installed and what flowrun needs."""
    monkeypatch.setattr(transport, "READ_AGAINST", {"aiokafka": "9.9."})
    with pytest.raises(transport.UnsupportedVersion) as refused:
        transport.check_versions()
    assert str(refused.value) == f"aiokafka {version('aiokafka')} is installed; flowrun needs 9.9.x"
