"""Be a service of the demo that never outlives it: ``python -m flowrun.demo.child PARENT_PID COMMAND...``."""

import ctypes
import os
import signal
import sys
import threading
import time
from typing import Final

from flowrun.__main__ import run

_PR_SET_PDEATHSIG: Final = 1
_POLL_S: Final = 1.0


def die_with(parent: int) -> None:
    """Make this process end when its parent does, however that ends (``kill -9`` included)."""
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    else:
        threading.Thread(target=_watch, args=(parent,), daemon=True).start()
    if os.getppid() != parent:  # it ended before we could ask to be told
        os._exit(1)


def _watch(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(_POLL_S)
    os.kill(os.getpid(), signal.SIGKILL)


if __name__ == "__main__":
    die_with(int(sys.argv[1]))
    sys.exit(run(sys.argv[2:]))
