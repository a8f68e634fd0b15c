"""Send entries over HTTP, as Adobe I/O Events does."""

import os
from types import TracebackType
from typing import Final, Self

import aiohttp
import orjson

from flowrun.recording.entry import Entry
from flowrun.replay.carried import carried
from flowrun.replay.delivery import Outcome
from flowrun.replay.sign import Signer
from ingest.envelope import SOURCE_HEADER
from schemas.raw import CONTENT_TYPE

TIMEOUT_S: Final = 10.0
"""For one attempt, connecting included; what Adobe allows."""
_LATER: Final = frozenset({429}) | (frozenset(range(500, 600)) - {505})
"""The statuses that Adobe tries again (DOMAIN.md 1.2)."""
_REFUSED_ALL: Final = frozenset({401, 403, 404, 405})


class HttpTarget:
    """Post to one URL over a few kept connections. Use it as an async context manager."""

    def __init__(self, url: str, *, token: str | None = None, signer: Signer | None = None) -> None:
        """Prepare to post; the token and the signer say who we are."""
        self._url = url
        self._token = token
        self._signer = signer
        self._session: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> Self:
        self._session = aiohttp.ClientSession(
            timeout=aiohttp.ClientTimeout(total=TIMEOUT_S), connector=aiohttp.TCPConnector(limit=0)
        )
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._session is not None:
            await self._session.close()

    async def send(self, entry: Entry) -> Outcome:
        """Post once.

        Raises:
            RuntimeError: used outside its context.
        """
        if self._session is None:
            raise RuntimeError("use HttpTarget in an async with statement")
        headers = self._headers(entry)
        try:
            async with self._session.post(
                self._url, data=entry.body, headers=headers, allow_redirects=False
            ) as response:
                return read_answer(response.status, response.headers.get("Retry-After"), await response.read())
        except (aiohttp.ClientError, TimeoutError) as error:
            return Outcome("later", _words(error), is_unreachable=isinstance(error, aiohttp.ClientConnectorError))

    def _headers(self, entry: Entry) -> dict[str, str]:
        headers = {CONTENT_TYPE: "application/json", **carried(entry), SOURCE_HEADER: "replay"}
        if self._token is not None:
            headers["Authorization"] = f"Bearer {self._token}"
        if self._signer is not None:
            headers |= self._signer.headers(entry.body)
        return headers


def read_answer(status: int, retry_after: str | None, body: bytes) -> Outcome:
    """Judge an answer by its status. The detail quotes what the receiver says of it."""
    if 200 <= status < 300:
        return Outcome("acknowledged", accepted=_accepted(body), status=status)
    detail = f"the receiver answers {status}{_quote(body)}"
    if status in _LATER:
        seconds = float(retry_after) if retry_after and retry_after.isascii() and retry_after.isdigit() else None
        return Outcome("later", detail, seconds, status=status)
    return Outcome("refused_all" if status in _REFUSED_ALL else "refused", detail, status=status)


def _words(error: aiohttp.ClientError | TimeoutError) -> str:
    """Say why there was no answer. Of a connection that failed asyncio keeps only the number of the reason."""
    if isinstance(error, aiohttp.ClientConnectorError) and not isinstance(error, aiohttp.ClientSSLError):
        number = error.os_error.errno or 0
        reason = os.strerror(number) if number > 0 else str(error.os_error.strerror or error.os_error)
        return f"cannot connect to {error.host}:{error.port} ({reason.lower()})"
    return str(error) or f"no answer within {TIMEOUT_S:.0f} s"


def _accepted(body: bytes) -> int:
    try:
        answer = orjson.loads(body)
    except orjson.JSONDecodeError:
        return 0
    count = answer.get("accepted") if isinstance(answer, dict) else None
    return count if isinstance(count, int) else 0


def _quote(body: bytes) -> str:
    """Return the words of a problem document (RFC 9457), or of a plain answer."""
    try:
        problem = orjson.loads(body)
        words = str(problem.get("detail") or problem.get("title") or "") if isinstance(problem, dict) else ""
    except orjson.JSONDecodeError:
        words = body[:200].decode(errors="replace")
    words = " ".join("".join(c if c.isprintable() else " " for c in words).split())
    return f" ({words[:200]})" if words else ""
