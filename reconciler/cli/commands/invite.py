"""`reconciler invite`: a group's invite link."""

from __future__ import annotations

from pathlib import Path

import click

from reconciler.cli.group import Command
from reconciler.cli.options import global_options
from reconciler.cli.parameters import path_argument

EXAMPLE = """\b
Example:
  reconciler invite project-alpha
  qrencode -t ansiutf8 "$(reconciler invite project-alpha groups.yaml)\""""


@click.command(cls=Command, epilog=EXAMPLE)
@click.argument("key")
@path_argument
@global_options
@click.pass_context
def invite(ctx: click.Context, key: str, path: Path) -> int:
    """Print a group's invite link, and nothing else, to stdout. Never writes.

    KEY is the group's key in the file. PATH is a YAML file or a folder of them, groups.yaml by default. Whoever has
    the link can join: treat it like a password.
    """
    from reconciler.cli.loading import load_desired
    from reconciler.cli.logs import begin
    from reconciler.cli.session import Account, reading_session
    from reconciler.cli.writing import show
    from reconciler.diff.select import select_key
    from reconciler.lookup.links import invite_link

    settings = begin(ctx)
    desired = load_desired(path, None, quiet=settings.quiet)
    select_key(desired.groups, key)
    with reading_session(settings, Account.of(desired)) as session:
        link = invite_link(desired, session.client, key)
    show(link)
    return 0
