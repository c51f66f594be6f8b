"""`reconciler invite`: a group's invite link."""

from __future__ import annotations

from pathlib import Path

import click

from reconciler.cli.global_options import add_global_options
from reconciler.cli.lazy_group import Command
from reconciler.cli.plan_options import path_argument

EXAMPLE = """\b
Example:
  reconciler invite project-alpha
  qrencode -t ansiutf8 "$(reconciler invite project-alpha groups.yaml)\""""


@click.command(cls=Command, epilog=EXAMPLE)
@click.argument("key")
@path_argument
@add_global_options
@click.pass_context
def invite(ctx: click.Context, key: str, path: Path) -> int:
    """Print a group's invite link, and nothing else, to stdout. Never writes.

    KEY is the group's key in the file. PATH is a YAML file or a folder of them, groups.yaml by default. Whoever has
    the link can join: treat it like a password.
    """
    from reconciler.cli.log_setup import set_up_logging
    from reconciler.cli.output import write
    from reconciler.cli.planning import load_desired
    from reconciler.cli.session import Account, reading_session
    from reconciler.lookup.links import invite_link
    from reconciler.plan.selection import select_key

    settings = set_up_logging(ctx)
    desired = load_desired(path, None, quiet=settings.quiet)
    select_key(desired.groups, key)
    with reading_session(settings, Account.of(desired)) as session:
        link = invite_link(desired, session.client, key)
    write(link)
    return 0
