"""Which live group a key stood for at an earlier revision of the file, beside the one that it stands for now.

A key whose own lines did not change may lose its live group to another key, or find another one: by an id that moved,
a name that came or went, a key that is new or gone. Only the list of live groups tells.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from reconciler.diff.change import Change
from reconciler.diff.match import Match, names_of
from reconciler.model.advice import Advice, AdviceKind
from reconciler.model.changed_since import ChangedSince, KeyRename
from reconciler.model.desired import DesiredGroup
from reconciler.model.plan import Found


def may_rematch(old: Iterable[DesiredGroup], new: Iterable[DesiredGroup]) -> bool:
    """Whether any key may stand for another live group than before, whatever is live."""
    return _found_by(old) != _found_by(new)


def _found_by(groups: Iterable[DesiredGroup]) -> dict[str, tuple[Any, ...]]:
    """All that matching asks of each key."""
    return {group.key: (group.id, names_of(group), group.state, group.invite is None) for group in groups}


def narrowed_again(since: ChangedSince, before: Mapping[str, Match], now: Mapping[str, Match]) -> ChangedSince:
    """What a plan is narrowed to once it is known what is live.

    A key is not left out where it matches otherwise than it did in that revision (`before`), and a key is not gone
    whose live group another one stands for now.
    """
    rematched = tuple(key for key in since.left_out if _outcome(before[key]) != _outcome(now[key]))
    heirs = _holders(now)
    moved = {key: heirs[there.id] for key in since.gone if (there := before[key].listed) and there.id in heirs}
    renamed = {*since.renamed, *(KeyRename(old, new) for old, new in moved.items())}
    return replace(
        since,
        left_out=tuple(key for key in since.left_out if key not in rematched),
        rematched=rematched,
        gone=tuple(key for key in since.gone if key not in moved),
        renamed=tuple(sorted(renamed, key=lambda rename: rename.old)),
    )


def _outcome(match: Match) -> tuple[Any, ...]:
    return match.found, _meant(match), bool(match.blocked)


def _meant(match: Match) -> tuple[str, ...]:
    """The id of the live group that is meant, or those of the groups that may be."""
    return match.candidates if match.listed is None else (match.listed.id,)


def _holders(matches: Mapping[str, Match]) -> dict[str, str]:
    return {match.listed.id: key for key, match in matches.items() if match.listed is not None}


def told_of_rematches(
    changes: Iterable[Change], before: Mapping[str, Match], now: Mapping[str, Match], ref: str, names: Mapping[str, str]
) -> tuple[Change, ...]:
    """The changes with advice where a key stands for another live group than at the revision `ref`.

    `names` are those of all live groups, by id.
    """
    holders = _holders(now)

    def told(change: Change) -> Change:
        key = change.group.key
        was = before.get(key)
        if was is None or _meant(was) == _meant(now[key]):
            return change
        shown = tuple(names.get(group_id, group_id) for group_id in _meant(was))
        advice = Advice(AdviceKind.REMATCHED, _in_words(change, _meant(was), holders, ref), names=shown)
        return replace(change, advice=(*change.advice, advice))

    return tuple(map(told, changes))


def _in_words(change: Change, meant: Sequence[str], holders: Mapping[str, str], ref: str) -> str:
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
    return stood if change.found is Found.NOWHERE else f"{stood}, and not for this one"
