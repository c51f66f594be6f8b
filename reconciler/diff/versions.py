"""Two versions of the file compared as a reader wants it: who enters and leaves, what is renamed, which rules moved."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from reconciler.diff.counterparts import counterparts
from reconciler.diff.heirs import Bearers
from reconciler.diff.people import in_order
from reconciler.diff.removal_limits import note_of_limit
from reconciler.diff.removed import removed_keys_forbidden
from reconciler.diff.revised import limit_said, same_group
from reconciler.diff.version_groups import added_group, changed_group, gone_group
from reconciler.model.desired import Desired, Person
from reconciler.model.difference import Difference, FieldChange, GroupDifference, ListChange, Reassigned, Side
from reconciler.model.identity import Identity, phone_jid
from reconciler.model.restrictions import Restrictions
from reconciler.model.who import Who

_PROTECTED = "whoever is no longer protected can be removed by a plan"
_NO_NEWS = ("instance.id", "instance.phone", "region")
"""Saying one of these for the first time only puts into the file what held before."""
_IGNORED = "whoever is no longer ignored is treated like anybody else: removed where they are not wanted"


def compare_versions(old: Desired, new: Desired, old_side: Side, new_side: Side) -> Difference:
    """What the newer version says otherwise. Both are to be resolved as of the same day."""
    # A version that is not there has no rules that could have changed: all groups come or go, and that says it.
    both = old_side.there and new_side.there
    groups = tuple(sorted(_groups(old, new), key=lambda group: group.key))
    touched = {group.key for group in groups}
    return Difference(
        old_side,
        new_side,
        new.as_of,
        new.instance_id or old.instance_id or "",
        groups,
        sum(group.key not in touched for group in new.groups),
        tuple(_rules(old, new)) if both else (),
        tuple(_lists(old, new)) if both else (),
        tuple(_reassigned(old, new)) if both else (),
        tuple(str(problem) for problem in sorted(new.warnings)),
        tuple(str(problem) for problem in removed_keys_forbidden(old, new)),
    )


def _groups(old: Desired, new: Desired) -> Iterable[GroupDifference]:
    pairs = counterparts(old.groups, new.groups)
    paired = {group.key for group in pairs.values()}
    gone = [group for group in old.groups if group.key not in paired]
    were, are = Bearers.of(gone), Bearers.of(new.groups)
    for group in new.groups:
        before = pairs.get(group.key)
        if before is None:
            yield added_group(group, new, were.sharing(group))
        elif before.key != group.key or not same_group(before, group):
            difference = changed_group(before, group, old, new)
            if difference.says_something:
                yield difference
    for group in gone:
        yield gone_group(group, are.sharing(group))


def _rules(old: Desired, new: Desired) -> Iterable[FieldChange]:
    """What changed outside the groups, people apart."""
    one, other = old.policy, new.policy
    limit = note_of_limit(one.max_removals, other.max_removals)
    countries = "" if other.allowed_countries is not None else "numbers of all countries are allowed"
    fields = (
        ("instance.id", old.instance_id, new.instance_id, "another account's groups are meant"),
        ("instance.phone", _phone(old), _phone(new), "the number that no plan removes is another"),
        ("region", old.region, new.region, "national numbers are those of another country"),
        ("policy.max_removals", limit_said(one.max_removals), limit_said(other.max_removals), limit),
        ("policy.max_members", _number(one.max_members), _number(other.max_members), ""),
        ("policy.writes_per_minute", _number(one.writes_per_minute), _number(other.writes_per_minute), ""),
        ("policy.allowed_countries", _codes(one.allowed_countries), _codes(other.allowed_countries), countries),
        (
            "restrictions",
            _said(old.restrictions),
            _said(new.restrictions),
            "who may say what, and where, is another",
        ),
    )
    return (
        FieldChange(name, was, now, note if was is not None or name not in _NO_NEWS else "")
        for name, was, now, note in fields
        if was != now
    )


def _phone(desired: Desired) -> str | None:
    return None if desired.instance is None else desired.instance.identity


def _number(number: int | None) -> str | None:
    return None if number is None else str(number)


def _codes(codes: frozenset[str] | None) -> str | None:
    return None if codes is None else ", ".join(sorted(codes))


def _said(restrictions: Restrictions | None) -> str | None:
    """The rules in words, without the lines they stand in."""
    if restrictions is None:
        return None
    told = []
    for rule in restrictions.rules:
        allowed = [*rule.groups, *(["people"] if rule.people else []), *(["teams"] if rule.teams else [])]
        told.append(f"{rule.path}: {', '.join(allowed) or 'nothing'}")
    return "; ".join(told)


def _lists(old: Desired, new: Desired) -> Iterable[ListChange]:
    for field, one, other, note in (
        ("policy.protected", old.policy.protected, new.policy.protected, _PROTECTED),
        ("policy.ignored", old.policy.ignored, new.policy.ignored, _IGNORED),
    ):
        added, dropped = _whom(other - one, new.people), _whom(one - other, old.people)
        if added or dropped:
            yield ListChange(field, added, dropped, note if dropped else "")


def _whom(identities: Iterable[Identity], people: Mapping[Identity, Person]) -> tuple[Who, ...]:
    known = (people.get(identity) or Person(identity, phone_jid(identity.removeprefix("+"))) for identity in identities)
    return in_order(Who.of(person) for person in known)


def _reassigned(old: Desired, new: Desired) -> Iterable[Reassigned]:
    before = {alias: person for person in old.people.values() for alias in person.aliases}
    after = {alias: person for person in new.people.values() for alias in person.aliases}
    for alias in sorted(before.keys() & after.keys()):
        if before[alias].identity != after[alias].identity:
            yield Reassigned(alias, Who.of(before[alias]), Who.of(after[alias]))
