"""Stand for a receiver whose answers are written down beforehand."""

import asyncio

from flowrun.recording.entry import Entry
from flowrun.replay.delivery import Outcome

ACKNOWLEDGED = Outcome("acknowledged", accepted=1)
LATER = Outcome("later", "busy")


class ScriptedTarget:
    """Answer with the given outcomes in turn, then always with the last; note what came and when."""

    def __init__(self, *outcomes: Outcome, takes_s: float = 0.0) -> None:
        self._outcomes = list(outcomes)
        self._takes_s = takes_s
        self.bodies: list[bytes] = []
        self.times_s: list[float] = []
        self.on_their_way = 0
        self.most_on_their_way = 0

    async def send(self, entry: Entry) -> Outcome:
        """Note the attempt and answer after a while."""
        self.bodies.append(entry.body)
        self.times_s.append(round(asyncio.get_running_loop().time(), 3))
        outcome = self._outcomes.pop(0) if len(self._outcomes) > 1 else self._outcomes[0]
        self.on_their_way += 1
        self.most_on_their_way = max(self.most_on_their_way, self.on_their_way)
        await asyncio.sleep(self._takes_s)
        self.on_their_way -= 1
        return outcome
