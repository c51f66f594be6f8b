"""`reconciler import`: write a configuration for the live groups."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from reconciler.cli.command import command, pass_global_options
from reconciler.cli.error_output import print_line
from reconciler.cli.global_options import GlobalOptions
from reconciler.cli.options import option, output_option
from reconciler.cli.output import require_distinct_files, write
from reconciler.sanitize.escape import mask_and_escape

if TYPE_CHECKING:
    from reconciler.cli.session import Session
    from reconciler.model.desired import Person
    from reconciler.model.identity import Identity
    from reconciler.model.live import LiveGroup


EXAMPLE = """\
  reconciler import --output groups.yaml
  reconciler import --people --phone '+1 202 555 0100' --group 120363012345678901@g.us"""


@command(EXAMPLE, name="import")
@output_option
@option("--group", "ids", multiple=True, metavar="ID", help="Import only this live group; repeatable.")
@option("--people", is_flag=True, help="Name people as in the account's contacts.")
@option(
    "--phone", metavar="NUMBER", help="The account's own number [default: the only participant that all groups share]."
)
@pass_global_options
def import_(
    global_options: GlobalOptions, output: Path | None, ids: tuple[str, ...], people: bool, phone: str | None
) -> int:
    """Write a valid YAML file for the live groups; planning it finds no changes.

    It has full phone numbers, on stdout too. --output replaces an existing file and reports that.
    """
    require_distinct_files({"--output": output}, (global_options.api_key_file,))
    text = _render_live_groups(global_options, ids, people, phone)
    existed = output is not None and os.path.exists(output)
    write(text, output)
    if existed:
        print_line(f"replaced {mask_and_escape(str(output))}")
    return 0


def _render_live_groups(global_options: GlobalOptions, ids: Sequence[str], people: bool, phone: str | None) -> str:
    """Return a configuration for the live groups, all or those with these ids."""
    from reconciler.cli.session import Account, endpoint_of, reading_session
    from reconciler.config.export import render_config
    from reconciler.config.people import parse_person
    from reconciler.live.fetch import groups_to_import

    person = parse_person(phone) if phone is not None else None
    account = Account(phone=person.jid.partition("@")[0] if person else None)
    with reading_session(global_options, account) as session:
        groups = groups_to_import(session.client, ids, parallelism=global_options.parallelism)
        names = _contact_names(session) if people else {}
    instance = person or _shared_participant(groups)
    return render_config(
        groups,
        instance_id=endpoint_of(global_options, account).instance_id,
        instance=instance,
        instance_guessed=person is None and instance is not None,
        names=names,
    )


def _contact_names(session: Session) -> dict[Identity, str]:
    return {c.identity: c.name for c in session.client.contacts() if c.identity is not None and c.name}


def _shared_participant(groups: Sequence[LiveGroup]) -> Person | None:
    """Return the only participant that all groups share; None when there is none, or more than one."""
    from reconciler.model.desired import Person

    if not groups:
        return None
    shared = set.intersection(*({p.identity for p in group.participants} for group in groups)) - {None}
    candidates = [
        Person(p.identity, p.jid)
        for p in groups[0].participants
        if p.identity in shared and p.identity is not None and p.jid is not None
    ]
    return candidates[0] if len(shared) == 1 and candidates else None
