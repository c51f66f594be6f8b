"""Make events of the versions of a configuration: what each one changed against the one before. Pure.

A membership lasts from the commit that brought somebody in to the one that took them out, or to the end of its `until`,
whichever is first. It goes through changes of a group's key or name, and through a change of the person's number.
"""

from __future__ import annotations

import heapq
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta
from itertools import count
from typing import Final

from reconciler.history.compare_configs import added_fields, changed_fields, changed_settings
from reconciler.history.config_diff import GroupChangeKind
from reconciler.history.pairing import pair_groups
from reconciler.model.desired import Desired, DesiredGroup, Member, Unmanaged
from reconciler.model.identity import Identity
from reconciler.model.person_ref import PersonRef, pair_new_numbers
from reconciler.timeline.model import (
    CommitRef,
    Entry,
    EventKind,
    GroupEvents,
    GroupMember,
    GroupMembers,
    PersonEvent,
)

_NO_END: Final = "no end"
_NO_TIME: Final = datetime.min.replace(tzinfo=UTC)


@dataclass(slots=True)
class _Stay:
    """A membership: its newest terms, the commit that began it, and whether its `until` is over."""

    member: Member
    since: CommitRef | None
    ended: bool = False


@dataclass(slots=True)
class _Group:
    """A group through all of its keys and names: the newest version, and everybody who is in its list."""

    number: int
    desired: DesiredGroup
    stays: dict[Identity, _Stay] = field(default_factory=dict)
    keys: set[str] = field(default_factory=set)


@dataclass(frozen=True, slots=True)
class RecordedEntry:
    """An entry whose groups have the number under which each one is the same through all of its keys."""

    entry: Entry
    groups: tuple[tuple[int, GroupEvents], ...] = ()


