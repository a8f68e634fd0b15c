"""Declare every ``FLOWRUN_*`` setting as data, and read them from the environment with all mistakes together."""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal, NamedTuple, TypeVar

T = TypeVar("T")

Origin = Literal["default", "environment", "file"]


class Mistake(NamedTuple):
    """Name one wrong setting and say what is allowed. Never holds the value of a secret."""

    setting: str
    problem: str


class SettingsInvalid(Exception):
    """One or more settings are wrong. ``mistakes`` holds them all, in the order of their declaration."""

    def __init__(self, mistakes: list[Mistake]) -> None:
        self.mistakes = mistakes
        super().__init__("; ".join(f"{name}: {problem}" for name, problem in mistakes))


class Address(NamedTuple):
    """Say where a server listens."""

    host: str
    port: int

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{host}:{self.port}"

    @property
    def is_loopback(self) -> bool:
        """Tell whether only this machine can reach the address."""
        return self.host in ("localhost", "::1") or re.fullmatch(r"127(\.\d{1,3}){3}", self.host) is not None


def parse_address(text: str) -> Address:
    """Read ``host:port`` (``[::1]:8080`` for IPv6).

    Raises:
        ValueError: it is not of that form, or the port is none.
    """
    match = re.fullmatch(r"(?:\[([0-9a-fA-F:]+)\]|([^\s:/\[\]]+)):(\d{1,5})", text)
    if match is None or int(match[3]) > 65_535:
        raise ValueError("must be HOST:PORT with a port from 0 to 65535, such as 127.0.0.1:8080")
    return Address(match[1] or match[2], int(match[3]))


_DURATION_UNITS_MS: Final = {"ms": 1, "s": 1000, "m": 60_000, "h": 3_600_000, "d": 86_400_000}


def parse_duration(text: str) -> int:
    """Read a duration such as ``90s``, ``150m``, ``6h``, ``7d`` or ``1h30m`` as milliseconds, above 0.

    Raises:
        ValueError: it is not of that form.
    """
    parts = re.findall(r"(\d+)(ms|s|m|h|d)", text)
    total = sum(int(count) * _DURATION_UNITS_MS[unit] for count, unit in parts)
    if "".join(count + unit for count, unit in parts) != text or not 0 < total < 2**53:
        raise ValueError("must be a duration above 0 such as 30s, 150m, 6h, 7d or 1h30m")
    return total


def parse_count(text: str) -> int:
    """Read a whole number of at least 1.

    Raises:
        ValueError: it is none.
    """
    if not re.fullmatch(r"[0-9]{1,9}", text) or int(text) < 1:
        raise ValueError("must be a whole number of at least 1")
    return int(text)


def parse_list(text: str) -> tuple[str, ...]:
    """Read comma-separated words; blanks around them do not count.

    Raises:
        ValueError: there is no word.
    """
    words = tuple(word.strip() for word in text.split(",") if word.strip())
    if not words:
        raise ValueError("must name at least one, separated by commas")
    return words


def parse_flag(text: str) -> bool:
    """Read ``true`` or ``false``.

    Raises:
        ValueError: it is neither.
    """
    try:
        return {"true": True, "false": False}[text.lower()]
    except KeyError:
        raise ValueError("must be true or false") from None


def one_of(*allowed: str) -> Callable[[str], str]:
    """Make a parser that takes one of the given words, in any case, and returns it as given here."""

    def parse(text: str) -> str:
        for word in allowed:
            if text.lower() == word.lower():
                return word
        raise ValueError(f"must be one of {', '.join(allowed)}")

    return parse


def parse_servers(text: str) -> str:
    """Read a comma-separated list of ``host:port``.

    Raises:
        ValueError: an entry is not of that form.
    """
    for word in parse_list(text):
        try:
            parse_address(word)
        except ValueError:
            raise ValueError("must be HOST:PORT[,HOST:PORT...]") from None
    return ",".join(parse_list(text))


def parse_origin(text: str) -> str:
    """Read the origin of a web server: ``https://HOST[:PORT]``, or ``http://`` with a loopback address.

    Raises:
        ValueError: it is not of that form.
    """
    match = re.fullmatch(r"(https?)://([A-Za-z0-9.-]+|\[[0-9a-fA-F:]+\])(:\d{1,5})?/?", text)
    if match is None:
        raise ValueError("must be https://HOST or https://HOST:PORT, nothing after it")
    if match[1] == "http" and not Address(match[2].strip("[]"), 0).is_loopback:
        raise ValueError("must begin with https:// (http:// is for a loopback address, in tests)")
    return text.rstrip("/")


