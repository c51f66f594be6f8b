"""Read the live groups that may be one to be created, before a plan and again before the create.

`reconciler.diff.lookalike` decides which these are and what they mean.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace

from reconciler.diff.lookalike import (
    GroupToCreate,
    LookalikeSearch,
    candidates_by_name,
    groups_without_key,
    with_names_read,
)
from reconciler.diff.match import Match, match_groups
from reconciler.live.fetch import GroupReadApi, read_candidates
from reconciler.messages import Message
from reconciler.model.desired import Desired
from reconciler.model.live import ListedGroup, Listing, ReadCandidate
from reconciler.model.text import Untrusted
from reconciler.plan.lookalike import creations, groups_with_other_people, lids_in, new_groups, with_blocked_creates
from reconciler.plan.model import Plan
from reconciler.plan.staleness import groups_to_create


@dataclass(slots=True, kw_only=True)
class LookalikeReader:
    """Reads the candidates of one run; `reads` has what came of it, by id, and its size is the number of calls."""

    client: GroupReadApi
    parallelism: int
    reads: dict[str, ReadCandidate] = field(default_factory=dict)

    def name_matches(
        self, desired: Desired, listing: Listing, matches: dict[str, Match]
    ) -> tuple[Listing, dict[str, Match]]:
        """Return the list and its matches with the names that the list does not tell, but the groups themselves do."""
        self._read(candidates_by_name(groups_without_key(matches.values(), listing)))
        if not self.reads:
            return listing, matches
        listing = with_names_read(listing, self.reads)
        return listing, match_groups(desired.groups, listing.groups)

    def block_matches(
        self, desired: Desired, listing: Listing, matches: dict[str, Match], keys: Collection[str]
    ) -> dict[str, Match]:
        """Return the matches, of these `keys`, which would be created, those blocked that a live group may be."""
        wanted = [GroupToCreate.of(matches[key], desired) for key in sorted(keys)]
        blocked = self._search(LookalikeSearch.of(wanted, groups_without_key(matches.values(), listing), desired))
        return matches | {key: replace(matches[key], blocked=reason) for key, reason in blocked.items()}

    def name_new_groups(self, plan: Plan, listing: Listing, known: Mapping[str, Untrusted]) -> Listing:
        """Return the list with the names of the groups that are new since the plan (`known`), if it creates any."""
        if not groups_to_create(plan):
            return listing
        self._read(candidates_by_name(new_groups(plan, listing.groups, known)))
        return with_names_read(listing, self.reads)

    def block_creates(
        self,
        plan: Plan,
        listing: Listing,
        known: Mapping[str, Untrusted],
        desired: Desired | None,
        counts: Mapping[str, int | None] | None = None,
    ) -> Plan:
        """Return the plan, those creates blocked that a group may be which is new since the plan (`known`).

        So do groups that were there and may have other people since: `counts` had how many (None: not known). A group
        that has the name of another key is that key's: another shard may have just created it. Without `desired` nobody
        knows which groups these are, so only new groups count.
        """
        if not groups_to_create(plan):
            return plan
        others = new_groups(plan, listing.groups, known)
        if desired is not None:
            changed = groups_with_other_people(plan, listing.groups, counts)
            matches = match_groups(desired.groups, listing.groups)
            free = {entry.id for entry in groups_without_key(matches.values(), listing)}
            others = tuple({entry.id: entry for entry in (*others, *changed) if entry.id in free}.values())
        if not others:
            return plan
        if desired is None:
            search = LookalikeSearch(creations=creations(plan), others=others, lids=lids_in(plan), account=None)
        else:
            search = LookalikeSearch.of(creations(plan), others, desired)
        return with_blocked_creates(plan, self._search(search))

    def _search(self, search: LookalikeSearch) -> dict[str, Message]:
        """Read candidates until a read adds none: one that has more people than the list counts may."""
        while candidates := search.candidates(self.reads):
            self._read(candidates)
        return search.blocked(self.reads)

    def _read(self, entries: Collection[ListedGroup]) -> None:
        self.reads |= read_candidates(self.client, entries, self.parallelism)
