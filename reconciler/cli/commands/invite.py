"""`reconciler invite`: print a group's invite link."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from reconciler.cli.command import command, pass_global_options
from reconciler.cli.completion import suggest_keys
from reconciler.cli.global_options import GlobalOptions
from reconciler.cli.options import path_argument
from reconciler.cli.output import write
from reconciler.errors import Forbidden, NotFound, UsageError
from reconciler.sanitize.escape import escape_controls
from reconciler.sanitize.mask import mask_text

if TYPE_CHECKING:
    from reconciler.live.client import Client
    from reconciler.model.desired import Desired, DesiredGroup

EXAMPLE = """\
  reconciler invite project-alpha
  qrencode -t ansiutf8 "$(reconciler invite project-alpha groups.yaml)\""""


@command(EXAMPLE)
@click.argument("key", shell_complete=suggest_keys)
@path_argument
@pass_global_options
def invite(global_options: GlobalOptions, key: str, path: Path) -> int:
    """Print a group's invite link, and nothing else, on stdout. Never writes.

    KEY is the group's key in the file. PATH is a YAML file or a folder of YAML files; the default is groups.yaml.
    Anyone with the link can join: treat it like a password.
    """
    from reconciler.cli.planning import load_desired
    from reconciler.cli.session import Account, reading_session
    from reconciler.plan.selection import select_key

    desired = load_desired(path, global_options)
    group = select_key(desired.groups, key)
    with reading_session(global_options, Account.of(desired)) as session:
        link = _invite_link(desired, session.client, group)
    write(link)
    return 0


def _invite_link(desired: Desired, client: Client, group: DesiredGroup) -> str:
    """Return the invite link of a group.

    Raises UsageError when no live group, or more than one, matches it.
    """
    group_id = group.id or _live_id(desired, client, group.key)  # an id in the file saves listing the groups
    try:
        return client.invite_link(group_id)
    except NotFound as error:
        if not error.is_about_group:
            raise
        hint = "correct the id, or add the account to the group again"
        raise UsageError(f"{group.key}: the account has no live group with the id {group_id}", hint) from error
    except Forbidden as error:
        raise Forbidden(
            f"{group.key}: only an admin of the group can read its invite link, and the account is not one",
            endpoint=error.endpoint,
            status=error.status,
            code=error.code,
            request_id=error.request_id,
            hint="ask an admin to promote the account, or to send the link",
        ) from error


def _live_id(desired: Desired, client: Client, key: str) -> str:
    """Return the id of the live group that a key stands for."""
    from reconciler.engine import match_live

    _, matches = match_live(desired, client, {group.key for group in desired.groups})
    match = matches[key]
    if match.blocked:
        reason = match.blocked.to_text()
        hint = "`reconciler plan --show-phones` shows the ids in full" if mask_text(reason) != reason else ""
        raise UsageError(f"{key}: {escape_controls(reason)}", hint)
    if match.listed is None:
        raise UsageError(f"{key}: no live group has its name", "create it with `reconciler apply` first")
    return match.listed.id
