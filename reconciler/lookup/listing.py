"""The list of the live groups, as far as it is to be trusted: what is taken for absent may be made a second time.

Unknown is not absent.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Protocol

from reconciler.diff.change import MatchedBy
from reconciler.diff.match import Match, match_groups
from reconciler.errors import InvalidResponse
from reconciler.model.desired import Desired, State
from reconciler.model.live import Listing
from reconciler.plan.model import Plan
from reconciler.plan.staleness import groups_with_steps

REREADS = 4
"""How often a list is read again until two reads in a row agree."""


class ListsGroups(Protocol):
    """What listing needs of a client."""

    def list_groups(self, *, prove: bool = False) -> Listing:
        """All groups the instance is in; `prove` asks what comes after the last one wherever the list may be cut."""


def list_for(desired: Desired, client: ListsGroups, keys: Collection[str]) -> Listing:
    """The live groups, listed once more where one may lack unseen that bears on these keys.

    Only a key whose noted id is listed is sure of its live group: what is found by a name may have a namesake.
    """
    listing = _listed(desired, client)
    if listing.steady:
        return listing
    matches = match_groups(desired.groups, listing.groups)
    unsure = any(matches[key].found is not MatchedBy.BY_ID for key in keys)
    return confirmed(listing, client) if unsure else listing


def list_everything(desired: Desired, client: ListsGroups) -> Listing:
    """The live groups, none of which lacks, whether the file has it or not."""
    return confirmed(_listed(desired, client), client)


def list_again(plan: Plan, client: ListsGroups) -> Listing:
    """The live groups as a saved plan is held against them: listed once more where it rests on a name."""
    listing = client.list_groups()
    sure = all(group.found is MatchedBy.BY_ID for group in groups_with_steps(plan))
    return listing if sure else confirmed(listing, client)


def match_live(desired: Desired, client: ListsGroups) -> dict[str, Match]:
    """Which live group each key of the file stands for."""
    keys = {group.key for group in desired.groups}
    return match_groups(desired.groups, list_for(desired, client, keys).groups)


def confirmed(listing: Listing, client: ListsGroups) -> Listing:
    """The list, where it may lack a group read to its proven end until two reads in a row agree."""
    if listing.steady:
        return listing
    for _ in range(REREADS):
        again = client.list_groups(prove=True)
        if again.names.keys() == listing.names.keys():
            return again
        listing = again
    raise InvalidResponse(
        "the list of groups keeps changing while it is read, so that none can be said to be absent",
        endpoint="GET /groups",
        hint="try again when nobody is making or leaving groups",
    )


def _listed(desired: Desired, client: ListsGroups) -> Listing:
    """The list as it is told; an empty one is an error where the file notes the ids of groups."""
    listing = client.list_groups()
    pinned = [g for g in desired.groups if g.id is not None and g.state is State.PRESENT and g.invite is None]
    if not listing.groups and pinned:
        raise InvalidResponse(
            f"answered with no groups at all, though the file notes the ids of {len(pinned)}",
            endpoint="GET /groups",
            hint="an empty list cannot be told from a failed read; if the instance really is in none of them any "
            "more, remove these ids or set `state: left`",
        )
    return listing
