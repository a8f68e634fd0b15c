"""Send recorded or bare payloads again."""

import asyncio
import json
import os
import sys
from contextlib import AsyncExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from flowrun.errors import INTERRUPTED, Misuse
from flowrun.parameters import DURATION, SPEED, Parsed, at_least, parse_moment
from flowrun.replay.address import fits_header, local_url, parse_url
from schemas.settings import Address, Values, read

if TYPE_CHECKING:
    from flowrun.recording.selection import Only
    from flowrun.replay.delivery import Outcome, Target
    from flowrun.replay.resume import Progress
    from flowrun.replay.session import Request, Result
    from flowrun.replay.sign import Signer

KAFKA: Final = "kafka"
DEFAULT_LISTEN: Final = Address("127.0.0.1", 8080)


def _read_only(context: click.Context, parameter: click.Parameter, texts: tuple[str, ...]) -> "Only":
    from flowrun.recording.selection import parse_only

    try:
        return parse_only(texts)
    except ValueError as error:
        raise click.BadParameter(str(error), context, parameter) from None


def _read_url(context: click.Context, parameter: click.Parameter, url: str | None) -> str | None:
    try:
        return None if url is None else parse_url(url)
    except ValueError as error:
        raise click.BadParameter(str(error), context, parameter) from None


def _read_key_path(context: click.Context, parameter: click.Parameter, path: str | None) -> str | None:
    if path is not None and not fits_header(path):
        raise click.BadParameter(f"{path!r} must be of printable ASCII characters without blanks", context, parameter)
    return path


@click.command("replay")
@click.argument("paths", nargs=-1, required=True, metavar="PATH...", type=click.Path(path_type=Path))
@click.option("--to", metavar="URL", callback=_read_url, help="Where to post; default the ingest of FLOWRUN_LISTEN.")
@click.option("--to-kafka", is_flag=True, help="Write to the raw topic, as ingest would, and not over HTTP.")
@click.option(
    "--speed", type=SPEED, default="max", show_default=True, metavar="1|10|max", help="Factor of the recorded speed."
)
@click.option("--max-gap", type=DURATION, metavar="1s", help="Never wait longer than this between two records.")
@click.option(
    "--rebase",
    type=Parsed("moment", parse_moment("now")),
    metavar="now|TIME",
    help="Move all times, in records and payloads, by whole seconds so that the recording's last record is at that "
    "moment. Ids stay: what was sent before is known again and not counted twice.",
)
@click.option(
    "--only", multiple=True, callback=_read_only, metavar="flow=X,status=Y", help="Choose by flow id or name, status."
)
@click.option("--limit", type=Parsed("count", at_least(0)), metavar="N", help="Send N records at most.")
@click.option(
    "--loop",
    is_flag=True,
    help="Begin again at the end, until Ctrl-C. From the second round on event ids and run ids are new ones made "
    "from the recorded ones, or all would be duplicates.",
)
@click.option("--dry-run", is_flag=True, help="Read everything and tell what would be sent; send nothing.")
@click.option(
    "--resume",
    is_flag=True,
    help="Send what the same replay, interrupted, left. Progress is kept in $XDG_STATE_HOME/flowrun (default "
    "~/.local/state/flowrun) until all has arrived.",
)
@click.option("--sign", type=click.Path(path_type=Path), metavar="KEY", help="Sign as Adobe does; a private RSA PEM.")
@click.option(
    "--key-path",
    metavar="PATH",
    callback=_read_key_path,
    help="Path of KEY's public half in the headers; --dry-run tells the default.",
)
@click.option(
    "--give-up-after", type=DURATION, default="30s", show_default=True, metavar="30s", help="How long to try a record."
)
def command(paths: tuple[Path, ...], **options: Any) -> int:
    """Send recorded or bare payloads again, the records of a flow in order.

    PATH is a recording (.ndjson, .ndjson.gz), any other file as one bare payload, or a directory of both, read in
    sorted order. FLOWRUN_TOKEN is sent as bearer token. What is answered 429 or 5xx, or not at all, is tried again.
    Exit 1 if anything was not acknowledged.
    """
    _refuse_together(options, "to", "to_kafka")
    _refuse_together(options, "loop", "resume")
    _refuse_together(options, "to_kafka", "sign")
    if options["key_path"] is not None and options["sign"] is None:
        raise click.UsageError("--key-path needs --sign", click.get_current_context())
    values = _settings()
    signer = _signer(options["sign"], options["key_path"])
    request = _request(paths, options)
    where = (
        KAFKA
        if options["to_kafka"]
        else options["to"] or local_url(values.get("FLOWRUN_LISTEN", Address) or DEFAULT_LISTEN)
    )
    if options["dry_run"]:
        return _tell_plan(request, where, signer)
    return asyncio.run(_run(request, where, values, signer, _progress(request, where, must_work=options["resume"])))


def _settings() -> Values:
    values = read(os.environ)
    token = values.get("FLOWRUN_TOKEN", str)
    if token is not None and not fits_header(token):
        values.wrong("FLOWRUN_TOKEN", "must be of printable ASCII characters without blanks: it travels in a header")
    values.done()
    return values


