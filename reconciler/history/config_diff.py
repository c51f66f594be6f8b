"""What two versions of the file say differently: who enters and leaves what, and which rules changed. Values only."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from reconciler.model.desired import Membership
from reconciler.model.person_ref import PersonRef


class GroupChangeKind(StrEnum):
    """What happened to a group between two versions of the file."""

    ADDED = "added"
    GONE = "gone"
    CHANGED = "changed"


@dataclass(frozen=True, slots=True)
class MembershipChange:
    """Somebody who enters or leaves. `teams` are the ways that explain it ("staff/board"); none: listed directly.

    `by_invite`: who enters is not added, but to come by the invite link. `stays` says why somebody who leaves the
    list does not leave the live group ("" where they do).
    """

    who: PersonRef
    teams: tuple[str, ...] = ()
    by_invite: bool = False
    stays: str = ""


@dataclass(frozen=True, slots=True)
class MembershipTermsChange:
    """Somebody who stays, and on which terms: `until 2026-12-31, by invite`; "no end" for none."""

    who: PersonRef
    old: str
    new: str


@dataclass(frozen=True, slots=True)
class FieldChange:
    """A field whose value changed, as words; None: the file does not say it. `note` says what that means."""

    field: str
    old: str | None
    new: str | None
    note: str = ""


@dataclass(frozen=True, slots=True)
class ListChange:
    """A list of people that is no membership (`admins`, `absent`, `policy.protected`): who came to it, who went."""

    field: str
    added: tuple[PersonRef, ...] = ()
    dropped: tuple[PersonRef, ...] = ()
    note: str = ""


@dataclass(frozen=True, slots=True)
class GroupDiff:
    """Everything that changed about one group.

    `key` is the newer one (of a group that is gone the older), `old_key` the older one where the group, known by
    its id or found by its name, stands under another key by now. `fields` and `lists` of a new group are what it says
    and is not the default. `notes` say what it means where that does not go without saying.
    """

    key: str
    fate: GroupChangeKind
    name: str = ""
    id: str | None = None
    old_key: str | None = None
    membership: Membership = Membership.EXACT
    fields: tuple[FieldChange, ...] = ()
    enters: tuple[MembershipChange, ...] = ()
    leaves: tuple[MembershipChange, ...] = ()
    terms: tuple[MembershipTermsChange, ...] = ()
    lists: tuple[ListChange, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def says_something(self) -> bool:
        """Whether anything differs that a reader would care for."""
        people = self.enters or self.leaves or self.terms or self.lists
        return self.fate is not GroupChangeKind.CHANGED or self.old_key is not None or bool(self.fields or people)


@dataclass(frozen=True, slots=True)
class ConfigVersion:
    """One of the two versions: `named` as the user named it, `commit` the full hash of a revision.

    `there` is false where that revision does not have the path; then it counts as a file without groups.
    """

    named: str
    commit: str | None = None
    there: bool = True


@dataclass(frozen=True, slots=True)
class AliasChange:
    """An alias that stands for another number than before: one line that changes a person everywhere."""

    alias: str
    old: PersonRef
    new: PersonRef


@dataclass(frozen=True, slots=True)
class ConfigDiff:
    """Two versions of the file, compared as of one day; everything is sorted.

    `groups` are those that differ, `unchanged` counts the others of the newer version. `rules` and `lists` are what
    bears on all groups. `warnings` are those of the newer version, `forbidden` what it took out of files that may not
    say it; both in words, with their places.
    """

    old: ConfigVersion
    new: ConfigVersion
    as_of: date
    instance_id: str = ""
    groups: tuple[GroupDiff, ...] = ()
    unchanged: int = 0
    rules: tuple[FieldChange, ...] = ()
    lists: tuple[ListChange, ...] = ()
    reassigned: tuple[AliasChange, ...] = ()
    warnings: tuple[str, ...] = ()
    forbidden: tuple[str, ...] = ()

    @property
    def differs(self) -> bool:
        """Whether anything that matters is another in the newer version."""
        return bool(self.groups or self.rules or self.lists or self.reassigned)


@dataclass(frozen=True, slots=True)
class ConfigDiffSummary:
    """A difference in numbers. People count once a group they enter or leave; `leaves` are those who really go."""

    added: int
    gone: int
    changed: int
    unchanged: int
    enters: int
    leaves: int
    rules: int
    warnings: int


def summarize_config_diff(difference: ConfigDiff) -> ConfigDiffSummary:
    """What the summary line and the document say."""
    fates = [group.fate for group in difference.groups]
    return ConfigDiffSummary(
        added=fates.count(GroupChangeKind.ADDED),
        gone=fates.count(GroupChangeKind.GONE),
        changed=fates.count(GroupChangeKind.CHANGED),
        unchanged=difference.unchanged,
        enters=sum(len(group.enters) for group in difference.groups),
        leaves=sum(not mover.stays for group in difference.groups for mover in group.leaves),
        rules=len(difference.rules) + len(difference.lists) + len(difference.reassigned),
        warnings=len(difference.warnings),
    )
