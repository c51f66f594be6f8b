"""The groups of a configuration, resolved: defaults filled in, teams and aliases gone, dates applied."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from reconciler.config.document import LocatedValue, SourceLocation, as_items, as_mapping, as_text
from reconciler.config.memberships import MemberListResolver, TeamResolver, merge_into
from reconciler.config.merge import MergedConfig
from reconciler.config.people import PeopleResolver
from reconciler.config.policy import read_removal_limit
from reconciler.config.problem_collector import ProblemCollector, quote_value
from reconciler.errors import ProblemKind
from reconciler.model.desired import (
    MAX_DESCRIPTION_LENGTH,
    MAX_NAME_LENGTH,
    MAX_PARTICIPANTS,
    UNMANAGED,
    DesiredGroup,
    Member,
    Membership,
    Person,
    State,
    UnmanagedType,
)
from reconciler.model.identity import Identity, invite_code
from reconciler.model.text import normalize


@dataclass(frozen=True, slots=True)
class GroupResolver:
    """What resolving a group needs besides the group."""

    merged: MergedConfig
    directory: PeopleResolver
    lists: MemberListResolver
    teams: TeamResolver
    findings: ProblemCollector
    as_of: date
    instance: Person | None
    max_members: int | None

    def groups(self) -> tuple[DesiredGroup, ...]:
        """All groups, sorted by key."""
        entries = sorted(self.merged.sections["groups"].items())
        groups = tuple(self._group(key, entry) for key, entry in entries if not self.findings.limit_reached)
        self._unique(groups)
        return groups

    def _group(self, key: str, entry: LocatedValue) -> DesiredGroup:
        own = {field: LocatedValue(value, entry.place.at(field)) for field, value in as_mapping(entry.value).items()}
        fields = {**self.merged.sections["defaults"], **own}
        absent = self.directory.persons(fields.get("absent"))
        wanted = self._wanted(fields, absent, entry.place)
        admins = self.directory.persons(fields["admins"]) if "admins" in fields else UNMANAGED
        expired: tuple[Member, ...] = ()
        if wanted is not UNMANAGED:
            expired = tuple(m for m in wanted.values() if m.until is not None and m.until < self.as_of)
            for member in expired:
                del wanted[member.person.identity]
            self._check_size(key, wanted, entry.place)
        membership = Membership(_text(fields, "membership", Membership.EXACT))
        if wanted is not UNMANAGED and admins is not UNMANAGED and membership is Membership.EXACT:
            self._check_admins(admins, wanted, fields["admins"].place)
        return DesiredGroup(
            key=key,
            id=_text(fields, "id", "") or None,
            name=self._name(fields["name"]) if "name" in fields else UNMANAGED,
            previously=self._previously(fields.get("previously")),
            description=self._description(fields["description"]) if "description" in fields else UNMANAGED,
            members=wanted,
            expired=tuple(sorted(expired, key=lambda member: member.person.identity)),
            absent=absent,
            admins=admins,
            membership=membership,
            invite=invite_code(_text(fields, "invite", "")),
            state=State(_text(fields, "state", State.PRESENT)),
            max_removals=read_removal_limit(fields.get("max_removals"), self.merged),
        )

    def _wanted(
        self, fields: Mapping[str, LocatedValue], absent: Mapping[Identity, Person], group: SourceLocation
    ) -> dict[Identity, Member] | UnmanagedType:
        """Everybody of `members` and `teams`, those whose time has run out included."""
        if "members" not in fields and "teams" not in fields:
            return UNMANAGED
        wanted = self.lists.members(fields["members"]) if "members" in fields else {}
        for identity in [identity for identity in wanted if identity in absent]:
            label = self.directory.label(absent[identity])
            message = f"{label} is in `members` and in `absent` of the group"
            self.findings.error(ProblemKind.CONTRADICTION, fields["absent"].place, message, "take one of them out")
        if "teams" in fields:
            through = self.teams.members(fields["teams"])
            for identity in [identity for identity in through if identity in absent]:
                label = self.directory.label(absent[identity])
                message = f"{label} is in `absent` and, through {_way(through[identity])}, wanted; absent wins"
                self.findings.warning(ProblemKind.CONTRADICTION, group.as_key(), message)
                del through[identity]
            merge_into(wanted, through)
        return wanted

    def _check_size(self, key: str, wanted: Mapping[Identity, Member], group: SourceLocation) -> None:
        own = self.instance is not None and self.instance.identity in wanted
        count = len(wanted) - own
        if self.max_members is not None and self.max_members < count <= MAX_PARTICIPANTS + own:
            limit = self.merged.sections["policy"]["max_members"].place
            message = f"{quote_value(key)} has {count:,} members, and `policy.max_members` ({self.merged.where(limit)}) allows"
            hint = "split it into several groups, or raise the limit"
            self.findings.error(ProblemKind.LIMIT, group.as_key(), f"{message} {self.max_members:,}", hint)
        if len(wanted) > MAX_PARTICIPANTS:
            message = f"the group has {len(wanted):,} members; WhatsApp allows {MAX_PARTICIPANTS:,}"
            self.findings.error(ProblemKind.LIMIT, group.as_key(), message, "split it into several groups")

    def _check_admins(
        self, admins: Mapping[Identity, Person], wanted: Mapping[Identity, Member], place: SourceLocation
    ) -> None:
        for identity, person in admins.items():
            if identity not in wanted and person != self.instance:
                message = f"{self.directory.label(person)} is in `admins` and not among the members"
                hint = "nobody else stays in this group; list them as a member"
                self.findings.warning(ProblemKind.CONTRADICTION, place, message, hint)

    def _name(self, entry: LocatedValue) -> str:
        raw = as_text(entry.value)
        name = normalize(raw)
        if not name or len(name) > MAX_NAME_LENGTH:
            message = f"the name has {len(name)} characters in Unicode's composed form"
            self.findings.error(ProblemKind.LIMIT, entry.place, message, f"WhatsApp allows 1 to {MAX_NAME_LENGTH}")
        elif raw != raw.strip():
            message = "white space at the ends of a name does not count"
            self.findings.warning(ProblemKind.WHITE_SPACE, entry.place, message, "remove it")
        return name

    def _previously(self, entry: LocatedValue | None) -> tuple[str, ...]:
        return () if entry is None else tuple(normalize(as_text(name)) for _, name in as_items(entry.value))

    def _description(self, entry: LocatedValue) -> str:
        description = normalize(as_text(entry.value))
        if len(description) > MAX_DESCRIPTION_LENGTH:
            message = f"the description has {len(description)} characters in Unicode's composed form"
            self.findings.error(ProblemKind.LIMIT, entry.place, message, f"WhatsApp allows {MAX_DESCRIPTION_LENGTH}")
        return description

    def _unique(self, groups: tuple[DesiredGroup, ...]) -> None:
        ids: dict[str, DesiredGroup] = {}
        names: dict[str, DesiredGroup] = {}
        for group in groups:
            if group.id is not None:
                if (first := ids.setdefault(group.id, group)) is not group:
                    self._same(
                        group, first, "id", f"has the same id as {quote_value(first.key)} at", "one group, one key"
                    )
            elif isinstance(group.name, str) and (first := names.setdefault(group.name, group)) is not group:
                hint = "rename one, or give them ids"
                self._same(group, first, "name", f"has the same name as {quote_value(first.key)} at", hint)
        for group in groups:
            taken = [names[name] for name in group.previously if group.id is None and name in names]
            for other in (one for one in taken if one is not group):
                self._earlier_name_of(group, other)

    def _earlier_name_of(self, group: DesiredGroup, other: DesiredGroup) -> None:
        message = f"an earlier name of {quote_value(group.key)} is the name of {quote_value(other.key)}"
        hint = "a live group called so may be either's, and blocks both: note its `id` at the one that it is"
        place = self.merged.sections["groups"][group.key].place.at("previously")
        self.findings.warning(ProblemKind.SAME_TWICE, place, message, hint)

    def _same(self, group: DesiredGroup, first: DesiredGroup, field: str, message: str, hint: str) -> None:
        entries = self.merged.sections["groups"]
        place, other = entries[group.key].place.at(field), entries[first.key].place.at(field)
        self.findings.error(ProblemKind.SAME_TWICE, place, f"{quote_value(group.key)} {message}", hint, other=other)


def _text(fields: Mapping[str, LocatedValue], field: str, default: str) -> str:
    return as_text(fields[field].value) if field in fields else default


def _way(member: Member) -> str:
    return " and ".join(quote_value(way) for way in member.teams)