@dataclass(slots=True)
class Recorder:
    """Takes the versions of a configuration, the oldest first, and keeps what each one changed.

    `unknown_before`: the first version is not the beginning, so nobody entered by it.
    """

    unknown_before: bool = False
    entries: list[RecordedEntry] = field(default_factory=list)
    desired: Desired | None = None
    commit: CommitRef | None = None
    invalid: str = ""
    aliases: dict[str, set[Identity]] = field(default_factory=dict)
    keys: dict[int, set[str]] = field(default_factory=dict)
    _groups: dict[str, _Group] = field(default_factory=dict)
    _numbers: Iterator[int] = field(default_factory=count)
    _ends: list[tuple[date, int, Identity]] = field(default_factory=list)
    _by_number: dict[int, _Group] = field(default_factory=dict)
    _bridged: list[str] = field(default_factory=list)
    _now: datetime = _NO_TIME

    def add_invalid(self, commit: CommitRef, reason: str) -> None:
        """Take a version that is not valid: what it changed is unknown until the next valid one."""
        self._now = max(self._now, commit.at)
        self.end_before(self._now.date())
        self._bridged.append(commit.oid)
        self.invalid = reason
        self.entries.append(RecordedEntry(Entry(at=self._now, commit=commit, invalid=reason)))

    def add(self, commit: CommitRef, desired: Desired | None) -> None:
        """Take a version; everybody whose `until` is over is among its members. None: the path does not exist in it."""
        self._now = max(self._now, commit.at)
        self.end_before(self._now.date())
        old, new = self.desired or Desired(), desired or Desired()
        unknown = self.commit is None and self.unknown_before
        self._note_aliases(old, new)
        groups = sorted(self._compare(old, new, None if unknown else commit), key=lambda each: each[1].key)
        # Where one side does not exist, its settings cannot have changed.
        both_exist = self.desired is not None and desired is not None
        settings, lists = changed_settings(old, new) if both_exist else ((), ())
        self.desired, self.commit, self.invalid = desired, commit, ""
        entry = Entry(at=self._now, commit=commit, settings=settings, lists=lists, bridged=tuple(self._bridged))
        self._bridged.clear()
        if not unknown:
            self.entries.append(RecordedEntry(entry, tuple(groups)))

    def end_before(self, day: date) -> None:
        """End the memberships whose last day is before a day; each is an event of the day after its last one."""
        events: dict[date, dict[int, list[PersonEvent]]] = {}
        while self._ends and self._ends[0][0] < day:
            until, number, identity = heapq.heappop(self._ends)
            stay = self._by_number[number].stays.get(identity) if number in self._by_number else None
            if stay is None or stay.ended or stay.member.until != until:
                continue
            stay.ended = True
            event = PersonEvent(kind=EventKind.ENDED, person=_ref(stay.member), by_invite=stay.member.by_invite)
            events.setdefault(until, {}).setdefault(number, []).append(event)
        for until, by_number in events.items():
            at = datetime.combine(until + timedelta(days=1), time(), UTC)
            groups = [
                (number, _events_of(self._by_number[number].desired, people)) for number, people in by_number.items()
            ]
            groups.sort(key=lambda each: each[1].key)
            self.entries.append(RecordedEntry(Entry(at=at), tuple(groups)))

    def members(self, numbers: Collection[int] | None = None) -> tuple[GroupMembers, ...]:
        """Return who is in which group by the newest version, as of the day up to which memberships were ended.

        `numbers` are those of the groups, None: all.
        """
        return tuple(
            GroupMembers(key=key, name=_name(group.desired), members=_wanted(group, False), ended=_wanted(group, True))
            for key, group in sorted(self._groups.items())
            if numbers is None or group.number in numbers
        )

    def numbers_of(self, key: str) -> frozenset[int]:
        """Return the numbers of the groups that ever had a key."""
        return frozenset(number for number, keys in self.keys.items() if key in keys)

    def _note_aliases(self, old: Desired, new: Desired) -> None:
        if old.people is not new.people:
            for identity, person in new.people.items():
                if old.people.get(identity) is not person:
                    for alias in person.aliases:
                        self.aliases.setdefault(alias, set()).add(identity)

    def _compare(self, old: Desired, new: Desired, commit: CommitRef | None) -> Iterator[tuple[int, GroupEvents]]:
        """Yield what differs, group by group; None for a commit: of what was there before, nothing is known."""
        before = {group.key: group for group in old.groups}
        same = {group.key: before[group.key] for group in new.groups if before.get(group.key) == group}
        ids = {group.key: group.id for group in new.groups}
        # A key that has another id now is another group.
        pairs = {
            key: each
            for key, each in pair_groups(old.groups, new.groups, same).items()
            if None in (each.id, ids[key]) or each.id == ids[key]
        }
        groups, self._groups = self._groups, {}
        for group in new.groups:
            earlier = pairs.get(group.key)
            known = groups.pop(earlier.key) if earlier is not None else _Group(next(self._numbers), group)
            self._groups[group.key] = self._by_number[known.number] = known
            self.keys.setdefault(known.number, set()).add(group.key)
            if group.key in same:
                known.desired = group
                continue
            events = self._changed(known, earlier, group, old, new, commit)
            known.desired = group
            if events is not None:
                yield known.number, events
        for gone in groups.values():
            people = self._move(gone, {}, commit)
            del self._by_number[gone.number]
            yield gone.number, replace(_events_of(gone.desired, people), change=GroupChangeKind.REMOVED)

    def _changed(
        self,
        known: _Group,
        earlier: DesiredGroup | None,
        group: DesiredGroup,
        old: Desired,
        new: Desired,
        commit: CommitRef | None,
    ) -> GroupEvents | None:
        """Return what a version changed of a group, or that it is new; None for nothing that anybody has to know."""
        people = self._move(known, group.listed_members, commit)
        if earlier is None:
            fields, lists = added_fields(group, new)
            return replace(_events_of(group, people), change=GroupChangeKind.ADDED, fields=fields, lists=lists)
        fields, lists = changed_fields(earlier, group, old, new)
        old_key = earlier.key if earlier.key != group.key else None
        if not (people or fields or lists or old_key):
            return None
        return replace(_events_of(group, people), fields=fields, lists=lists, old_key=old_key)

    def _move(self, known: _Group, members: Mapping[Identity, Member], commit: CommitRef | None) -> list[PersonEvent]:
        """Bring the memberships of a group to a new list; return who entered, left, or has other terms."""
        today, stays = self._now.date(), known.stays
        entering: dict[PersonRef, Member] = {}
        events: list[PersonEvent] = []
        gone = [stays.pop(identity) for identity in [each for each in stays if each not in members]]
        leaving = {_ref(stay.member): stay for stay in gone if not stay.ended}
        for identity, member in members.items():
            stay = stays.get(identity)
            if stay is not None and stay.member is member:
                continue
            is_over = member.until is not None and member.until < today
            if member.until is not None and (stay is None or stay.member.until != member.until):
                heapq.heappush(self._ends, (member.until, known.number, identity))
            if stay is not None:
                events += self._renew(stay, member, is_over, commit)
                continue
            stays[identity] = _Stay(member, commit, ended=is_over)
            if not is_over:
                entering[_ref(member)] = member
        numbers = pair_new_numbers(leaving, entering)
        for person, former in numbers.items():
            stays[Identity(person.identity or "")].since = leaving[former].since
        others = {*numbers, *numbers.values()}
        events += [_person_event(EventKind.LEFT, person, stay.member, others) for person, stay in leaving.items()]
        events += [_person_event(EventKind.ENTERED, person, member, others) for person, member in entering.items()]
        return events

    def _renew(self, stay: _Stay, member: Member, is_over: bool, commit: CommitRef | None) -> Iterator[PersonEvent]:
        """Give a membership its new terms, and yield what that means: over earlier, begun again, or changed."""
        before, was_over = stay.member, stay.ended
        stay.member, stay.ended = member, is_over
        if was_over and not is_over:
            stay.since = commit
            yield PersonEvent(kind=EventKind.ENTERED, person=_ref(member), by_invite=member.by_invite)
        elif is_over and not was_over:
            yield PersonEvent(kind=EventKind.LEFT, person=_ref(member), by_invite=member.by_invite)
        elif not is_over and (old := _terms(before)) != (new := _terms(member)):
            yield PersonEvent(kind=EventKind.CHANGED, person=_ref(member), by_invite=member.by_invite, old=old, new=new)


