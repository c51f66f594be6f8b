"""`reconciler who`: every group a person is in."""

from __future__ import annotations

from pathlib import Path

import click

from reconciler.cli.formats import WHO_FORMATS
from reconciler.cli.global_options import add_global_options
from reconciler.cli.lazy_group import Command
from reconciler.cli.options import format_option, output_option, path_argument, show_phones_option

EXAMPLE = """\b
Example:
  reconciler who alice
  reconciler who '+1 202 555 0143' groups.yaml --format json
  reconciler --sandbox who bob examples/groups.yaml"""


@click.command(cls=Command, epilog=EXAMPLE)
@click.argument("person")
@path_argument
@format_option(WHO_FORMATS)
@output_option
@show_phones_option
@add_global_options
@click.pass_context
def who(ctx: click.Context, person: str, path: Path, format_: str, output: Path | None, show_phones: bool) -> int:
    """Show every group a person is in, desired and live, and through which team. Never writes.

    PERSON is an alias or name of the file, a phone number in any spelling, a JID or a private id (LID). PATH is a
    YAML file or a folder of them, groups.yaml by default.
    """
    from reconciler.cli.log_setup import set_up_logging
    from reconciler.cli.output import render_to_stdout, require_distinct_files
    from reconciler.cli.planning import load_desired
    from reconciler.cli.session import Account, reading_session
    from reconciler.config.person_reference import resolve_person
    from reconciler.engine import find_person

    settings = set_up_logging(ctx)
    require_distinct_files({"--output": output}, (path, settings.api_key_file))
    desired = load_desired(path, None, quiet=settings.quiet)
    sought = resolve_person(person, desired)
    with reading_session(settings, Account.of(desired)) as session:
        found = find_person(desired, session.client, sought, parallelism=settings.parallelism)
    render_to_stdout(WHO_FORMATS[format_], found, settings, output, show_phones=show_phones)
    return 0