def parse_prefix(text: str) -> str:
    """Read a prefix of topic names, group ids or transactional ids: letters, digits, dot, dash and underscore.

    Raises:
        ValueError: another character is in it, or it is too long.
    """
    if not re.fullmatch(r"[A-Za-z0-9._-]{1,100}", text):
        raise ValueError("may hold letters, digits, '.', '-' and '_' only, 100 at most")
    return text


def parse_existing_file(text: str) -> Path:
    """Read the path of a file that can be read.

    Raises:
        ValueError: it cannot.
    """
    path = Path(text)
    try:
        path.open("rb").close()
    except OSError as error:
        reason = (error.strerror or "cannot be read").lower()
        raise ValueError(f"must be a file that can be read ({reason})") from None
    return path


@dataclass(frozen=True, slots=True)
class Setting:
    """Declare one setting. ``default`` is the text that a missing one counts as, ``None`` for unset."""

    name: str
    parse: Callable[[str], object]
    default: str | None
    doc: str
    prevents: str
    """The accident that the default, or setting it right, prevents."""
    secret: bool = False


SETTINGS: Final[tuple[Setting, ...]] = (
    Setting(
        "FLOWRUN_BOOTSTRAP_SERVERS",
        parse_servers,
        "127.0.0.1:9092",
        "Kafka brokers to start from, HOST:PORT, comma-separated.",
        "Talking to another cluster than you think.",
    ),
    Setting(
        "FLOWRUN_SECURITY_PROTOCOL",
        one_of("PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"),
        "PLAINTEXT",
        "How to speak to Kafka: PLAINTEXT, SSL, SASL_PLAINTEXT or SASL_SSL.",
        "Payloads readable on the network.",
    ),
    Setting(
        "FLOWRUN_SASL_MECHANISM",
        one_of("PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"),
        None,
        "PLAIN, SCRAM-SHA-256 or SCRAM-SHA-512; needed with a SASL protocol.",
        "A silent fall-back to a weaker one.",
    ),
    Setting("FLOWRUN_SASL_USERNAME", str, None, "User name for SASL.", "Anonymous access."),
    Setting("FLOWRUN_SASL_PASSWORD", str, None, "Password for SASL.", "Anonymous access.", secret=True),
    Setting(
        "FLOWRUN_SSL_CA",
        parse_existing_file,
        None,
        "PEM file of the authorities that sign the brokers' certificates; unset means the system's.",
        "Trusting a broker that anybody signed.",
    ),
    Setting("FLOWRUN_SSL_CERT", parse_existing_file, None, "PEM file of the client certificate.", "Anonymous access."),
    Setting("FLOWRUN_SSL_KEY", parse_existing_file, None, "PEM file of the client's private key.", "Anonymous access."),
    Setting(
        "FLOWRUN_TOPIC_PREFIX",
        parse_prefix,
        "flowrun.",
        "What every topic name begins with.",
        "Two installations writing into each other's topics.",
    ),
    Setting(
        "FLOWRUN_PARTITIONS",
        parse_count,
        "6",
        "Partitions of every topic; the bound on how many workers can share the load.",
        "State in other partitions than its input: changing it later needs new topics.",
    ),
    Setting(
        "FLOWRUN_REPLICATION_FACTOR",
        parse_count,
        "1",
        "Copies of every partition; 3 or more for production.",
        "Losing acknowledged events with one disk.",
    ),
    Setting(
        "FLOWRUN_LISTEN",
        parse_address,
        "127.0.0.1:8080",
        "Where ingest serves /webhooks/adobe.",
        "An open port on the network by accident.",
    ),
    Setting(
        "FLOWRUN_MANAGEMENT_LISTEN",
        parse_address,
        None,
        "Where a process serves /livez, /readyz and /metrics; unset means 127.0.0.1 and port 9400 (ingest), "
        "9401 (process) or 9402 (dashboard).",
        "Internals readable from the network.",
    ),
    Setting(
        "FLOWRUN_AUTH",
        one_of("adobe", "token", "none"),
        None,
        "How ingest knows the sender: adobe (signatures), token (bearer) or none (loopback only).",
        "Strangers writing events; there is no default.",
    ),
    Setting(
        "FLOWRUN_ADOBE_CLIENT_ID",
        parse_list,
        None,
        "Client ids of your Adobe credentials, comma-separated; needed with FLOWRUN_AUTH=adobe.",
        "Accepting events that Adobe signed for another customer.",
    ),
    Setting(
        "FLOWRUN_ADOBE_KEYS_URL",
        parse_origin,
        "https://static.adobeioevents.com",
        "Where Adobe's public keys are fetched from; plain http only from a loopback address, for tests.",
        "Keys from another host.",
    ),
    Setting(
        "FLOWRUN_TOKEN",
        str,
        None,
        "The bearer token; needed with FLOWRUN_AUTH=token.",
        "Strangers writing events.",
        secret=True,
    ),
    Setting(
        "FLOWRUN_CONFIRM_VALIDATION",
        parse_flag,
        "false",
        "Confirm Adobe's asynchronous validation by a GET on its URL (host csm.adobe.io only).",
        "Being made to call addresses that a sender chose.",
    ),
    Setting(
        "FLOWRUN_RULES",
        parse_existing_file,
        None,
        "The rules file (TOML); unset means the built-in rules.",
        "Alerts other than the ones you wrote.",
    ),
    Setting(
        "FLOWRUN_DEDUPE",
        parse_duration,
        "7d",
        "How far back a notification is known again.",
        "Counting one twice that Adobe's journal sends again.",
    ),
    Setting(
        "FLOWRUN_APP_ID",
        parse_prefix,
        "flowrun",
        "Prefix of consumer groups and transactional ids; one per installation.",
        "Two installations fencing each other off.",
    ),
    Setting(
        "FLOWRUN_LOG",
        one_of("text", "json"),
        "text",
        "Log lines for people (text) or programs (json).",
        "Logs that nobody can search.",
    ),
)
BY_NAME: Final[Mapping[str, Setting]] = {setting.name: setting for setting in SETTINGS}


