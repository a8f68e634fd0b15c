"""The watermark is the newest event time, and follows the clock in silence."""

from processors.watch.watermark import Watermark

IDLE = 30_000


def seen(*moments: tuple[int, int]) -> Watermark:
    """Return a watermark that has seen runs: pairs of event time and wall clock."""
    mark = Watermark()
    for occurred_at, now in moments:
        mark.see(occurred_at, now)
    return mark


def test_it_is_the_newest_event_time() -> None:
    """An older run does not take it back."""
    assert seen((100, 0), (50, 0), (70, 0)).value == 100
    assert seen((100, 0), (101, 0)).value == 101


def test_before_the_first_run_time_does_not_pass() -> None:
    """There is no event time to begin from."""
    assert Watermark().pass_time(1_000_000, IDLE) == -1


def test_after_silence_it_moves_by_what_has_elapsed_since_the_newest_was_seen() -> None:
    """Not a moment before ``idle`` is over; then by the whole silence at once."""
    mark = seen((5_000, 1_000_000))
    assert mark.pass_time(1_000_000 + IDLE - 1, IDLE) == 5_000
    assert mark.pass_time(1_000_000 + IDLE, IDLE) == 5_000 + IDLE
    assert mark.pass_time(1_000_000 + IDLE + 1_234, IDLE) == 5_000 + IDLE + 1_234


def test_any_record_ends_the_silence() -> None:
    """An older run is no news of event time, but the input is not silent."""
    mark = seen((5_000, 0), (4_000, 20_000))
    assert mark.pass_time(40_000, IDLE) == 5_000
    assert mark.pass_time(50_000, IDLE) == 55_000


def test_a_clock_that_goes_back_takes_nothing_back() -> None:
    """The watermark never moves backwards."""
    mark = seen((5_000, 100_000))
    mark.pass_time(200_000, IDLE)
    assert mark.pass_time(150_000, IDLE) == 105_000
    assert seen((5_000, 100_000)).pass_time(0, 0) == 5_000


def test_an_old_recording_is_not_late_because_it_is_old() -> None:
    """Years between event time and clock mean nothing: only elapsed time counts."""
    mark = seen((1_000, 10**12))
    assert mark.pass_time(10**12 + IDLE, IDLE) == 1_000 + IDLE


def test_a_run_from_behind_the_silence_counts_from_when_it_was_seen() -> None:
    """It is the newest run that elapsed time is added to, also if silence had moved the watermark beyond it."""
    mark = seen((0, 0))
    mark.pass_time(100_000, IDLE)
    mark.see(60_000, 100_000)
    assert mark.value == 100_000
    assert mark.pass_time(130_000, IDLE) == 100_000
    assert mark.pass_time(150_000, IDLE) == 110_000


def test_silence_counts_from_when_the_newest_was_first_seen() -> None:
    """Another run of the same moment does not make it younger."""
    watermark = Watermark()
    watermark.see(100, 0)
    watermark.see(100, 50)
    assert watermark.pass_time(1_050, 1_000) == 1_150
