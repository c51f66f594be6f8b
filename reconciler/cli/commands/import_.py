"""`reconciler import`: a file for the groups there are."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from reconciler.cli.global_options import GlobalOptions, add_global_options
from reconciler.cli.lazy_group import Command
from reconciler.cli.options import output_option

if TYPE_CHECKING:
    from reconciler.cli.session import Session
    from reconciler.model.desired import Person
    from reconciler.model.identity import Identity
    from reconciler.model.live import LiveGroup


EXAMPLE = """\b
Example:
  reconciler import --output groups.yaml
  reconciler import --people --phone '+1 202 555 0100' --group 120363012345678901@g.us"""


@click.command(name="import", cls=Command, epilog=EXAMPLE)
@output_option
@click.option(
    "--group",
    "ids",
    envvar="RECONCILER_GROUP",
    multiple=True,
    metavar="ID",
    help="Only this live group; may be repeated.",
)
@click.option(
    "--people", envvar="RECONCILER_PEOPLE", is_flag=True, help="Name people as the instance's contacts name them."
)
@click.option(
    "--phone",
    envvar="RECONCILER_PHONE",
    metavar="NUMBER",
    help="The instance's own number (else the one participant of every group is taken for it).",
)
@add_global_options
@click.pass_context
def import_(ctx: click.Context, output: Path | None, ids: tuple[str, ...], people: bool, phone: str | None) -> int:
    """Write a valid YAML file for the live groups; a plan of it finds nothing to do.

    The file holds phone numbers in full, also on stdout. --output replaces a file that is there, and says so.
    """
    from reconciler.cli.log_setup import set_up_logging
    from reconciler.cli.output import print_line, require_distinct_files, write
    from reconciler.sanitize.escape import mask_and_escape

    settings = set_up_logging(ctx)
    require_distinct_files({"--output": output}, (settings.api_key_file,))
    text = _text_of_live(settings, ids, people, phone)
    replaced = output is not None and os.path.exists(output)
    write(text, output)
    if replaced:
        print_line(f"{mask_and_escape(str(output))}: replaced the file that was there")
    return 0


def _text_of_live(settings: GlobalOptions, ids: Sequence[str], people: bool, phone: str | None) -> str:
    """The text of a file for the live groups, all or those with these ids."""
    from reconciler.cli.session import Account, endpoint_of, reading_session
    from reconciler.config.export import render_config
    from reconciler.config.person_reference import parse_person
    from reconciler.live.fetch import fetch_whole

    given = parse_person(phone) if phone is not None else None
    account = Account(phone=given.jid.partition("@")[0] if given else None)
    with reading_session(settings, account) as session:
        groups = fetch_whole(session.client, ids, parallelism=settings.parallelism)
        names = _names(session) if people else {}
    instance = given or _in_every_group(groups)
    return render_config(
        groups,
        instance_id=endpoint_of(settings, account).instance_id,
        instance=instance,
        instance_guessed=given is None and instance is not None,
        names=names,
    )


def _names(session: Session) -> dict[Identity, str]:
    return {c.identity: c.name for c in session.client.contacts() if c.identity is not None and c.name}


def _in_every_group(groups: Sequence[LiveGroup]) -> Person | None:
    """The one participant that every group has; None where none or several are in all."""
    from reconciler.model.desired import Person

    if not groups:
        return None
    shared = set.intersection(*({p.identity for p in group.participants} for group in groups)) - {None}
    found = [p for p in groups[0].participants if p.identity in shared and p.jid is not None]
    if len(shared) != 1 or not found or found[0].identity is None or found[0].jid is None:
        return None
    return Person(found[0].identity, found[0].jid)
