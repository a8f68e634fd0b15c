"""Test that wrong settings are told together, in words that help, without secrets."""

import pytest

from ingest.settings import IngestSettings, ingest_settings
from schemas.settings import Address, SettingsInvalid, read


def settings(**environ: str) -> IngestSettings:
    """Read settings as the command does."""
    values = read({f"FLOWRUN_{name}": value for name, value in environ.items()})
    made = ingest_settings(values)
    values.done()
    return made


def mistakes(**environ: str) -> list[str]:
    """Return the names of the settings that are wrong."""
    with pytest.raises(SettingsInvalid) as caught:
        settings(**environ)
    return [mistake.setting for mistake in caught.value.mistakes]


def test_defaults() -> None:
    """With authentication chosen everything else has a default, on the loopback address."""
    made = settings(AUTH="token", TOKEN="sesame")
    assert (made.listen, made.management) == (Address("127.0.0.1", 8080), Address("127.0.0.1", 9400))
    assert (made.raw_topic, made.auth, made.token) == ("flowrun.raw", "token", "sesame")


@pytest.mark.parametrize(
    ("environ", "wrong"),
    [
        ({}, ["FLOWRUN_AUTH"]),
        ({"AUTH": "sesame"}, ["FLOWRUN_AUTH"]),
        ({"AUTH": "adobe"}, ["FLOWRUN_ADOBE_CLIENT_ID"]),
        ({"AUTH": "adobe", "ADOBE_CLIENT_ID": ","}, ["FLOWRUN_ADOBE_CLIENT_ID"]),
        ({"AUTH": "adobe", "ADOBE_CLIENT_ID": "x", "ADOBE_KEYS_URL": "http://k.example"}, ["FLOWRUN_ADOBE_KEYS_URL"]),
        ({"AUTH": "adobe", "ADOBE_CLIENT_ID": "x", "ADOBE_KEYS_URL": "https://k/a"}, ["FLOWRUN_ADOBE_KEYS_URL"]),
        ({"AUTH": "adobe", "ADOBE_CLIENT_ID": "x", "ADOBE_KEYS_URL": "https://u@k"}, ["FLOWRUN_ADOBE_KEYS_URL"]),
        ({"AUTH": "token"}, ["FLOWRUN_TOKEN"]),
        ({"AUTH": "token", "TOKEN": "two words"}, ["FLOWRUN_TOKEN"]),
        ({"AUTH": "none", "LISTEN": "0.0.0.0:8080"}, ["FLOWRUN_AUTH"]),
        ({"AUTH": "none", "CONFIRM_VALIDATION": "perhaps"}, ["FLOWRUN_CONFIRM_VALIDATION"]),
        ({"SECURITY_PROTOCOL": "SASL_SSL", "SASL_MECHANISM": "PLAIN", "SASL_USERNAME": "u"}, 2),
    ],
)
def test_mistakes_are_named(environ: dict[str, str], wrong: list[str] | int) -> None:
    """Each mistake is told once, with the setting that mends it."""
    found = mistakes(**environ)
    assert (len(found) if isinstance(wrong, int) else found) == wrong


def test_none_is_allowed_on_loopback() -> None:
    """Without authentication only this machine may be served."""
    assert settings(AUTH="none", LISTEN="[::1]:8080").auth == "none"


def test_adobe_needs_the_client_ids_and_knows_where_the_keys_are() -> None:
    """Several client ids may be ours; keys come from Adobe unless a test serves them on this machine."""
    made = settings(AUTH="adobe", ADOBE_CLIENT_ID="one, two")
    assert (made.client_ids, made.keys_url) == (("one", "two"), "https://static.adobeioevents.com")
    assert settings(AUTH="adobe", ADOBE_CLIENT_ID="x", ADOBE_KEYS_URL="http://[::1]:8").keys_url == "http://[::1]:8"


def test_the_token_is_in_no_text() -> None:
    """Neither the settings' repr nor a mistake shows the token."""
    assert "sesame" not in repr(settings(AUTH="token", TOKEN="sesame"))
    with pytest.raises(SettingsInvalid) as caught:
        settings(AUTH="token", TOKEN="open sesame")
    assert "sesame" not in str(caught.value)
