"""The live groups read as far as each question needs: a call only for what the list does not tell already."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from reconciler.diff.compare import needs_read
from reconciler.diff.match import Match
from reconciler.errors import UsageError
from reconciler.live.fetch import fetch_groups, read_groups
from reconciler.lookup.listing import confirmed
from reconciler.model.live import ListedGroup, Listing, LiveGroup
from reconciler.plan.model import Plan
from reconciler.plan.staleness import groups_with_steps

if TYPE_CHECKING:
    from reconciler.live.client import Client


def read_matched(matches: Iterable[Match], client: Client, parallelism: int) -> Mapping[str, LiveGroup | None]:
    """The groups of which a plan has to know more than the list tells, by id; None for one that is gone by now."""
    wanted = [match.listed for match in matches if match.listed is not None and needs_read(match)]
    return fetch_groups(client, wanted, parallelism)


def read_again(plan: Plan, listing: Listing, client: Client, parallelism: int) -> Mapping[str, LiveGroup | None]:
    """The groups that a saved plan touches as they are now, by id, read the way the plan read them."""
    recorded = {group.live.id: group.live for group in groups_with_steps(plan) if group.live is not None}

    def told(entry: ListedGroup) -> bool:
        described = entry.description is not None or not recorded[entry.id].description
        return entry.participants is not None and described

    return read_groups(client, [entry for entry in listing.groups if entry.id in recorded], parallelism, told=told)


def read_live(client: Client, ids: Sequence[str], *, parallelism: int) -> tuple[LiveGroup, ...]:
    """The live groups read whole, all or those with these ids, sorted by id. Raises UsageError for an id not live."""
    listing = client.list_groups()
    if not ids or not listing.names.keys() >= set(ids):
        listing = confirmed(listing, client)
    unknown = sorted(set(ids) - listing.names.keys())
    if unknown:
        raise UsageError(f"--group: not among the instance's live groups: {', '.join(unknown)}")
    wanted = [group for group in listing.groups if not ids or group.id in ids]
    read = read_groups(client, wanted, parallelism, told=_tells_everything)
    return tuple(group for group in read.values() if group is not None)


def _tells_everything(entry: ListedGroup) -> bool:
    return entry.participants is not None and entry.description is not None
