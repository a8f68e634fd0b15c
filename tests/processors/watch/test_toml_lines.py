"""Every key and table of a TOML file is found on its line."""

import pytest

from processors.watch.toml_lines import Path, line_of, lines_of

TEXT = """\
# rules of the night shift
[window]
size = "1h"   # = not a key

[[rule]]
name = "one"
match = { flow_name = "CRM*", "org_id" = "A=B" }

[[rule]]
"name" = "two"

[flow."1c6f.1047"]
name = "nightly"
labels.team = "crm"
[flow.other.labels]
'a key' = "x"
"""


@pytest.mark.parametrize(
    ("path", "line"),
    [
        (("window",), 2),
        (("window", "size"), 3),
        (("rule", 0), 5),
        (("rule", 0, "name"), 6),
        (("rule", 0, "match"), 7),
        (("rule", 0, "match", "flow_name"), 7),
        (("rule", 0, "match", "org_id"), 7),
        (("rule", 1), 9),
        (("rule", 1, "name"), 10),
        (("flow",), 12),
        (("flow", "1c6f.1047"), 12),
        (("flow", "1c6f.1047", "name"), 13),
        (("flow", "1c6f.1047", "labels", "team"), 14),
        (("flow", "other", "labels"), 15),
        (("flow", "other", "labels", "a key"), 16),
    ],
)
def test_keys_and_tables_have_their_lines(path: Path, line: int) -> None:
    """Bare, quoted and dotted keys, inline tables, and arrays of tables by their number."""
    assert lines_of(TEXT)[path] == line


def test_what_is_not_found_has_the_line_of_what_is_around_it() -> None:
    """A missing key is told on the line of its table; with nothing around it, on the first line."""
    lines = lines_of(TEXT)
    assert line_of(lines, ("rule", 1, "kind")) == 9
    assert line_of(lines, ("rule", 0, "match", "unheard", "of")) == 7
    assert line_of(lines, ("nothing",)) == 1


def test_a_comment_is_no_key() -> None:
    """Neither a commented line nor what stands behind a value is taken for a key."""
    assert lines_of('# a = 1\nb = "x" # c = 2\n') == {("b",): 2}


def test_an_empty_file_has_no_lines() -> None:
    """There is nothing to find."""
    assert lines_of("") == {}
