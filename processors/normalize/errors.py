"""Collect the errors of a run from all places, deepest cause first, each code once (DOMAIN.md 4.4)."""

import re
from collections.abc import Sequence
from typing import Final

from processors.normalize import activities
from processors.normalize.fields import Faults, Node, count, identifier, objects, text
from schemas.run import ActivityKind, RunError
from schemas.run import Stage as ErrorStage

MAX_ERRORS: Final = 100
MAX_MESSAGE: Final = 1_000

NO_CODE: Final = "unknown"
"""The code of an error that has a text and no code."""

_STAGES_BY_KIND: Final[dict[ActivityKind, ErrorStage]] = {"copy": "copy", "promotion": "processing"}
_COPY_CODE: Final = re.compile(r"(CONNECTOR-1001-|2200$)")
_PROCESSING_CODE: Final = re.compile(r"(CONNECTOR-2001-|INGEST-|MAPPER-|(106|118|133)$)")


class Errors:
    """Hold the errors found so far. Of a code the first (deepest) finding counts; later ones fill its gaps."""

    __slots__ = ("_by_code", "_faults")

    def __init__(self, faults: Faults) -> None:
        self._by_code: dict[str, RunError] = {}
        self._faults = faults

    def add(self, found: Sequence[Node], kind: ActivityKind = "other") -> None:
        """Take the errors of one place; ``kind`` is that of the activity they belong to."""
        for node in found:
            code = _code(node.get("code"), self._faults)
            message = text(node.get("message"), self._faults, MAX_MESSAGE)
            if code is None and message is None:
                continue
            concerned = count(node.get("count"), self._faults)
            if concerned is None:
                concerned = count(node.get("recordCount"), self._faults)
            self._put(RunError(code or NO_CODE, message, stage(code or NO_CODE, kind), concerned))

    def _put(self, error: RunError) -> None:
        known = self._by_code.get(error.code)
        if known is not None:
            filled = known.message or error.message, known.stage, error.count if known.count is None else known.count
            self._by_code[error.code] = RunError(error.code, *filled)
        elif len(self._by_code) < MAX_ERRORS:
            self._by_code[error.code] = error

    def explain(self, detail: str, kind: ActivityKind) -> None:
        """Take the copy engine's free text: for the deepest error if that has none, alone if there is no error."""
        if not self._by_code:
            self._put(RunError(NO_CODE, detail, stage(NO_CODE, kind)))
            return
        deepest = next(iter(self._by_code.values()))
        if deepest.message is None:
            self._by_code[deepest.code] = RunError(deepest.code, detail, deepest.stage, deepest.count)

    def listed(self) -> list[RunError]:
        """Return them, deepest first."""
        return list(self._by_code.values())


def collect(stages: Sequence[activities.Stage], records: Node, summary: Node, faults: Faults) -> list[RunError]:
    """Return the errors of a run with these activities, ``recordSummary`` and ``statusSummary``."""
    errors = Errors(faults)
    for stage_ in stages:
        if "errors" in stage_.extensions:
            errors.add(objects(stage_.extensions, "errors", faults), stage_.activity.kind)
    for stage_ in stages:
        if "errors" in stage_.status:
            errors.add(objects(stage_.status, "errors", faults), stage_.activity.kind)
    for stage_ in stages:
        if "failedInfo" in stage_.records:
            errors.add(objects(stage_.records, "failedInfo", faults), stage_.activity.kind)
    errors.add(objects(records, "failedInfo", faults))
    errors.add(objects(summary, "errors", faults))
    for stage_ in stages:
        if "errorDetail" in stage_.extensions:
            detail = text(stage_.extensions["errorDetail"], faults, MAX_MESSAGE)
            if detail is not None:
                errors.explain(detail, stage_.activity.kind)
    return errors.listed()


def stage(code: str, kind: ActivityKind) -> ErrorStage:
    """Tell where a run failed: from the activity if that says it, else from a code that is known (DOMAIN.md 4.6)."""
    by_kind = _STAGES_BY_KIND.get(kind)
    if by_kind is not None:
        return by_kind
    if _COPY_CODE.match(code):
        return "copy"
    return "processing" if _PROCESSING_CODE.match(code) else "other"


def _code(value: object, faults: Faults) -> str | None:
    # Adobe's own examples hold "133" and "2200": a sender that writes them as numbers means the same.
    return str(value) if type(value) is int and abs(value) < 2**63 else identifier(value, faults)
