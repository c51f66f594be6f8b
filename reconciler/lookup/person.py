"""Where a person is: what the file wants of them, and every live group that may have them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reconciler.diff.match import match_groups
from reconciler.live.fetch import read_groups
from reconciler.lookup.listing import list_everything
from reconciler.model.desired import Desired
from reconciler.person.find import find_memberships
from reconciler.person.memberships import PersonMemberships, PersonQuery

if TYPE_CHECKING:
    from reconciler.live.client import Client


def find_everywhere(desired: Desired, client: Client, sought: PersonQuery, *, parallelism: int) -> PersonMemberships:
    """Where a person is wanted and where they are: a whole list, and a read of each group whose entry names nobody."""
    desired = desired.for_instance(client.instance_id)
    listing = list_everything(desired, client)
    read = read_groups(client, listing.groups, parallelism, told=lambda entry: entry.participants is not None)
    matches = match_groups(desired.groups, listing.groups).values()
    return find_memberships(sought, desired, matches, listing.names, read, client.instance_id)
