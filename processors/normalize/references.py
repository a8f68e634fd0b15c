"""Find what a run refers to: overviews of its files, and the batches it wrote."""

from collections.abc import Iterable, Sequence
from typing import Final

from processors.normalize.activities import Stage
from processors.normalize.fields import Faults, Node, identifier, link, objects, section

MAX_FILE_INFO: Final = 100
MAX_BATCH_IDS: Final = 200


def file_info(files: Node, stages: Sequence[Stage], faults: Faults) -> list[str]:
    """Return the URLs of the file overviews of a run and its activities, in this order, each once."""
    found: dict[str, None] = {}
    for summary in (files, *(stage.files for stage in stages)):
        if "manifest" in summary:
            _add_manifest(found, section(summary, "manifest", faults), faults)
        if "extensions" in summary:
            extensions = section(summary, "extensions", faults)
            _add_manifest(found, section(extensions, "manifest", faults), faults)
    return list(found)[:MAX_FILE_INFO]


def _add_manifest(found: dict[str, None], manifest: Node, faults: Faults) -> None:
    info = manifest.get("fileInfo")
    for element in info if type(info) is list else (info,):
        url = link(element.get("path") if type(element) is dict else element, faults)
        if url is not None:
            found[url] = None


def batch_ids(stages: Sequence[Stage], run_status: Node, faults: Faults) -> list[str]:
    """Return the ids of the batches in the order they are named, each once."""
    found: dict[str, None] = {}
    for stage in stages:
        if "targetInfo" in stage.node:
            for target in objects(stage.node, "targetInfo", faults):
                _add(found, _referenced(section(target, "reference", faults), faults), faults)
        if "batchId" in stage.extensions:
            _add(found, (stage.extensions["batchId"],), faults)
    if "extensions" in run_status:
        _add(found, (section(run_status, "extensions", faults).get("batchId"),), faults)
    return list(found)[:MAX_BATCH_IDS]


def _referenced(reference: Node, faults: Faults) -> list[object]:
    type_ = reference.get("type")
    if type(type_) is str and type_.lower() != "batch":
        return []
    ids = reference.get("ids")
    if type(ids) is list:
        return ids
    if ids is not None:
        faults.ill_typed += 1
    return []


def _add(found: dict[str, None], ids: Iterable[object], faults: Faults) -> None:
    for value in ids:
        batch_id = identifier(value, faults)
        if batch_id is not None:
            found[batch_id] = None
