"""Tell the stories of the flows of the bundled working day: how often each runs, what goes wrong, which alerts follow.

Times of day are hours: 14.5 is half past two. The alerts are written down by hand, from the story alone, so that they
can be held against what the processors make of the recording.
"""

from dataclasses import dataclass
from typing import Final, Literal

Shape = Literal["wrapper", "pipeline", "bare", "cloudevents"]
Hours = tuple[float, float]

END: Final = 24.0
REPEATED: Final = "repeated-failures"
CONSECUTIVE: Final = "consecutive-failures"
LOSS: Final = "record-loss"
PARTIAL: Final = "partial-errors"
STALLED: Final = "stalled"
OVERDUE: Final = "overdue"
SLOW: Final = "slow"

FIRES: Final = ("firing",)
FIRES_AND_ENDS: Final = ("firing", "resolved")


@dataclass(frozen=True, slots=True)
class Flow:
    """Describe one flow's day."""

    name: str
    every_min: int
    shape: Shape = "wrapper"
    records: int = 1_000
    """About how many records a run has."""
    sandbox: str = "prod"
    failing: tuple[Hours, ...] = ()
    """Every run that starts within fails."""
    flapping: Hours | None = None
    """Runs that start within fail in turn, ``flap`` of them for each that succeeds."""
    flap: int = 1
    code: str = "CONNECTOR-2001-500"
    """The error of the failed runs."""
    losing: tuple[float, float] | None = None
    """From which hour on what part of the records is lost without a word."""
    rejecting: tuple[float, float] | None = None
    """From which hour on what part of the records is reported as failed; runs stay green, streaming ones partial."""
    empty_from: float = END
    """From then on there is nothing to read."""
    silent_from: float = END
    """From then on it does not run any more."""
    slow_from: float = END
    """From then on runs take three times as long."""
    stuck_at: float | None = None
    """The run that starts then tells its start and never its end."""
    streams: bool = False
    """Reports one run for each hour."""
    in_batches: bool = False
    """Its notifications arrive in arrays."""
    in_seconds: bool = False
    """Its durations are written in seconds, as in the oldest documented payload."""
    repeated: tuple[str, ...] = ()
    """The states that ``repeated-failures`` must go through, in order."""
    consecutive: tuple[str, ...] = ()
    """The states that ``consecutive-failures`` must go through, in order."""
    fires: tuple[str, ...] = ()
    """Other rules that must fire, whatever comes after."""

    @property
    def is_steady(self) -> bool:
        """Tell whether no run fails, so that late notifications change no alert."""
        return not self.failing and self.flapping is None


