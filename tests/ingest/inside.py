"""Run ingest inside the test, with limits that a test can reach, and talk to it byte by byte."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import NamedTuple

from broker.connection import Connection
from ingest.limits import Limits
from ingest.service import Ingest
from ingest.settings import IngestSettings
from ingest.tracing import Tracing
from schemas.settings import Address
from tests.ingest.process import PATIENCE_S
from tests.service import free_port

POST = b"POST /webhooks/adobe HTTP/1.1\r\nHost: x\r\n"


class Inside(NamedTuple):
    """Hold a running service and where it listens."""

    ingest: Ingest
    listen: Address
    log: list[bytes]
    """What was written to the access log."""

    async def connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """Open a connection."""
        return await asyncio.open_connection(*self.listen)

    async def send(self, request: bytes, *, end: bool = False) -> bytes:
        """Send bytes, perhaps end our side, and return all that comes until the server ends its side."""
        reader, writer = await self.connect()
        writer.write(request)
        if end:
            writer.write_eof()
        async with asyncio.timeout(PATIENCE_S):
            try:
                answer = await reader.read()
            finally:
                writer.close()
        return answer


@asynccontextmanager
async def inside(
    bootstrap: str, limits: Limits, topic: str = "t.raw", tracing: Tracing | None = None
) -> AsyncIterator[Inside]:
    """Run the service without authentication on free ports."""
    listen, management = (Address("127.0.0.1", free_port()) for _ in range(2))
    settings = IngestSettings(Connection(bootstrap), topic, listen, management, "none")
    log: list[bytes] = []
    async with Ingest(settings, limits, write_log=log.append, tracing=tracing) as ingest:
        yield Inside(ingest, listen, log)


def request(body: bytes, *headers: bytes) -> bytes:
    """Write a POST of a body."""
    lines = b"".join(header + b"\r\n" for header in headers)
    return POST + lines + b"Content-Length: %d\r\n\r\n" % len(body) + body


def statuses(answers: bytes) -> list[int]:
    """Return the statuses of answers that came one after the other."""
    found: list[int] = []
    while answers:
        head, _, answers = answers.partition(b"\r\n\r\n")
        found.append(int(head.split(b" ")[1]))
        length = next(
            (int(line.split(b":")[1]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length:")),
            0,
        )
        answers = answers[length:]
    return found
