"""Run a mutation run: ``python -m tests.mutants [MODULE…] [--sample N] [--thorough] [--processes N]``.

Without modules all of ``processors/watch`` and ``processors/normalize``. Prints how many mutants of each module were
killed, then the survivors with their change.
"""

import argparse
import os
import sys
import tempfile
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path
from typing import Final

from tests.mutants.bench import Bench, Verdict
from tests.mutants.mutant import Mutant, sample

ROOT: Final = Path(__file__).parents[2]
PACKAGES: Final = ("processors/watch", "processors/normalize")


def modules() -> list[str]:
    """Name all modules of the packages."""
    files = (file for package in PACKAGES for file in sorted((ROOT / package).rglob("*.py")))
    return [str(file.relative_to(ROOT)) for file in files if file.name != "__init__.py"]


def judge(place: Path, mutant: Mutant, *, thorough: bool) -> Verdict:
    """Judge one mutant in this process's copy."""
    return Bench(ROOT, place, thorough=thorough).judge(mutant)


def report(verdicts: Sequence[Verdict]) -> None:
    """Print killed and tried of each module, of all, and the survivors with their change."""
    for module in dict.fromkeys(verdict.mutant.module for verdict in verdicts):
        own = [verdict.is_killed for verdict in verdicts if verdict.mutant.module == module]
        print(f"| `{module.removeprefix('processors/')}` | {sum(own)} | {len(own)} |")
    killed = sum(verdict.is_killed for verdict in verdicts)
    print(f"killed {killed} of {len(verdicts)}: {100 * killed / max(1, len(verdicts)):.1f} %")
    for verdict in verdicts:
        if not verdict.is_killed:
            print(f"\n{verdict.mutant}\n{verdict.change}")


def judge_all(place: Path, mutants: Sequence[Mutant], *, thorough: bool, processes: int) -> Iterator[Verdict]:
    """Judge mutants in their order, several at a time, showing on stderr how far it has come."""
    with ProcessPoolExecutor(processes) as pool:
        found = pool.map(partial(judge, place, thorough=thorough), mutants)
        for number, verdict in enumerate(found, 1):
            print(f"\r{number} of {len(mutants)}: {verdict.mutant}\033[K", end="", file=sys.stderr, flush=True)
            yield verdict
    print(file=sys.stderr)


def main(arguments: argparse.Namespace) -> int:
    """Run it, and return the exit code: 1 if the tests fail without any mutant."""
    mutants = [one for name in arguments.module or modules() for one in sample(ROOT, name, arguments.sample, 1)]
    with tempfile.TemporaryDirectory(prefix="flowrun-mutants-") as place:
        bench = Bench(ROOT, Path(place), thorough=arguments.thorough)
        if any(bench.fails(f"{package}/x.py") for package in PACKAGES):
            print("the tests fail without any mutant: mend them first", file=sys.stderr)
            return 1
        options = {"thorough": arguments.thorough, "processes": arguments.processes}
        report(list(judge_all(Path(place), mutants, **options)))
    return 0


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m tests.mutants")
    parser.add_argument("module", nargs="*", help="path such as processors/watch/panes.py; all without any")
    parser.add_argument("--sample", type=int, default=12, help="mutants of each module, chosen at random (12)")
    parser.add_argument("--thorough", action="store_true", help="run the slow tests too")
    parser.add_argument("--processes", type=int, default=os.cpu_count() or 1)
    sys.exit(main(parser.parse_args()))
