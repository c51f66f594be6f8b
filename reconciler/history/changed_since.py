"""Narrow a plan to what changed since an earlier revision of the configuration (`--changed-since`).

A key whose own lines did not change may still match another live group than at that revision, or lose its own: through
an id that moved, a name that came or went, a key that was added or removed. Only the list of live groups shows that,
so a plan is narrowed twice: before and after the groups are matched.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace
from typing import Any, Final

from reconciler.diff.change import Advice, AdviceKind, Change, MatchedBy
from reconciler.diff.match import Match, lookup_names, match_groups
from reconciler.diff.participants import sorted_people
from reconciler.errors import Problem, ProblemKind
from reconciler.history.normal_form import compare_settings, groups_equal
from reconciler.messages import Message
from reconciler.model.desired import Desired, DesiredGroup, Person
from reconciler.model.identity import Identity
from reconciler.model.live import Listing
from reconciler.model.person_ref import PersonRef
from reconciler.model.restrictions import RESTRICTED
from reconciler.model.text import Untrusted
from reconciler.plan.revision import ChangedSince, KeyRename
from reconciler.plan.selection import PlanOptions
from reconciler.sanitize.escape import mask_and_escape

_NO_EFFECT_ON_PLANS: Final = frozenset(
    {
        "aliases",
        "policy.allowed_countries",
        "policy.max_members",
        "policy.rows_without_phone",
        "policy.writes_per_minute",
        "region",
        "restrictions",
    }
)
"""Settings that only say how a file is read or checked, or how fast a plan is applied. Any other one, also one that is
added later, may change the plan of every group."""
_SECTION_WORDS: Final = {"groups": "group", "people": "person", "teams": "team", "sources": "source"}


def select_changed(old: Desired | str, new: Desired, keys: Collection[str], ref: str, commit: str) -> ChangedSince:
    """Return which of the groups with these keys are left out because they are unchanged since the revision `ref`.

    `old` is what that revision wants, resolved as of the same day, or why that is unknown; then, and where a setting
    changed that affects all groups, none is left out. Order, spelling, aliases, teams and comments make no difference:
    only the normal form does.
    """
    if isinstance(old, str):
        return ChangedSince(ref=ref, commit=commit, full_plan_reasons=(old,))
    before = {group.key: group for group in old.groups}
    gone = before.keys() - {group.key for group in new.groups}
    keys_of_ids: dict[str | None, str] = {group.id: group.key for group in new.groups if group.id is not None}
    renamed = [KeyRename(key, keys_of_ids[before[key].id]) for key in sorted(gone) if before[key].id in keys_of_ids]
    changed_settings = sorted({delta.field for delta in compare_settings(old, new)} - _NO_EFFECT_ON_PLANS)
    selected = [group for group in new.groups if group.key in keys and not changed_settings]
    unchanged = [group.key for group in selected if group.key in before and groups_equal(before[group.key], group)]
    return ChangedSince(
        ref=ref,
        commit=commit,
        unchanged=tuple(sorted(unchanged)),
        removed=tuple(sorted(gone - {rename.old for rename in renamed})),
        renamed=tuple(renamed),
        full_plan_reasons=tuple(f"`{path}` changed" for path in changed_settings),
    )


def forbidden_removals(old: Desired, new: Desired) -> tuple[Problem, ...]:
    """Return the groups, people and teams that were removed from files that may not define them, sorted.

    The restrictions of both revisions apply: nobody gains a removal by changing the rules along with it. A key that
    moved to another file is not removed; whether it may be there is checked when the newer revision is loaded.
    """
    problems = (
        _forbidden_removal(section, key, file, old, new)
        for section in RESTRICTED
        for key, file in old.origins.get(section, {}).items()
        if key not in new.origins.get(section, {})
    )
    return tuple(sorted(filter(None, problems)))


def _forbidden_removal(section: str, key: str, file: str, old: Desired, new: Desired) -> Problem | None:
    for restrictions, which in ((old.restrictions, "earlier"), (new.restrictions, "current")):
        if restrictions is None or restrictions.allow(file, section, key):
            continue
        rule = restrictions.rule_for(file)
        reason = f"no rule of {restrictions.where} matches it" if rule is None else f"rule at {rule.where}"
        what = f"this {_SECTION_WORDS[section]} was removed"
        message = f"{what}, but the {which} restrictions do not let this file define it ({reason})"
        hint = "put it back, or change the restrictions first, in a change of their own"
        # Rules know a file only by its path below the folder. The shortest source that ends in it is that file:
        # `a.yaml` is also the end of `sales/a.yaml`.
        name = min((source.path for source in old.sources if source.path.endswith(file)), key=len, default=file)
        path = f"{section}.{mask_and_escape(key)}"
        return Problem(mask_and_escape(name), 0, 0, path, message, hint, kind=ProblemKind.RESTRICTION)
    return None


def match_may_change(old: Iterable[DesiredGroup], new: Iterable[DesiredGroup]) -> bool:
    """Whether any key may match another live group than before, whatever is live."""
    before, after = (
        {group.key: (group.id, lookup_names(group), group.state, group.invite is None) for group in groups}
        for groups in (old, new)
    )
    return before != after


def narrow_by_matches(
    options: PlanOptions, now: Mapping[str, Match], listing: Listing
) -> tuple[PlanOptions, Mapping[str, Match]]:
    """Narrow a plan again once the groups are matched; also return the matches of the earlier revision's groups.

    A key that matches differently than at that revision is planned, and a key whose live group another key matches now
    is renamed, not removed.
    """
    since, previous = options.changed_since, match_groups(options.previous_groups or (), listing.groups)
    if since is None or not previous:
        return options, previous
    rematched = tuple(key for key in since.unchanged if _outcome(previous[key]) != _outcome(now[key]))
    keys = _keys_by_id(now)
    renamed_keys = {key: keys[live.id] for key in since.removed if (live := previous[key].listed) and live.id in keys}
    renamed = {*since.renamed, *(KeyRename(old, new) for old, new in renamed_keys.items())}
    narrowed = replace(
        since,
        unchanged=tuple(key for key in since.unchanged if key not in rematched),
        rematched=rematched,
        removed=tuple(key for key in since.removed if key not in renamed_keys),
        renamed=tuple(sorted(renamed, key=lambda rename: rename.old)),
    )
    return replace(options, changed_since=narrowed), previous


def _outcome(match: Match) -> tuple[Any, ...]:
    return match.matched_by, _matched_ids(match), bool(match.blocked)


def _matched_ids(match: Match) -> tuple[str, ...]:
    """Return the id of the live group that matches, or those of the groups that may."""
    return match.candidates if match.listed is None else (match.listed.id,)


def _keys_by_id(matches: Mapping[str, Match]) -> dict[str, str]:
    return {match.listed.id: key for key, match in matches.items() if match.listed is not None}


def with_former_people(changes: Iterable[Change], people: Mapping[Identity, Person]) -> tuple[Change, ...]:
    """Name the people to be removed who are only in the earlier revision, which has these `people`."""

    def named(person: PersonRef) -> PersonRef:
        former = None if person.identity is None or person.label else people.get(person.identity)
        return person if former is None else replace(person, alias=former.alias, name=former.name)

    return tuple(replace(change, remove=sorted_people(map(named, change.remove))) for change in changes)


def with_rematch_advice(
    changes: tuple[Change, ...],
    previous: Mapping[str, Match],
    now: Mapping[str, Match],
    options: PlanOptions,
    listing: Listing,
) -> tuple[Change, ...]:
    """Add advice where a key matches another live group than at the earlier revision, whose matches are `previous`."""
    if options.changed_since is None:
        return changes
    keys, ref, names = _keys_by_id(now), options.changed_since.ref, listing.names

    def advised(change: Change) -> Change:
        match = previous.get(change.group.key)
        if match is None or _matched_ids(match) == _matched_ids(now[change.group.key]):
            return change
        ids = _matched_ids(match)
        former_names = tuple(names.get(group_id, Untrusted(group_id)) for group_id in ids)
        advice = Advice(AdviceKind.REMATCHED, _rematch_message(change, ids, keys, ref), names=former_names)
        return replace(change, advice=(*change.advice, advice))

    return tuple(map(advised, changes))


def _rematch_message(change: Change, ids: tuple[str, ...], keys_by_id: Mapping[str, str], ref: str) -> Message:
    """Return what became of the live groups (`ids`) that a key matched or may have matched at the revision `ref`."""
    if not ids:
        return Message.of("matched-none-before", ref=ref)
    count = len(ids)
    keys = tuple(sorted({keys_by_id[group_id] for group_id in ids if group_id in keys_by_id}))
    if keys and change.create:
        return Message.of("matched-group-taken-creates", ref=ref, count=count, keys=keys)
    if keys:
        return Message.of("matched-group-taken", ref=ref, count=count, keys=keys)
    if change.create:
        return Message.of("matched-group-orphaned", ref=ref, count=count, ids=ids)
    if change.matched_by is MatchedBy.NONE:
        return Message.of("matched-before", ref=ref, count=count)
    return Message.of("matched-other-before", ref=ref, count=count)
