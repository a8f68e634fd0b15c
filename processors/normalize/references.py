"""Find what a run refers to: overviews of its files, and the batches it wrote."""

from collections.abc import Sequence
from itertools import islice
from typing import Final

from processors.normalize import wire

MAX_FILE_INFO: Final = 100
MAX_BATCH_IDS: Final = 200


def file_info(files: wire.FileCounts, activities: Sequence[wire.Activity]) -> list[str]:
    """Return the URLs of the file overviews of a run and then its activities, each once."""
    found: dict[str, None] = {}
    _add_urls(found, files)
    for activity in activities:
        # Most activities have no file summary at all: theirs is the default.
        if activity.file_summary is not _NO_FILES:
            _add_urls(found, activity.file_summary)
    return list(found) if len(found) <= MAX_FILE_INFO else list(islice(found, MAX_FILE_INFO))


def _add_urls(found: dict[str, None], files: wire.FileCounts) -> None:
    _add_info(found, files.manifest.file_info)
    _add_info(found, files.extensions.manifest.file_info)


def _add_info(found: dict[str, None], info: wire.FileInfo) -> None:
    if info is None:
        return
    for element in (info,) if isinstance(info, str) else info:
        url = element.path if isinstance(element, wire.FilePath) else element
        if url is not None:
            found[url] = None


def batch_ids(activities: Sequence[wire.Activity], run_status: wire.StatusSummary) -> list[str]:
    """Return the ids of the batches in the order they are named, each once."""
    found: dict[str, None] = {}
    for activity in activities:
        for target in activity.target_info:
            reference = target.reference
            kind = reference.type
            if kind == "Batch" or (kind is not None and kind.lower() == "batch"):
                for id_ in reference.ids:
                    found[id_] = None
        batch_id = activity.status_summary.extensions.batch_id
        if batch_id is not None:
            found[batch_id] = None
    if run_status.extensions.batch_id is not None:
        found[run_status.extensions.batch_id] = None
    return list(found) if len(found) <= MAX_BATCH_IDS else list(islice(found, MAX_BATCH_IDS))


_NO_FILES: Final = wire.Activity().file_summary
