"""Build flowrun as the image has it, from this checkout, into a directory of its own.

Never in place: a compiled module beside its source would hide every later change of the source.
"""

import os
import shutil
import subprocess
import sys
import sysconfig
import tempfile
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parents[2]
PACKAGES: Final = ("schemas", "broker", "ingest", "processors", "flowrun")
COMPILERS: Final = ("cc", "gcc", "clang")


class CannotBuild(Exception):
    """The machine lacks something, or the build failed; the message says what."""


def lacks() -> str | None:
    """Return what this machine lacks to compile, ``None`` for nothing."""
    if not any(shutil.which(name) for name in COMPILERS):
        return "a C compiler (Debian, Ubuntu: apt-get install gcc libc6-dev)"
    if not Path(sysconfig.get_path("include"), "Python.h").exists():
        return "the headers of this Python (Debian, Ubuntu: apt-get install python3-dev)"
    return None


def build(target: Path) -> None:
    """Install the packages, compiled, into ``target``. Takes about half a minute and needs no network.

    Raises:
        CannotBuild: with the last lines that the build printed.
    """
    missing = lacks()
    if missing is not None:
        raise CannotBuild(f"to compile, this machine lacks {missing}")
    with tempfile.TemporaryDirectory(prefix="flowrun-build-") as directory:
        source = Path(directory)
        for name in PACKAGES:
            shutil.copytree(ROOT / name, source / name, ignore=shutil.ignore_patterns("__pycache__", "*.so"))
        for name in ("pyproject.toml", "README.md"):
            shutil.copy(ROOT / name, source)
        done = subprocess.run(
            [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps",
             "--no-index", "--no-build-isolation", "--target", str(target), str(source)],
            env={**os.environ, "HATCH_BUILD_HOOKS_ENABLE": "1"}, capture_output=True, text=True,
        )  # fmt: skip
    if done.returncode:
        raise CannotBuild("\n".join((done.stdout + done.stderr).splitlines()[-20:]))


def environment(target: Path) -> dict[str, str]:
    """Return what makes a Python process take the packages from there, whatever its working directory."""
    return {"PYTHONPATH": str(target), "PYTHONSAFEPATH": "1"}
