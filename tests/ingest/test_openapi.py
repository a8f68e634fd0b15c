"""Test that the OpenAPI document is true: against the tables it comes from, and by schemathesis against the server."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from broker.embedded import EmbeddedBroker
from ingest.openapi import document
from ingest.operations import OPERATIONS, PATH
from ingest.problems import PROBLEMS
from ingest.settings import AuthName
from schemas.settings import Address
from tests.ingest.process import TOKEN, running

HERE = Address("127.0.0.1", 8080)
EXAMPLES = 50


def operation(auth: AuthName, method: str) -> Any:
    """Return one operation of the document."""
    return document(auth, HERE)["paths"][PATH][method]


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_every_answer_of_the_table_is_described(method: str) -> None:
    """Successes and problems, by status, and nothing else."""
    table = OPERATIONS[method]
    expected = {success.status for success in table.successes} | {int(PROBLEMS[each].status) for each in table.refusals}
    assert {int(status) for status in operation("none", method.lower())["responses"]} == expected


def test_the_token_is_described_where_it_is_needed() -> None:
    """With tokens a POST needs one; Adobe's signatures fit none of OpenAPI's schemes."""
    assert [operation(auth, "post").get("security") for auth in ("token", "adobe", "none")] == [
        [{"token": []}],
        None,
        None,
    ]
    assert "security" not in operation("token", "get")


@pytest.mark.parametrize("auth", ["token", "none"])
def test_schemathesis_finds_nothing(tmp_path: Path, auth: str) -> None:
    """Generated requests, right and wrong, get answers as described, from the document that the server gives out."""
    with EmbeddedBroker() as broker, running(broker, tmp_path / "log", FLOWRUN_AUTH=auth) as run:
        described = f"http://127.0.0.1:{run.service.port}/openapi.json"
        served = f"http://127.0.0.1:{run.port}"
        assert json.loads(run.service.fetch("/openapi.json"))["servers"] == [{"url": served}]
        header = ["--header", f"Authorization: Bearer {TOKEN}"] if auth == "token" else []
        command: list[str | Path] = [
            Path(sys.executable).with_name("schemathesis"),
            "run",
            described,
            "--url",
            served,
            *header,
        ]
        done = subprocess.run(
            [*command, "--max-examples", str(EXAMPLES), "--no-color", "--report-dir", tmp_path],
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
            cwd=tmp_path,
        )
        assert (done.returncode, "No issues found" in done.stdout) == (0, True), done.stdout
