"""Test how errors become exit codes and lines."""

from collections.abc import Callable

import click
import pytest

from broker.errors import BrokerUnreachable, LoginRefused, PartitionsWrong, TopicsMissing
from flowrun import __main__ as main
from flowrun.cli import cli
from flowrun.errors import INTERRUPTED, Misuse, WorkFailed
from schemas.settings import Mistake, SettingsInvalid


@pytest.mark.parametrize(
    ("error", "code", "lines"),
    [
        (Misuse("a\n b"), 2, ["a", "b"]),
        (WorkFailed("no"), 1, ["no"]),
        (click.UsageError("Odd."), 2, ["Odd; see flowrun --help"]),
        (
            SettingsInvalid([Mistake("FLOWRUN_A", "must be\nx"), Mistake("FLOWRUN_B", "is wrong")]),
            2,
            ["FLOWRUN_A must be x", "FLOWRUN_B is wrong"],
        ),
        (
            BrokerUnreachable("x:1", "refused"),
            1,
            ["no Kafka broker answers at x:1 (refused): start one, or set FLOWRUN_BOOTSTRAP_SERVERS"],
        ),
        (
            LoginRefused("x:1", "bad"),
            2,
            [
                "Kafka at x:1 refuses the login (bad): check FLOWRUN_SECURITY_PROTOCOL, "
                "FLOWRUN_SASL_* and FLOWRUN_SSL_*",
            ],
        ),
        (TopicsMissing(["a", "b"]), 1, ["topics are missing: a, b; create them with: flowrun topics create"]),
        (
            PartitionsWrong("t", 6, 4),
            2,
            [
                "topic t has 4 partitions, not 6: set FLOWRUN_PARTITIONS=4, "
                "or use new topics with another FLOWRUN_TOPIC_PREFIX"
            ],
        ),
    ],
)
def test_errors(error: Exception, code: int, lines: list[str]) -> None:
    """Wrong usage and configuration is 2, failed work is 1; each mistake has one line."""
    assert (main.exit_code(error), main.explain(error)) == (code, lines)


def raising(error: BaseException) -> Callable[[object], object]:
    """Make a stand-in for a command that fails so."""

    def invoke(_: object) -> object:
        raise error

    return invoke


@pytest.mark.parametrize(
    ("error", "code", "said"),
    [
        (Misuse("this: that"), 2, "flowrun: this: that\n"),
        (WorkFailed("no"), 1, "flowrun: no\n"),
        (KeyboardInterrupt(), INTERRUPTED, ""),
        (click.Abort(), INTERRUPTED, ""),
        (click.exceptions.Exit(7), 7, ""),
    ],
)
def test_a_command_that_fails(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], error: BaseException, code: int, said: str
) -> None:
    """It ends with its code and says so on stderr alone."""
    monkeypatch.setattr(cli, "invoke", raising(error))
    assert (main.run(["config"]), *capsys.readouterr()) == (code, "", said)


def test_a_mistake_of_ours_is_not_hidden(monkeypatch: pytest.MonkeyPatch) -> None:
    """What nobody expected comes with its traceback."""
    monkeypatch.setattr(cli, "invoke", raising(ZeroDivisionError()))
    with pytest.raises(ZeroDivisionError):
        main.run(["config"])


@pytest.mark.parametrize(("result", "code"), [(None, 0), (0, 0), (3, 3)])
def test_a_command_that_ends_well(monkeypatch: pytest.MonkeyPatch, result: int | None, code: int) -> None:
    """Its own code is the process's, 0 if it has none."""
    monkeypatch.setattr(cli, "invoke", lambda _: result)
    assert main.run(["config"]) == code
