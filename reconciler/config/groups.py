"""Resolve the groups of a configuration: defaults filled in, teams and aliases replaced by people, dates applied."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import date

from reconciler.config.document import LocatedValue, MergedConfig, SourceLocation, as_text
from reconciler.config.memberships import Memberships, merge_into
from reconciler.config.people import People
from reconciler.config.policy import read_removal_limit
from reconciler.config.problem_collector import ProblemCollector, quote_value
from reconciler.errors import ProblemKind
from reconciler.model.desired import (
    MAX_DESCRIPTION_LENGTH,
    MAX_MEMBERS,
    MAX_NAME_LENGTH,
    MAX_PARTICIPANTS,
    UNMANAGED,
    DesiredGroup,
    Lookalikes,
    Member,
    Membership,
    Person,
    State,
    Unmanaged,
    UnmanagedType,
)
from reconciler.model.identity import Identity, invite_code
from reconciler.model.text import folded_name, normalize

_Fields = Mapping[str, LocatedValue]
_RENAME = "rename one; if both are live under this name, set both ids and remove the `name` of one"


@dataclass(frozen=True, slots=True)
class GroupResolver:
    """Resolves the groups on the day `as_of`."""

    merged: MergedConfig
    people: People
    memberships: Memberships
    problems: ProblemCollector
    as_of: date

    def groups(self) -> tuple[DesiredGroup, ...]:
        """Return all groups, sorted by key."""
        keys = sorted(self.merged.sections["groups"])
        return tuple(self.group(key) for key in keys if not self.problems.limit_reached)

    def group(self, key: str) -> DesiredGroup:
        """Return one group."""
        fields, place = self.merged.group_fields(key), self.merged.sections["groups"][key].place
        absent = self.people.persons(fields.get("absent"))
        through = self.memberships.of_teams(fields["teams"]) if "teams" in fields else {}
        excepted = self._excepted(fields, through)
        members = self._members(fields, through, absent, place)
        self._check_excepted(fields, excepted, members)
        expired: list[Member] = []
        if not isinstance(members, Unmanaged):
            expired = [member for member in members.values() if member.until is not None and member.until < self.as_of]
            for member in expired:
                del members[member.person.identity]
        return DesiredGroup(
            key=key,
            id=_text(fields, "id", "") or None,
            name=self._name(fields["name"]) if "name" in fields else UNMANAGED,
            previously=self._previously(fields.get("previously")),
            description=self._description(fields["description"]) if "description" in fields else UNMANAGED,
            members=members,
            expired=tuple(sorted(expired, key=lambda member: member.person.identity)),
            absent=absent,
            excepted=excepted,
            admins=self.people.persons(fields["admins"]) if "admins" in fields else UNMANAGED,
            membership=Membership(_text(fields, "membership", Membership.EXACT)),
            invite=invite_code(_text(fields, "invite", "")),
            state=State(_text(fields, "state", State.PRESENT)),
            max_removals=read_removal_limit(fields.get("max_removals"), self.merged),
            lookalikes=Lookalikes(_text(fields, "lookalikes", "")) if "lookalikes" in fields else None,
            priority=int(float(_text(fields, "priority", "0"))),
        )

    def _excepted(self, fields: _Fields, through: dict[Identity, Member]) -> dict[Identity, Member]:
        """Take the people of `except` out of those who are in `through` teams, and return them; warn about the rest."""
        excepted: dict[Identity, Member] = {}
        is_complete = "teams" not in fields or fields["teams"].place not in self.memberships.incomplete
        for identity, person in self.people.persons(fields.get("except")).items():
            if identity in through:
                excepted[identity] = through.pop(identity)
                continue
            excepted[identity] = Member(person)
            if is_complete:
                message = f"{self.people.label(person)} is in `except`, and in no team of the group"
                hint = "take them out of `except`, which only subtracts from `teams`"
                self.problems.warning(ProblemKind.CONTRADICTION, fields["except"].place, message, hint)
        return excepted

    def _members(
        self,
        fields: _Fields,
        through: dict[Identity, Member],
        absent: Mapping[Identity, Person],
        place: SourceLocation,
    ) -> dict[Identity, Member] | UnmanagedType:
        """Return everybody of `members`, and `through` teams, including expired members."""
        if "members" not in fields and "teams" not in fields:
            return UNMANAGED
        members = self.memberships.members(fields["members"]) if "members" in fields else {}
        for identity in [identity for identity in members if identity in absent]:
            message = f"{self.people.label(absent[identity])} is in both `members` and `absent` of the group"
            hint = "remove one of the entries"
            self.problems.error(ProblemKind.CONTRADICTION, fields["absent"].place, message, hint)
        for identity in [identity for identity in through if identity in absent]:
            paths = " and ".join(quote_value(path) for path in through[identity].teams)
            label = self.people.label(absent[identity])
            message = f"{label} is in `absent`, and a member through {paths}; `absent` wins"
            self.problems.warning(ProblemKind.CONTRADICTION, place.as_key(), message)
            del through[identity]
        merge_into(members, through)
        return members

    def _check_excepted(
        self, fields: _Fields, excepted: Mapping[Identity, Member], members: Mapping[Identity, Member] | UnmanagedType
    ) -> None:
        for identity in () if isinstance(members, Unmanaged) else [each for each in excepted if each in members]:
            label = self.people.label(excepted[identity].person)
            message = f"{label} is in both `members` and `except` of the group"
            hint = "remove one of the entries: `except` subtracts from `teams` alone"
            self.problems.error(ProblemKind.CONTRADICTION, fields["except"].place, message, hint)

    def _name(self, entry: LocatedValue) -> str:
        raw = as_text(entry.value)
        name = normalize(raw)
        if not name or len(name) > MAX_NAME_LENGTH:
            message = f"the name has {len(name)} characters in Unicode's composed form"
            self.problems.error(ProblemKind.LIMIT, entry.place, message, f"WhatsApp allows 1 to {MAX_NAME_LENGTH}")
        elif raw != raw.strip():
            message = "the name begins or ends with white space, which does not count"
            self.problems.warning(ProblemKind.WHITE_SPACE, entry.place, message, "remove it")
        return name

    def _previously(self, entry: LocatedValue | None) -> tuple[str, ...]:
        return () if entry is None else tuple(normalize(as_text(name.value)) for name in entry.items())

    def _description(self, entry: LocatedValue) -> str:
        description = normalize(as_text(entry.value))
        if len(description) > MAX_DESCRIPTION_LENGTH:
            message = f"the description has {len(description)} characters in Unicode's composed form"
            self.problems.error(ProblemKind.LIMIT, entry.place, message, f"WhatsApp allows {MAX_DESCRIPTION_LENGTH}")
        return description


def _text(fields: _Fields, field: str, default: str) -> str:
    return as_text(fields[field].value) if field in fields else default


def _needs_own_name(group: DesiredGroup) -> bool:
    """Return whether no other group may have the name: a group with an id that is being left gives its name free."""
    return isinstance(group.name, str) and (group.id is None or group.state is State.PRESENT)


@dataclass(frozen=True, slots=True)
class GroupChecker:
    """Checks resolved groups; `max_members` is the policy's limit, `incomplete` has lists with an entry in error."""

    merged: MergedConfig
    problems: ProblemCollector
    incomplete: AbstractSet[SourceLocation]
    instance: Person | None
    max_members: int | None

    def check(self, groups: Sequence[DesiredGroup]) -> None:
        """Report groups that are too large, admins who are not members, and ids and names that two groups share."""
        self.check_members(groups)
        self._check_similar_names(self.check_ids_and_names(groups))

    def check_members(self, groups: Iterable[DesiredGroup]) -> None:
        """Report groups that are too large, and warn of admins who are not members."""
        for group in groups:
            if not isinstance(group.members, Unmanaged):
                self._check_size(group, group.members)
                self._check_admins(group, group.members)

    def check_ids_and_names(self, groups: Sequence[DesiredGroup]) -> Collection[DesiredGroup]:
        """Report ids and names that two groups share; return the groups that need a name of their own."""
        ids: dict[str, DesiredGroup] = {}
        names: dict[str, DesiredGroup] = {}
        for group in groups:
            if group.id is not None and (first := ids.setdefault(group.id, group)) is not group:
                self._report_same("id", group, first, "keep one key for this group")
            elif _needs_own_name(group) and (first := names.setdefault(str(group.name), group)) is not group:
                self._report_same("name", group, first, _RENAME)
        self._check_earlier_names(groups, names)
        return names.values()

    def _check_similar_names(self, groups: Iterable[DesiredGroup]) -> None:
        """Warn about names that only case, white space, punctuation or emoji tell apart; with two ids they are two."""
        similar: dict[str, DesiredGroup] = {}
        for group in groups:
            first = similar.setdefault(folded_name(str(group.name)), group)
            if first is not group and None in (first.id, group.id):
                place, other = self._place(group).at("name"), self._place(first).at("name")
                message = f"{quote_value(group.key)} has nearly the same name as {quote_value(first.key)} at"
                hint = "if they are one group, keep one key; if not, tell their names apart"
                self.problems.warning(ProblemKind.SAME_TWICE, place, message, hint, other=other)

    def _check_earlier_names(self, groups: Sequence[DesiredGroup], names: Mapping[str, DesiredGroup]) -> None:
        """Report earlier names that may find a live group of another key; a group with an id needs none."""
        earlier: dict[str, DesiredGroup] = {}
        hint = "remove it from `previously`, or set the `id` of this group: one live group cannot be both"
        for group in (group for group in groups if group.previously and group.id is None):
            key, place = quote_value(group.key), self._place(group).at("previously")
            for name in dict.fromkeys(group.previously):
                holder, first = names.get(name, group), earlier.setdefault(name, group)
                if holder is not group:
                    message = f"an earlier name of {key} is the name of {quote_value(holder.key)}"
                    self.problems.error(ProblemKind.SAME_TWICE, place, message, hint)
                elif first is not group:  # while no live group has this name, both may be right
                    message = f"an earlier name of {key} is an earlier name of {quote_value(first.key)}"
                    self.problems.warning(ProblemKind.SAME_TWICE, place, message, hint)

    def _place(self, group: DesiredGroup) -> SourceLocation:
        return self.merged.sections["groups"][group.key].place

    def _check_size(self, group: DesiredGroup, members: Mapping[Identity, Member]) -> None:
        place, limit = self._place(group).as_key(), self.max_members
        others = len(members) - (self.instance is not None and self.instance.identity in members)
        if others > MAX_MEMBERS:
            message = f"the group has {others:,} members; WhatsApp allows {MAX_MEMBERS:,} beside the account itself"
            hint = "split it into several groups"
            if self.instance is None and others == MAX_PARTICIPANTS:
                hint += ", or set `instance.phone` if the account is one of them"
            self.problems.error(ProblemKind.LIMIT, place, message, hint)
        elif limit is not None and others > limit:
            where = self.merged.file_and_line(self.merged.sections["policy"]["max_members"].place)
            message = f"{quote_value(group.key)} has {others:,} members, but `policy.max_members` ({where}) allows"
            hint = "split it into several groups, or raise the limit"
            self.problems.error(ProblemKind.LIMIT, place, f"{message} {limit:,}", hint)

    def _check_admins(self, group: DesiredGroup, members: Mapping[Identity, Member]) -> None:
        if isinstance(group.admins, Unmanaged) or group.membership is not Membership.EXACT:
            return
        fields = self.merged.group_fields(group.key)
        if any(fields[name].place in self.incomplete for name in ("members", "teams") if name in fields):
            return  # the entry in error may be the admin's
        for identity, person in group.admins.items():
            if identity not in members and person != self.instance:
                place = fields["admins"].place
                message = f"{quote_value(person.alias or identity)} is in `admins`, but is not a member"
                hint = "add the person to the members, or the plan removes them from the group"
                self.problems.warning(ProblemKind.CONTRADICTION, place, message, hint)

    def _report_same(self, field: str, group: DesiredGroup, first: DesiredGroup, hint: str) -> None:
        place, other = self._place(group).at(field), self._place(first).at(field)
        message = f"{quote_value(group.key)} has the same {field} as {quote_value(first.key)} at"
        self.problems.error(ProblemKind.SAME_TWICE, place, message, hint, other=other)
