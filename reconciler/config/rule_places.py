"""Find the place in the files of what breaks a rule: the entry of a member, a group's key, an exemption."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from reconciler.config.document import CellLocation, LocatedValue, MergedConfig, SourceLocation, as_text, mark_finder
from reconciler.config.people import People
from reconciler.config.problem_collector import path_of
from reconciler.model.desired import Desired, DesiredGroup, Member
from reconciler.model.identity import Identity
from reconciler.model.rules import Finding, FindingKind, FindingPlace


@dataclass(frozen=True, slots=True)
class _Entry:
    """Where somebody is in a list of members, and until when."""

    place: SourceLocation
    until: str | None


@dataclass(frozen=True, slots=True)
class RulePlaces:
    """The places of findings; `rules` has the place of each rule by its name. A list is read once, when it is asked."""

    merged: MergedConfig
    people: People
    desired: Desired
    rules: Mapping[str, LocatedValue]
    entries: dict[int, dict[Identity, _Entry]] = field(default_factory=dict)

    def place(self, findings: Iterable[Finding], texts: Mapping[str, str]) -> tuple[Finding, ...]:
        """Return the findings with their places; `texts` has the text of each file."""
        places = [(finding, self._place(finding)) for finding in findings]
        mark_of = mark_finder(texts, (place for _, place in places))
        return tuple(
            replace(finding, place=FindingPlace(place.file, *mark_of(place), path_of(place)))
            for finding, place in places
        )

    def _place(self, finding: Finding) -> SourceLocation:
        rule = self.rules[finding.rule].place
        if finding.exemption is not None and finding.kind is not FindingKind.EXEMPT:
            exempt = next(one.exempt for one in self.desired.rules if one.name == finding.rule)
            return rule.at("exempt", exempt.index(finding.exemption))
        if finding.kind is FindingKind.NOT_EVALUATED:
            return rule.at("require").as_key()
        place = self._of_person(finding, finding.person) if finding.person is not None else None
        if place is None and finding.group is not None:
            place = self.merged.sections["groups"][finding.group].place.as_key()
        return place or rule.at("name")

    def _of_person(self, finding: Finding, identity: Identity) -> SourceLocation | None:
        """Return the entry by which a person is in the group or the team, else where their number is."""
        if finding.team is not None:
            return self._of_member(self.desired.teams[finding.team].get(identity))
        if finding.group is not None:
            return self._in_group(next(one for one in self.desired.groups if one.key == finding.group), identity)
        person = self.desired.people.get(identity)
        if person is not None and person.alias is not None and person.alias in self.merged.sections["people"]:
            return self.merged.sections["people"][person.alias].place.as_key()
        group = next((group for group in self.desired.groups if identity in group.listed_members), None)
        return None if group is None else self._in_group(group, identity)

    def _in_group(self, group: DesiredGroup, identity: Identity) -> SourceLocation | None:
        return self._of_member(group.listed_members.get(identity), self.merged.group_fields(group.key).get("members"))

    def _of_member(self, member: Member | None, own: LocatedValue | None = None) -> SourceLocation | None:
        """Return the entry that makes somebody a member, in their `own` list or in a team; first one with their end."""
        if member is None:
            return None
        lists = [own, *(self._members_of(path.rpartition("/")[2]) for path in member.teams)]
        found = [self._entries_of(one).get(member.person.identity) for one in lists if one is not None]
        entries = [entry for entry in found if entry is not None]
        until = member.until.isoformat() if member.until is not None else None
        with_end = (entry for entry in entries if entry.until == until)
        entry = next(with_end, entries[0] if entries else None)
        return None if entry is None else entry.place

    def _members_of(self, team: str) -> LocatedValue | None:
        entry = self.merged.sections["teams"].get(team)
        return entry.field("members") if entry is not None and isinstance(entry.value, dict) else entry

    def _entries_of(self, members: LocatedValue) -> Mapping[Identity, _Entry]:
        """Return the first entry of each person in a list of members; of a team from a people file, their rows."""
        # Teams of one people file may have one place, that of a row.
        if id(members.value) not in self.entries:
            found = self.entries[id(members.value)] = {}
            for item in members.items():
                fields = item.value if isinstance(item.value, dict) else {"person": item.value}
                reference = as_text(fields.get("person") or fields.get("phone"))
                person, place = self.people.person(reference, item.place), item.place
                if isinstance(place, CellLocation):
                    place = self.merged.sections["people"][reference].place
                if person is not None:
                    until = fields.get("until")
                    found.setdefault(person.identity, _Entry(place, None if until is None else as_text(until)))
        return self.entries[id(members.value)]
