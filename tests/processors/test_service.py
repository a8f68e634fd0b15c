"""Test how a processors process ends."""

import asyncio

import mode
import pytest

from processors.engine.owner import EXIT_FENCED, Owner
from processors.service import until_stopped


class App(mode.Service):  # type: ignore[misc]
    """Stands in for a Faust app: a service of mode, as that is, with a task of its own."""

    consumer = None

    def __init__(self, *, fails: bool) -> None:
        self.fails = fails
        super().__init__()

    def finalize(self) -> None:
        """Have nothing to finalize."""

    @mode.Service.task  # type: ignore[untyped-decorator]
    async def _work(self) -> None:
        if self.fails:
            raise ConnectionError("the fetcher is gone")
        await asyncio.Event().wait()


@pytest.fixture
def owner() -> Owner:
    """An owner of nothing."""
    return Owner([], {}, "test")


async def test_a_crash_inside_faust_is_no_good_end(owner: Owner, caplog: pytest.LogCaptureFixture) -> None:
    """Faust does not raise what crashed one of its services, so we look; the supervisor must start us again."""
    code = await until_stopped(App(fails=True), owner, asyncio.Event())
    assert code == EXIT_FENCED
    assert "the fetcher is gone" in caplog.text


async def test_being_told_to_stop_is_a_good_end(owner: Owner) -> None:
    """SIGTERM sets the event, and the exit code is 0."""
    stop = asyncio.Event()
    stop.set()
    assert await until_stopped(App(fails=False), owner, stop) == 0
