"""Find out whether an address can be listened on, before anything else is started."""

import socket
from typing import Any, NamedTuple

from ingest import errors
from schemas.settings import Address


class Resolved(NamedTuple):
    """Say how to make a socket for an address, and where to bind it."""

    family: int
    kind: int
    protocol: int
    place: Any  # of a form that the family decides


def require_free(address: Address, setting: str) -> Resolved:
    """Bind an address for a moment, for this process alone, and return how. ``setting`` is the one that names it.

    Without SO_REUSEPORT: a port that other processes share would be shared with us, too.

    Raises:
        PortTaken: another process has it, or it is not this machine's.
    """
    try:
        found = socket.getaddrinfo(address.host, address.port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
        family, kind, protocol, _, place = found[0]
        with socket.socket(family, kind, protocol) as alone:
            alone.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            alone.bind(place)
    except OSError as error:
        raise errors.PortTaken(address, errors.why(error), setting) from error
    return Resolved(family, kind, protocol, place)
