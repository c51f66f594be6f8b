"""The fewest calls that a plan and an apply can do with, derived from the world and the wish alone.

Nothing of the program is used here: if both are wrong, they are wrong in different ways.

    plan  = list + lookalikes + reads + links + instance + checks
    apply = plan + (list, if any group is created) + writes + read-backs

list        pages of the list. A bare array of less than the documented page (50) is whole; one of exactly that length
            or more is asked on, and each further page begins with the last entry of the one before: without that
            overlap, a group that slips between two pages is lost unseen, taken for absent and made a second time. So a
            list of n ≥ 50 entries by offset takes ⌊(n − 50) / 49⌋ + 2 calls; by numbered pages ⌈n / size⌉.
            Where a group of the file seems absent, or is found by its name and may have a namesake, and the list is
            one that can lack an entry unseen (several numbered pages, an array as long as servers usually cut at), it
            takes one more reading of the list, with proof of its end: unknown is not absent.
lookalikes  one GET for each live group that no key of the file means, if it may be a group to be created: at least half
            of the wanted people can be in it by its count, and at least two. None in the reference dialect, whose list
            tells the people, and none for a group of at most one person. Ten at most: an eleventh makes nothing surer,
            as the create is blocked then. (The stories have no names that are nearly the same.)
reads       one GET for each group that is there and is not to be left, where the list does not tell what the file
            manages of it: people and description, and for a new name whether the instance is an admin. In the
            reference dialect the list tells all but empty descriptions.
links       one GET for each group that is there and to which somebody is to come by its link.
instance    one GET if anything is to be written: nothing else tells that it is connected.
checks      one GET for each person to be added whose account may have either of two addresses and who is in no group
            that was read; these worlds have nobody like that.
list again  before anything is created: between plan and apply somebody may have made the group.
writes      create 1, with at most 256 people; its description 1 more, since a create cannot carry one; name and
            description together 1; every further 256 people to add, or to remove, 1; join 1; leave 1.
read-backs  one GET for each group that was written to: an answer to a write does not say who is in. One list instead
            for all groups that it proves, if its pages are fewer: with only a new name (the list counts the people as
            before); in the reference dialect also people who go, and a description, unless it is cleared. Never where
            people come: who is refused has to be known before others are added. Where people also go, the read comes
            after that; so one more GET for one such group whenever ten people came to them, unless nobody comes to
            any group behind it (by key). A group that is too full for who comes loses people first: its adds are last.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from math import ceil

from benchmarks.calls.wanted import Wanted

DOCUMENTED_PAGE = 50
PEOPLE_A_CALL = 256
MOST_CANDIDATES = 10
UNSEEN_PEOPLE = 10
MOST_PEOPLE = 1024
LENGTHS_SERVERS_CUT_AT = frozenset({10, 20, 25, 30, 100, 200, 250, 500, 1000})


@dataclass(frozen=True, slots=True)
class Api:
    """How the server tells: `whole_lists` in the reference dialect; `paging` is none, offset or page."""

    whole_lists: bool
    paging: str = "none"
    page_size: int = 20


@dataclass(frozen=True, slots=True)
class Live:
    """A live group as it truly is. `people` are digits, without the instance."""

    id: str
    name: str
    description: str
    people: frozenset[str]
    admin: bool = True


@dataclass(frozen=True, slots=True)
class Minimum:
    """The fewest calls by what they are for."""

    lists: int
    lookalikes: int
    reads: int
    links: int
    instance: int
    lists_again: int
    writes: int
    read_backs: int

    @property
    def plan(self) -> int:
        """Calls of a plan."""
        return self.lists + self.lookalikes + self.reads + self.links + self.instance

    @property
    def apply(self) -> int:
        """Calls of an apply that makes its own plan."""
        return self.plan + self.lists_again + self.writes + self.read_backs


def fewest(wanted: Collection[Wanted], live: Collection[Live], api: Api) -> Minimum:
    """The fewest calls that bring these live groups to what is wanted."""
    found = {group.key: _found(group, wanted, live) for group in wanted}
    ids = {group.id for group in wanted} | {there.id for there in found.values() if there is not None}
    others = [there for there in live if there.id not in ids]
    new = [group for group in wanted if _creates(group, found[group.key])]
    blocked = {group.key for group in new if any(_looks_like(group, there) for there in others)}
    candidates = [there for there in others if any(_may_look_like(group, there) for group in new)]
    writes = {g.key: 0 if g.key in blocked else _writes(g, found[g.key]) for g in wanted}
    pages = _pages(len(live), api, prove=False)
    unsure = any(group.id is None or found[group.key] is None for group in wanted)
    proof = _pages(len(live), api, prove=True) if unsure and not _steady(len(live), api) else 0
    creates = any(group.key not in blocked for group in new)
    return Minimum(
        lists=pages + proof,
        lookalikes=0 if api.whole_lists else min(len(candidates), MOST_CANDIDATES),
        reads=sum(_read(group, there, api) for group, there in _there(wanted, found)),
        links=sum(bool(group.by_link - there.people) for group, there in _there(wanted, found)),
        instance=int(any(writes.values())),
        lists_again=pages if creates else 0,
        writes=sum(writes.values()),
        read_backs=_read_backs([(g, found[g.key]) for g in wanted if writes[g.key]], len(live), api),
    )


def _there(wanted: Iterable[Wanted], found: dict[str, Live | None]) -> Iterable[tuple[Wanted, Live]]:
    return ((group, there) for group in wanted if (there := found[group.key]) is not None)


def _found(group: Wanted, wanted: Iterable[Wanted], live: Collection[Live]) -> Live | None:
    """The live group a key means: by id, else by name, else by an earlier name. The stories leave no doubt."""
    if group.id is not None:
        return next((there for there in live if there.id == group.id), None)
    held = {other.id for other in wanted if other.id is not None}
    names = [group.name, *group.previously]
    return next((there for name in names for there in live if there.name == name and there.id not in held), None)


def _pages(entries: int, api: Api, *, prove: bool) -> int:
    if api.paging == "page":
        return max(1, ceil(entries / api.page_size))
    if api.paging == "offset" and entries >= DOCUMENTED_PAGE:
        return (entries - DOCUMENTED_PAGE) // (DOCUMENTED_PAGE - 1) + 2
    asked_on = entries == DOCUMENTED_PAGE or (prove and entries in LENGTHS_SERVERS_CUT_AT)
    return 1 + asked_on


def _steady(entries: int, api: Api) -> bool:
    """Whether a list of this length, read once, can be said to lack nobody."""
    if api.paging == "page":
        return entries <= api.page_size
    cut = api.paging == "offset" and entries >= DOCUMENTED_PAGE
    return cut or entries not in LENGTHS_SERVERS_CUT_AT


def _read(group: Wanted, there: Live, api: Api) -> bool:
    if group.left:
        return False
    told = api.whole_lists and (bool(there.description) or group.description is None)
    people = group.members is not None or bool(group.absent)
    return not told and (people or group.description is not None or group.name not in (None, there.name))


def _creates(group: Wanted, there: Live | None) -> bool:
    wish = group.invite is None and group.id is None and group.membership != "observe"
    return there is None and not group.left and wish


def _half(group: Wanted) -> float:
    return max(2, len(group.members or ()) / 2)


def _looks_like(group: Wanted, there: Live) -> bool:
    return len((group.members or frozenset()) & there.people) >= _half(group)


def _may_look_like(group: Wanted, there: Live) -> bool:
    return len(group.members or ()) >= 2 and len(there.people) >= _half(group)


def _writes(group: Wanted, there: Live | None) -> int:
    if group.membership == "observe":
        return 0
    if there is None:
        return _first_writes(group)
    if group.left:
        return 1
    return _mending(group, there) if there.admin else 0


def _first_writes(group: Wanted) -> int:
    if group.left or (group.id is not None and group.invite is None):
        return 0
    if group.invite is not None:
        return 1
    people = (group.members or frozenset()) - group.by_link
    return max(1, ceil(len(people) / PEOPLE_A_CALL)) + bool(_text(group.description or ""))


def _mending(group: Wanted, there: Live) -> int:
    texts = (group.name, there.name), (group.description, there.description)
    differs = any(wish is not None and _text(wish) != _text(now) for wish, now in texts)
    add, remove = _moves(group, there)
    return differs + ceil(len(add) / PEOPLE_A_CALL) + ceil(len(remove) / PEOPLE_A_CALL)


def _moves(group: Wanted, there: Live) -> tuple[frozenset[str], frozenset[str]]:
    """Who comes and who goes."""
    wish = there.people if group.members is None else group.members
    remove = there.people & group.absent
    if group.membership == "exact":
        remove |= there.people - wish
    return wish - there.people - group.by_link, remove


def _read_backs(written: Collection[tuple[Wanted, Live | None]], entries: int, api: Api) -> int:
    proven = sum(there is not None and _list_proves(group, there, api) for group, there in written)
    entries += sum((there is None) - group.left for group, there in written)
    return len(written) - proven + min(proven, _pages(entries, api, prove=False)) + _reads_between(written)


def _reads_between(written: Collection[tuple[Wanted, Live | None]]) -> int:
    ordered = sorted(written, key=lambda pair: pair[0].key)
    coming = [
        _unseen(group, there)
        for group, there in ordered
        if not group.left and (there is None or _moves(group, there)[0])
    ]
    unseen = reads = 0
    for count in coming[:-1]:
        unseen += count
        if unseen >= UNSEEN_PEOPLE:
            unseen, reads = 0, reads + 1
    return reads


def _unseen(group: Wanted, there: Live | None) -> int:
    """How many people come to a group that is read only after others went. The instance is in it too."""
    if there is None:
        return 0
    add, remove = _moves(group, there)
    has_room = 1 + len(there.people) + len(add) <= MOST_PEOPLE
    return len(add) if remove and has_room else 0


def _list_proves(group: Wanted, there: Live, api: Api) -> bool:
    wish = there.people if group.members is None else group.members
    if group.left or wish - there.people - group.by_link:
        return False
    text = there.description if group.description is None else group.description
    described = _text(text) != _text(there.description)
    gone = there.people & group.absent or (group.membership == "exact" and there.people - wish)
    return bool(_text(text)) or not described if api.whole_lists else not (described or gone)


def _text(text: str) -> str:
    return text.replace("\r\n", "\n").strip()
