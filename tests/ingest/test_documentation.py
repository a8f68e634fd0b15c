"""Test that the pages about ingest name what there is."""

import re
from typing import get_args

import pytest

from ingest.generate.files import ROOT
from ingest.metrics import MetricName
from ingest.metrics.names import Closed, KeyFetch, SignatureResult, Validation

PAGE = (ROOT / "docs/ingest.md").read_text()


@pytest.mark.parametrize("name", get_args(MetricName))
def test_every_metric_is_documented(name: str) -> None:
    """Each has its row, with its labels."""
    assert f"`{name}" in PAGE


def test_every_result_of_a_signature_is_documented() -> None:
    """The labels that an operator has to act on are named."""
    assert [result for result in get_args(SignatureResult) if f"`{result}`" not in PAGE] == []


def test_label_sets_are_closed_and_short() -> None:
    """Prometheus gets few series from us, whatever senders do."""
    assert all(len(get_args(labels)) <= 10 for labels in (Closed, KeyFetch, SignatureResult, Validation))


@pytest.mark.parametrize("page", ["docs/ingest.md", "docs/register-webhook.md"])
def test_links_lead_somewhere(page: str) -> None:
    """Every relative link names a file of the checkout."""
    targets = re.findall(r"\]\((?!https?:)([^)#]+)", (ROOT / page).read_text())
    assert [target for target in targets if not (ROOT / "docs" / target).exists()] == []
