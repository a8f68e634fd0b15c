"""Test that settings are read with all mistakes at once, and that secrets stay secret."""

import re
from pathlib import Path

import pytest

from schemas.generate.files import ROOT
from schemas.settings import (
    SETTINGS,
    Address,
    Mistake,
    SettingsInvalid,
    parse_address,
    parse_count,
    parse_duration,
    parse_flag,
    parse_list,
    parse_prefix,
    parse_servers,
    read,
)

SECRET = "s3cr3t-value"


def test_defaults_are_valid() -> None:
    """Nothing set is no mistake."""
    values = read({})
    values.done()
    assert {value.origin for value in values} == {"default"}


def test_all_mistakes_are_told_at_once_in_the_order_of_the_settings() -> None:
    """Three wrong settings are three mistakes in one error, those between settings included."""
    values = read({"FLOWRUN_LOG": "yaml", "FLOWRUN_PARTITIONS": "0", "FLOWRUN_BOOTSTRAP_SERVERS": "kafka"})
    values.wrong("FLOWRUN_AUTH", "is needed")
    with pytest.raises(SettingsInvalid) as caught:
        values.done()
    assert caught.value.mistakes == [
        Mistake("FLOWRUN_BOOTSTRAP_SERVERS", "must be HOST:PORT[,HOST:PORT...], not 'kafka'"),
        Mistake("FLOWRUN_PARTITIONS", "must be a whole number of at least 1, not '0'"),
        Mistake("FLOWRUN_AUTH", "is needed"),
        Mistake("FLOWRUN_LOG", "must be one of text, json, not 'yaml'"),
    ]


def test_an_empty_variable_counts_as_unset() -> None:
    """`FLOWRUN_PARTITIONS=` means the default, as compose files write it."""
    assert read({"FLOWRUN_PARTITIONS": ""}).get("FLOWRUN_PARTITIONS", int) == 6


def test_a_file_gives_the_value_without_its_line_end(tmp_path: Path) -> None:
    """`FLOWRUN_TOKEN_FILE` names a file with the token."""
    file = tmp_path / "token"
    file.write_text(f"{SECRET}\n")
    values = read({"FLOWRUN_TOKEN_FILE": str(file)})
    origins = {value.setting.name: value.origin for value in values}
    assert (values.get("FLOWRUN_TOKEN", str), origins["FLOWRUN_TOKEN"]) == (SECRET, "file")


def test_value_and_file_together_are_a_mistake(tmp_path: Path) -> None:
    """Of two sources nobody knows which one counts, so neither does."""
    file = tmp_path / "token"
    file.write_text(SECRET)
    values = read({"FLOWRUN_TOKEN": SECRET, "FLOWRUN_TOKEN_FILE": str(file)})
    with pytest.raises(SettingsInvalid) as caught:
        values.done()
    assert caught.value.mistakes == [Mistake("FLOWRUN_TOKEN", "is set, and FLOWRUN_TOKEN_FILE too; keep one")]


def test_a_missing_file_is_a_mistake(tmp_path: Path) -> None:
    """The file's path and the system's reason are told."""
    missing = tmp_path / "nowhere"
    values = read({"FLOWRUN_TOKEN_FILE": str(missing)})
    with pytest.raises(SettingsInvalid) as caught:
        values.done()
    assert caught.value.mistakes == [Mistake("FLOWRUN_TOKEN_FILE", f"{missing}: no such file or directory")]


def test_a_rules_file_that_is_not_there_is_a_mistake() -> None:
    """The path and the system's reason are told."""
    with pytest.raises(SettingsInvalid) as caught:
        read({"FLOWRUN_RULES": "/nowhere.toml"}).done()
    expected = "must be a file that can be read (no such file or directory), not '/nowhere.toml'"
    assert caught.value.mistakes == [Mistake("FLOWRUN_RULES", expected)]


