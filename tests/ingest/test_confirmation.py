"""Test that a validation is confirmed where Adobe asks for it, and that no other address is ever called."""

import logging
import socket
import ssl
from collections.abc import AsyncIterator

import aiohttp
import pytest
import trustme
from aiohttp import web
from aiohttp.abc import AbstractResolver, ResolveResult

from ingest.confirmation import Confirmation, is_trusted
from ingest.metrics import Statistics
from ingest.metrics.names import Validation
from tests.ingest.process import until

URL = "https://csm.adobe.io/csm/registrations/validate?id=guid1&challenge=guid2"


@pytest.mark.parametrize(
    "url",
    [
        "http://csm.adobe.io/csm/registrations/validate?id=1",
        "https://csm.adobe.io.evil.example/validate",
        "https://csm.adobe.io@evil.example/validate",
        "https://user@csm.adobe.io/validate",
        "https://evil.example/csm.adobe.io",
        "https://csm.adobe.io:8443/validate",
        "https://xcsm.adobe.io/",
        "https://csm.adobe.io./validate",
        "https://127.0.0.1/validate",
        "https:///validate",
        "//csm.adobe.io/validate",
        "ftp://csm.adobe.io/validate",
        "https://csm.adobe.io\\@evil.example/validate",
        "https://[::1/validate",
        "",
    ],
)
def test_no_other_address_is_trusted(url: str) -> None:
    """Another scheme, host, port or user is somebody else's."""
    assert not is_trusted(url)


@pytest.mark.parametrize("url", [URL, "https://CSM.adobe.io/validate", "https://csm.adobe.io:443/x"])
def test_adobe_s_address_is_trusted(url: str) -> None:
    """However it is spelt."""
    assert is_trusted(url)


class Adobe(AbstractResolver):
    """Stand in for Adobe's validation service, and for the name server that knows where it is."""

    def __init__(self) -> None:
        self.status = 200
        self.asked: list[str] = []
        self.resolved: list[str] = []
        self._authority = trustme.CA()
        self._runner: web.ServerRunner | None = None
        self._port = 0

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        """Resolve every name to this server."""
        self.resolved.append(host)
        return [
            ResolveResult(hostname=host, host="127.0.0.1", port=self._port, family=socket.AF_INET, proto=0, flags=0)
        ]

    async def close(self) -> None:
        """Stop serving."""
        if self._runner is not None:
            await self._runner.cleanup()

    async def start(self) -> None:
        """Serve by TLS, with a certificate for Adobe's name."""

        async def answer(request: web.BaseRequest) -> web.Response:
            self.asked.append(f"{request.method} {request.host}{request.path_qs}")
            return web.Response(status=self.status, headers={"Location": "https://evil.example/"})

        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._authority.issue_cert("csm.adobe.io").configure_cert(context)
        self._runner = web.ServerRunner(web.Server(answer))
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0, ssl_context=context)
        await site.start()
        self._port = self._runner.addresses[0][1]

    def session(self) -> aiohttp.ClientSession:
        """Make a client that trusts this server and finds it under any name."""
        context = ssl.create_default_context()
        self._authority.configure_trust(context)
        return aiohttp.ClientSession(connector=aiohttp.TCPConnector(resolver=self, ssl=context))


@pytest.fixture
async def adobe() -> AsyncIterator[Adobe]:
    """A stand-in for Adobe."""
    made = Adobe()
    await made.start()
    yield made
    await made.close()


async def confirmed(adobe: Adobe, url: str, *, is_wanted: bool = True) -> Statistics:
    """Take note of a URL, wait until it is dealt with, and return the figures."""
    statistics = Statistics()
    confirmation = Confirmation(is_wanted, statistics, adobe.session)
    confirmation.take(url)

    async def is_done() -> bool:
        return statistics.validations.total() == 1

    await until(is_done)
    await confirmation.close()
    return statistics


async def test_adobe_s_url_is_called_once_as_it_was_sent(adobe: Adobe) -> None:
    """If that is wanted: one GET, with its query, over TLS to its host."""
    statistics = await confirmed(adobe, URL)
    assert adobe.asked == ["GET csm.adobe.io/csm/registrations/validate?id=guid1&challenge=guid2"]
    assert statistics.validations["confirmed"] == 1


async def test_nothing_is_called_unless_it_is_wanted(adobe: Adobe, caplog: pytest.LogCaptureFixture) -> None:
    """The operator finds the URL in the log, in whole."""
    with caplog.at_level(logging.WARNING):
        statistics = await confirmed(adobe, URL, is_wanted=False)
    assert (adobe.asked, statistics.validations["logged"]) == ([], 1)
    assert URL in [vars(record).get("url") for record in caplog.records]


async def test_no_other_host_is_even_looked_up(adobe: Adobe) -> None:
    """A sender cannot make us call what it likes."""
    statistics = await confirmed(adobe, "https://evil.example/validate")
    assert (adobe.resolved, statistics.validations["not-trusted"]) == ([], 1)


@pytest.mark.parametrize("status", [302, 307, 404, 500])
async def test_a_redirect_is_not_followed_and_a_failure_is_told(
    adobe: Adobe, status: int, caplog: pytest.LogCaptureFixture
) -> None:
    """Only 200 confirms."""
    adobe.status = status
    statistics = await confirmed(adobe, URL)
    expected: Validation = "not-confirmed"
    assert (adobe.resolved, statistics.validations[expected]) == (["csm.adobe.io"], 1)
    assert "open the URL by hand" in caplog.text


async def test_a_certificate_of_nobody_we_trust_does_not_do(adobe: Adobe) -> None:
    """Who merely answers under Adobe's name is not Adobe."""
    adobe.session = lambda: aiohttp.ClientSession(  # type: ignore[method-assign]  # one that trusts the usual authorities
        connector=aiohttp.TCPConnector(resolver=adobe)
    )
    statistics = await confirmed(adobe, URL)
    assert (adobe.asked, statistics.validations["not-confirmed"]) == ([], 1)
