"""Recognise what Adobe sends to find out whether the webhook wants its events."""

import re
from collections.abc import Sequence
from typing import Final

import orjson

from ingest import hints

_find: Final = re.compile(rb'"validationUrl"').search  # three times as fast as ``in`` on a notification


def validation_url(body: bytes) -> str | None:
    """Return the URL of an asynchronous validation, ``None`` if the body is anything else.

    A notification that happens to hold such a field stays a notification: it has a flow or an event id.
    """
    if _find(body) is None:
        return None
    try:
        document = orjson.loads(body)
    except orjson.JSONDecodeError:
        return None
    url = document.get("validationUrl") if isinstance(document, dict) else None
    if not isinstance(url, str):
        return None
    seen = hints.read(body)
    return url if seen.flow_id is None and seen.event_id is None else None


def asks_for_text(accept: Sequence[str]) -> bool:
    """Tell whether ``Accept`` headers name ``text/plain`` and nothing else."""
    ranges = [part.partition(";")[0].strip().lower() for header in accept for part in header.split(",")]
    named = [media for media in ranges if media]
    return bool(named) and all(media in ("text/plain", "text/*") for media in named)