FLOWS: Final[tuple[Flow, ...]] = (
    # Dead: they fail from some hour on until the end.
    Flow(
        *("Web orders", 15, "wrapper", 4_200),
        failing=((14.0, END),),
        code="CONNECTOR-1001-500",
        repeated=FIRES,
        consecutive=FIRES,
    ),
    Flow("POS transactions", 30, "bare", 9_000, failing=((20.5, END),), repeated=FIRES, consecutive=FIRES),
    Flow(
        *("Store inventory", 60, "pipeline", 15_000),
        failing=((18.0, END),),
        code="133",
        repeated=FIRES,
        consecutive=FIRES,
    ),
    # Recovering: some runs in a row fail, then all is well.
    Flow(
        *("Loyalty points", 15, "wrapper", 700),
        failing=((2.0, 3.5),),
        code="CONNECTOR-1001-500",
        repeated=FIRES_AND_ENDS,
        consecutive=FIRES_AND_ENDS,
    ),
    Flow(
        *("Email responses", 30, "cloudevents", 5_300),
        failing=((8.0, 11.0),),
        repeated=FIRES_AND_ENDS,
        consecutive=FIRES_AND_ENDS,
    ),
    Flow(
        *("Product catalogue", 60, "bare", 32_000),
        failing=((10.0, 13.0),),
        code="118",
        repeated=FIRES_AND_ENDS,
        consecutive=FIRES_AND_ENDS,
    ),
    Flow("Partner leads", 30, "wrapper", 220, failing=((21.0, 23.0),), repeated=FIRES, consecutive=FIRES_AND_ENDS),
    Flow(
        *("Payments ledger", 30, "pipeline", 2_800),
        failing=((1.0, 2.5), (15.0, 16.5)),
        code="CONNECTOR-1001-500",
        repeated=FIRES_AND_ENDS * 2,
        consecutive=FIRES_AND_ENDS * 2,
    ),
    # Flapping: failures and successes in turn.
    Flow("Support tickets", 30, "wrapper", 350, flapping=(9.0, 13.0), code="106", repeated=FIRES_AND_ENDS),
    Flow("Ad impressions", 15, "cloudevents", 80_000, flapping=(16.0, END), flap=2, repeated=FIRES),
    # Small trouble: too little for an alert.
    Flow("Newsletter signups", 30, "wrapper", 90, failing=((7.0, 8.0),)),
    Flow("Mobile app events", 15, "wrapper", 12_000, failing=((12.0, 12.25),)),
    Flow("Gift registry", 60, "bare", 60, failing=((2.0, 3.0), (9.0, 10.0), (16.0, 17.0))),
    Flow("Test imports", 30, "wrapper", 10, "dev", failing=((11.0, 12.0),), code="INGEST-1401-400"),
    # Lossy: green, and yet something is missing.
    Flow("Coupons redeemed", 60, "wrapper", 100, losing=(0.0, 0.3), in_seconds=True, fires=(LOSS,)),
    Flow("Returns", 30, "wrapper", 1_500, losing=(12.0, 0.02), fires=(LOSS,)),
    Flow("Web reviews", 60, "wrapper", 400, streams=True, rejecting=(6.0, 0.03), fires=(LOSS, PARTIAL)),
    Flow("Survey answers", 60, "bare", 800, rejecting=(13.0, 0.012), fires=(LOSS, PARTIAL)),
    # Odd: empty, silent, slow, stuck.
    Flow("Gift cards", 30, "wrapper", 45, empty_from=15.0),
    Flow("Call centre notes", 30, "bare", 640, silent_from=11.0, fires=(STALLED,)),
    Flow("Data lake export", 60, "wrapper", 250_000, slow_from=17.0, fires=(SLOW,)),
    Flow("Warehouse stock", 60, "bare", 7_400, stuck_at=18.0, fires=(OVERDUE,)),
    # Healthy.
    Flow("CRM contacts", 30, "wrapper", 3_100),
    Flow("CRM accounts", 60, "wrapper", 900),
    Flow("CRM opportunities", 60, "bare", 410),
    Flow("Web clickstream", 60, "cloudevents", 640_000, streams=True),
    Flow("App clickstream", 60, "cloudevents", 410_000, streams=True),
    Flow("Consent changes", 60, "wrapper", 130, streams=True),
    Flow("Profile merges", 60, "wrapper", 5_200, streams=True, in_batches=True),
    Flow("Identity graph", 60, "cloudevents", 8_100, streams=True, in_batches=True),
    Flow("Push deliveries", 60, "cloudevents", 22_000, streams=True, in_batches=True),
    Flow("SMS deliveries", 60, "cloudevents", 6_100, streams=True, in_batches=True),
    Flow("Price list", 60, "wrapper", 18_000, in_batches=True),
    Flow("Store visits", 30, "wrapper", 2_600, in_batches=True),
    Flow("Booking changes", 30, "cloudevents", 480, in_batches=True),
    Flow("Campaign costs", 60, "pipeline", 75),
    Flow("Weather feed", 60, "bare", 24, "emea-prod"),
    Flow("Currency rates", 60, "wrapper", 160, "emea-prod"),
    Flow("Service contracts", 60, "bare", 520, "emea-prod"),
    Flow("Sandbox smoke test", 60, "wrapper", 5, "dev"),
)
