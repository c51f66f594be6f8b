"""Guard the groups against a source that lost people: half a roster must not empty the groups. Pure.

A file is compared with what it gave at an earlier revision. People count by their number, not by their row: a
roster with as many rows as before and other people in them lost everybody.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from shlex import quote
from typing import Final

from reconciler.diff.change import Advice, AdviceKind, Change
from reconciler.messages import Message
from reconciler.model.desired import (
    DEFAULT_SOURCE_LOSS,
    Desired,
    DesiredGroup,
    Member,
    PeopleFile,
    Person,
    SourcedPerson,
)
from reconciler.model.identity import Identity
from reconciler.plan.model import WAITING_REMOVALS, Action, GroupPlan, Refusal, SourceLoss


@dataclass(frozen=True, slots=True)
class AppliedConfig:
    """What was wanted at the revision that was applied last; None where that is not known, for the `reason`.

    `ref` is the user's name for that revision.
    """

    ref: str = ""
    desired: Desired | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceComparison:
    """What became of the sources of a configuration since the revision that was `applied` last."""

    losses: tuple[SourceLoss, ...] = ()
    applied: AppliedConfig = AppliedConfig()

    @property
    def people(self) -> Mapping[Identity, Person]:
        """The people of the revision that was applied last: only that knows the names of those who are gone."""
        return {} if self.applied.desired is None else self.applied.desired.people

    @property
    def unknown(self) -> dict[str, str]:
        """The files of which it is not known who was in them before, each with the reason; none that are accepted."""
        return {loss.file: loss.reason for loss in self.losses if loss.reason and not loss.accepted}


NOTHING_COMPARED: Final = SourceComparison()
"""The comparison of a configuration without `sources`."""


def compare_sources(applied: AppliedConfig, now: Desired, accepted: Collection[str] = ()) -> SourceComparison:
    """Compare the sources with those of the revision that was applied last.

    `accepted` are the files that may lose any number of people.
    """
    before = applied.desired
    earlier = {file.name for file in before.people_files} if before is not None else set()
    gaps: dict[str, str] = {}
    for each in now.people_files:
        gaps[each.name] = gaps.get(each.name) or each.gap
    losses = []
    for file in sorted(earlier | gaps.keys()):
        unknown = "" if file in earlier else applied.reason or f"{applied.ref} does not have it"
        unknown = unknown or gaps.get(file, "")
        parts = _parts(file, before, now) if before is not None else []
        worst = max(parts, key=lambda part: len(part.lost) / max(1, len(part.before)), default=None)
        people_before, lost = (None, 0) if worst is None else (len(worst.before), len(worst.lost))
        losses.append(
            SourceLoss(file=file, people_before=people_before, lost=lost, reason=unknown, accepted=file in accepted)
        )
    return SourceComparison(losses=tuple(losses), applied=applied)


@dataclass(frozen=True, slots=True)
class _Part:
    """What one entry of `sources` gave from one file before, and who of these is lost."""

    before: frozenset[Identity]
    lost: frozenset[Identity]


def _parts(file: str, before: Desired, now: Desired) -> list[_Part]:
    """Return the people of a file at that revision, by entry, and those of them who are lost.

    Somebody is lost who has no row there that counts, or no team any more; the team that the file gives to everybody
    does not make up for those of its columns. Where the file is gone, a file that is new may have them: it was renamed.
    """
    earlier, current = ({each.name for each in version.people_files} for version in (before, now))
    files = {file} if file in current else current - earlier
    there: dict[Identity, bool] = {}
    with_own_team: set[Identity] = set()
    for each in now.people_files:
        if each.name in files:
            for person in each.people.values():
                if person.until is None or person.until >= now.as_of:
                    there[person.identity] = there.get(person.identity, False) or bool(person.teams)
                    if _has_own_team(person, each):
                        with_own_team.add(person.identity)
    parts = []
    for each in before.people_files:
        if each.name == file:
            # People whose last day was known then are not lost. People kept by grace then still count.
            then = {p.identity: p for p in each.people.values() if p.left or p.until is None or p.until >= now.as_of}
            lost = (
                one
                for one, person in then.items()
                if (not there.get(one, False) and (person.teams or one not in there))
                or (_has_own_team(person, each) and one not in with_own_team)
            )
            parts.append(_Part(frozenset(then), frozenset(lost)))
    return parts


def _has_own_team(person: SourcedPerson, file: PeopleFile) -> bool:
    """Return whether somebody has a team that the file does not give to everybody."""
    return any(team != file.shared_team for team in person.teams)


def check_sources(groups: Sequence[GroupPlan], desired: Desired, comparison: SourceComparison) -> list[Refusal]:
    """Refuse to remove people of a file that lost more of them than it may, or of which that is not known."""
    return [
        *(refusal for loss in comparison.losses for refusal in _check_loss(loss, groups, desired, comparison)),
        *_check_unknown(groups, desired, comparison.unknown),
    ]


def _check_loss(
    loss: SourceLoss, groups: Sequence[GroupPlan], desired: Desired, comparison: SourceComparison
) -> Iterator[Refusal]:
    before, limit = comparison.applied.desired, desired.policy.max_source_loss or DEFAULT_SOURCE_LOSS
    if before is None or loss.people_before is None or loss.accepted:
        return
    parts = [part for part in _parts(loss.file, before, desired) if len(part.lost) > limit.allowed(len(part.before))]
    everybody = frozenset().union(*(part.before for part in parts))
    removed = {
        identity
        for group, wanted in _removals(groups, desired)
        for identity in everybody.intersection(_removed(group, wanted))
        if _was_wanted(identity, group, before)
    }
    if not removed:
        return
    worst = max(parts, key=lambda part: len(part.lost))
    message = Message.of(
        "source-lost-people",
        file=loss.file,
        lost=len(worst.lost),
        people_before=len(worst.before),
        ref=comparison.applied.ref,
        allowed=limit.allowed(len(worst.before)),
        limit=str(limit),
        source=limit.source,
        removed=len(removed),
    )
    yield Refusal(message, Message.of("accept-source", file=loss.file, word=quote(loss.file)))


def _check_unknown(groups: Sequence[GroupPlan], desired: Desired, unknown: Mapping[str, str]) -> Iterator[Refusal]:
    """Refuse what only a saved plan has: removals that were compared when it was made, and cannot be compared now."""
    origins = _FilesByOrigin.of(desired) if unknown else None
    for group, wanted in _removals(groups, desired) if origins is not None else ():
        files = origins.files_of(wanted) & unknown.keys() if origins is not None else ()
        removed = _removed(group, wanted) - _ended(wanted)
        for file in sorted(files if removed else ()):
            message = Message.of("source-not-comparable", file=file, removed=len(removed), reason=unknown[file])
            yield Refusal(message, Message.of("compare-source", file=file, word=quote(file)), group.key)


def _removals(groups: Sequence[GroupPlan], desired: Desired) -> Iterator[tuple[GroupPlan, DesiredGroup]]:
    """Yield the groups that are planned, each with its configuration."""
    wanted = {group.key: group for group in desired.groups}
    return ((group, wanted[group.key]) for group in groups if group.key in wanted)


def _removed(group: GroupPlan, wanted: DesiredGroup) -> frozenset[Identity]:
    """Return who is removed, now or when the budget allows it, without those who are listed under `absent`."""
    removed = [person for step in group.steps if step.action is Action.REMOVE for person in step.people]
    removed += [person for one in group.advice if one.message.code in WAITING_REMOVALS for person in one.people]
    return frozenset(person.identity for person in removed if person.identity is not None) - wanted.absent.keys()


def _was_wanted(identity: Identity, group: GroupPlan, before: Desired) -> bool:
    """Whether the earlier revision wanted somebody in a group; a group that it does not have may have wanted them."""
    found = [each for each in before.groups if each.key == group.key or (group.id is not None and each.id == group.id)]
    return not found or any(identity in each.listed_members for each in found)


def _ended(group: DesiredGroup) -> frozenset[Identity]:
    return frozenset(member.person.identity for member in group.expired)


def accepted_advice(comparison: SourceComparison, desired: Desired) -> tuple[Advice, ...]:
    """Return the advice about files that were accepted, although they lost too many people or that is not known."""
    limit, ref = desired.policy.max_source_loss or DEFAULT_SOURCE_LOSS, comparison.applied.ref
    messages = []
    for loss in comparison.losses:
        if loss.accepted and loss.reason:
            messages.append(Message.of("source-accepted", file=loss.file, reason=loss.reason))
        elif loss.accepted and loss.people_before is not None and loss.lost > limit.allowed(loss.people_before):
            message = Message.of(
                "source-loss-accepted", file=loss.file, lost=loss.lost, people_before=loss.people_before, ref=ref
            )
            messages.append(message)
    return tuple(Advice(AdviceKind.ACCEPTED, message) for message in messages)


def with_held_removals(changes: Iterable[Change], desired: Desired, unknown: Mapping[str, str]) -> tuple[Change, ...]:
    """Block the removals from groups that draw on a file of which it is not known who was in it before.

    `unknown` has the reason by file. People whose membership ended or who are listed under `absent` are removed anyway.
    """
    if not unknown:
        return tuple(changes)
    origins = _FilesByOrigin.of(desired)
    return tuple(_held(change, origins, unknown) if change.remove else change for change in changes)


def _held(change: Change, origins: _FilesByOrigin, unknown: Mapping[str, str]) -> Change:
    sure = change.group.absent.keys() | _ended(change.group)
    held = tuple(person for person in change.remove if person.identity not in sure)
    files = tuple(sorted(origins.files_of(change.group) & unknown.keys())) if held else ()
    if not files:
        return change
    reason = "; ".join(sorted({unknown[file] for file in files}))
    options = " ".join(f"--accept-source {quote(file)}" for file in files)
    blocked = Message.of("source-not-compared", files=files, reason=reason, count=len(files), options=options)
    kept = Advice.for_people(AdviceKind.KEPT, Message.of("removal-not-compared", files=files), held)
    return replace(
        change,
        remove=tuple(person for person in change.remove if person.identity in sure),
        blocked=(*change.blocked, blocked),
        advice=(*kept, *change.advice),
    )


@dataclass(frozen=True, slots=True)
class _FilesByOrigin:
    """Which files give a team, and which ones an alias."""

    teams: Mapping[str, set[str]]
    aliases: Mapping[str, set[str]]

    @classmethod
    def of(cls, desired: Desired) -> _FilesByOrigin:
        """Return what the sources of a configuration give."""
        teams: dict[str, set[str]] = defaultdict(set)
        aliases: dict[str, set[str]] = defaultdict(set)
        for file in desired.people_files:
            for alias, person in file.people.items():
                aliases[alias].add(file.name)
                for team in person.teams:
                    teams[team].add(file.name)
        return cls(teams, aliases)

    def files_of(self, group: DesiredGroup) -> frozenset[str]:
        """Return the files that members of a group come from: through a team, or by an alias that only the file has."""
        members = (*group.listed_members.values(), *group.expired)
        return frozenset(file for member in members for file in self._files_of_member(member))

    def _files_of_member(self, member: Member) -> Iterator[str]:
        for path in member.teams:
            yield from self.teams.get(path.rpartition("/")[2], ())
        aliases = member.person.aliases
        if not member.teams and aliases and all(alias in self.aliases for alias in aliases):
            yield from self.aliases[aliases[0]]
