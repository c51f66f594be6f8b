"""`reconciler doctor`: check everything that a run needs, by reads alone."""

from __future__ import annotations

import os
import platform
from collections import defaultdict
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from reconciler import __version__
from reconciler.atomic_file import is_stream
from reconciler.cli.command import command, pass_global_options
from reconciler.cli.error_output import print_message
from reconciler.cli.formats import DOCTOR_FORMATS
from reconciler.cli.global_options import GlobalOptions
from reconciler.cli.options import FileType, file_option, option, result_options, show_phones_option, today
from reconciler.cli.output import require_distinct_files, write, write_rendered
from reconciler.errors import ConfigError, UsageError
from reconciler.sanitize.escape import escape_controls

if TYPE_CHECKING:
    from reconciler.doctor.model import Examination, Reads, Setup
    from reconciler.doctor.reads import Request
    from reconciler.errors import Problem
    from reconciler.live.transport import Exchange
    from reconciler.model.desired import Desired, Person
    from reconciler.model.identity import Identity

EXAMPLE = """\
  reconciler doctor
  reconciler doctor groups.yaml --numbers
  reconciler doctor --format json"""

DEFAULT_PATH = Path("groups.yaml")
ATTEMPTS = 2
"""How often a call is sent at most: one hiccup is no illness, and nobody wants to wait for the fifth try."""


@command(EXAMPLE)
@click.argument(
    "path",
    type=FileType("only validate reads stdin, so write it to a file", readable=False),
    required=False,
    envvar="RECONCILER_PATH",
)
@option(
    "--sample",
    type=click.IntRange(0, 50),
    default=5,
    metavar="N",
    help="Read N groups whole, those of the file first.",
)
@option(
    "--numbers",
    is_flag=True,
    help="Ask who of the file is on WhatsApp, and under which number: one call a person, at most `checks_per_day` of "
    "the budget (200).",
)
@file_option(
    "--capture",
    help="Print the form of every response (no text, number, id or key), and write it to a new file, for a bug report.",
)
@result_options(DOCTOR_FORMATS)
@show_phones_option
@pass_global_options
def doctor(
    global_options: GlobalOptions,
    path: Path | None,
    sample: int,
    numbers: bool,
    capture: Path | None,
    format_: str,
    output: Path | None,
    show_phones: bool,
) -> int:
    """Check the file, the key, the server, the instance and its groups, and show what to do. Never writes.

    Each line is a check: ✓ fine, ! worth knowing, ✗ broken, - not checked. Ends with 1 if something is broken.
    Without PATH, groups.yaml is checked if it is there.
    """
    from reconciler.doctor.capture import capture_text
    from reconciler.doctor.reads import Request

    path = path or (DEFAULT_PATH if DEFAULT_PATH.exists() else None)
    setup = _setup(path, global_options)
    sources = setup.desired.sources if setup.desired else ()
    inputs = (*(Path(source.path) for source in sources), path, global_options.api_key_file)
    require_distinct_files({"--output": output, "--capture": capture}, inputs)
    if capture is not None and os.path.exists(capture) and not is_stream(capture):
        raise UsageError(f"{capture} exists and was not changed", "give --capture the name of a new file")
    request = Request(sample=sample, numbers=numbers, parallelism=global_options.parallelism)
    examination = _examine(setup, request, global_options, with_capture=capture is not None)
    write_rendered(DOCTOR_FORMATS[format_], examination, global_options, output, show_phones=show_phones)
    if capture is not None and examination.capture is not None:
        write(capture_text(examination.capture), capture)
        if not global_options.quiet:
            print_message(f"wrote {escape_controls(str(capture))}", level="info")
    return examination.exit_code


