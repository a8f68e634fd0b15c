"""Decode a notification of a documented shape straight into types (DOMAIN.md 1.6 and 4.3).

Nearly all notifications are a run in an ``adobe_io`` wrapper or a CloudEvent, with documented fields of the documented
types and no others. Those need no tree of dictionaries, and no search for what is in it: a third of the cost of
normalising. Whatever else is sent is refused here, and :mod:`processors.normalize.envelope` finds out what it is.

What is accepted here gives the same record there. Therefore nothing is passed over undecoded, as only what is decoded
is known to be what orjson takes: the types are closed, and fields that nobody reads have one too, with bounds for
numbers.
"""

from collections.abc import Callable
from functools import cache
from types import UnionType
from typing import Annotated, Any, Final, Union, get_args, get_origin

import msgspec
from msgspec import UNSET, Meta, UnsetType

from processors.normalize import wire

_Integer = Annotated[int, Meta(ge=-(2**63), le=2**63 - 1)] | None
_Text = str | None
_Scalar = str | _Integer | float | bool
_Object = dict[str, _Scalar | list[_Scalar] | dict[str, _Scalar]]

_UNREAD: Final[dict[type[msgspec.Struct], dict[str, Any]]] = {
    wire.WireRun: {
        "createdAt": _Integer, "createdBy": _Text, "createdClient": _Text, "updatedBy": _Text, "updatedClient": _Text,
        "slaCreatedAt": _Integer, "processStartTime": _Integer, "transformedTime": _Integer, "sentTime": _Scalar,
        "alertName": _Text, "message": _Text, "flowSpec": _Object, "params": _Object, "predecessors": list[_Text],
    },
    wire.Metrics: {"latencySummary": _Object},
    wire.Activity: {
        "updatedAtUTC": _Integer, "sizeSummary": wire.Sizes, "latencySummary": _Object,
        "sourceInfo": tuple[wire.Target, ...],
    },
    wire.Durations: {"extensions": _Object},
    wire.Counts: {"ingestedRecordPercentage": _Scalar},
    wire.FileCounts: {"activityRefs": list[_Scalar | _Object]},
    wire.Manifest: {"pathPrefix": _Text, "failedRecords": _Scalar | _Object, "sampleErrors": _Scalar | _Object},
    wire.FilePath: {"pathPrefix": _Text},
    wire.StatusExtensions: {"acp_request_id": _Text, "adf/pipeline/id": _Text, "adf/run/id": _Text},
    wire.Error: {"type": _Text},
    wire.Target: {"id": _Text, "type": _Text},
    wire.AdobeHeader: {"providerMetadata": _Text},
}  # fmt: skip
"""By the type around it what is documented, and not read."""


class DocumentedRun(wire.WireRun, frozen=True, gc=False, kw_only=True, rename="camel"):
    """A run with its two ids."""

    id: wire.Identifier
    flow_id: wire.Identifier


class Documented(msgspec.Struct, frozen=True, gc=False):
    """A notification: the wrapper of either kind. If it has both contents, ``event`` counts."""

    event_id: wire.Identifier | None = None
    event: DocumentedRun | None = None
    specversion: str | UnsetType = UNSET
    id: wire.Identifier | None = None
    type: wire.Name | None = None
    source: str | None = None
    time: str | None = None
    datacontenttype: str | None = None
    eventid: wire.Identifier | None = None
    recipientclientid: str | None = None
    recipient_client_id: str | None = None
    data: DocumentedRun | None = None


def _hint(hint: Any) -> Any:
    origin = get_origin(hint)
    if origin is tuple:
        return tuple[_hint(get_args(hint)[0]), ...]  # type: ignore[misc]  # no static type: made for msgspec
    if origin in (Union, UnionType):
        return Union[tuple(_hint(arm) for arm in get_args(hint))]  # noqa: UP007  # arms are found at run time
    return _closed(hint) if isinstance(hint, type) and issubclass(hint, msgspec.Struct) else hint


@cache
def _closed(type_: type[msgspec.Struct]) -> type[msgspec.Struct]:
    """Return a subtype that has the fields nobody reads as well, and takes no others; so for every type in it."""
    unread = [(name, hint) for base in type_.__mro__ for name, hint in _UNREAD.get(base, {}).items()]
    return msgspec.defstruct(
        type_.__name__,
        [
            *(
                (field.name, _hint(field.type), msgspec.field(default=field.default, name=field.encode_name))
                for field in msgspec.structs.fields(type_)
            ),
            *(
                (f"unread_{at}", _hint(hint), msgspec.field(default=None, name=name))
                for at, (name, hint) in enumerate(unread)
            ),
        ],
        bases=(type_,),
        frozen=True,
        gc=False,
        kw_only=True,
        forbid_unknown_fields=True,
    )


_decode: Final[Callable[[bytes], Any]] = msgspec.json.Decoder(_closed(Documented)).decode


def read(value: bytes) -> Documented | None:
    """Return a notification of a documented shape, ``None`` for any other, and for what is no JSON. Never raises."""
    try:
        found: Documented = _decode(value)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return None
    return found
