"""Declare the parts of Adobe's run and alert state that are read here (DOMAIN.md 4.3), and read them.

Almost every run has the declared types, and :func:`read` then converts it in one call. One with anything else (a wrong
type, a null section, digits as text, a text that is too long) is read field by field where it does not fit, and in one
call elsewhere, with the same outcome for the fields that are right: a wrong one is absent, and counted. What the
values mean is decided after, in one place.
"""

from collections.abc import Callable
from functools import lru_cache
from types import NoneType, UnionType
from typing import Annotated, Final, NamedTuple, TypeVar, Union, get_args, get_origin, get_type_hints

import msgspec
from msgspec import Meta

from processors.normalize import fields
from processors.normalize.fields import Faults, Node

Identifier = Annotated[str, Meta(min_length=1, max_length=fields.MAX_IDENTIFIER, title="id")]
Code = Annotated[str, Meta(min_length=1, max_length=fields.MAX_IDENTIFIER, title="code")]
Name = Annotated[str, Meta(min_length=1, max_length=fields.MAX_NAME, title="name")]
Message = Annotated[str, Meta(min_length=1, max_length=fields.MAX_MESSAGE, title="message")]
Url = Annotated[str, Meta(min_length=1, max_length=fields.MAX_URL, title="url")]
Number = Annotated[int, Meta(ge=-fields.MAX_NUMBER, le=fields.MAX_NUMBER, title="number")]
Moment = Annotated[int, Meta(ge=-fields.MAX_NUMBER, le=fields.MAX_NUMBER, title="moment")]
"""Seconds or milliseconds; :func:`.fields.believable_ms` tells which."""


class Durations(
    msgspec.Struct, frozen=True, gc=False, rename={"started": "startedAtUTC", "completed": "completedAtUTC"}
):
    """When a run or activity began and ended."""

    started: Moment | None = None
    completed: Moment | None = None


class Sizes(msgspec.Struct, frozen=True, gc=False, rename="camel"):
    """How many bytes went in and out."""

    input_bytes: Number | None = None
    output_bytes: Number | None = None
    failed_bytes: Number | None = None


class Error(msgspec.Struct, frozen=True, gc=False, rename="camel"):
    """One error, of any of the places that have them."""

    code: Code | None = None
    message: Message | None = None
    count: Number | None = None
    record_count: Number | None = None


class Counts(msgspec.Struct, frozen=True, gc=False, rename="camel"):
    """How many records went in and out."""

    input_record_count: Number | None = None
    output_record_count: Number | None = None
    created_record_count: Number | None = None
    updated_record_count: Number | None = None
    failed_record_count: Number | None = None
    skipped_record_count: Number | None = None
    failed_info: tuple[Error, ...] = ()


class FilePath(msgspec.Struct, frozen=True, gc=False):
    """A file overview, where it is an object."""

    path: Url | None = None


FileInfo = Url | tuple[Url | FilePath, ...] | None


class Manifest(msgspec.Struct, frozen=True, gc=False, rename="camel"):
    """Where the overview of the files lies: a URL, or an array of them."""

    file_info: FileInfo = None


class FileExtensions(msgspec.Struct, frozen=True, gc=False):
    """The second place of a manifest."""

    manifest: Manifest = Manifest()


class FileCounts(msgspec.Struct, frozen=True, gc=False, rename="camel"):
    """How many files went in and out."""

    input_file_count: Number | None = None
    output_file_count: Number | None = None
    manifest: Manifest = Manifest()
    extensions: FileExtensions = FileExtensions()


class StatusExtensions(msgspec.Struct, frozen=True, gc=False, rename="camel"):
    """What an activity says beyond its status, the real causes among it."""

    batch_id: Identifier | None = None
    errors: tuple[Error, ...] = ()
    error_detail: Message | None = None


class StatusSummary(msgspec.Struct, frozen=True, gc=False):
    """How a run or activity ended."""

    status: Name | None = None
    errors: tuple[Error, ...] = ()
    extensions: StatusExtensions = StatusExtensions()


class Reference(msgspec.Struct, frozen=True, gc=False):
    """What an activity wrote to."""

    type: Name | None = None
    ids: tuple[Identifier, ...] = ()


class Target(msgspec.Struct, frozen=True, gc=False):
    """A connection that an activity wrote to."""

    reference: Reference = Reference()


class Activity(msgspec.Struct, frozen=True, gc=False, rename="camel"):
    """One activity of a run."""

    id: Identifier | None = None
    name: Name | None = None
    duration_summary: Durations = Durations()
    record_summary: Counts = Counts()
    file_summary: FileCounts = FileCounts()
    status_summary: StatusSummary = StatusSummary()
    target_info: tuple[Target, ...] = ()


class Metrics(msgspec.Struct, frozen=True, gc=False, rename="camel"):
    """The figures of the whole run."""

    duration_summary: Durations = Durations()
    size_summary: Sizes = Sizes()
    record_summary: Counts = Counts()
    file_summary: FileCounts = FileCounts()
    status_summary: StatusSummary = StatusSummary()


