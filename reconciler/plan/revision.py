"""What an earlier revision adds to a plan: which groups are left out, and why live groups differ. Values only."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class DriftCause(StrEnum):
    """Why a live group differs from the configuration, compared with the revision that was applied last.

    MANUAL: the group does not match that revision, and the configuration did not change: somebody changed the group,
    or the apply had no effect (the group was blocked, or a person's privacy settings refused). NOT_APPLIED: the
    configuration changed since (or a last day passed), and the group still matches that revision. BOTH: the
    configuration changed, and the group matches neither.
    """

    MANUAL = "changed manually"
    NOT_APPLIED = "not applied yet"
    BOTH = "both"


class DriftItem(StrEnum):
    """The part of a group that has a drift cause: the group itself, a text, one person."""

    GROUP = "group"
    NAME = "name"
    DESCRIPTION = "description"
    ADD = "add"
    REMOVE = "remove"


@dataclass(frozen=True, slots=True)
class ItemCause:
    """The cause of one difference; `person` is the `ref_id` of the person to be added or removed, else None."""

    item: DriftItem
    cause: DriftCause
    person: str | None = None


@dataclass(frozen=True, slots=True)
class AppliedRevision:
    """The revision that was applied last: `ref` is the user's name for it or the tag that marks it."""

    ref: str
    commit: str


@dataclass(frozen=True, slots=True)
class KeyRename:
    """One live group under another key than before."""

    old: str
    new: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangedSince:
    """An earlier revision of the configuration, and the groups that a plan was narrowed to by it.

    `ref` is the user's name for it, `commit` its full hash. `unchanged` are the selected keys whose configuration did
    not change, which were neither read nor planned; `rematched` those that did not change either, but were planned
    because other keys changed and they match another live group now. `removed` are keys that only that revision has:
    their groups are left alone. `renamed` are those whose live group another key matches now. `full_plan_reasons` are
    the reasons to plan all groups anyway.
    """

    ref: str
    commit: str
    unchanged: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    renamed: tuple[KeyRename, ...] = ()
    full_plan_reasons: tuple[str, ...] = ()
    rematched: tuple[str, ...] = ()
