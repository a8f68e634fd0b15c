"""Show on a terminal how far a replay is."""

import asyncio
import contextlib
import sys
from collections.abc import AsyncIterator
from typing import Final

from flowrun.replay.session import Result

EVERY_S: Final = 0.1


@contextlib.asynccontextmanager
async def shown(result: Result, total: int | None) -> AsyncIterator[None]:
    """Draw a progress bar on stderr while in the context, if stdout is a terminal. ``total`` is unknown for a loop."""
    if not sys.stdout.isatty():
        yield
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (BarColumn(), MofNCompleteColumn(), TextColumn("{task.fields[note]}"), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("", total=total, note="")

        def draw() -> None:
            tally = result.tally
            note = f"{tally.retries} retries, {tally.failed} failed" if tally.retries or tally.failed else ""
            bar.update(task, completed=tally.acknowledged + tally.skipped, note=note)

        async def redraw() -> None:
            while True:
                draw()
                await asyncio.sleep(EVERY_S)

        drawing = asyncio.create_task(redraw())
        try:
            yield
        finally:
            drawing.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await drawing
            draw()
