"""What is written stays below what Kafka takes."""

import msgspec

from processors.normalize.size import MAX_DEAD_LETTER, encode, fit
from tests.processors.normalize.samples import a_run, run


def test_fitting_dead_letter() -> None:
    """A dead letter that fits keeps its exact value and headers."""
    assert fit(b"value", [("a", b"b")]) == (b"value", [("a", b"b")], "")


def test_no_value() -> None:
    """A record without value stays one."""
    assert fit(None, []) == (None, [], "")


def test_large_headers() -> None:
    """Headers that do not fit are left out, and the detail says so."""
    headers = [("a", b"b" * MAX_DEAD_LETTER)]
    total = f"{MAX_DEAD_LETTER + 4:,}"
    assert fit(b"value", headers) == (b"value", (), f"; own headers of {total} bytes left out")


def test_large_value() -> None:
    """A value that does not fit is cut, and the detail says so."""
    value, headers, left_out = fit(b"v" * (MAX_DEAD_LETTER + 1), [("a", b"b")])
    assert (len(value or b""), headers) == (MAX_DEAD_LETTER, ())
    assert left_out == f"; cut from {MAX_DEAD_LETTER + 1:,} bytes, own headers left out"


def test_a_run_of_the_largest_size_stays_whole() -> None:
    """One byte more, and the overviews of its files go first."""
    whole = run(a_run(metrics={"fileSummary": {"manifest": {"fileInfo": "https://x.example/overview"}}}))
    size_bytes = len(msgspec.json.encode(whole))
    assert encode(whole, size_bytes) == msgspec.json.encode(whole)
    cut = msgspec.structs.replace(whole, file_info=[])
    assert encode(whole, size_bytes - 1) == msgspec.json.encode(cut)