def _setup(path: Path | None, global_options: GlobalOptions) -> Setup:
    """Return what a run would start from; whatever is missing or wrong is an error in its place."""
    from reconciler.cli.session import Account, endpoint_of, find_api_key
    from reconciler.config import load
    from reconciler.doctor.model import Setup
    from reconciler.live.base_url import DEFAULT_BASE_URL, parse_base_url, quote_segment, validate_api_key

    desired: Desired | None = None
    problems: tuple[Problem, ...] = ()
    if path is not None:
        try:
            desired = load(path, as_of=today())
            problems = desired.warnings
        except ConfigError as error:
            problems = error.problems

    def instance_id() -> str:
        found = endpoint_of(global_options, Account.of(desired) if desired else Account()).instance_id
        try:
            quote_segment(found, "the instance id")
        except UsageError as error:
            raise UsageError(error.message, "copy the id as the dashboard of Wappfy shows it") from None
        return found

    def key_source() -> str:
        if global_options.sandbox:
            return "the embedded server"
        key = find_api_key(global_options)
        validate_api_key(key.value)
        return key.source

    def server() -> str:
        if global_options.sandbox:
            return "the embedded server"
        return parse_base_url((global_options.base_url or DEFAULT_BASE_URL).rstrip("/")).url

    return Setup(
        path=str(path) if path is not None else None,
        desired=desired,
        problems=problems,
        key_source=_or_error(key_source),
        instance_id=_or_error(instance_id),
        server=_or_error(server),
        in_process=global_options.sandbox,
    )


def _or_error(find: Callable[[], str]) -> str | UsageError:
    try:
        return find()
    except UsageError as error:
        return error


def _examine(setup: Setup, request: Request, global_options: GlobalOptions, *, with_capture: bool) -> Examination:
    from reconciler.doctor.capture import capture_document
    from reconciler.doctor.checks import server_checks, setup_checks
    from reconciler.doctor.group_checks import group_checks
    from reconciler.doctor.model import Examination

    seen = _make_reads(setup, request, global_options) if setup.first_missing is None else None
    program = f"wappfy-reconciler {__version__}, Python {platform.python_version()}, {platform.system()}"
    checks = (*setup_checks(setup), *server_checks(setup, seen), *group_checks(setup, seen, numbers=request.numbers))
    capture = capture_document(seen.exchanges if seen else (), program) if with_capture else None
    return Examination(program=program, checks=checks, capture=capture)


def _make_reads(setup: Setup, request: Request, global_options: GlobalOptions) -> Reads:
    """Make the reads. Everything that a session needs is there, and no call of it writes."""
    from reconciler.cli.progress import show_reading
    from reconciler.cli.session import Account, open_session
    from reconciler.cli.signals import handle_signals
    from reconciler.doctor.reads import ask_about, make_reads, people_to_check
    from reconciler.model.live import Listing
    from reconciler.plan.budget import checks_allowed

    exchanges: list[Exchange] = []
    account = Account.of(setup.desired) if setup.desired else Account()
    with (
        handle_signals() as stop,
        open_session(
            global_options, account, stop, read_only=True, listener=exchanges.append, attempts=ATTEMPTS
        ) as session,
    ):
        wait = session.throttle.seconds_to_wait
        with show_reading(global_options, wait):
            seen = make_reads(session.client, setup, request, exchanges, lambda: session.throttle.per_minute)
        if request.numbers and setup.desired is not None and isinstance(seen.listing, Listing):
            people, most = people_to_check(setup.desired, seen), checks_allowed(setup.desired)
            with show_reading(global_options, wait, numbers=True) as on_read:
                numbers = ask_about(session.client, people, most, on_read)
            places = _places(Path(setup.path or ""), setup.desired, [person for person, _ in numbers.answers])
            seen = replace(seen, numbers=replace(numbers, places=places))
    return replace(seen, exchanges=tuple(exchanges), rate_option=global_options.rate)


def _places(path: Path, desired: Desired, people: Iterable[Person]) -> dict[Identity, str]:
    """Return the file and line of people, by identity: of their alias, else of the first group that has them."""
    from reconciler.config.document import locate

    places: dict[Identity, str] = {}
    aliases: defaultdict[str, dict[tuple[str | int, ...], Identity]] = defaultdict(dict)
    for person in people:
        groups = (group.key for group in desired.groups if person.identity in group.listed_members)
        if (file := desired.origins.get("people", {}).get(person.alias or "")) is not None:
            aliases[file]["people", person.alias or ""] = person.identity
        elif place := desired.group_places.get(next(groups, "")):
            places[person.identity] = place
    for file, identities in aliases.items():
        whole = path / file if path.is_dir() else path
        with suppress(OSError):
            spans = locate(whole.read_text(encoding="utf-8", errors="replace"), identities.keys())
            places |= {identities[place]: f"{whole}:{span.key[0]}" for place, span in spans.items()}
    return places
