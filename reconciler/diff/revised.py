"""What of the desired state changed between an earlier revision of the file and the one at hand."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from reconciler.diff.people import people_by_lid
from reconciler.model.changed_since import KeyRename
from reconciler.model.desired import Desired, DesiredGroup, Member, RemovalLimit, Unmanaged
from reconciler.model.identity import Identity


@dataclass(frozen=True, slots=True)
class Revised:
    """Two revisions of one file, compared.

    `changed` are the keys of the newer one whose group is another or new; `gone` those of the older one whose group
    stands under no key any more, `renamed` those whose id stands under another. `elsewhere` says, in words, what
    changed outside the groups and bears on all of them. Everything is sorted.
    """

    changed: tuple[str, ...] = ()
    gone: tuple[str, ...] = ()
    renamed: tuple[KeyRename, ...] = ()
    elsewhere: tuple[str, ...] = ()


def revised(old: Desired, new: Desired) -> Revised:
    """What a plan of `new` may say otherwise than one of `old` did; both are to be resolved as of the same day.

    Order, spelling, aliases, teams and comments make no difference: only what is wanted in the end does.
    """
    before = {group.key: group for group in old.groups}
    after = {group.key: group for group in new.groups}
    keys_of_ids = {group.id: group.key for group in new.groups if group.id is not None}
    renamed = {
        key: keys_of_ids[group.id] for key, group in before.items() if key not in after and group.id in keys_of_ids
    }
    changed = [key for key, group in after.items() if key not in before or not same_group(before[key], group)]
    return Revised(
        tuple(sorted(changed)),
        tuple(sorted(before.keys() - after.keys() - renamed.keys())),
        tuple(KeyRename(key, renamed[key]) for key in sorted(renamed)),
        _elsewhere(old, new),
    )


def same_group(one: DesiredGroup, other: DesiredGroup) -> bool:
    """Whether two revisions want the same of a group, its key apart."""
    return _wishes(one) == _wishes(other)


def _wishes(group: DesiredGroup) -> tuple[Any, ...]:
    """All that is wanted of a group, in a form that compares: people as identities, limits without their place."""
    return (
        group.id,
        group.name,
        group.previously,
        group.description,
        _memberships(group.members),
        frozenset(member.person.identity for member in group.expired),
        frozenset(group.absent),
        None if isinstance(group.admins, Unmanaged) else frozenset(group.admins),
        group.membership,
        group.invite,
        group.state,
        limit_said(group.max_removals),
    )


def _memberships(
    members: Mapping[Identity, Member] | Unmanaged,
) -> Mapping[Identity, tuple[date | None, str | None, bool]] | None:
    if isinstance(members, Unmanaged):
        return None
    return {identity: (m.until, m.reason, m.by_invite) for identity, m in members.items()}


def limit_said(limit: RemovalLimit | None) -> str | None:
    """A limit of removals as the file writes it; None where it says nothing."""
    return None if limit is None else str(limit)


def _elsewhere(old: Desired, new: Desired) -> tuple[str, ...]:
    own_phones = [desired.instance.identity if desired.instance else None for desired in (old, new)]
    differing = {
        "the instance's id": old.instance_id != new.instance_id,
        "the instance's phone": own_phones[0] != own_phones[1],
        "`policy.protected`": old.policy.protected != new.policy.protected,
        "`policy.ignored`": old.policy.ignored != new.policy.ignored,
        "`policy.max_removals`": limit_said(old.policy.max_removals) != limit_said(new.policy.max_removals),
        "a person's `lid`": _lids(old) != _lids(new),
    }
    return tuple(sorted(words for words, differs in differing.items() if differs))


def _lids(desired: Desired) -> dict[str, Identity]:
    return {digits: person.identity for digits, person in people_by_lid(desired).items()}
