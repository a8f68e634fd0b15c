"""Find out whether an address can be listened on, before anything else is started."""

import socket

from ingest import errors
from schemas.settings import Address


def require_free(address: Address, setting: str) -> None:
    """Listen on an address for a moment. ``setting`` is the one that names it.

    Raises:
        PortTaken: another process listens there, or the address is not this machine's.
    """
    family = socket.AF_INET6 if ":" in address.host else socket.AF_INET
    try:
        socket.create_server(address, family=family).close()
    except OSError as error:
        raise errors.PortTaken(address, errors.why(error), setting) from error
