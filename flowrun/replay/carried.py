"""Choose what a recorded notification says of its delivery that is said again when it is sent again."""

from typing import Final

from flowrun.recording.entry import Entry
from flowrun.recording.fresh import EVENT_ID_HEADER
from schemas.raw import BATCH, CONTENT_TYPE, SENDER_HEADERS, TRACEPARENT

_CARRIED: Final = (CONTENT_TYPE, *SENDER_HEADERS, TRACEPARENT)


def carried(entry: Entry) -> dict[str, str]:
    """Return the headers to send, by their names in lower case.

    The event id of a batch is left out: it cannot belong to each of its elements, which are sent one by one.
    """
    left_out = {EVENT_ID_HEADER} if entry.header(BATCH) is not None else set()
    texts = {name: _text(entry.header(name)) for name in _CARRIED if name not in left_out}
    return {name: text for name, text in texts.items() if text}


def _text(value: bytes | None) -> str | None:
    """Read a header's value as text, ``None`` for one that HTTP cannot carry."""
    text = value.decode("utf-8", "surrogateescape") if value is not None else ""
    return text if text and text.isprintable() else None
