"""List every membership for a review: who is in what, since when, confirmed when, the greatest risk first."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from reconciler.model.person_ref import PersonRef
from reconciler.model.restrictions import glob_match
from reconciler.timeline.model import CommitRef, GroupMember, GroupMembers

_SECTION: Final = re.compile(r"\^?\[[^\]]+\](?:\[[0-9]+\])?(?P<owners>.*)")
"""A heading in GitLab's CODEOWNERS, with the owners of the lines below it that have none of their own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReviewLine:
    """One membership to be confirmed.

    `since` is the commit that brought the person in, None if unknown; `confirmed` the day of the last review of the
    group after that. `never_ends`: it has no `until`. `external`: through a team of people from outside.
    """

    group: str
    name: str
    person: PersonRef
    since: CommitRef | None
    confirmed: date | None
    never_ends: bool
    external: bool
    owners: tuple[str, ...] = ()

    @property
    def risk(self) -> tuple[object, ...]:
        """The sort key: never-ending and external first, then what nobody looked at for the longest time."""
        seen = self.confirmed or (self.since.at.date() if self.since is not None else date.min)
        both = self.never_ends and self.external
        return (not both, not self.never_ends, not self.external, seen, self.group, self.person.sort_key)


@dataclass(frozen=True, slots=True, kw_only=True)
class Review:
    """Every membership on a day, the greatest risk first. `has_owners`: a map of owners was given."""

    path: str
    day: date
    lines: tuple[ReviewLine, ...] = ()
    has_owners: bool = False
    truncated: bool = False


def review_lines(
    groups: Iterable[GroupMembers],
    reviews: Mapping[str, Collection[date]],
    owners: Mapping[str, tuple[str, ...]],
    external_teams: Collection[str],
) -> tuple[ReviewLine, ...]:
    """Return a line for each membership; `reviews` has the days on which a group, by its key, was confirmed."""
    lines = (
        ReviewLine(
            group=group.key,
            name=group.name,
            person=member.person,
            since=member.since,
            confirmed=_confirmed(member, reviews.get(group.key, ())),
            never_ends=member.person.until is None,
            external=any(team in external_teams for path in member.person.teams for team in path.split("/")),
            owners=owners.get(group.key, ()),
        )
        for group in groups
        for member in group.members
    )
    return tuple(sorted(lines, key=lambda line: line.risk))


def _confirmed(member: GroupMember, days: Collection[date]) -> date | None:
    """Return the last review of the group since the member is in it."""
    began = member.since.at.date() if member.since is not None else date.min
    return max((day for day in days if day >= began), default=None)


@dataclass(frozen=True, slots=True)
class OwnerMap:
    """The rules of a CODEOWNERS file: pattern and owners, in the order of the file. The last rule that fits decides."""

    rules: tuple[tuple[str, tuple[str, ...]], ...]

    @classmethod
    def parse(cls, text: str) -> OwnerMap:
        """Parse a CODEOWNERS file of GitHub or GitLab; other lines are left out."""
        rules = []
        default: tuple[str, ...] = ()
        for line in text.splitlines():
            words = re.sub(r"(?:^|\s)#.*", "", line).split()
            section = _SECTION.fullmatch(" ".join(words))
            if section is not None:
                default = tuple(section["owners"].split())
            elif words:
                rules.append((words[0], tuple(words[1:]) or default))
        return cls(tuple(rules))

    def owners_of(self, path: str) -> tuple[str, ...]:
        """Return the owners of a file by its path in the repository; nobody where no rule fits."""
        return next((owners for pattern, owners in reversed(self.rules) if _fits(pattern, path)), ())


def _fits(pattern: str, path: str) -> bool:
    """Whether a pattern of CODEOWNERS fits a file: a folder stands for everything in it, a bare name for any folder."""
    inner = pattern.strip("/")
    start = inner if "/" in pattern.rstrip("/") else f"**/{inner}"
    globs: Sequence[str] = [f"{start}/**"] if pattern.endswith("/") else [start]
    if not inner.endswith("*") and not pattern.endswith("/"):
        globs = [start, f"{start}/**"]
    return any(glob_match(each, path) for each in globs)
