"""Set the Python interpreter up for a process that holds a large state and works in batches."""

import gc
import sys
from importlib.util import find_spec
from typing import Final

COLLECT_EVERY: Final = (400_000, 20, 20)
"""New containers per collection of the youngest generation, and collections of each generation per one of the next.

Several batches are held at a time, each of some ten thousand containers, which end by their reference counts. With
CPython's 700 the collector looks through them, and through all flows and windows, again and again without finding
anything: measured, a fifth of the CPU time of ``watch``.
"""
SWITCH_S: Final = 0.02
"""How long a thread may keep the interpreter while others wait for it. With CPython's 5 ms the threads of a process's
partitions take turns within a batch, each time with cold caches: measured, a tenth of the CPU time."""


def set_up() -> None:
    """Collect garbage seldom, never look at what is loaded already, and let threads work longer at a time."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(*COLLECT_EVERY)
    sys.setswitchinterval(SWITCH_S)


STEPS: Final = ("processors.normalize.step", "processors.watch.step")


def compiled() -> bool:
    """Tell whether the agents' steps run compiled to C, as in the image, or interpreted, as in a checkout.

    Both do the same; compiled they cost half (docs/performance.md).
    """
    specs = [find_spec(name) for name in STEPS]
    return all(spec is not None and not (spec.origin or "").endswith(".py") for spec in specs)
