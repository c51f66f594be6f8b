"""What a configuration wants, as plain values that compare: without spelling, order, teams or line numbers.

`diff` and `--changed-since` compare these forms and nothing else. A form is made from the fields of the values
themselves, so that a field which is added to a group, a member, a person, the policy or the whole is compared at once.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, fields, is_dataclass, replace
from datetime import date
from enum import StrEnum
from typing import Any, Final, TypeAlias

from reconciler.model.desired import Desired, DesiredGroup, Member, Person, RemovalLimit, Unmanaged
from reconciler.model.identity import Identity
from reconciler.model.restrictions import Restrictions, Rule

Form: TypeAlias = dict[str, Any]
"""Values by the name of their field. A mapping has items that differ one by one, people by identity; any other value
differs as a whole. `UNMANAGED` and None stay what they are."""

_NOT_COMPARED: Final[Mapping[type, frozenset[str]]] = {
    # The groups are compared one by one, and what a file lost by `forbidden_removals`. Both sides are of one day.
    Desired: frozenset({"groups", "as_of", "sources", "warnings", "origins"}),
    # A handle, by which groups are paired.
    DesiredGroup: frozenset({"key"}),
    # The first is the member's key in the form; teams only explain how somebody came into the list.
    Member: frozenset({"person", "teams"}),
    # The first is the person's key in the form, aliases are a mapping of their own, the others are spelling.
    Person: frozenset({"identity", "jid", "alias", "name", "other_aliases"}),
    # Where a rule is written.
    Restrictions: frozenset({"where", "defined_in"}),
    Rule: frozenset({"where"}),
}
_SETTING_NAMES: Final = {"account": "instance.phone", "instance_id": "instance.id"}


@dataclass(frozen=True, slots=True)
class Delta:
    """One difference between two forms. `item` is a key of the mapping `field`; "": the field itself differs.

    A side without the item has None; a field that is a mapping on one side alone has {} there.
    """

    field: str
    item: str
    old: Any
    new: Any


def normalize_group(group: DesiredGroup, excluded: frozenset[Identity] = frozenset()) -> Form:
    """Return everything that is wanted of a group; `excluded` people are left out of its members."""
    if excluded and not isinstance(group.members, Unmanaged):
        members = {identity: member for identity, member in group.members.items() if identity not in excluded}
        group = replace(group, members=members)
    form = dict(_compared_fields(group))
    form["expired"] = _people_form(member.person.identity for member in group.expired)
    return form


def compare_groups(
    old: DesiredGroup, new: DesiredGroup, excluded: frozenset[Identity] = frozenset()
) -> tuple[Delta, ...]:
    """Return what differs between two groups, their keys apart; `excluded` people are left out of the members."""
    return compare_forms(*_group_forms(old, new, excluded))


def groups_equal(old: DesiredGroup, new: DesiredGroup) -> bool:
    """Whether two versions want the same of a group, its key apart."""
    # Most groups are equal to the last line number, and then no form is needed.
    if old == new:
        return True
    old_form, new_form = _group_forms(old, new, frozenset())
    return old_form == new_form


def _group_forms(old: DesiredGroup, new: DesiredGroup, excluded: frozenset[Identity]) -> tuple[Form, Form]:
    """Return both forms without the members that are equal: in a large group nearly all are."""
    before = old.listed_members
    excluded |= {identity for identity, member in new.listed_members.items() if before.get(identity) == member}
    return normalize_group(old, excluded), normalize_group(new, excluded)


def normalize_settings(desired: Desired) -> Form:
    """Return everything outside the groups, each value under its path in the file: `policy.protected`."""
    form = {_SETTING_NAMES.get(name, name): value for name, value in _compared_fields(desired)}
    del form["policy"], form["people"]
    form |= {f"policy.{name}": value for name, value in _compared_fields(desired.policy)}
    form |= {f"policy.{name}": _people_form(getattr(desired.policy, name)) for name in ("protected", "ignored")}
    people = desired.people
    form["aliases"] = {alias: identity for identity, person in people.items() for alias in person.aliases}
    for name in _compared_names(Person):
        values = {identity: getattr(person, name) for identity, person in people.items()}
        form[f"people.{name}"] = {identity: _plain(value) for identity, value in values.items() if value is not None}
    return form


def compare_forms(old: Form, new: Form) -> tuple[Delta, ...]:
    """Return what differs between two forms of one kind: fields in their order, their items sorted."""
    if old == new:
        return ()
    # Takes 0.1 s, and few runs compare versions that differ.
    from deepdiff import DeepDiff

    before, after = _flatten(old), _flatten(new)
    # DeepDiff takes its time over each value, equal or not.
    for key in [key for key, value in before.items() if key in after and after[key] == value]:
        del before[key], after[key]
    # By default DeepDiff does not look into what differs very much.
    tree = DeepDiff(before, after, view="tree", threshold_to_diff_deeper=0)
    paths: set[tuple[str, str]] = {level.path(output_format="list")[0] for levels in tree.values() for level in levels}
    order = {name: at for at, name in enumerate([*new, *old])}
    deltas = (Delta(*path, before.get(path), after.get(path)) for path in paths)
    return tuple(sorted(deltas, key=lambda delta: (order[delta.field], delta.item)))


def _flatten(form: Form) -> dict[tuple[str, str], Any]:
    """Return the values by field and item: a mapping as {}, so that two do not differ as a whole, then its items."""
    flat: dict[tuple[str, str], Any] = {}
    for field, value in form.items():
        items = value if isinstance(value, dict) else {}
        flat[field, ""] = {} if isinstance(value, dict) else value
        flat |= {(field, item): each for item, each in items.items()}
    return flat


def _compared_fields(value: Any) -> Iterator[tuple[str, Any]]:
    return ((name, _plain(getattr(value, name))) for name in _compared_names(type(value)))


def _compared_names(kind: type) -> list[str]:
    left_out = _NOT_COMPARED.get(kind, frozenset())
    return [field.name for field in fields(kind) if field.name not in left_out]


def _people_form(identities: Iterable[Identity]) -> dict[Identity, Identity]:
    return {identity: identity for identity in identities}


def _plain(value: Any) -> Any:
    """Return a value of the model as one that compares. Raises TypeError for one that nobody thought of."""
    if value is None or isinstance(value, str | int | float | date | Unmanaged):
        return value.value if isinstance(value, StrEnum) else value
    if isinstance(value, Person):
        return value.identity
    if isinstance(value, RemovalLimit):
        return str(value)
    if isinstance(value, Mapping):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, tuple):
        return tuple(_plain(item) for item in value)
    if isinstance(value, frozenset):
        return tuple(sorted(value))
    if is_dataclass(value):
        return tuple(_compared_fields(value))
    raise TypeError(f"a value of the configuration cannot be compared: {type(value).__name__}")
