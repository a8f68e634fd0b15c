"""Map one set of connection settings to confluent-kafka and to aiokafka, which name the same things differently."""

import ssl
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from schemas.settings import Values

Protocol = Literal["PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"]
Mechanism = Literal["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"]


@dataclass(frozen=True, slots=True)
class Connection:
    """Say how to reach the brokers. The password is left out of ``repr``."""

    bootstrap_servers: str
    protocol: Protocol = "PLAINTEXT"
    mechanism: Mechanism | None = None
    username: str | None = None
    password: str | None = field(default=None, repr=False)
    ca: Path | None = None
    certificate: Path | None = None
    key: Path | None = None

    @property
    def uses_tls(self) -> bool:
        return self.protocol in ("SSL", "SASL_SSL")

    @property
    def uses_sasl(self) -> bool:
        return self.protocol in ("SASL_PLAINTEXT", "SASL_SSL")

    def for_confluent(self) -> dict[str, str | int | float | bool]:
        """Return the settings for a confluent-kafka client. Holds the password: never log it."""
        config: dict[str, str | int | float | bool] = {
            "bootstrap.servers": self.bootstrap_servers,
            "security.protocol": self.protocol,
        }
        if self.uses_sasl:
            config |= {
                "sasl.mechanism": self.mechanism or "PLAIN",
                "sasl.username": self.username or "",
                "sasl.password": self.password or "",
            }
        if self.uses_tls:
            paths = {
                "ssl.ca.location": self.ca,
                "ssl.certificate.location": self.certificate,
                "ssl.key.location": self.key,
            }
            config |= {name: str(path) for name, path in paths.items() if path is not None}
        return config

    def for_aiokafka(self) -> dict[str, object]:
        """Return the arguments for an aiokafka client. Holds the password: never log it.

        Raises:
            ssl.SSLError: a certificate or key file is not what it should be.
        """
        arguments: dict[str, object] = {
            "bootstrap_servers": self.bootstrap_servers.split(","),
            "security_protocol": self.protocol,
        }
        if self.uses_sasl:
            arguments |= {
                "sasl_mechanism": self.mechanism or "PLAIN",
                "sasl_plain_username": self.username,
                "sasl_plain_password": self.password,
            }
        if self.uses_tls:
            arguments["ssl_context"] = self.tls_context()
        return arguments

    def tls_context(self) -> ssl.SSLContext:
        """Make the TLS context of a client: verifies the broker, shows the client certificate if there is one.

        Raises:
            ssl.SSLError: a certificate or key file is not what it should be.
        """
        context = ssl.create_default_context(cafile=self.ca)
        if self.certificate is not None:
            context.load_cert_chain(self.certificate, self.key)
        return context


def connection(values: Values) -> Connection:
    """Build the connection from the settings, noting mistakes between them in ``values``."""
    protocol = values.get("FLOWRUN_SECURITY_PROTOCOL", str) or "PLAINTEXT"
    mechanism = values.get("FLOWRUN_SASL_MECHANISM", str)
    username = values.get("FLOWRUN_SASL_USERNAME", str)
    password = values.get("FLOWRUN_SASL_PASSWORD", str)
    if protocol.startswith("SASL"):
        needed = {
            "FLOWRUN_SASL_MECHANISM": mechanism,
            "FLOWRUN_SASL_USERNAME": username,
            "FLOWRUN_SASL_PASSWORD": password,
        }
        for name, value in needed.items():
            if value is None:
                values.wrong(name, f"is needed with FLOWRUN_SECURITY_PROTOCOL={protocol}")
    elif mechanism is not None:
        values.wrong("FLOWRUN_SASL_MECHANISM", "needs FLOWRUN_SECURITY_PROTOCOL=SASL_SSL or SASL_PLAINTEXT")
    certificate = values.get("FLOWRUN_SSL_CERT", Path)
    key = values.get("FLOWRUN_SSL_KEY", Path)
    if (certificate is None) != (key is None):
        values.wrong("FLOWRUN_SSL_KEY" if key is None else "FLOWRUN_SSL_CERT", "is needed too: a certificate has a key")
    return Connection(
        bootstrap_servers=values.get("FLOWRUN_BOOTSTRAP_SERVERS", str) or "",
        protocol=protocol,  # type: ignore[arg-type]  # checked by the setting's parser
        mechanism=mechanism,  # type: ignore[arg-type]  # checked by the setting's parser
        username=username,
        password=password,
        ca=values.get("FLOWRUN_SSL_CA", Path),
        certificate=certificate,
        key=key,
    )
