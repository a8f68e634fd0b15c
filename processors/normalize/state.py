"""Declare the record of the state topic. Interpreted always: see :mod:`processors.normalize`."""

import msgspec


class StateRecord(msgspec.Struct, frozen=True, array_like=True):
    """What one micro-batch adds to the state. One that is large, or spans days, has several with the same position."""

    position: int
    """The offset of the last raw record whose identities are in the state."""
    newest_day: int
    """Days since the epoch; with it a restored memory forgets exactly what the one before had forgotten."""
    day: int
    """The day of the new identities, if there are any."""
    joined: bytes
    """The new identities, 16 bytes each."""
