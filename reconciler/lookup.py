"""Questions that a command asks of file and live groups together, without planning: where somebody is, a link."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reconciler.diff.compare import as_read
from reconciler.diff.match import match_groups
from reconciler.diff.select import select_key, select_keys
from reconciler.diff.whereabouts import whereabouts
from reconciler.errors import Forbidden, NotFound, UsageError
from reconciler.live.fetch import fetch_groups
from reconciler.model.desired import Desired
from reconciler.model.whereabouts import Sought, Whereabouts
from reconciler.pipeline import confirmed, list_for, match_live

if TYPE_CHECKING:
    from reconciler.live.client import Client


def find_everywhere(desired: Desired, client: Client, sought: Sought, *, parallelism: int) -> Whereabouts:
    """Where a person is wanted and where they are: a whole list, and a read of each group whose entry names nobody."""
    desired = desired.for_instance(client.instance_id)
    keys = select_keys(desired.groups, ())
    listed = confirmed(list_for(desired, client, keys), client).groups
    lacking = [group.id for group in listed if group.participants is None]
    told = {group.id: as_read(group) for group in listed if group.participants is not None}
    read = fetch_groups(client, lacking, {group.id: group.count for group in listed}, parallelism)
    names = {group.id: group.name for group in listed}
    matches = match_groups(desired.groups, listed).values()
    return whereabouts(sought, desired, matches, names, {**told, **read}, client.instance_id)


def invite_link(desired: Desired, client: Client, key: str) -> str:
    """The invite link of a group of the file, which is found by its id without a list.

    Raises UsageError where the key stands for no live group, or for none that is sure.
    """
    group = select_key(desired.groups, key)
    group_id = group.id
    if group_id is None:
        match = match_live(desired, client)[key]
        if match.blocked:
            raise UsageError(f"{key}: {match.blocked}")
        if match.listed is None:
            raise UsageError(f"{key}: no live group bears its name", "create it with `reconciler apply` first")
        group_id = match.listed.id
    try:
        return client.invite_link(group_id)
    except NotFound as error:
        if not error.tells_of_group:
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
            hint="have an admin promote the instance, or take the link from an admin's phone",
        ) from error
