"""Find live groups that may be a group that a plan is about to create, so that none is made a second time. Pure.

WhatsApp groups cannot be deleted. A live group that no key holds may be the wanted one under another name: it has at
least half of the wanted people, or nearly the same name. What is not known of it counts as if it were so.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final, TypeAlias

from reconciler.diff.match import Match, lookup_names
from reconciler.diff.participants import people_by_lid, wanted_members
from reconciler.errors import ApiError
from reconciler.messages import Message
from reconciler.model.desired import Desired
from reconciler.model.identity import Identity, lid_digits
from reconciler.model.live import ListedGroup, Listing, LiveGroup, Participant, ReadCandidate
from reconciler.model.text import folded_name

MAX_READS: Final = 10
"""How many candidates a run reads."""
_MAX_NAMED: Final = 3
_FEWEST_SHARED: Final = 2

Reads: TypeAlias = Mapping[str, ReadCandidate]
"""What reading candidates gave, by their ids."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupToCreate:
    """A group that is to be created: the names that would find it, and who is to be in it."""

    key: str
    names: tuple[str, ...]
    people: frozenset[Identity]

    @classmethod
    def of(cls, match: Match, desired: Desired) -> GroupToCreate:
        """Return the group to create for a key that matches no live group."""
        people = frozenset(wanted_members(match.group, desired))
        return cls(key=match.group.key, names=lookup_names(match.group), people=people)

    def shared_needed(self, name: str) -> int:
        """How many of its people a live group of this name has to have to look like it; 0 where people tell nothing.

        One is enough to be half of two only where the name has all words of a wanted one: "Parents (renamed)".
        """
        size = len(self.people)
        if size < _FEWEST_SHARED:
            return 0
        return max(1 if self.is_in(name) else _FEWEST_SHARED, (size + 1) // 2)

    def is_in(self, name: str) -> bool:
        """Whether a name has all words of a wanted one."""
        return any(_words(wanted) <= _words(name) for wanted in self.names if _words(wanted))


def groups_without_key(matches: Iterable[Match], listing: Listing) -> tuple[ListedGroup, ...]:
    """Return the live groups that no key has, by its id or by a name."""
    held = {group_id for m in matches for group_id in (m.group.id, m.listed.id if m.listed else None)}
    return tuple(entry for entry in listing.groups if entry.id not in held)


def candidates_by_name(others: Sequence[ListedGroup]) -> tuple[ListedGroup, ...]:
    """Return the groups to read because the list does not tell their names, as many as a run may read."""
    return tuple(entry for entry in others if not entry.name)[:MAX_READS]


def with_names_read(listing: Listing, reads: Reads) -> Listing:
    """Return the list with the names that it does not tell, and that reading the groups does."""

    def named(entry: ListedGroup) -> ListedGroup:
        live = reads.get(entry.id)
        return replace(entry, name=live.name) if isinstance(live, LiveGroup) and not entry.name else entry

    return replace(listing, groups=tuple(map(named, listing.groups)))


@dataclass(frozen=True, slots=True, kw_only=True)
class LookalikeSearch:
    """The groups to be created beside the live groups that no key holds.

    `lids` are the private ids that the configuration has, by their digits; `account` is the account's own number.
    """

    creations: Sequence[GroupToCreate]
    others: Sequence[ListedGroup]
    lids: Mapping[str, Identity]
    account: Identity | None
    _by_name: Mapping[str, Sequence[ListedGroup]] = field(init=False)

    @classmethod
    def of(cls, creations: Sequence[GroupToCreate], others: Sequence[ListedGroup], desired: Desired) -> LookalikeSearch:
        """Return the search with the private ids and the account of a configuration."""
        lids = {digits: person.identity for digits, person in people_by_lid(desired).items()}
        account = None if desired.account is None else desired.account.identity
        return cls(creations=creations, others=others, lids=lids, account=account)

    def __post_init__(self) -> None:
        by_name: dict[str, list[ListedGroup]] = defaultdict(list)
        for entry in self.others:
            if entry.name:
                by_name[folded_name(entry.name)].append(entry)
        object.__setattr__(self, "_by_name", by_name)

    def candidates(self, reads: Reads) -> tuple[ListedGroup, ...]:
        """Return the groups to read, the likeliest first: as many as a run may still read after these `reads`.

        Nobody is read for a key that a name blocks already.
        """
        ranked = [self._unread(one, reads) for one in self.creations if not self._namesakes(one)]
        rows = ((rank, entry.id, entry) for entries in ranked for rank, entry in enumerate(entries))
        likeliest = {entry.id: entry for _, _, entry in sorted(rows, key=lambda row: row[:2])}
        return tuple(likeliest.values())[: max(0, MAX_READS - len(reads))]

    def blocked(self, reads: Reads) -> dict[str, Message]:
        """Return, by key, why a group is not created: a live group may be it."""
        reasons = {one.key: self._reason(one, reads) for one in self.creations}
        return {key: reason for key, reason in reasons.items() if reason is not None}

    def _namesakes(self, creation: GroupToCreate) -> dict[str, ListedGroup]:
        return {entry.id: entry for name in creation.names for entry in self._by_name.get(folded_name(name), ())}

    def _unread(self, creation: GroupToCreate, reads: Reads) -> list[ListedGroup]:
        """Return the groups of which only a read can say whether they are this one, the likeliest first."""
        words = {word for name in creation.names for word in _words(name)}

        def unlikelihood(entry: ListedGroup) -> tuple[bool, int, str]:
            return (
                words.isdisjoint(_words(entry.name.raw)),
                abs((entry.count or 0) - 1 - len(creation.people)),
                entry.id,
            )

        unknown = (e for e in self.others if e.id not in reads and (not e.name or e.participants is None))
        trusted = self._trusts_counts(reads)
        return sorted((e for e in unknown if _may_reach(creation, e, trusted)), key=unlikelihood)

    def _trusts_counts(self, reads: Reads) -> bool:
        """Whether no group that was read has more people than the list counts: else every count may be too low."""
        counted = ((entry.count, reads.get(entry.id)) for entry in self.others)
        return not any(
            count and isinstance(read, LiveGroup) and len(read.participants) > count for count, read in counted
        )

    def _reason(self, creation: GroupToCreate, reads: Reads) -> Message | None:
        namesakes = self._namesakes(creation)
        likeliest = -len(creation.people)
        alike = [(likeliest, id_, Message.of("similar-name", name=e.name, ids=(id_,))) for id_, e in namesakes.items()]
        for entry in self.others:
            if entry.id not in namesakes and (likeness := self._likeness(creation, entry, reads)) is not None:
                alike.append((likeness[0], entry.id, likeness[1]))
        found = [message for _, _, message in sorted(alike, key=lambda row: row[:2])]
        if len(found) > _MAX_NAMED:
            found[_MAX_NAMED:] = [Message.of("more-lookalikes", count=len(found) - _MAX_NAMED)]
        unread = [] if namesakes else self._unread(creation, reads)
        if unread:
            first = _first_of(unread)
            found.append(Message.of("lookalikes-not-read", count=len(unread), most=MAX_READS, first=first))
        if not found:
            return None
        count = len(alike) + len(unread)
        return Message.of("lookalike", found=tuple(found), count=count, key=creation.key)

    def _likeness(self, creation: GroupToCreate, entry: ListedGroup, reads: Reads) -> tuple[int, Message] | None:
        """Return how likely a group is the wanted one (less is likelier) and why; None where it is another one."""
        read = reads.get(entry.id, entry)
        if not entry.name and entry.id in reads:
            return 0, Message.of("name-not-told", ids=(entry.id,))
        if read is None or isinstance(read, ApiError):
            why = "it is in the list, and is not found" if read is None else read.message
            error = Message.of("lookalike-not-readable", name=entry.name, ids=(entry.id,), error=why)
            return (0, error) if _may_reach(creation, entry, self._trusts_counts(reads)) else None
        needed = creation.shared_needed(entry.name.raw)
        if not needed or read.participants is None:
            return None
        shared, unknown = self._shared(creation, read.participants)
        name, wanted = entry.name, len(creation.people)
        if shared >= needed:
            return -shared, Message.of("shares-people", name=name, ids=(entry.id,), shared=shared, wanted=wanted)
        if shared + unknown >= needed:
            message = Message.of(
                "may-share-people", name=name, ids=(entry.id,), shared=shared, wanted=wanted, unknown=unknown
            )
            return -shared, message
        return None

    def _shared(self, creation: GroupToCreate, participants: Collection[Participant]) -> tuple[int, int]:
        """Return how many of the wanted people are in a group, and of how many others nobody knows who they are."""
        identities = [self._identity(participant) for participant in participants]
        unknown = identities.count(None)
        if unknown and self.account is not None and self.account not in identities:
            unknown -= 1  # the account is in every group that it can read, so it is one of them
        return len(creation.people.intersection(one for one in identities if one is not None)), unknown

    def _identity(self, participant: Participant) -> Identity | None:
        digits = lid_digits(participant.lid) if participant.identity is None else None
        return participant.identity if digits is None else self.lids.get(digits)


def _first_of(unread: Sequence[ListedGroup]) -> tuple[Message, ...]:
    named = [Message.of("unread-lookalike", name=entry.name, ids=(entry.id,)) for entry in unread[:_MAX_NAMED]]
    left = len(unread) - len(named)
    return (*named, *([Message.of("more-unread-lookalikes", count=left)] if left else ()))


def _may_reach(creation: GroupToCreate, entry: ListedGroup, trusts_counts: bool) -> bool:
    """Whether a group may be this one by what its list entry tells; its count has the account, too.

    A name that is not told may be any name, and a count of 0 tells nothing: the account itself is in. A count may be
    too low, so a group whose name has all words of the wanted one is read whatever it is.
    """
    needed = creation.shared_needed(entry.name.raw)
    is_enough = not entry.count or not trusts_counts or entry.count - 1 >= needed
    return not entry.name or (needed > 0 and (is_enough or creation.is_in(entry.name.raw)))


def _words(name: str) -> frozenset[str]:
    return frozenset(folded_name(word) for word in name.split()) - {""}
