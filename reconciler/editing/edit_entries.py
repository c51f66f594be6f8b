"""Change people and groups themselves: a number, a name, a field, a new group. Pure: values in, values out."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final

from reconciler.config.document import Tree, as_sequence
from reconciler.config.person_reference import parse_person
from reconciler.config.phone_numbers import address_text
from reconciler.config.problem_collector import quote_value
from reconciler.editing.config_edit import ConfigEdit
from reconciler.editing.edit_members import PersonEntry, with_number
from reconciler.errors import UsageError
from reconciler.model.desired import Unmanaged
from reconciler.model.text import closest_name, normalize

FIELDS: Final = (
    "description",
    "id",
    "invite",
    "lookalikes",
    "max_removals",
    "membership",
    "priority",
    "state",
)
"""Fields of a group that are one value."""
_LISTS: Final = ("absent", "admins", "except", "members", "previously", "teams")


def set_person(edit: ConfigEdit, alias: str, phone: str | None, name: str | None) -> ConfigEdit:
    """Return the same with another number or name of a person.

    Another number replaces the old one in every list, too, and the `lid` goes.
    """
    entry = edit.entry("people", alias)
    if entry is None:
        raise UsageError(f"{edit.path} has nobody called {quote_value(alias)}", "give an alias from `people`")
    fields: dict[str, Tree] = dict(entry) if isinstance(entry, dict) else {"phone": entry}
    if phone is not None:
        person = parse_person(phone)
        known = next((each for each in edit.desired.people.values() if alias in each.aliases), None)
        if known is None or known.identity != person.identity:
            number = address_text(person.jid, person.identity) or person.jid
            fields["phone"] = number
            fields.pop("lid", None)  # a private id belongs to the account of the old number
            if known is not None and known.aliases == (alias,):
                edit = with_number(edit, known.identity, number)
    if name is not None:
        fields["name"] = name
    is_number = not isinstance(entry, dict) and fields.keys() == {"phone"}
    return edit.with_entry("people", alias, fields["phone"] if is_number else fields)


def rename(edit: ConfigEdit, key: str, name: str) -> ConfigEdit:
    """Return the same with another name of a group; where it has no id, the old name goes into `previously`."""
    group, name = edit.group(key), normalize(name)
    old = None if isinstance(group.name, Unmanaged) else group.name
    if old == name:
        return edit
    edit = edit.with_field(key, "name", name)
    if old is None or group.id is not None:
        return edit
    had = as_sequence(edit.fields(key).get("previously", []))
    previously = [each for each in had if not (isinstance(each, str) and normalize(each) in (old, name))] + [old]
    return edit.with_field(key, "previously", previously, after=["name"])


def set_field(edit: ConfigEdit, key: str, field: str, value: str) -> ConfigEdit:
    """Return the same with another value in a field of a group; raise UsageError for one that is not one value."""
    edit.group(key)
    if field == "name":
        raise UsageError("`edit set` does not rename a group", f"use `reconciler edit rename {key} NAME`")
    if field in _LISTS:
        raise UsageError(f"{quote_value(field)} is a list", "use `reconciler edit add` and `reconciler edit remove`")
    if field not in FIELDS:
        closest = closest_name(field, FIELDS)
        hint = f"the fields are {', '.join(FIELDS)}"
        raise UsageError(
            f"a group has no field {quote_value(field)}",
            f"did you mean {quote_value(closest)}?" if closest is not None else hint,
        )
    new = normalize(value) if field == "description" else value.strip()
    if edit.fields(key).get(field) == new:
        return edit
    if field == "id":  # it comes first, as `pin` writes it
        return edit.with_entry("groups", key, {"id": new, **edit.fields(key), field: new})
    return edit.with_field(key, field, new)


def add_group(edit: ConfigEdit, key: str, name: str, people: Sequence[PersonEntry], file: str | None) -> ConfigEdit:
    """Return the same with a new group, in `file` or else in the only file of the path."""
    if edit.file_of("groups", key) is not None:
        raise UsageError(f"{edit.path} has a group {quote_value(key)} already", "give another key")
    group: dict[str, Tree] = {"name": normalize(name)}
    if people:
        group["members"] = [person.reference for person in people]
    return edit.with_entry("groups", key, group, _file(edit, file, "the group", list(edit.roots)))


def add_person(
    edit: ConfigEdit, alias: str, name: str | None, person: PersonEntry, file: str | None = None
) -> ConfigEdit:
    """Return the same with a new alias for a number, in `file` or else in the only file that has `people`."""
    known = edit.desired.people.get(person.identity)
    if known is not None:
        raise UsageError(f"{person.label} is {quote_value(known.alias or '')} already", "use that alias")
    if edit.file_of("people", alias) is not None:
        raise UsageError(f"{edit.path} has an alias {quote_value(alias)} already", "give another alias")
    entry: Tree = person.reference if name is None else {"phone": person.reference, "name": name}
    return edit.with_entry("people", alias, entry, _file(edit, file, "the new alias", edit.files_for("people")))


def _file(edit: ConfigEdit, file: str | None, what: str, choices: Sequence[str]) -> str:
    """Return where a new entry goes; raise UsageError, with the choices, if that is not clear."""
    if file is not None and file not in edit.roots:
        file = next((name for name in edit.roots if Path(name) == edit.path / file), file)
    if file is not None and file not in edit.roots:
        raise UsageError(f"{quote_value(file)} is not a file of {edit.path}", f"its files are {', '.join(edit.roots)}")
    if file is None and len(choices) > 1:
        raise UsageError(f"{what} may go into several files", f"name one with --file: {', '.join(choices)}")
    return file if file is not None else choices[0]
