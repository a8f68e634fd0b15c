"""Hold a port for several processes of ours to listen on."""

import socket

from ingest.errors import PortTaken, why
from ingest.ports import require_free
from schemas.settings import Address


class Reservation:
    """Bind an address without listening: nobody else can take it, and no connection comes here."""

    def __init__(self, address: Address) -> None:
        """Bind it.

        Raises:
            PortTaken: another process has it, or it is not this machine's.
        """
        family, kind, protocol, place = require_free(address, "FLOWRUN_LISTEN")
        try:
            self._socket = socket.socket(family, kind, protocol)
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
            self._socket.bind(place)
        except OSError as error:
            raise PortTaken(address, why(error), "FLOWRUN_LISTEN") from error
        self.address = Address(address.host, self._socket.getsockname()[1])
        """The address with the port that it got, should 0 have been asked for."""

    def close(self) -> None:
        """Let go of it."""
        self._socket.close()
