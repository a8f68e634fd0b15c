"""Test what a user meets first: names, help, and mistakes in them."""

import importlib
import subprocess
import sys

import click
import pytest

from flowrun.cli import COMMANDS, cli
from tests.flowrun.invoke import Flowrun


@pytest.mark.parametrize("name", COMMANDS)
def test_each_command_is_there(name: str) -> None:
    """The module of each name in the list holds a command of that name."""
    command: click.Command = importlib.import_module(f"flowrun.commands.{name}").command
    assert command.name == name


@pytest.mark.parametrize("name", COMMANDS)
def test_each_command_has_help(flowrun: Flowrun, name: str) -> None:
    """It begins with how to call it, and nothing is written to stderr."""
    said = flowrun(name, "--help")
    assert (said.code, said.out[: len(name) + 15], said.err) == (0, f"Usage: flowrun {name}", "")


@pytest.mark.parametrize("option", ["-h", "--help"])
def test_help_names_every_command(flowrun: Flowrun, option: str) -> None:
    """Name and summary of each, in the order of a newcomer's way."""
    said = flowrun(option)
    places = [said.out.index(f"  {name} ") for name in COMMANDS]
    assert (said.code, places) == (0, sorted(places))
    assert [summary for summary in COMMANDS.values() if summary not in said.out] == []


def test_version(flowrun: Flowrun) -> None:
    """Name and version on one line."""
    said = flowrun("--version")
    assert (said.code, said.out.split()[0], said.out.count("\n")) == (0, "flowrun", 1)


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        ([], "Missing command; see flowrun --help"),
        (
            ["nix"],
            "No such command 'nix': there are demo, topics, ingest, process, replay, tail, rules, config; "
            "see flowrun --help",
        ),
        (["--nix"], "No such option: --nix; see flowrun --help"),
        (["topics"], "Missing command; see flowrun topics --help"),
        (["topics", "nix"], "No such command 'nix': there are check, create; see flowrun topics --help"),
        (["topics", "check", "x"], "Got unexpected extra argument (x); see flowrun topics check --help"),
        (["replay"], "Missing argument 'PATH...'; see flowrun replay --help"),
        (["tail"], "Missing argument 'TOPIC'; see flowrun tail --help"),
        (["tail", "runs", "alerts"], "Got unexpected extra argument (alerts); see flowrun tail --help"),
        (["tail", "runs", "--limit"], "Option '--limit' requires an argument; see flowrun --help"),
        (
            ["process", "nix"],
            "Invalid value for '[normalize|watch|all]': 'nix' is not one of 'normalize', 'watch', 'all'; "
            "see flowrun process --help",
        ),
        (["ingest", "now"], "Got unexpected extra argument (now); see flowrun ingest --help"),
        (["demo", "--nix"], "No such option: --nix; see flowrun demo --help"),
        (["config", "--jsn"], "No such option: --jsn Did you mean --json?; see flowrun config --help"),
    ],
)
def test_wrong_usage_is_one_line(flowrun: Flowrun, arguments: list[str], line: str) -> None:
    """It says what is wrong and where to look, and the exit code is 2."""
    said = flowrun(*arguments)
    assert (said.code, said.out, said.err) == (2, "", f"flowrun: {line}\n")


def test_nothing_heavy_is_loaded_for_help() -> None:
    """The libraries that take long are left to the commands that need them."""
    code = "import sys; from flowrun.__main__ import run; run(['--help']); print(*sys.modules, file=sys.stderr)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=30, check=True)
    heavy = {"aiohttp", "faust", "aiokafka", "rich", "orjson", "msgspec", "cryptography"}
    assert heavy & set(done.stderr.split()) == set()


def test_replay_starts_without_what_it_may_not_need() -> None:
    """Its help loads neither HTTP nor Kafka."""
    code = "import sys; from flowrun.__main__ import run; run(['replay', '-h']); print(*sys.modules, file=sys.stderr)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=30, check=True)
    assert {"aiohttp", "faust", "aiokafka", "rich", "ingest.envelope"} & set(done.stderr.split()) == set()


def test_the_reader_of_a_pipe_may_leave() -> None:
    """``flowrun ... | head -1`` ends quietly."""
    arguments = [sys.executable, "-m", "flowrun", "config"]
    process = subprocess.Popen(arguments, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert process.stdout is not None
    assert process.stderr is not None
    process.stdout.close()
    said = process.stderr.read()
    process.stderr.close()
    assert (process.wait(timeout=30), said) == (0, b"")


def test_commands_are_listed_without_loading_them() -> None:
    """The group knows their names by itself."""
    assert cli.commands == {}
