"""Find the place in the files of what breaks a rule: the entry of a member, a group's key, an exemption."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from reconciler.config.document import LocatedValue, MergedConfig, SourceLocation, locate
from reconciler.config.people import People
from reconciler.config.problem_collector import format_path
from reconciler.config.yaml_events import DocumentPath
from reconciler.model.desired import Desired, Member
from reconciler.model.identity import Identity
from reconciler.model.rules import Finding, FindingKind, FindingPlace


class RulePlaces:
    """The places of findings; `rules` has the place of each rule by its name. A list is read once, when it is asked."""

    def __init__(
        self, merged: MergedConfig, people: People, desired: Desired, rules: Mapping[str, LocatedValue]
    ) -> None:
        self._merged = merged
        self._people = people
        self._desired = desired
        self._rules = rules
        self._groups = {group.key: group for group in desired.groups}
        self._entries: dict[SourceLocation, dict[Identity, SourceLocation]] = {}

    def place(self, findings: Iterable[Finding], texts: Mapping[str, str]) -> tuple[Finding, ...]:
        """Return the findings with their places; `texts` has the text of each file."""
        places = [(finding, self._place(finding)) for finding in findings]
        paths: dict[str, set[DocumentPath]] = {}
        for _, place in places:
            paths.setdefault(place.file, set()).add(place.path)
        spans = {file: locate(texts[file], wanted) for file, wanted in paths.items()}
        found = []
        for finding, place in places:
            span = spans[place.file].get(place.path)
            line, column = (0, 0) if span is None else span.key if place.key else span.value
            where = FindingPlace(place.file, line, column, format_path(place.path))
            found.append(replace(finding, place=where))
        return tuple(found)

    def _place(self, finding: Finding) -> SourceLocation:
        rule = self._rules[finding.rule].place
        if finding.kind in (FindingKind.EXEMPTION_ENDED, FindingKind.EXEMPTION_UNUSED):
            rules = {one.name: one for one in self._desired.rules}
            assert finding.exemption is not None  # noqa: S101  these kinds are about one
            return rule.at("exempt", rules[finding.rule].exempt.index(finding.exemption))
        if finding.kind is FindingKind.NOT_EVALUATED:
            return rule.at("require").as_key()
        place = self._of_person(finding) if finding.person is not None else None
        if place is None and finding.group is not None:
            place = self._merged.sections["groups"][finding.group].place.as_key()
        return place or rule.at("name")

    def _of_person(self, finding: Finding) -> SourceLocation | None:
        """Return the entry by which a person is in the group or the team, else where their number is."""
        identity = finding.person
        assert identity is not None  # noqa: S101  the caller knows
        if finding.team is not None:
            return self._in_team(self._desired.teams[finding.team].get(identity), identity)
        if finding.group is not None:
            member = self._groups[finding.group].listed_members.get(identity)
            return None if member is None else self._in_group(finding.group, member, identity)
        person = self._desired.people.get(identity)
        if person is not None and person.alias in self._merged.sections["people"]:
            return self._merged.sections["people"][person.alias].place.as_key()
        groups = (group for group in self._desired.groups if identity in group.listed_members)
        first = next(groups, None)
        return None if first is None else self._in_group(first.key, first.listed_members[identity], identity)

    def _in_group(self, key: str, member: Member, identity: Identity) -> SourceLocation | None:
        own = self._merged.group_fields(key).get("members")
        place = self._entries_of(own).get(identity) if own is not None else None
        return place or self._in_team(member, identity)

    def _in_team(self, member: Member | None, identity: Identity) -> SourceLocation | None:
        for path in member.teams if member is not None else ():
            entry = self._merged.sections["teams"].get(path.rpartition("/")[2])
            members = entry.field("members") if entry is not None and isinstance(entry.value, dict) else entry
            if members is not None and (place := self._entries_of(members).get(identity)) is not None:
                return place
        return None

    def _entries_of(self, members: LocatedValue) -> Mapping[Identity, SourceLocation]:
        """Return the place of each person of a list of members."""
        if members.place not in self._entries:
            found = self._entries[members.place] = {}
            for item in members.items():
                fields = item.value if isinstance(item.value, dict) else {}
                reference = str(fields.get("person") or fields.get("phone")) if fields else str(item.value)
                person = self._people.person(reference, item.place)
                if person is not None:
                    found.setdefault(person.identity, item.place)
        return self._entries[members.place]