def _refuse_together(options: dict[str, Any], *names: str) -> None:
    if all(options[name] for name in names):
        spelt = " and ".join(f"--{name.replace('_', '-')}" for name in names)
        raise click.UsageError(f"{spelt} do not go together", click.get_current_context())


def _request(paths: tuple[Path, ...], options: dict[str, Any]) -> "Request":
    from flowrun.recording.entry import RecordingInvalid
    from flowrun.recording.reader import find_files
    from flowrun.replay.delivery import Patience
    from flowrun.replay.plan import Plan
    from flowrun.replay.session import Request

    try:
        plan = Plan(tuple(find_files(paths)), options["only"], options["limit"])
        survey = plan.survey()
    except RecordingInvalid as error:
        raise Misuse(str(error)) from None
    patience = Patience(give_up_s=options["give_up_after"] / 1000)
    return Request(plan, survey, options["rebase"], options["speed"], options["max_gap"], options["loop"], patience)


def _signer(key: Path | None, path: str | None) -> "Signer | None":
    if key is None:
        return None
    from flowrun.replay.sign import KeyInvalid, Signer

    try:
        return Signer.from_file(key, path)
    except KeyInvalid as error:
        raise Misuse(str(error)) from None


def _progress(request: "Request", where: str, *, must_work: bool) -> "Progress | None":
    """Open the file that keeps the progress of this replay. A loop has none: it never ends."""
    from flowrun.replay.resume import Progress, StateUnwritable, identity, state_directory

    if request.loops:
        return None
    plan = request.plan
    name = identity(plan.files, where, repr(plan.only), repr(plan.limit), repr(request.rebase))
    progress = Progress(state_directory(os.environ) / f"replay-{name}.json")
    if must_work:
        progress.load()
        try:
            progress.save()
        except StateUnwritable as error:
            raise Misuse(str(error)) from None
    return progress


def _tell_plan(request: "Request", where: str, signer: "Signer | None") -> int:
    import time

    from flowrun.replay.plan import shift_for, span

    survey = request.survey
    shift_s = shift_for(request.rebase, survey, round(time.time() * 1000))
    plan = {
        "dry_run": True,
        "to": where,
        "records": survey.entries,
        "flows": survey.flows,
        **span(survey, shift_s),
        **({"key_path": signer.path} if signer else {}),
    }
    if sys.stdout.isatty():
        for name, value in plan.items():
            click.echo(f"{name}: {value}")
    else:
        click.echo(json.dumps(plan))
    return 0


async def _run(
    request: "Request", where: str, values: Values, signer: "Signer | None", progress: "Progress | None"
) -> int:
    from flowrun.replay.progress import shown
    from flowrun.replay.resume import StateUnwritable
    from flowrun.replay.session import Result, replay, stop_on_signals

    result = Result()
    stop = stop_on_signals(result)
    async with AsyncExitStack() as stack:
        target = await _target(where, values, signer, stack)
        await stack.enter_async_context(shown(result, None if request.loops else request.survey.entries))
        try:
            await replay(request, target, result, progress=progress, stop=stop)
        except StateUnwritable as error:
            click.echo(f"flowrun: progress is lost: {error}", err=True)
    return _report(request, where, result)


async def _target(where: str, values: Values, signer: "Signer | None", stack: AsyncExitStack) -> "Target":
    if where == KAFKA:
        from flowrun.replay.kafka import KafkaTarget

        return await stack.enter_async_context(KafkaTarget(values))
    from flowrun.replay.http import HttpTarget

    return await stack.enter_async_context(HttpTarget(where, token=values.get("FLOWRUN_TOKEN", str), signer=signer))


def _report(request: "Request", where: str, result: "Result") -> int:
    """Print the summary, and on stderr in one line what went wrong."""
    tally = result.tally
    missing = 0 if request.loops else result.missing(request.survey.entries)
    summary = {
        "sent": tally.sent,
        "acknowledged": tally.acknowledged,
        "accepted": tally.accepted,
        "failed": tally.failed,
        "not_sent": missing,
        "skipped": tally.skipped,
        "retries": tally.retries,
        "rounds": tally.rounds,
        "seconds": round(result.seconds, 3),
        "to": where,
    }
    if sys.stdout.isatty():
        click.echo(", ".join(f"{name.replace('_', ' ')} {value}" for name, value in summary.items()))
    else:
        click.echo(json.dumps(summary))
    if tally.failed:
        advice = _advice(where, result.given_up)
        click.echo(f"flowrun: not acknowledged: {tally.failed}, the first {tally.first_failure}{advice}", err=True)
    if result.is_interrupted and not request.loops:
        return INTERRUPTED
    return 1 if tally.failed or missing else 0


def _advice(where: str, given_up: "Outcome | None") -> str:
    """Say what to do about a receiver that was given up."""
    if given_up is None:
        return ""
    if given_up.status in (401, 403):
        return "; set FLOWRUN_TOKEN, or --sign"
    if given_up.status in (404, 405):
        return f"; is {where} the right address?"
    if given_up.is_unreachable:
        return f"; is {where} the right address, and does flowrun ingest run there? Then go on with --resume"
    return "; go on with --resume when it takes notifications again"
