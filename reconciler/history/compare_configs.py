"""Compare two versions of the configuration as a reviewer reads them: who comes and goes, what is renamed or reset.

Two normal forms say what differs; this module puts it into words, `change_notes` adds what it means.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from itertools import groupby
from typing import Any, Final, TypeVar

from reconciler.diff.participants import ref_from_member, sorted_people
from reconciler.history import change_notes
from reconciler.history.changed_since import forbidden_removals
from reconciler.history.config_diff import (
    AliasChange,
    ConfigDiff,
    ConfigVersion,
    FieldChange,
    GroupChangeKind,
    GroupDiff,
    ListChange,
    MembershipChange,
    MembershipTermsChange,
)
from reconciler.history.normal_form import Delta, compare_groups, compare_settings
from reconciler.history.pairing import find_namesakes, index_by_name, pair_groups
from reconciler.model.desired import Desired, DesiredGroup, Membership, Person, State, Unmanaged
from reconciler.model.identity import Identity, phone_jid
from reconciler.model.person_ref import PersonRef
from reconciler.model.text import quote

_PersonChange = TypeVar("_PersonChange", MembershipChange, MembershipTermsChange)


def compare_configs(old: Desired, new: Desired, old_version: ConfigVersion, new_version: ConfigVersion) -> ConfigDiff:
    """Return what the newer version wants differently. Both are to be resolved as of the same day."""
    groups = tuple(sorted(_compare_groups(old, new), key=lambda group: group.key))
    changed = {group.key for group in groups}
    # A version that does not exist has no settings that could have changed: the groups say it all.
    both_exist = old_version.exists and new_version.exists
    deltas = compare_settings(old, new) if both_exist else ()
    return ConfigDiff(
        old=old_version,
        new=new_version,
        as_of=new.as_of,
        instance_id=new.instance_id or old.instance_id or "",
        groups=groups,
        unchanged=sum(group.key not in changed for group in new.groups),
        settings=_field_changes(
            deltas,
            lambda delta: change_notes.setting_note(old, new, delta.field, delta.old is not None),
            {**old.people, **new.people},
        ),
        lists=_list_changes(deltas, old, new),
        alias_changes=tuple(
            AliasChange(delta.item, PersonRef.of(old.people[delta.old]), PersonRef.of(new.people[delta.new]))
            for delta in _items(deltas, "aliases")
            # One that is new or gone shows where it is used.
            if delta.old is not None and delta.new is not None
        ),
        warnings=tuple(str(problem) for problem in sorted(new.warnings)),
        forbidden_removals=tuple(str(problem) for problem in forbidden_removals(old, new)),
    )


def added_fields(group: DesiredGroup, new: Desired) -> tuple[tuple[FieldChange, ...], tuple[ListChange, ...]]:
    """Return what a new group sets beside its name, id and members, and its lists of other people."""
    deltas = compare_groups(DesiredGroup(key=group.key), _without_members(group))
    fields = _field_changes(
        (delta for delta in deltas if delta.field not in {"name", "id", "members", "admins"}), _no_note
    )
    return tuple(replace(change, old=None) for change in fields), _list_changes(deltas, new, new)


def changed_fields(
    old: DesiredGroup, new: DesiredGroup, before: Desired, after: Desired
) -> tuple[tuple[FieldChange, ...], tuple[ListChange, ...]]:
    """Return what changed of a group beside who is a member, and its lists of other people."""
    deltas = compare_groups(_without_members(old), _without_members(new))
    return _field_changes(deltas, _no_note), _list_changes(deltas, before, after)


def changed_settings(old: Desired, new: Desired) -> tuple[tuple[FieldChange, ...], tuple[ListChange, ...]]:
    """Return what changed of the settings for all groups, aliases and other facts of people apart."""
    deltas = compare_settings(replace(old, people={}), replace(new, people={}))
    return _field_changes(deltas, _no_note), _list_changes(deltas, old, new)


def _without_members(group: DesiredGroup) -> DesiredGroup:
    """Return a group that says only whether its members are managed."""
    return replace(group, members=group.members if isinstance(group.members, Unmanaged) else {}, expired=())


def _no_note(_: Delta) -> str:
    return ""


def _compare_groups(old: Desired, new: Desired) -> Iterator[GroupDiff]:
    pairs = pair_groups(old.groups, new.groups)
    paired = {group.key for group in pairs.values()}
    removed = [group for group in old.groups if group.key not in paired]
    removed_by_name, new_by_name = index_by_name(removed), index_by_name(new.groups)
    for group in new.groups:
        before = pairs.get(group.key)
        if before is None:
            yield _added_group(group, new, find_namesakes(group, removed_by_name))
        elif before != group and (diff := _changed_group(before, group, old, new)).is_significant:
            yield diff
    for group in removed:
        note = change_notes.removed_group_note(group, find_namesakes(group, new_by_name))
        yield replace(_without_changes(group, GroupChangeKind.REMOVED), notes=(note,))


def _without_changes(group: DesiredGroup, change: GroupChangeKind) -> GroupDiff:
    name = "" if isinstance(group.name, Unmanaged) else group.name
    return GroupDiff(key=group.key, change=change, name=name, id=group.id, membership=group.membership)


def _added_group(group: DesiredGroup, new: Desired, namesakes: Sequence[DesiredGroup]) -> GroupDiff:
    """Return a group that is new; `namesakes` are the removed ones that share a name with it."""
    deltas = compare_groups(DesiredGroup(key=group.key), group, new.excluded_people)
    # The heading has name and id; the people in a list show that it is managed.
    fields = _field_changes(
        (delta for delta in deltas if delta.field not in {"name", "id", "members", "admins"}),
        lambda delta: change_notes.added_field_note(group, new.policy.max_removals, delta.field),
    )
    return replace(
        _without_changes(group, GroupChangeKind.ADDED),
        fields=tuple(replace(change, old=None) for change in fields),
        added=_added_members(deltas, group),
        left=_added_members(deltas, group, left=True),
        lists=_list_changes(deltas, new, new),
        notes=tuple(change_notes.added_group_notes(group, namesakes)),
    )


def _changed_group(old: DesiredGroup, new: DesiredGroup, before: Desired, after: Desired) -> GroupDiff:
    """Return a group that both versions have, under one key or, matched by its id or its name, under two."""
    # People that either version ignores are neither added nor removed; the policy's own change is reported once.
    deltas = compare_groups(old, new, before.excluded_people | after.excluded_people)
    # A group whose name is no longer managed is called as it was.
    named = replace(new, name=old.name) if isinstance(new.name, Unmanaged) else new
    added = _added_members(deltas, new)
    return replace(
        _without_changes(named, GroupChangeKind.CHANGED),
        old_key=old.key if old.key != new.key else None,
        fields=_field_changes(deltas, lambda delta: change_notes.field_note(old, new, delta.field)),
        added=added,
        removed=_removed_members(deltas, old, new, after),
        terms_changed=_terms_changes(deltas, new),
        left=_added_members(deltas, new, left=True),
        lists=_list_changes(deltas, before, after),
        notes=("only observed: nobody is added",) if added and new.membership is Membership.OBSERVE else (),
    )


def _added_members(deltas: Iterable[Delta], group: DesiredGroup, *, left: bool = False) -> tuple[MembershipChange, ...]:
    """Return who is new in the list of a group: those who are to be in it, or those who `left` a people file."""
    if group.state is State.LEFT:
        return ()
    new = [group.listed_members[Identity(delta.item)] for delta in _items(deltas, "members") if delta.old is None]
    members = [member for member in new if member.left is left]
    return _in_order(MembershipChange(ref_from_member(one), one.teams, one.by_invite) for one in members)


def _removed_members(
    deltas: Iterable[Delta], old: DesiredGroup, new: DesiredGroup, after: Desired
) -> tuple[MembershipChange, ...]:
    expired = {member.person.identity: member for member in new.expired}
    members = [old.listed_members[Identity(delta.item)] for delta in _items(deltas, "members") if delta.new is None]
    return _in_order(
        MembershipChange(
            ref_from_member(expired.get(one.person.identity, one)),
            one.teams,
            kept_because=change_notes.why_kept(one.person.identity, new, after),
        )
        for one in members
    )


def _terms_changes(deltas: Iterable[Delta], group: DesiredGroup) -> tuple[MembershipTermsChange, ...]:
    return _in_order(
        MembershipTermsChange(
            PersonRef.of(group.listed_members[Identity(delta.item)].person),
            _terms_text(delta.old),
            _terms_text(delta.new),
        )
        for delta in _items(deltas, "members")
        if delta.old is not None and delta.new is not None
    )


def _in_order(changes: Iterable[_PersonChange]) -> tuple[_PersonChange, ...]:
    return tuple(sorted(changes, key=lambda change: change.person.sort_key))


def _terms_text(form: Iterable[tuple[str, Any]]) -> str:
    """Return `until 2026-12-31, by invite, contractor`, and any other term with its name."""
    terms = dict(form)
    until, by_invite, reason, left = (terms.pop(name) for name in ("until", "by_invite", "reason", "left"))
    parts = [f"until {until.isoformat()}" if until else "", "by invite" if by_invite else "", reason or ""]
    parts += ["not added where not live"] if left else []
    parts += [f"{name}: {_field_text(value)}" for name, value in terms.items() if value]
    return ", ".join(part for part in parts if part) or "no end"


def _field_changes(
    deltas: Iterable[Delta], note: Callable[[Delta], str], people: Mapping[Identity, Person] | None = None
) -> tuple[FieldChange, ...]:
    return tuple(
        FieldChange(delta.field, *_field_texts(delta, people or {}), note(delta)) for delta in deltas if not delta.item
    )


def _field_texts(delta: Delta, people: Mapping[Identity, Person]) -> tuple[str | None, str | None]:
    text = _FIELD_TEXTS.get(delta.field, _field_text)
    if delta.field.startswith("rules["):
        text = partial(_exemptions_text, people=people) if delta.field.endswith("].exempt") else _rule_text
    old, new = text(delta.old), text(delta.new)
    # Two codes are never written out, so they look the same.
    return old, "another code" if delta.field == "invite" and old and new else new


def _field_text(value: Any) -> str | None:
    """Return a value of a normal form in words; None where it is not set."""
    if value is None or isinstance(value, Unmanaged):
        return None
    if isinstance(value, dict):
        return "managed"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return ", ".join(map(str, value)) if isinstance(value, tuple) else str(value)


def _restrictions_text(form: Iterable[tuple[str, Any]] | None) -> str | None:
    """Return `sales/**: sales-*, teams; b.yaml: nothing`."""
    if form is None:
        return None
    rules = []
    for rule in map(dict, dict(form)["rules"]):
        allowed = [*rule["groups"], *(name for name, value in rule.items() if value is True)]
        rules.append(f"{rule['path']}: {', '.join(allowed) or 'nothing'}")
    return "; ".join(rules)


def _rule_text(form: Iterable[tuple[str, Any]] | None) -> str | None:
    """Return `separate; teams: audit, board; severity: error`."""
    if form is None:
        return None
    terms = dict(form)
    texts = {name: _field_text(value) for name, value in terms.items() if name != "use" and value not in ((), "")}
    return "; ".join([terms["use"], *(f"{name}: {text}" for name, text in texts.items() if text is not None)])


def _exemptions_text(form: Iterable[Any] | None, people: Mapping[Identity, Person]) -> str | None:
    """Return `alice in board until 2027-03-31 (board decision)`, and the other exemptions."""
    texts = []
    for exemption in map(dict, form or ()):
        person = people.get(exemption["person"])
        who = person.alias if person is not None and person.alias else exemption["person"]
        whom = " in ".join(filter(None, [who, exemption["group"]]))
        texts.append(f"{whom} until {exemption['until'].isoformat()} ({exemption['reason']})")
    return "; ".join(texts) or None


_FIELD_TEXTS: Final[Mapping[str, Callable[[Any], str | None]]] = {
    "previously": lambda names: ", ".join(quote(name) for name in names) or None,
    "restrictions": _restrictions_text,
    # Anybody who reads a code can join with it.
    "invite": lambda code: None if code is None else "a code",
}


def _list_changes(deltas: Iterable[Delta], old: Desired, new: Desired) -> tuple[ListChange, ...]:
    """Return the changes of every list of people that is not reported in another way."""
    # Members are reported one by one; an expired member is reported as removed.
    items = (delta for delta in deltas if delta.item and delta.field not in {"members", "expired", "aliases"})
    changes = []
    for field, group in groupby(items, key=lambda delta: delta.field):
        people = list(group)
        added = _refs((delta.item for delta in people if delta.new is not None), new.people)
        removed = _refs((delta.item for delta in people if delta.old is not None), old.people)
        changes.append(ListChange(field, added, removed, change_notes.list_note(field, bool(removed))))
    return tuple(changes)


def _refs(identities: Iterable[str], people: Mapping[Identity, Person]) -> tuple[PersonRef, ...]:
    known = (people.get(Identity(one)) or Person(Identity(one), phone_jid(one.removeprefix("+"))) for one in identities)
    return sorted_people(PersonRef.of(person) for person in known)


def _items(deltas: Iterable[Delta], field: str) -> Iterator[Delta]:
    return (delta for delta in deltas if delta.field == field and delta.item)
