"""Collect the errors of a run from all places, deepest cause first, each code once (DOMAIN.md 4.4)."""

import re
from collections.abc import Sequence
from typing import Final

from processors.normalize import wire
from processors.normalize.activities import kind
from schemas.run import ActivityKind, RunError, Stage

MAX_ERRORS: Final = 100

NO_CODE: Final = "unknown"
"""The code of an error that has a text and no code."""

_STAGES_BY_KIND: Final[dict[ActivityKind, Stage]] = {
    "copy": "copy",
    "promotion": "processing",
    "identity": "processing",
    "profile": "processing",
}
_COPY_CODE: Final = re.compile(r"CONNECTOR-1001(-|$)|2200$")
_PROCESSING_CODE: Final = re.compile(r"CONNECTOR-2001(-|$)|INGEST-|MAPPER-|(106|118|133)$")


def collect(activities: Sequence[wire.Activity], metrics: wire.Metrics) -> list[RunError]:
    """Return the errors of a run.

    The places in this order: the activities' ``extensions.errors`` (the real causes), their ``errors``, ``failedInfo``
    (the activities', then the run's), the run's ``errors``. Of a code the first finding counts; later ones only fill
    in a text or count that it lacks. The copy engine's free text (``errorDetail``) explains the deepest error if that
    has no text, and stands for itself if there is no error.
    """
    found: dict[str, RunError] = {}
    troubled = [activity for activity in activities if _has_errors(activity)]
    for activity in troubled:
        _add(found, activity.status_summary.extensions.errors, activity)
    for activity in troubled:
        _add(found, activity.status_summary.errors, activity)
    for activity in troubled:
        _add(found, activity.record_summary.failed_info, activity)
    _add(found, metrics.record_summary.failed_info, None)
    _add(found, metrics.status_summary.errors, None)
    for activity in troubled:
        _explain(found, activity)
    return list(found.values())


def _has_errors(activity: wire.Activity) -> bool:
    status = activity.status_summary
    if status.errors or activity.record_summary.failed_info:
        return True
    extensions = status.extensions
    return bool(extensions.errors) or extensions.error_detail is not None


def _add(found: dict[str, RunError], errors: Sequence[wire.Error], activity: wire.Activity | None) -> None:
    if not errors:
        return
    of_kind = "other" if activity is None else kind(activity.id, activity.name)
    for sent in errors:
        if sent.code is None and sent.message is None:
            continue
        code = sent.code or NO_CODE
        count = _count(sent)
        known = found.get(code)
        if known is not None:
            count = count if known.count is None else known.count
            found[code] = RunError(code, known.message or sent.message, known.stage, count)
        elif len(found) < MAX_ERRORS:
            found[code] = RunError(code, sent.message, stage(code, of_kind), count)


def _count(sent: wire.Error) -> int | None:
    for value in (sent.count, sent.record_count):
        if value is not None and value >= 0:
            return value
    return None


def _explain(found: dict[str, RunError], activity: wire.Activity) -> None:
    detail = activity.status_summary.extensions.error_detail
    if detail is None:
        return
    if not found:
        found[NO_CODE] = RunError(NO_CODE, detail, stage(NO_CODE, kind(activity.id, activity.name)))
        return
    deepest = next(iter(found.values()))
    if deepest.message is None:
        found[deepest.code] = RunError(deepest.code, detail, deepest.stage, deepest.count)


def stage(code: str, of_kind: ActivityKind) -> Stage:
    """Tell where a run failed: from the activity if that says it, else from a code that is known (DOMAIN.md 4.6)."""
    by_kind = _STAGES_BY_KIND.get(of_kind)
    if by_kind is not None:
        return by_kind
    if _COPY_CODE.match(code):
        return "copy"
    return "processing" if _PROCESSING_CODE.match(code) else "other"
