"""Match each key with its live group: by id, else by name, else by a previous name, never by a guess."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from reconciler.diff.change import MatchedBy
from reconciler.messages import Message
from reconciler.model.desired import DesiredGroup, Membership, State, Unmanaged
from reconciler.model.live import ListedGroup, OddEntry
from reconciler.model.text import Untrusted, folded_name, normalize


@dataclass(frozen=True, slots=True)
class Match:
    """A desired group and its live group (`listed` is None where there is none), or why it cannot be matched."""

    group: DesiredGroup
    matched_by: MatchedBy = MatchedBy.NONE
    listed: ListedGroup | None = None
    blocked: Message | None = None
    candidates: tuple[str, ...] = ()
    """Ids of the live groups of which one may be meant, where the match is blocked."""

    @property
    def creates(self) -> bool:
        """Whether a plan creates this group."""
        group = self.group
        found = self.listed is not None or self.blocked is not None or group.invite is not None
        return not found and group.state is State.PRESENT and group.membership is not Membership.OBSERVE


def lookup_names(group: DesiredGroup) -> tuple[str, ...]:
    """Return the names that find a group without an id: the wanted one first, then the previous ones."""
    wanted = () if isinstance(group.name, Unmanaged) else (group.name,)
    return wanted + group.previously


def normalized_names(group: DesiredGroup) -> set[str]:
    """Return the names that find a group without an id, in the form that compares."""
    return {normalize(name) for name in lookup_names(group)}


def pinned_groups(groups: Iterable[DesiredGroup]) -> int:
    """Count the groups that must be live: those with an id that the account is neither to leave nor to join."""
    return sum(group.id is not None and group.state is State.PRESENT and group.invite is None for group in groups)


def match_groups(groups: Iterable[DesiredGroup], listed: Sequence[ListedGroup]) -> dict[str, Match]:
    """Match every key of the configuration, in its order.

    Pass all groups, also those that are not to be planned: an id in the configuration keeps its live group from being
    found by name under another key. Two keys that find the same live group block each other.
    """
    groups = tuple(groups)
    by_id = {entry.id: entry for entry in listed}
    pinned_ids = {group.id for group in groups if group.id is not None}
    by_name: dict[str, list[ListedGroup]] = defaultdict(list)
    for entry in listed:
        if entry.name and entry.id not in pinned_ids:
            by_name[normalize(entry.name)].append(entry)
    matches = {
        group.key: _match_by_id(group, group.id, by_id, by_name)
        if group.id is not None
        else _match_by_name(group, by_name)
        for group in groups
    }
    return _block_shared(matches)


def _match_by_id(
    group: DesiredGroup, group_id: str, by_id: Mapping[str, ListedGroup], by_name: Mapping[str, list[ListedGroup]]
) -> Match:
    entry = by_id.get(group_id)
    if entry is not None:
        return Match(group, MatchedBy.ID, entry)
    if group.state is State.LEFT or group.invite is not None:
        return Match(group)
    namesakes = tuple(entry.id for name in lookup_names(group) for entry in by_name.get(normalize(name), ()))
    if namesakes:
        return Match(group, blocked=Message.of("id-not-live-but-name", id=group_id, ids=namesakes))
    return Match(group, blocked=Message.of("id-not-live", id=group_id))


def _match_by_name(group: DesiredGroup, by_name: Mapping[str, list[ListedGroup]]) -> Match:
    wanted, *previous = lookup_names(group)
    named = {entry.id: entry for entry in by_name.get(normalize(wanted), ())}
    renamed = {entry.id: entry for name in previous for entry in by_name.get(normalize(name), ())}
    # One live group with the name and another with an earlier one: the first may be a stranger's, whose people a plan
    # would remove. Of a group to leave, the next run would leave the other one.
    candidates, matched_by = (named | renamed, MatchedBy.NAME) if named else (renamed, MatchedBy.PREVIOUS_NAME)
    if not candidates:
        return Match(group)
    if len(candidates) == 1:
        return Match(group, matched_by, next(iter(candidates.values())))
    ids = tuple(sorted(candidates))
    count, name = len(ids), Untrusted(wanted)
    if not named:
        reason = Message.of("previous-name-ambiguous", count=count, ids=ids)
    elif len(named) < count:
        reason = Message.of("name-or-previous-name-ambiguous", count=count, name=name, ids=ids)
    else:
        reason = Message.of("name-ambiguous", count=count, name=name, ids=ids)
    return Match(group, blocked=reason, candidates=ids)


def block_unlisted(matches: Mapping[str, Match], odd: Sequence[OddEntry]) -> dict[str, Match]:
    """Block the keys of groups to be created that an unreadable entry of the list may be: nobody knows its id.

    An entry that tells its name can only be the group of that name, or of one that differs in passing.
    """

    def may_be(entry: OddEntry, group: DesiredGroup) -> bool:
        folded = folded_name(entry.name)
        return not entry.name or any(folded_name(name) == folded for name in normalized_names(group))

    blocked = dict(matches)
    for key, match in matches.items():
        group = match.group
        if match.listed is not None or match.blocked or group.state is State.LEFT or group.invite is not None:
            continue
        fault = next((entry.fault for entry in odd if may_be(entry, group)), None)
        if fault is not None:
            blocked[key] = Match(group, blocked=Message.of("list-entry-unreadable", fault=fault))
    return blocked


def _block_shared(matches: dict[str, Match]) -> dict[str, Match]:
    """Block the keys that match the same live group."""
    keys_by_id: dict[str, list[str]] = defaultdict(list)
    for key, match in matches.items():
        if match.listed is not None:
            keys_by_id[match.listed.id].append(key)
    for group_id, keys in keys_by_id.items():
        for key in keys if len(keys) > 1 else ():
            others = tuple(other for other in keys if other != key)
            reason = Message.of("live-group-shared", keys=others, id=group_id)
            matches[key] = Match(matches[key].group, blocked=reason, candidates=(group_id,))
    return matches
