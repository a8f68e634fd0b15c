"""Tell the operator of Adobe's asynchronous validation, and confirm it if that is wanted (DOMAIN.md 1.1)."""

import asyncio
import logging
from collections.abc import Callable
from typing import Final

import aiohttp
from yarl import URL

from ingest.metrics import Statistics

log = logging.getLogger("flowrun.ingest.validation")

HOST: Final = "csm.adobe.io"
"""The only host that is ever called because a sender said so."""
_HTTPS: Final = 443
_TIMEOUT_S: Final = 10.0
_MAX_TASKS: Final = 4
_MAX_LOGGED: Final = 2_000
"""Characters of a URL; Adobe's have 150."""


class Confirmation:
    """Log each validation URL, and if ``is_wanted`` call those of Adobe once. Redirects are not followed."""

    def __init__(
        self,
        is_wanted: bool,
        statistics: Statistics,
        session: Callable[[], aiohttp.ClientSession] = aiohttp.ClientSession,
    ) -> None:
        self._is_wanted = is_wanted
        self._statistics = statistics
        self._session = session
        self._tasks: set[asyncio.Task[None]] = set()

    def take(self, url: str) -> None:
        """Take note of a validation URL, as the sender wrote it."""
        if not self._is_wanted:
            self._statistics.validations.add("logged")
            log.warning("Adobe asks for validation: open this URL within 5 minutes", extra={"url": url[:_MAX_LOGGED]})
        elif not is_trusted(url) or len(self._tasks) >= _MAX_TASKS:
            self._statistics.validations.add("not-trusted")
            log.warning(
                "a validation URL was not called: only https://%s is, a few at a time",
                HOST,
                extra={"url": url[:_MAX_LOGGED]},
            )
        else:
            log.info("confirming Adobe's validation", extra={"url": url[:_MAX_LOGGED]})
            task = asyncio.get_running_loop().create_task(self._confirm(url))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def close(self) -> None:
        """End what is under way."""
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _confirm(self, url: str) -> None:
        try:
            async with (
                asyncio.timeout(_TIMEOUT_S),
                self._session() as session,
                session.get(URL(url), allow_redirects=False) as answer,
            ):
                is_confirmed, said = answer.status == 200, f"status {answer.status}"
        except (aiohttp.ClientError, OSError) as error:  # a TimeoutError is an OSError
            is_confirmed, said = False, type(error).__name__
        if is_confirmed:
            self._statistics.validations.add("confirmed")
            log.info("Adobe's validation is confirmed")
        else:
            self._statistics.validations.add("not-confirmed")
            log.error("Adobe's validation could not be confirmed: open the URL by hand", extra={"reason": said})


def is_trusted(url: str) -> bool:
    """Tell whether a URL is of Adobe's validation service: its host, over https, on the usual port, without a user."""
    try:
        parsed = URL(url)
        return (parsed.scheme, parsed.host, parsed.port, parsed.user) == ("https", HOST, _HTTPS, None)
    except (ValueError, TypeError):
        return False
