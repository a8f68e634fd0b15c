"""Tell the agent that counts the failing flows of an organisation which flows fail."""

from typing import Final

import msgspec

from processors.watch.flows import Flow
from processors.watch.rules import consecutive_failures, failure_count, failure_ratio
from processors.watch.state_records import Place
from schemas.alert import AlertReason
from schemas.run import Stage, Timestamp

FAILURE_KINDS: Final = frozenset({failure_count.KIND, failure_ratio.KIND, consecutive_failures.KIND})
"""The kinds whose open incidents make a flow a failing one."""


class Failing(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """A flow began to fail (it has an open failure incident), or ended. An internal record, keyed by its place."""

    org_id: str
    sandbox_name: str
    """Empty where no run says it."""
    flow_id: str
    flow_name: str | None
    is_failing: bool
    moment: Timestamp
    """Event time."""
    reason: AlertReason
    run_id: str | None = None
    """The newest failed run, and what it said."""
    code: str | None = None
    message: str | None = None
    stage: Stage = "other"

    @property
    def key(self) -> bytes:
        """All flows of a place meet in one partition."""
        return f"{self.org_id}/{self.sandbox_name}".encode()


def place_of(flow: Flow) -> Place | None:
    """Return where a flow counts as failing, ``None`` if it does not or nobody knows whose it is."""
    _, org, sandbox = flow.names
    if org is None or not any(incident.kind in FAILURE_KINDS for incident in flow.incidents.values()):
        return None
    return (org, sandbox or "")


def failing(
    flow: Flow, place: Place, name: str | None, moment: str, reason: AlertReason, *, is_failing: bool
) -> Failing:
    """Write what is known of a flow that began, or ceased, to fail in a place."""
    newest = flow.last_failure
    told = {} if newest is None else {"run_id": newest.run_id, "code": newest.code, "message": newest.message}
    return Failing(
        org_id=place[0],
        sandbox_name=place[1],
        flow_id=flow.flow_id,
        flow_name=name,
        is_failing=is_failing,
        moment=moment,
        reason=reason,
        stage="other" if newest is None else newest.stage,
        **told,
    )
