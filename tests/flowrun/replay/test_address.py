"""Test where notifications are posted."""

import pytest

from flowrun.replay.address import WEBHOOK, fits_header, local_url, parse_url
from ingest import operations
from schemas.settings import Address


def test_the_webhook_is_the_one_that_ingest_serves() -> None:
    """Both sides mean the same path."""
    assert operations.PATH == WEBHOOK


@pytest.mark.parametrize(
    ("text", "url"),
    [
        ("http://127.0.0.1:8080", "http://127.0.0.1:8080/webhooks/adobe"),
        ("https://x.example/", "https://x.example/"),
        ("http://[::1]:80/a?b=c", "http://[::1]:80/a?b=c"),
    ],
)
def test_urls(text: str, url: str) -> None:
    """Without a path the webhook's is meant."""
    assert parse_url(text) == url


@pytest.mark.parametrize(
    "text",
    ["", "x", "127.0.0.1:8080", "ftp://x", "http://", "http://x:y", "http://x:99999", "http://[::1", "http://x:0"],
)
def test_what_is_no_url_is_refused(text: str) -> None:
    """The message shows one that is."""
    with pytest.raises(ValueError, match="must be a URL such as http"):
        parse_url(text)


def test_a_password_is_refused_and_not_repeated() -> None:
    """What says who we are goes into a setting, not into a URL that is printed."""
    with pytest.raises(ValueError, match="must hold no user and password") as caught:
        parse_url("http://me:sesame@x.example/")
    assert "sesame" not in str(caught.value)


@pytest.mark.parametrize(
    ("listen", "url"),
    [
        (Address("127.0.0.1", 8080), "http://127.0.0.1:8080/webhooks/adobe"),
        (Address("0.0.0.0", 1), "http://127.0.0.1:1/webhooks/adobe"),  # noqa: S104  (nothing is bound)
        (Address("::", 1), "http://[::1]:1/webhooks/adobe"),
        (Address("x.example", 1), "http://x.example:1/webhooks/adobe"),
    ],
)
def test_the_ingest_of_this_machine(listen: Address, url: str) -> None:
    """One that listens on all addresses is reached on the loopback one."""
    assert local_url(listen) == url


@pytest.mark.parametrize(("text", "fits"), [("a-1.b/c", True), ("a b", False), ("a\nb", False), ("ä", False)])
def test_words_for_headers(text: str, fits: bool) -> None:
    """Printable ASCII without blanks arrives as it is."""
    assert fits_header(text) == fits
