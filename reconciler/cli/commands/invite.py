"""`reconciler invite`: a group's invite link."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from reconciler.cli.global_options import add_global_options
from reconciler.cli.lazy_group import Command
from reconciler.cli.options import path_argument

if TYPE_CHECKING:
    from reconciler.live.client import Client
    from reconciler.model.desired import Desired

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
    from reconciler.plan.selection import select_key

    settings = set_up_logging(ctx)
    desired = load_desired(path, None, quiet=settings.quiet)
    select_key(desired.groups, key)
    with reading_session(settings, Account.of(desired)) as session:
        link = _invite_link(desired, session.client, key)
    write(link)
    return 0


def _invite_link(desired: Desired, client: Client, key: str) -> str:
    """Return the invite link of a group of the file; its id, where the file has one, spares the list.

    Raises UsageError where the key matches no live group, or none for sure.
    """
    from reconciler.errors import Forbidden, NotFound, UsageError
    from reconciler.plan.invite_links import ASK_AN_ADMIN

    group_id = _group_id(desired, client, key)
    try:
        return client.invite_link(group_id)
    except NotFound as error:
        if not error.is_about_group:
            raise
        hint = "correct the id, or bring the instance into the group again"
        raise UsageError(f"{key}: its id {group_id} is not among the instance's live groups", hint) from error
    except Forbidden as error:
        raise Forbidden(
            f"{key}: the instance may not see the invite link; only an admin of the group may",
            endpoint=error.endpoint,
            status=error.status,
            code=error.code,
            request_id=error.request_id,
            hint=ASK_AN_ADMIN,
        ) from error


def _group_id(desired: Desired, client: Client, key: str) -> str:
    from reconciler.engine import match_live
    from reconciler.errors import UsageError
    from reconciler.plan.selection import select_key

    group = select_key(desired.groups, key)
    if group.id is not None:
        return group.id
    _, matches = match_live(desired, client, {group.key for group in desired.groups})
    match = matches[key]
    if match.blocked:
        raise UsageError(f"{key}: {match.blocked}")
    if match.listed is None:
        raise UsageError(f"{key}: no live group bears its name", "create it with `reconciler apply` first")
    return match.listed.id
