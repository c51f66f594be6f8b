"""What differs between two versions of the configuration: values only, as `diff` reports them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from reconciler.model.desired import Membership
from reconciler.model.person_ref import PersonRef


class GroupChangeKind(StrEnum):
    """What happened to a group between two versions."""

    ADDED = "added"
    REMOVED = "removed"
    CHANGED = "changed"


@dataclass(frozen=True, slots=True)
class MembershipChange:
    """A person who was added to a member list or removed from it.

    `teams` lead to the person ("staff/board"); none: listed directly. `by_invite`: joins through the invite link.
    `kept_because` says why a removed person stays in the live group ("" where nothing keeps them).
    """

    person: PersonRef
    teams: tuple[str, ...] = ()
    by_invite: bool = False
    kept_because: str = ""


@dataclass(frozen=True, slots=True)
class MembershipTermsChange:
    """A member whose terms changed: `until 2026-12-31, by invite`; "no end" for none."""

    person: PersonRef
    old: str
    new: str


@dataclass(frozen=True, slots=True)
class FieldChange:
    """A field whose value changed, in words; None: not set. `note` explains what the change means."""

    field: str
    old: str | None
    new: str | None
    note: str = ""


@dataclass(frozen=True, slots=True)
class ListChange:
    """A list of people other than members (`admins`, `policy.protected`): who was added, who was removed."""

    field: str
    added: tuple[PersonRef, ...] = ()
    removed: tuple[PersonRef, ...] = ()
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupDiff:
    """What changed about one group.

    `key` is the key in the newer version, of a removed group in the older. `old_key` is set where the group, matched by
    its id or its name, had another key. An added group has those `fields` that differ from the default. `left` are
    those who were not listed before, and now stay for the days of `grace` where they are live.
    """

    key: str
    change: GroupChangeKind
    name: str = ""
    id: str | None = None
    old_key: str | None = None
    membership: Membership = Membership.EXACT
    fields: tuple[FieldChange, ...] = ()
    added: tuple[MembershipChange, ...] = ()
    removed: tuple[MembershipChange, ...] = ()
    terms_changed: tuple[MembershipTermsChange, ...] = ()
    left: tuple[MembershipChange, ...] = ()
    lists: tuple[ListChange, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def is_significant(self) -> bool:
        """Whether anything differs that a reader needs to know."""
        people = self.added or self.removed or self.terms_changed or self.left or self.lists
        return self.change is not GroupChangeKind.CHANGED or self.old_key is not None or bool(self.fields or people)


@dataclass(frozen=True, slots=True)
class ConfigVersion:
    """One of the two versions: `name` as the user wrote it, `commit` the full hash of a revision.

    A revision that does not have the path (`exists` is false) counts as a configuration without groups.
    """

    name: str
    commit: str | None = None
    exists: bool = True


@dataclass(frozen=True, slots=True)
class AliasChange:
    """An alias that refers to a different number: one line that changes a person everywhere."""

    alias: str
    old: PersonRef
    new: PersonRef


@dataclass(frozen=True, slots=True, kw_only=True)
class ConfigDiff:
    """Two versions of the configuration, compared as of one day; everything is sorted.

    `groups` are those that differ, `unchanged` counts the others of the newer version. `settings` and `lists` apply to
    all groups. `warnings` are those of the newer version; `forbidden_removals` are keys that it removed from files
    that may not define them. Both are messages with file and line.
    """

    old: ConfigVersion
    new: ConfigVersion
    as_of: date
    instance_id: str = ""
    groups: tuple[GroupDiff, ...] = ()
    unchanged: int = 0
    settings: tuple[FieldChange, ...] = ()
    lists: tuple[ListChange, ...] = ()
    alias_changes: tuple[AliasChange, ...] = ()
    warnings: tuple[str, ...] = ()
    forbidden_removals: tuple[str, ...] = ()

    @property
    def differs(self) -> bool:
        """Whether the two versions want anything different; warnings do not count."""
        return bool(self.groups or self.settings or self.lists or self.alias_changes)


@dataclass(frozen=True, slots=True, kw_only=True)
class ConfigDiffSummary:
    """A difference in numbers. People count once a group; `people_removed` are those who leave the live group."""

    groups_added: int
    groups_removed: int
    groups_changed: int
    groups_unchanged: int
    people_added: int
    people_removed: int
    settings_changed: int
    warnings: int


def summarize_config_diff(diff: ConfigDiff) -> ConfigDiffSummary:
    """Count what changed, for the summary line and the document."""
    changes = [group.change for group in diff.groups]
    return ConfigDiffSummary(
        groups_added=changes.count(GroupChangeKind.ADDED),
        groups_removed=changes.count(GroupChangeKind.REMOVED),
        groups_changed=changes.count(GroupChangeKind.CHANGED),
        groups_unchanged=diff.unchanged,
        people_added=sum(len(group.added) for group in diff.groups),
        people_removed=sum(not change.kept_because for group in diff.groups for change in group.removed),
        settings_changed=len(diff.settings) + len(diff.lists) + len(diff.alias_changes),
        warnings=len(diff.warnings),
    )
