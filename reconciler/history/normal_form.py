"""What a configuration wants, as plain values that compare: without spelling, order, teams or line numbers.

`diff` and `--changed-since` compare these forms and nothing else. A form is made from the fields of the values
themselves, so that a field which is added to a group, a member, a person, the policy or the whole is compared at once.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, fields, is_dataclass
from datetime import date
from enum import StrEnum
from typing import Any, Final, TypeAlias

from reconciler.model.desired import Budget, Desired, DesiredGroup, Limit, Member, Person, Unmanaged
from reconciler.model.identity import Identity
from reconciler.model.restrictions import Restrictions
from reconciler.model.restrictions import Rule as Restriction
from reconciler.model.rules import Rule

Form: TypeAlias = dict[tuple[str, str], Any]
"""Values by field and item. A mapping is {} under the item "", and its items differ one by one, people by identity; any
other value, under the item "", differs as a whole. `UNMANAGED` and None stay what they are."""

PLACES: Final[Mapping[type, frozenset[str]]] = {
    Desired: frozenset({"sources", "people_files", "warnings", "origins", "account_place", "group_places", "teams"})
    | {"findings", "tests", "failed_tests", "rules_checked"},
    Limit: frozenset({"source"}),
    Restrictions: frozenset({"where"}),
    Restriction: frozenset({"where"}),
}
"""Fields that tell where something is written. They change nothing in a group: a team matters by the groups' lists, and
rules are checked whenever a plan is made or applied."""

_NOT_COMPARED: Final[Mapping[type, frozenset[str]]] = {
    **PLACES,
    # The groups are compared one by one, and what a file lost by `forbidden_removals`. Both sides are of one day.
    # A team matters by the lists of the groups.
    Desired: PLACES[Desired] | {"groups", "as_of", "teams"},
    # A handle, by which groups are paired.
    DesiredGroup: frozenset({"key"}),
    # The first is the member's key in the form; teams only explain how somebody came into the list.
    Member: frozenset({"person", "teams"}),
    # The first is the person's key in the form, aliases are a mapping of their own, the others are spelling.
    Person: frozenset({"identity", "jid", "alias", "name", "other_aliases"}),
    Restrictions: PLACES[Restrictions] | {"defined_in"},
    # The first is in its path, the second is written out beside the rest.
    Rule: frozenset({"name", "condition"}),
}
_GROUP_NAMES: Final = {"excepted": "except"}
"""Fields of a group that have another name in the file."""
_SETTING_NAMES: Final = {"account": "instance.phone", "instance_id": "instance.id", "account_since": "instance.since"}


@dataclass(frozen=True, slots=True)
class Delta:
    """One difference between two forms. `item` is a key of the mapping `field`; "": the field itself differs.

    A side without the item has None; a field that is a mapping on one side alone has {} there.
    """

    field: str
    item: str
    old: Any
    new: Any


def compare_groups(
    old: DesiredGroup, new: DesiredGroup, excluded: frozenset[Identity] = frozenset()
) -> tuple[Delta, ...]:
    """Return what differs between two groups, their keys apart; `excluded` people are left out of the members."""
    return _compare_forms(_group_form(old, excluded), _group_form(new, excluded))


def groups_equal(old: DesiredGroup, new: DesiredGroup) -> bool:
    """Whether two versions want the same of a group, its key apart."""
    # Most groups are equal to the last line number, and then no form is needed.
    return old == new or not compare_groups(old, new)


def compare_settings(old: Desired, new: Desired) -> tuple[Delta, ...]:
    """Return what differs outside the groups; a field is its path in the file: `policy.protected`."""
    return _compare_forms(_settings_form(old), _settings_form(new))


def _group_form(group: DesiredGroup, excluded: frozenset[Identity]) -> Form:
    values = {_GROUP_NAMES.get(name, name): value for name, value in _compared_fields(group).items()}
    values["expired"] = _people_form(member.person.identity for member in group.expired)
    values["except"] = _people_form(group.excepted)
    form = _flatten(values)
    return {path: value for path, value in form.items() if path[0] != "members" or path[1] not in excluded}


def _settings_form(desired: Desired) -> Form:
    values = {_SETTING_NAMES.get(name, name): value for name, value in _compared_fields(desired).items()}
    del values["policy"], values["people"], values["rules"]
    values |= {path: form for rule in desired.rules for path, form in _rule_forms(rule)}
    values |= {f"policy.{name}": value for name, value in _compared_fields(desired.policy).items()}
    values |= {f"policy.{name}": _people_form(getattr(desired.policy, name)) for name in ("protected", "ignored")}
    budget = values.pop("policy.budget") or Budget()
    values |= {f"policy.budget.{name}": value for name, value in _compared_fields(budget).items()}
    people = desired.people
    values["aliases"] = {alias: identity for identity, person in people.items() for alias in person.aliases}
    for name in _compared_names(Person):
        facts = {identity: getattr(person, name) for identity, person in people.items()}
        values[f"people.{name}"] = {identity: fact for identity, fact in facts.items() if fact is not None}
    return _flatten(values)


def _rule_forms(rule: Rule) -> Iterator[tuple[str, Any]]:
    """Yield what a rule requires, and its exemptions where it has some, each by a path with its name."""
    terms = {"use": rule.condition.use} | _compared_fields(rule.condition) | _compared_fields(rule)
    exempt = terms.pop("exempt")
    yield f"rules[{rule.name}]", tuple(terms.items())
    if exempt:
        yield f"rules[{rule.name}].exempt", exempt


def _flatten(values: Mapping[str, Any]) -> Form:
    form: Form = {}
    for field, value in values.items():
        items = value if isinstance(value, Mapping) else {}
        form[field, ""] = {} if isinstance(value, Mapping) else value
        form |= {(field, item): each for item, each in items.items()}
    return form


def _compare_forms(old: Form, new: Form) -> tuple[Delta, ...]:
    """Return what differs between two forms of one kind: fields in their order, their items sorted."""
    # Nearly all values are equal as they are; only the others are worth the time of making them plain.
    unequal = [path for path in old | new if old.get(path) != new.get(path)]
    before, after = ({path: _plain(form[path]) for path in unequal if path in form} for form in (old, new))
    if before == after:
        return ()
    # Takes 0.1 s, and few runs compare versions that differ.
    from deepdiff import DeepDiff

    # By default DeepDiff does not look into what differs very much.
    tree = DeepDiff(before, after, view="tree", threshold_to_diff_deeper=0)
    paths: set[tuple[str, str]] = {level.path(output_format="list")[0] for levels in tree.values() for level in levels}
    order = {field: at for at, (field, _) in enumerate([*new, *old])}
    deltas = (Delta(*path, before.get(path), after.get(path)) for path in paths)
    return tuple(sorted(deltas, key=lambda delta: (order[delta.field], delta.item)))


def _compared_fields(value: Any) -> dict[str, Any]:
    return {name: getattr(value, name) for name in _compared_names(type(value))}


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
    if isinstance(value, Limit):
        return str(value)
    if isinstance(value, Mapping):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, tuple):
        return tuple(_plain(item) for item in value)
    if isinstance(value, frozenset):
        return tuple(sorted(value))
    if is_dataclass(value):
        return tuple((name, _plain(each)) for name, each in _compared_fields(value).items())
    raise TypeError(f"a value of the configuration cannot be compared: {type(value).__name__}")