class AdobeHeader(msgspec.Struct, frozen=True, gc=False, rename="camel"):
    """What Adobe's event pipeline added."""

    ims_org_id: Identifier | None = None
    event_code: Name | None = None


class Header(msgspec.Struct, frozen=True, gc=False):
    """The place of what the event pipeline added."""

    adobe: AdobeHeader = msgspec.field(default=AdobeHeader(), name="_adobeio")


class WireRun(msgspec.Struct, frozen=True, gc=False, rename="camel"):
    """A run as it is sent, without its two ids. ``activites`` is how the published API spells it."""

    flow_name: Name | None = None
    flow_type: Name | None = None
    updated_at: Moment | None = None
    ims_org_id: Identifier | None = None
    sandbox_id: Identifier | None = None
    sandbox_name: Name | None = None
    provider_ref_id: Identifier | None = None
    etag: Identifier | None = None
    e_tag: Identifier | None = None
    url: Url | None = None
    metrics: Metrics = Metrics()
    activities: tuple[Activity, ...] = ()
    activites: tuple[Activity, ...] = ()
    header: Header = Header()


class WireState(msgspec.Struct, frozen=True, gc=False, rename="camel"):
    """An alert state as it is sent, without its status, name and value."""

    id: Identifier | None = None
    flow_id: Identifier | None = None
    flow_name: Name | None = None
    flow_run_id: Identifier | None = None
    ims_org_id: Identifier | None = None
    sandbox_name: Name | None = None
    created_at: Moment | None = None
    resolved_at: Moment | None = None
    severity: Name | None = None
    message: Message | None = None
    url: Url | None = None
    header: Header = Header()


S = TypeVar("S", bound=msgspec.Struct)


def read(node: Node, type_: type[S], faults: Faults) -> S:
    """Read an object as one of these types. Never raises."""
    try:
        return msgspec.convert(node, type_)
    except msgspec.ValidationError:
        return mend(node, type_, faults)


Reader = Callable[[object, Faults], object]

_READERS: Final[dict[object, Reader]] = {
    Identifier: fields.identifier,
    Code: fields.code,
    Name: fields.text,
    Message: fields.message,
    Url: fields.link,
    Number: fields.number,
    Moment: fields.moment,
}


class _Field(NamedTuple):
    name: str
    key: str
    read: Reader
    default: object


def mend(node: Node, type_: type[S], faults: Faults) -> S:
    """Read an object field by field, as if those of a wrong type were not there. ``node`` holds no cycles."""
    values: dict[str, object] = {}
    for name, key, reader, default in _plan(type_):
        sent = node.get(key)
        value = None if sent is None else reader(sent, faults)
        values[name] = default if value is None else value
    return type_(**values)


@lru_cache(maxsize=64)
def _plan(type_: type[msgspec.Struct]) -> tuple[_Field, ...]:
    hints = get_type_hints(type_, include_extras=True)
    defaults = type_()
    names = zip(type_.__struct_fields__, type_.__struct_encode_fields__, strict=True)
    return tuple(_Field(name, key, _reader(hints[name]), getattr(defaults, name)) for name, key in names)


def _reader(hint: object) -> Reader:
    """Return what reads a value of a declared type: a scalar, a struct, an array, or one of several of these."""
    known = _READERS.get(hint)
    if known is not None:
        return known
    if get_origin(hint) is tuple:
        return _array(_reader(get_args(hint)[0]))
    if isinstance(hint, type) and issubclass(hint, msgspec.Struct):
        return _object(hint)
    if get_origin(hint) in (Union, UnionType):
        members = [member for member in get_args(hint) if member is not NoneType]
        return _reader(members[0]) if len(members) == 1 else _one_of(members)
    raise TypeError(f"no reader for {hint}")


def _object(type_: type[S]) -> Reader:
    def read_object(value: object, faults: Faults) -> S | None:
        if type(value) is dict:
            return read(value, type_, faults)
        faults.ill_typed += 1
        return None

    return read_object


def _array(read_element: Reader) -> Reader:
    def read_array(value: object, faults: Faults) -> tuple[object, ...] | None:
        if type(value) is not list:
            faults.ill_typed += 1
            return None
        faults.ill_typed += value.count(None)
        elements = (read_element(element, faults) for element in value if element is not None)
        return tuple(element for element in elements if element is not None)

    return read_array


def _one_of(members: list[object]) -> Reader:
    """Choose among a text, an object and an array by what was sent; each may be there once."""
    readers = {_json_type(member): _reader(member) for member in members}

    def read_one(value: object, faults: Faults) -> object:
        return readers.get(type(value), readers[str])(value, faults)

    return read_one


def _json_type(member: object) -> type:
    if get_origin(member) is tuple:
        return list
    return dict if isinstance(member, type) else str
