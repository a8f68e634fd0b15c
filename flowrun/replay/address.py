"""Say where notifications are posted."""

from typing import Final
from urllib.parse import urlsplit

from schemas.settings import Address

WEBHOOK: Final = "/webhooks/adobe"
"""The path of ingest's webhook (CONTRACT.md 5)."""


def parse_url(text: str) -> str:
    """Read the URL to post to; without a path it is the webhook's.

    Raises:
        ValueError: it is no URL of HTTP, or holds a user and a password, which would end up in summaries and logs.
    """
    try:
        parts = urlsplit(text)
        is_good = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        is_good = False
    if not is_good:
        raise ValueError(f"{text!r} must be a URL such as http://127.0.0.1:8080{WEBHOOK}")
    if "@" in parts.netloc:
        raise ValueError("must hold no user and password: set FLOWRUN_TOKEN, or --sign")
    return text if parts.path else f"{text}{WEBHOOK}"


def local_url(listen: Address) -> str:
    """Return the URL of the ingest on this machine, which may listen on all addresses."""
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(listen.host, listen.host)  # noqa: S104  (compared, not bound)
    return f"http://{Address(host, listen.port)}{WEBHOOK}"


def fits_header(text: str) -> bool:
    """Tell whether a text can travel in a header of a request as it is, as one word."""
    return text.isascii() and text.isprintable() and " " not in text
