"""Test which notifications ``--only`` chooses."""

import pytest

from flowrun.recording.facts import Subject
from flowrun.recording.selection import Only, parse_only

CRM = Subject("f-1", "CRM contacts", "failed")
WEB = Subject("f-2", None, "success")


@pytest.mark.parametrize(
    ("texts", "expected"),
    [
        ([], Only()),
        (["flow=f-1"], Only(("f-1",))),
        (["flow=CRM*,status=failed"], Only(("CRM*",), ("failed",))),
        (["flow=a", "flow=b, status=unknown"], Only(("a", "b"), ("unknown",))),
        (["flow=a=b"], Only(("a=b",))),
    ],
)
def test_what_is_written_is_read(texts: list[str], expected: Only) -> None:
    """Parts are separated by commas or given apart, and add up."""
    assert parse_only(texts) == expected


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("flow", "'flow' must be flow=ID-OR-NAME or status=STATUS"),
        ("flow=", "'flow=' must be flow=ID-OR-NAME or status=STATUS"),
        ("", "'' must be flow=ID-OR-NAME or status=STATUS"),
        ("flow=a,", "'' must be flow=ID-OR-NAME or status=STATUS"),
        ("name=a", "'name=a' must be flow=ID-OR-NAME or status=STATUS"),
        ("status=green", "there is no status 'green': there are success, failed, partial, in_progress, scheduled, "),
    ],
)
def test_mistakes_say_what_is_allowed(text: str, problem: str) -> None:
    """An unknown key or status is refused."""
    with pytest.raises(ValueError, match=r"must be|there is no") as caught:
        parse_only([text])
    assert str(caught.value)[: len(problem)] == problem


@pytest.mark.parametrize(
    ("text", "subjects", "takes"),
    [
        ("flow=f-1", [CRM], True),
        ("flow=CRM*", [CRM], True),
        ("flow=crm*", [CRM], False),
        ("flow=f-?", [WEB], True),
        ("flow=CRM*", [WEB], False),
        ("status=failed", [WEB, CRM], True),
        ("flow=f-2,status=failed", [WEB, CRM], False),
        ("flow=f-1,flow=f-2,status=success", [WEB], True),
        ("flow=*", [], False),
    ],
)
def test_one_subject_must_fit_in_both_respects(text: str, subjects: list[Subject], takes: bool) -> None:
    """A batch is chosen for one of its notifications, but not for parts of different ones."""
    assert parse_only([text]).takes(subjects) == takes


def test_nothing_chosen_means_all() -> None:
    """Without a choice even what names no flow is taken."""
    assert Only().takes([]) is True