@dataclass(frozen=True, slots=True, repr=False)
class Value:
    """Hold one effective setting. Its ``repr`` and :meth:`shown` hide secrets."""

    setting: Setting
    text: str | None
    origin: Origin
    parsed: object

    def shown(self) -> str:
        """Write the value for people: a secret as ``(hidden)``, none as ``(unset)``."""
        if self.text is None:
            return "(unset)"
        return "(hidden)" if self.setting.secret else self.text

    def __repr__(self) -> str:
        return f"Value({self.setting.name}={self.shown()}, {self.origin})"


class Values:
    """Hold the effective settings, each parsed. Collects further mistakes until :meth:`done`."""

    def __init__(self, values: Mapping[str, Value], mistakes: list[Mistake]) -> None:
        self._values = values
        self._mistakes = mistakes

    def __iter__(self) -> Iterator[Value]:
        return iter(self._values.values())

    def get(self, name: str, kind: type[T]) -> T | None:
        """Return the parsed value, ``None`` if unset or wrong (its mistake is then already noted)."""
        parsed = self._values[name].parsed
        return parsed if isinstance(parsed, kind) else None

    def wrong(self, name: str, problem: str) -> None:
        """Note a mistake that only shows between settings, such as a mechanism without a user."""
        self._mistakes.append(Mistake(name, problem))

    def done(self) -> None:
        """End reading.

        Raises:
            SettingsInvalid: with every mistake noted so far.
        """
        if self._mistakes:
            order = list(BY_NAME)
            unknown = len(order)
            raise SettingsInvalid(
                sorted(self._mistakes, key=lambda m: order.index(m.setting) if m.setting in BY_NAME else unknown)
            )


def read(environ: Mapping[str, str]) -> Values:
    """Read all settings. An empty variable counts as unset; ``NAME_FILE`` names a file that holds the value.

    Mistakes are collected, not raised: the parts of the program add theirs and call :meth:`Values.done`.
    """
    mistakes: list[Mistake] = []
    values = {setting.name: _read_one(setting, environ, mistakes) for setting in SETTINGS}
    return Values(values, mistakes)


def _read_one(setting: Setting, environ: Mapping[str, str], mistakes: list[Mistake]) -> Value:
    text, origin = environ.get(setting.name) or None, _ENVIRONMENT
    file = environ.get(f"{setting.name}_FILE")
    if text is not None and file:
        mistakes.append(Mistake(setting.name, f"is set, and {setting.name}_FILE too; keep one"))
    elif file:
        try:
            text, origin = Path(file).read_text().rstrip("\r\n"), _FILE
        except (OSError, UnicodeDecodeError) as error:
            reason = getattr(error, "strerror", None) or "is not text"
            mistakes.append(Mistake(f"{setting.name}_FILE", f"{file}: {reason.lower()}"))
    if text is None:
        text, origin = setting.default, _DEFAULT
    parsed: object = None
    if text is not None:
        try:
            parsed = setting.parse(text)
        except ValueError as error:
            shown = "" if setting.secret else f", not {text!r}"
            mistakes.append(Mistake(setting.name, f"{error}{shown}"))
    return Value(setting, text, origin, parsed)


_ENVIRONMENT: Final[Origin] = "environment"
_FILE: Final[Origin] = "file"
_DEFAULT: Final[Origin] = "default"
