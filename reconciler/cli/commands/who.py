"""`reconciler who`: show the groups of one person."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from reconciler.cli.command import command, pass_global_options
from reconciler.cli.completion import suggest_people
from reconciler.cli.formats import WHO_FORMATS
from reconciler.cli.global_options import GlobalOptions
from reconciler.cli.options import option, path_argument, result_options, show_phones_option
from reconciler.cli.output import require_distinct_files, write_rendered
from reconciler.errors import UsageError

if TYPE_CHECKING:
    from reconciler.model.desired import Desired

EXAMPLE = """\
  reconciler who alice
  reconciler who alice --why
  reconciler who '+1 202 555 0143' groups.yaml --format json
  reconciler --sandbox who bob examples/groups.yaml"""


@command(EXAMPLE)
@click.argument("person", shell_complete=suggest_people)
@path_argument
@option("--why", is_flag=True, help="Show for each group the commit that brought the person in.")
@result_options(WHO_FORMATS)
@show_phones_option
@pass_global_options
def who(
    global_options: GlobalOptions,
    person: str,
    path: Path,
    why: bool,
    format_: str,
    output: Path | None,
    show_phones: bool,
) -> int:
    """Show the groups of one person, desired and live, and the teams that put them there. Never writes.

    PERSON is an alias or a name in the configuration, a phone number in any spelling, a JID or a private id (LID). PATH
    is a YAML file or a folder of YAML files; the default is groups.yaml. --why needs a git repository.
    """
    from reconciler.cli.planning import load_desired, source_files
    from reconciler.cli.progress import show_reading
    from reconciler.cli.session import Account, reading_session
    from reconciler.cli.timelines import record_history
    from reconciler.config.person_reference import resolve_person
    from reconciler.engine import find_person
    from reconciler.person.memberships import with_reasons

    desired = load_desired(path, global_options)
    if why:
        _require_instance(global_options, desired)
    require_distinct_files({"--output": output}, (*source_files(desired), global_options.api_key_file))
    person_ref = resolve_person(person, desired)
    history = record_history(path) if why else None
    with (
        reading_session(global_options, Account.of(desired)) as session,
        show_reading(global_options, session.throttle.seconds_to_wait) as on_read,
    ):
        memberships = find_person(
            desired, session.client, person_ref, parallelism=global_options.parallelism, on_read=on_read
        )
    if history is not None:
        memberships = with_reasons(memberships, history.recorder.members())
    write_rendered(WHO_FORMATS[format_], memberships, global_options, output, show_phones=show_phones)
    return 0


def _require_instance(global_options: GlobalOptions, desired: Desired) -> None:
    """Say what answers without an instance, where none is set."""
    from reconciler.cli.session import Account, endpoint_of

    try:
        endpoint_of(global_options, Account.of(desired))
    except UsageError as error:
        without = "without one, `reconciler history --at HEAD --person PERSON` shows who is desired since which commit"
        raise UsageError(error.message, f"{error.hint}; {without}") from None
