"""What of the desired state changed between an earlier revision of the file and the one at hand.

Which live group a key stood for at an earlier revision of the file, beside the one that it stands for now.

A key whose own lines did not change may lose its live group to another key, or find another one: by an id that moved,
a name that came or went, a key that is new or gone. Only the list of live groups tells.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from reconciler.diff.change import Advice, AdviceKind, Change, MatchedBy
from reconciler.diff.match import Match, lookup_names, match_groups
from reconciler.diff.participants import people_by_lid
from reconciler.model.desired import Desired, DesiredGroup, Member, RemovalLimit, Unmanaged
from reconciler.model.identity import Identity
from reconciler.model.live import Listing
from reconciler.plan.model import ChangedSince, KeyRename
from reconciler.plan.selection import PlanOptions, select_keys


@dataclass(frozen=True, slots=True)
class ChangedKeys:
    """Two revisions of one file, compared.

    `changed` are the keys of the newer one whose group is another or new; `gone` those of the older one whose group
    stands under no key any more, `renamed` those whose id stands under another. `elsewhere` says, in words, what
    changed outside the groups and bears on all of them. Everything is sorted.
    """

    changed: tuple[str, ...] = ()
    gone: tuple[str, ...] = ()
    renamed: tuple[KeyRename, ...] = ()
    elsewhere: tuple[str, ...] = ()


def changed_keys(old: Desired, new: Desired) -> ChangedKeys:
    """What a plan of `new` may say otherwise than one of `old` did; both are to be resolved as of the same day.

    Order, spelling, aliases, teams and comments make no difference: only what is wanted in the end does.
    """
    before = {group.key: group for group in old.groups}
    after = {group.key: group for group in new.groups}
    keys_of_ids = {group.id: group.key for group in new.groups if group.id is not None}
    renamed = {
        key: keys_of_ids[group.id] for key, group in before.items() if key not in after and group.id in keys_of_ids
    }
    changed = [key for key, group in after.items() if key not in before or not groups_equal(before[key], group)]
    return ChangedKeys(
        tuple(sorted(changed)),
        tuple(sorted(before.keys() - after.keys() - renamed.keys())),
        tuple(KeyRename(key, renamed[key]) for key in sorted(renamed)),
        _global_changes(old, new),
    )


def groups_equal(one: DesiredGroup, other: DesiredGroup) -> bool:
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
        limit_text(group.max_removals),
    )


def _memberships(
    members: Mapping[Identity, Member] | Unmanaged,
) -> Mapping[Identity, tuple[date | None, str | None, bool]] | None:
    if isinstance(members, Unmanaged):
        return None
    return {identity: (m.until, m.reason, m.by_invite) for identity, m in members.items()}


def limit_text(limit: RemovalLimit | None) -> str | None:
    """A limit of removals as the file writes it; None where it says nothing."""
    return None if limit is None else str(limit)


def _global_changes(old: Desired, new: Desired) -> tuple[str, ...]:
    own_phones = [desired.instance.identity if desired.instance else None for desired in (old, new)]
    differing = {
        "the instance's id": old.instance_id != new.instance_id,
        "the instance's phone": own_phones[0] != own_phones[1],
        "`policy.protected`": old.policy.protected != new.policy.protected,
        "`policy.ignored`": old.policy.ignored != new.policy.ignored,
        "`policy.max_removals`": limit_text(old.policy.max_removals) != limit_text(new.policy.max_removals),
        "a person's `lid`": _lids(old) != _lids(new),
    }
    return tuple(sorted(words for words, differs in differing.items() if differs))


def _lids(desired: Desired) -> dict[str, Identity]:
    return {digits: person.identity for digits, person in people_by_lid(desired).items()}


def match_may_change(old: Iterable[DesiredGroup], new: Iterable[DesiredGroup]) -> bool:
    """Whether any key may stand for another live group than before, whatever is live."""
    return _found_by(old) != _found_by(new)


def _found_by(groups: Iterable[DesiredGroup]) -> dict[str, tuple[Any, ...]]:
    """All that matching asks of each key."""
    return {group.key: (group.id, lookup_names(group), group.state, group.invite is None) for group in groups}


def narrow_by_matches(
    options: PlanOptions, now: Mapping[str, Match], listing: Listing
) -> tuple[PlanOptions, Mapping[str, Match]]:
    """Narrow a plan again once it is known what is live; also return the matches of the earlier revision's groups.

    A key is not left out where it matches otherwise than it did in that revision, and a key is not gone whose live
    group another one stands for now.
    """
    since, previous = options.changed_since, match_groups(options.previous_groups or (), listing.groups)
    if since is None or not previous:
        return options, previous
    rematched = tuple(key for key in since.unchanged if _outcome(previous[key]) != _outcome(now[key]))
    holders = _holders(now)
    moved = {key: holders[there.id] for key in since.removed if (there := previous[key].listed) and there.id in holders}
    renamed = {*since.renamed, *(KeyRename(old, new) for old, new in moved.items())}
    narrowed = replace(
        since,
        unchanged=tuple(key for key in since.unchanged if key not in rematched),
        rematched=rematched,
        removed=tuple(key for key in since.removed if key not in moved),
        renamed=tuple(sorted(renamed, key=lambda rename: rename.old)),
    )
    return replace(options, changed_since=narrowed), previous


def _outcome(match: Match) -> tuple[Any, ...]:
    return match.matched_by, _matched_ids(match), bool(match.blocked)


def _matched_ids(match: Match) -> tuple[str, ...]:
    """The id of the live group that is meant, or those of the groups that may be."""
    return match.candidates if match.listed is None else (match.listed.id,)


def _holders(matches: Mapping[str, Match]) -> dict[str, str]:
    return {match.listed.id: key for key, match in matches.items() if match.listed is not None}


def with_rematch_advice(
    changes: tuple[Change, ...],
    previous: Mapping[str, Match],
    now: Mapping[str, Match],
    options: PlanOptions,
    listing: Listing,
) -> tuple[Change, ...]:
    """Add advice where a key stands for another live group than at the earlier revision (its matches: `previous`)."""
    if options.changed_since is None:
        return changes
    holders, ref, names = _holders(now), options.changed_since.ref, listing.names

    def advised(change: Change) -> Change:
        key = change.group.key
        match = previous.get(key)
        if match is None or _matched_ids(match) == _matched_ids(now[key]):
            return change
        earlier = _matched_ids(match)
        called = tuple(names.get(group_id, group_id) for group_id in earlier)
        advice = Advice(AdviceKind.REMATCHED, _describe(change, earlier, holders, ref), names=called)
        return replace(change, advice=(*change.advice, advice))

    return tuple(map(advised, changes))


def _describe(change: Change, meant: Sequence[str], holders: Mapping[str, str], ref: str) -> str:
    """What to know where a key meant these live groups, and means another one or none."""
    if not meant:
        return f"in {ref} it stood for no live group"
    stood = f"in {ref} it stood for {'a live group' if len(meant) == 1 else 'one of several live groups'}"
    taken = sorted({holders[group_id] for group_id in meant if group_id in holders})
    if taken:
        new = ", so applying makes a new one" if change.create else ""
        return f"{stood} that is {', '.join(taken)}'s by now{new}"
    if change.create:
        return (
            f"{stood} that nothing leads to any more, so applying creates a second group; put the old name under "
            f"`previously`, or note its id ({', '.join(meant)}) as this group's `id`"
        )
    return stood if change.matched_by is MatchedBy.NONE else f"{stood}, and not for this one"


def select_changed(
    groups: Iterable[DesiredGroup], targets: Sequence[str], ref: str, commit: str, compared: ChangedKeys | str
) -> ChangedSince:
    """Which of the groups asked for are left out, since they are as in the revision `ref`.

    `compared` is what changed since, or why that cannot be told; then, and where something changed that bears on
    all groups, none is left out. Raises UsageError for a target that the file does not have.
    """
    keys = select_keys(groups, targets)
    if isinstance(compared, str):
        return ChangedSince(ref, commit, full_plan_reasons=(compared,))
    everything = tuple(f"{words} changed" for words in compared.elsewhere)
    left_out = () if everything else tuple(sorted(keys - set(compared.changed)))
    return ChangedSince(ref, commit, left_out, compared.gone, compared.renamed, everything)
