"""Which live group is meant by which key: by id, else by name, else by an earlier name, never by a guess."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from reconciler.diff.change import MatchedBy
from reconciler.model.desired import DesiredGroup, State, Unmanaged
from reconciler.model.live import ListedGroup
from reconciler.model.text import normalize, quote


@dataclass(frozen=True, slots=True)
class Match:
    """A desired group and the live group it stands for (None: there is none). `blocked` says why neither is sure."""

    group: DesiredGroup
    matched_by: MatchedBy = MatchedBy.NONE
    listed: ListedGroup | None = None
    blocked: str = ""
    candidates: tuple[str, ...] = ()
    """Ids of the live groups that may be meant, where it is not sure which one is."""


def lookup_names(group: DesiredGroup) -> tuple[str, ...]:
    """The names a group without id is found by: the wanted one first, then the earlier ones."""
    wanted = () if isinstance(group.name, Unmanaged) else (group.name,)
    return wanted + group.previously


def normalized_names(group: DesiredGroup) -> set[str]:
    """The names a group without id is found by, in the form that compares."""
    return {normalize(name) for name in lookup_names(group)}


def pinned_groups(groups: Iterable[DesiredGroup]) -> int:
    """Count the groups that must be live: the file has their id, and neither leaves them nor joins them by invite."""
    return sum(group.id is not None and group.state is State.PRESENT and group.invite is None for group in groups)


def match_groups(groups: Iterable[DesiredGroup], listed: Sequence[ListedGroup]) -> dict[str, Match]:
    """Match every key of the file, in the file's order.

    Give it all groups, also those that are not to be planned: an id in the file keeps its live group from being
    found by name under another key. Two keys that find one live group block each other.
    """
    groups = tuple(groups)
    live = {entry.id: entry for entry in listed}
    held = {group.id for group in groups if group.id is not None}
    named: dict[str, list[ListedGroup]] = defaultdict(list)
    for entry in listed:
        if entry.id not in held:
            named[normalize(entry.name)].append(entry)
    matches = {
        group.key: _by_id(group, group.id, live, named) if group.id is not None else _by_name(group, named)
        for group in groups
    }
    return _without_shared(matches)


def _by_id(
    group: DesiredGroup, group_id: str, live: Mapping[str, ListedGroup], named: Mapping[str, list[ListedGroup]]
) -> Match:
    entry = live.get(group_id)
    if entry is not None:
        return Match(group, MatchedBy.ID, entry)
    if group.state is State.LEFT or group.invite is not None:
        return Match(group)
    namesakes = [entry.id for name in lookup_names(group) for entry in named.get(normalize(name), ())]
    reason = f"its id {group_id} is not among the instance's live groups; correct the id, or give an `invite` to join"
    if namesakes:
        reason += f" (a live group of that name has the id {', '.join(namesakes)})"
    return Match(group, blocked=reason)


def _by_name(group: DesiredGroup, named: Mapping[str, list[ListedGroup]]) -> Match:
    wanted, *earlier = lookup_names(group)
    candidates = named.get(normalize(wanted), [])
    old = {entry.id: entry for name in earlier for entry in named.get(normalize(name), ())}
    if candidates and old and group.state is State.LEFT:
        # Once the one is left, the other would be found, and left by the next run: nobody gets back in by themselves.
        both = {entry.id: entry for entry in candidates} | old
        return _only(group, MatchedBy.NAME, list(both.values()), f"{quote(wanted)} or one of its earlier names")
    if candidates:
        return _only(group, MatchedBy.NAME, candidates, quote(wanted))
    if old:
        return _only(group, MatchedBy.PREVIOUS_NAME, list(old.values()), "one of its earlier names")
    return Match(group)


def _only(group: DesiredGroup, found: MatchedBy, candidates: Sequence[ListedGroup], name: str) -> Match:
    if len(candidates) == 1:
        return Match(group, found, candidates[0])
    ids = tuple(sorted(entry.id for entry in candidates))
    reason = f"{len(ids)} live groups are called {name}: {', '.join(ids)}; note the right one as this group's `id`"
    return Match(group, blocked=reason, candidates=ids)


def _without_shared(matches: dict[str, Match]) -> dict[str, Match]:
    keys: dict[str, list[str]] = defaultdict(list)
    for key, match in matches.items():
        if match.listed is not None:
            keys[match.listed.id].append(key)
    for group_id, sharing in keys.items():
        for key in sharing if len(sharing) > 1 else ():
            others = ", ".join(other for other in sharing if other != key)
            reason = f"{others} finds the same live group {group_id} by name; note the id at the group that it is"
            matches[key] = Match(matches[key].group, blocked=reason, candidates=(group_id,))
    return matches
