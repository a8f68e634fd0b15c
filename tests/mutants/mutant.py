"""Find the places where a module can be broken, and break it."""

import random
from collections.abc import Iterator
from pathlib import Path
from typing import Final, NamedTuple

from cosmic_ray.ast import ast_nodes, get_ast
from cosmic_ray.mutating import mutate_code
from cosmic_ray.plugins import get_operator, operator_names

PASSED_OVER: Final = ("BitOr", "RemoveDecorator", "NoOp")
"""Operators whose mutants say nothing: ``|`` stands in annotations mostly, and a module without its decorators cannot
even be imported. Counting these would flatter the score."""


class Mutant(NamedTuple):
    """Name one way to break one module."""

    module: str
    """Path from the root of the checkout."""
    operator: str
    occurrence: int
    line: int

    def __str__(self) -> str:
        return f"{self.module}:{self.line} {self.operator.removeprefix('core/')}"


def mutants_of(root: Path, module: str) -> Iterator[Mutant]:
    """Yield every mutant of a module."""
    nodes = list(ast_nodes(get_ast((root / module).read_text())))
    for name in operator_names():
        if any(word in name for word in PASSED_OVER):
            continue
        operator = get_operator(name)
        if operator.arguments():
            continue
        places = (start for node in nodes for start, _ in operator().mutation_positions(node))
        for occurrence, (line, _) in enumerate(places):
            yield Mutant(module, name, occurrence, line)


def sample(root: Path, module: str, count: int, seed: int) -> list[Mutant]:
    """Choose so many mutants of a module at random, the same ones for the same seed; all if there are no more."""
    found = list(mutants_of(root, module))
    if count >= len(found):
        return found
    return sorted(random.Random(f"{seed} {module}").sample(found, count), key=lambda mutant: mutant.line)  # noqa: S311


def broken(code: str, mutant: Mutant) -> str:
    """Return the module's text with the mutant's change."""
    changed = mutate_code(code, get_operator(mutant.operator)(), mutant.occurrence)
    assert isinstance(changed, str)
    return changed
