"""The compiled steps are the interpreted ones, only faster: same outputs, and every test of theirs passes on them."""

import ast
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Final

import pytest

from tests.compiled.build import ROOT, build, lacks

TESTS: Final = ("tests/processors", "tests/flowrun/backtest")


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory with the packages compiled and the tests beside them."""
    missing = lacks()
    if missing is not None:
        pytest.skip(f"to compile, this machine lacks {missing}")
    target = tmp_path_factory.mktemp("compiled")
    build(target)
    for name in ("tests", "docs", "deploy"):
        shutil.copytree(ROOT / name, target / name, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", target)
    return target


def run(directory: Path, *arguments: str, **environment: str) -> str:
    """Run Python there and return what it printed; it must succeed."""
    done = subprocess.run(
        [sys.executable, *arguments], cwd=directory, env={**os.environ, **environment}, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout[-4_000:] + done.stderr[-2_000:]
    return done.stdout


def declares_records(module: Path) -> bool:
    """Tell whether a module defines a class of msgspec."""
    classes = [node for node in ast.walk(ast.parse(module.read_text())) if isinstance(node, ast.ClassDef)]
    return any(ast.unparse(base) in ("msgspec.Struct", "Struct") for node in classes for base in node.bases)


def test_what_is_compiled(tree: Path) -> None:
    """No module that declares records: mypyc drops the keywords of such a class."""
    compiled = [path.with_name(path.name.split(".")[0] + ".py") for path in sorted(tree.glob("*/**/*.so"))]
    assert {path.parent.name for path in compiled} == {"schemas", "normalize", "watch", "rules"}
    assert [path.name for path in compiled if declares_records(path)] == []


def test_same_outputs(tree: Path) -> None:
    """Runs, rows, alerts, dead letters and state are the same, byte for byte."""
    interpreted = run(ROOT, "-m", "tests.compiled.outputs").split()
    compiled = run(tree, "-m", "tests.compiled.outputs").split()
    assert (interpreted[0], compiled[0]) == ("False", "True")
    assert int(compiled[1]) > 40_000
    assert compiled[1:] == interpreted[1:]


def test_tests_of_the_steps(tree: Path, bootstrap_servers: str) -> None:
    """Nothing that the tests ask of the steps, the agents and the backtest is otherwise when they are compiled."""
    said = run(
        tree, "-m", "pytest", "-q", "-m", "not slow", "-p", "no:cacheprovider", *TESTS,
        FLOWRUN_TEST_BOOTSTRAP=bootstrap_servers,
    )  # fmt: skip
    assert " passed" in said.splitlines()[-1], said[-2_000:]
    assert "failed" not in said.splitlines()[-1]