@pytest.mark.parametrize("name", [setting.name for setting in SETTINGS if setting.secret])
def test_secrets_are_hidden(name: str) -> None:
    """Neither the shown text nor the repr of a value holds a secret."""
    value = next(value for value in read({name: SECRET}) if value.setting.name == name)
    assert (value.shown(), SECRET in repr(value)) == ("(hidden)", False)


def test_an_unset_value_is_shown_as_unset() -> None:
    """A secret that is not set does not look as if it were."""
    shown = {value.setting.name: value.shown() for value in read({})}
    assert (shown["FLOWRUN_TOKEN"], shown["FLOWRUN_LOG"]) == ("(unset)", "text")


def test_the_page_lists_every_setting() -> None:
    """docs/settings.md has a row for each setting, in order."""
    rows = re.findall(r"^\| `(FLOWRUN_\w+)`", (ROOT / "docs/settings.md").read_text(), flags=re.MULTILINE)
    assert rows == [setting.name for setting in SETTINGS]


@pytest.mark.parametrize(
    ("text", "expected", "is_loopback"),
    [
        ("127.0.0.1:8080", Address("127.0.0.1", 8080), True),
        ("127.1.2.3:1", Address("127.1.2.3", 1), True),
        ("localhost:0", Address("localhost", 0), True),
        ("[::1]:8080", Address("::1", 8080), True),
        ("0.0.0.0:8080", Address("0.0.0.0", 8080), False),  # noqa: S104
        ("[::]:8080", Address("::", 8080), False),
        ("127.example.com:80", Address("127.example.com", 80), False),
    ],
)
def test_addresses(text: str, expected: Address, is_loopback: bool) -> None:
    """Addresses are read and written the same way, and loopback is told from the rest."""
    address = parse_address(text)
    assert (address, address.is_loopback, str(address)) == (expected, is_loopback, text)


@pytest.mark.parametrize(
    ("text", "expected_ms"),
    [
        ("500ms", 500),
        ("30s", 30_000),
        ("150m", 9_000_000),
        ("6h", 21_600_000),
        ("7d", 604_800_000),
        ("1h30m", 5_400_000),
    ],
)
def test_durations(text: str, expected_ms: int) -> None:
    """Durations are sums of numbers with units."""
    assert parse_duration(text) == expected_ms


@pytest.mark.parametrize("text", ["", "5", "s", "0s", "-1h", "1 h", "1w", "1h ", "1.5h", "9" * 30 + "d"])
def test_what_is_no_duration(text: str) -> None:
    """Anything else is refused with the form that is meant."""
    with pytest.raises(ValueError, match="duration above 0 such as 30s"):
        parse_duration(text)


@pytest.mark.parametrize(
    "text", ["8080", "host", "host:", ":80", "host:65536", "a b:80", "host:80/x", "::1:80", "[::1]"]
)
def test_what_is_no_address(text: str) -> None:
    """Anything that is not HOST:PORT is refused."""
    with pytest.raises(ValueError, match="HOST:PORT"):
        parse_address(text)


@pytest.mark.parametrize("text", ["0", "-1", "1.5", "", "six", "1000000000"])
def test_what_is_no_count(text: str) -> None:
    """Counts start at 1 and have an end."""
    with pytest.raises(ValueError, match="whole number"):
        parse_count(text)


@pytest.mark.parametrize("text", ["topic name", "Ü", "a" * 101, "a/b", ""])
def test_what_is_no_prefix(text: str) -> None:
    """What Kafka does not take in names is refused."""
    with pytest.raises(ValueError, match="letters, digits"):
        parse_prefix(text)


def test_lists_and_flags_are_forgiving_in_form_only() -> None:
    """Blanks around words and the case of flags do not count; a word that is neither flag is refused."""
    assert (parse_list(" a , b,"), parse_servers("a:1, b:2"), parse_flag("True")) == (("a", "b"), "a:1,b:2", True)
    with pytest.raises(ValueError, match="true or false"):
        parse_flag("yes")