def _events_of(group: DesiredGroup, people: Iterable[PersonEvent]) -> GroupEvents:
    return GroupEvents(key=group.key, name=_name(group), people=tuple(sorted(people, key=_order)))


def _order(event: PersonEvent) -> tuple[object, ...]:
    return (list(EventKind).index(event.kind), *event.person.sort_key)


def _person_event(kind: EventKind, person: PersonRef, member: Member, others: Collection[PersonRef]) -> PersonEvent:
    return PersonEvent(kind=kind, person=person, by_invite=member.by_invite, other_number=person in others)


def _name(group: DesiredGroup) -> str:
    return "" if isinstance(group.name, Unmanaged) else group.name


def _ref(member: Member) -> PersonRef:
    return PersonRef.of(member.person, member.until, member.reason, member.teams)


def _terms(member: Member) -> str:
    """Return `until 2026-12-31, by invite, contractor`."""
    until = f"until {member.until.isoformat()}" if member.until else ""
    return ", ".join(filter(None, (until, "by invite" if member.by_invite else "", member.reason))) or _NO_END


def _wanted(group: _Group, ended: bool) -> tuple[GroupMember, ...]:
    members = (
        GroupMember(person=_ref(stay.member), since=stay.since, by_invite=stay.member.by_invite, ended=ended)
        for stay in group.stays.values()
        if stay.ended is ended
    )
    return tuple(sorted(members, key=lambda each: each.person.sort_key))
