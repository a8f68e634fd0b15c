"""Test that one connection means the same to both clients, and that its password stays in it."""

import ssl
from pathlib import Path

import pytest
import trustme

from broker.connection import Connection, Mechanism, connection
from schemas.settings import Mistake, SettingsInvalid, read

SECRET = "s3cr3t-value"
MECHANISMS: list[Mechanism] = ["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"]


@pytest.fixture(scope="module")
def pem(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """PEM files of an authority and of a client certificate with its key."""
    folder = tmp_path_factory.mktemp("pem")
    authority = trustme.CA()
    client = authority.issue_cert("client.test")
    files = {name: folder / f"{name}.pem" for name in ("ca", "cert", "key")}
    authority.cert_pem.write_to_path(str(files["ca"]))
    client.cert_chain_pems[0].write_to_path(str(files["cert"]))
    client.private_key_pem.write_to_path(str(files["key"]))
    return files


def from_settings(**environ: object) -> Connection:
    """Build a connection as the services do, from `FLOWRUN_` and the given names."""
    values = read({f"FLOWRUN_{name}": str(value) for name, value in environ.items()})
    built = connection(values)
    values.done()
    return built


def mistakes(**environ: object) -> list[Mistake]:
    """Return what is wrong with the given settings."""
    with pytest.raises(SettingsInvalid) as caught:
        from_settings(**environ)
    return caught.value.mistakes


def test_plaintext_needs_the_address_only() -> None:
    """Without security settings both clients get the address and PLAINTEXT."""
    plain = from_settings(BOOTSTRAP_SERVERS="a:1, b:2")
    assert (plain.for_confluent(), plain.for_aiokafka()) == (
        {"bootstrap.servers": "a:1,b:2", "security.protocol": "PLAINTEXT"},
        {"bootstrap_servers": ["a:1", "b:2"], "security_protocol": "PLAINTEXT"},
    )


@pytest.mark.parametrize("mechanism", MECHANISMS)
def test_logins_have_other_names_in_each_client(mechanism: str) -> None:
    """Mechanism, user and password arrive under confluent's names and under aiokafka's."""
    sasl = from_settings(
        SECURITY_PROTOCOL="sasl_plaintext", SASL_MECHANISM=mechanism, SASL_USERNAME="alice", SASL_PASSWORD=SECRET
    )
    assert (sasl.for_confluent(), sasl.for_aiokafka()) == (
        {
            "bootstrap.servers": "127.0.0.1:9092",
            "security.protocol": "SASL_PLAINTEXT",
            "sasl.mechanism": mechanism,
            "sasl.username": "alice",
            "sasl.password": SECRET,
        },
        {
            "bootstrap_servers": ["127.0.0.1:9092"],
            "security_protocol": "SASL_PLAINTEXT",
            "sasl_mechanism": mechanism,
            "sasl_plain_username": "alice",
            "sasl_plain_password": SECRET,
        },
    )


def test_tls_gives_confluent_the_paths(pem: dict[str, Path]) -> None:
    """librdkafka reads the PEM files itself."""
    tls = from_settings(SECURITY_PROTOCOL="SSL", SSL_CA=pem["ca"], SSL_CERT=pem["cert"], SSL_KEY=pem["key"])
    assert tls.for_confluent() == {
        "bootstrap.servers": "127.0.0.1:9092",
        "security.protocol": "SSL",
        "ssl.ca.location": str(pem["ca"]),
        "ssl.certificate.location": str(pem["cert"]),
        "ssl.key.location": str(pem["key"]),
    }


def test_tls_gives_aiokafka_a_context_that_verifies(pem: dict[str, Path]) -> None:
    """aiokafka gets a context with our authority only, which checks certificate and host name."""
    tls = from_settings(SECURITY_PROTOCOL="SSL", SSL_CA=pem["ca"], SSL_CERT=pem["cert"], SSL_KEY=pem["key"])
    context = tls.for_aiokafka()["ssl_context"]
    assert isinstance(context, ssl.SSLContext)
    facts = (context.verify_mode, context.check_hostname, len(context.get_ca_certs()))
    assert facts == (ssl.CERT_REQUIRED, True, 1)


def test_tls_without_an_authority_trusts_the_systems() -> None:
    """With `FLOWRUN_SSL_CA` unset librdkafka gets no path, and Python loads the system's authorities."""
    tls = Connection("a:1", protocol="SSL")
    context = tls.tls_context()
    assert ("ssl.ca.location" in tls.for_confluent(), context.verify_mode) == (False, ssl.CERT_REQUIRED)


def test_a_login_over_tls_has_both(pem: dict[str, Path]) -> None:
    """SASL_SSL brings the login and the authority."""
    both = from_settings(
        SECURITY_PROTOCOL="SASL_SSL",
        SASL_MECHANISM="SCRAM-SHA-512",
        SASL_USERNAME="alice",
        SASL_PASSWORD=SECRET,
        SSL_CA=pem["ca"],
    )
    confluent, aiokafka = both.for_confluent(), both.for_aiokafka()
    assert (confluent["sasl.mechanism"], confluent["ssl.ca.location"]) == ("SCRAM-SHA-512", str(pem["ca"]))
    assert (aiokafka["sasl_mechanism"], "ssl_context" in aiokafka) == ("SCRAM-SHA-512", True)


def test_a_file_that_is_no_certificate_is_an_error(tmp_path: Path) -> None:
    """Python's error names the kind of mistake; nothing falls back to an unverified connection."""
    wrong = tmp_path / "ca.pem"
    wrong.write_text("no certificate")
    with pytest.raises(ssl.SSLError):
        Connection("a:1", protocol="SSL", ca=wrong).for_aiokafka()


def test_the_password_is_not_in_the_repr() -> None:
    """A connection may be logged by mistake: its password is not."""
    assert SECRET not in repr(Connection("a:1", "SASL_SSL", "PLAIN", "alice", SECRET))


def test_a_sasl_protocol_needs_mechanism_user_and_password() -> None:
    """All three missing ones are told at once."""
    problem = "is needed with FLOWRUN_SECURITY_PROTOCOL=SASL_SSL"
    assert mistakes(SECURITY_PROTOCOL="SASL_SSL") == [
        Mistake("FLOWRUN_SASL_MECHANISM", problem),
        Mistake("FLOWRUN_SASL_USERNAME", problem),
        Mistake("FLOWRUN_SASL_PASSWORD", problem),
    ]


def test_a_mechanism_needs_a_sasl_protocol() -> None:
    """A login that would be ignored in silence is a mistake."""
    expected = "needs FLOWRUN_SECURITY_PROTOCOL=SASL_SSL or SASL_PLAINTEXT"
    assert mistakes(SASL_MECHANISM="PLAIN") == [Mistake("FLOWRUN_SASL_MECHANISM", expected)]


def test_a_certificate_needs_its_key_and_the_other_way_round(pem: dict[str, Path]) -> None:
    """Whichever half is missing is named."""
    problem = "is needed too: a certificate has a key"
    found = (mistakes(SSL_CERT=pem["cert"]), mistakes(SSL_KEY=pem["key"]))
    assert found == ([Mistake("FLOWRUN_SSL_KEY", problem)], [Mistake("FLOWRUN_SSL_CERT", problem)])
