"""Lists of members: who is in, until when and why, and what happens when somebody is in twice."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from reconciler.config.countries import Countries
from reconciler.config.directory import Directory
from reconciler.config.findings import Findings
from reconciler.config.quoting import shown
from reconciler.config.tree import Entry, Place, Tree, mapping, numbered, text
from reconciler.errors import Kind
from reconciler.model.desired import Member
from reconciler.model.identity import Identity

MOST_MEMBERSHIPS = 1_000_000
"""Memberships of all groups and teams together. Beyond it a small file with nested teams fills the memory."""

_MOST_PATHS = 8
"""Ways through teams that are kept for one member: enough to see why they are in, whatever the nesting."""


class Lists:
    """Resolves lists of members; `taken` counts what all of them hold together."""

    def __init__(self, directory: Directory, countries: Countries, findings: Findings) -> None:
        self._countries = countries
        self._directory = directory
        self._findings = findings
        self._plain: dict[str, Member] = {}
        self._left = MOST_MEMBERSHIPS

    def members(self, entry: Entry) -> dict[Identity, Member]:
        """The members of a list. Somebody listed twice is one member, with a warning."""
        found: dict[Identity, Member] = {}
        plain = self._plain
        for index, item in numbered(entry.value):
            member = plain.get(item) if isinstance(item, str) else None
            if member is None:
                if self._findings.full:
                    break
                member = self._member(item, entry.place.at(index))
                if member is None:
                    continue
            identity = member.person.identity
            if identity in found:
                label = self._directory.label(member.person)
                message = f"{label} is already in this list under another spelling or again"
                hint = "one membership counts; keep one of them"
                self._findings.warning(Kind.SAME_TWICE, entry.place.at(index), message, hint)
                member = either(found[identity], member)
            found[identity] = member
        self.take(len(found), entry.place)
        return found

    def take(self, count: int, place: Place) -> bool:
        """Count memberships; False, with an error once, when a run has far more than anybody can mean."""
        before, self._left = self._left, self._left - count
        if before >= 0 > self._left:
            message = f"groups and teams come to more than {MOST_MEMBERSHIPS:,} memberships"
            self._findings.error(Kind.LIMIT, place, message, "look for teams that contain one another many times")
        return self._left >= 0

    def _member(self, item: Tree, place: Place) -> Member | None:
        if not isinstance(item, dict):
            person = self._directory.person(text(item), place)
            if person is None:
                return None
            if not self._countries.check(person, place):
                return Member(person)  # not kept, so that each place where the number stands is told
            return self._plain.setdefault(text(item), Member(person))
        fields = mapping(item)
        said = "person" if "person" in fields else "phone"
        person = self._directory.person(text(fields[said]), place.at(said))
        until = self._date(fields.get("until"), place.at("until"))
        reason = fields.get("reason")
        if person is None:
            return None
        self._countries.check(person, place.at(said))
        return Member(person, until, text(reason).strip() if reason is not None else None, "join" in fields)

    def _date(self, value: Tree, place: Place) -> date | None:
        if value is None:
            return None
        try:
            return date.fromisoformat(text(value))
        except ValueError:
            message = f"{shown(text(value))} is no day of the calendar"
            self._findings.error(Kind.VALUE, place, message, "expected YYYY-MM-DD")
            return None


def either(one: Member, other: Member) -> Member:
    """One membership out of two of one person: the longer one, by invite if either says so, through all teams."""
    longer = other if _lasts_longer(other, one) else one
    teams = tuple(sorted({*one.teams, *other.teams})[:_MOST_PATHS])
    # Not dataclasses.replace, which takes twice as long: a file may have a million memberships.
    return Member(longer.person, longer.until, longer.reason, one.by_invite or other.by_invite, teams)


def _lasts_longer(one: Member, other: Member) -> bool:
    return other.until is not None and (one.until is None or one.until > other.until)


def add_all(found: dict[Identity, Member], more: Mapping[Identity, Member]) -> None:
    """Put more members into a list; who is there already has the longer of both memberships."""
    for identity, member in more.items():
        found[identity] = either(found[identity], member) if identity in found else member
