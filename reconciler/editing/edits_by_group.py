"""Divide an edit into one for each group, so that each can be a commit that may be dropped. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from reconciler.editing.config_edit import ConfigEdit, EditedConfig
from reconciler.errors import UsageError
from reconciler.model.text import plural


@dataclass(frozen=True, slots=True)
class GroupEdit:
    """The edit of one group, made after those before it; `files` has the new bytes of each file that it changes.

    The `key` is "" for what is of no group: new aliases of people, which groups may need.
    """

    key: str
    files: Mapping[Path, bytes]
    edited: EditedConfig

    @property
    def subject(self) -> str:
        """The subject of a commit: `Adopt project-alpha: name, 2 people who came`."""
        if not self.key:
            return "Add aliases of people who came"
        old, new = (
            next((group for group in desired.groups if group.key == self.key), None)
            for desired in (self.edited.before, self.edited.after)
        )
        what = [name for name in ("name", "description") if getattr(old, name, None) != getattr(new, name, None)]
        moves = [comes for _, comes in self.people]
        for comes, words in ((True, "who came"), (False, "who left")):
            if number := moves.count(comes):
                what.append(f"{plural(number, 'person', 'people')} {words}")
        return f"Adopt {self.key}{': ' if what else ''}{', '.join(what)}"

    @property
    def people(self) -> tuple[tuple[str, bool], ...]:
        """Whose membership of the group changes, by alias or else by full number, and whether they come."""
        moves = (move for move in self.edited.memberships() if move[0] == self.key)
        return tuple((person.alias or person.identity, comes) for _, person, comes in moves)


@dataclass(frozen=True, slots=True)
class EditsByGroup:
    """The edits in their order, and for each group that is left out why it cannot be edited."""

    edits: tuple[GroupEdit, ...] = field(default=())
    refused: tuple[tuple[str, UsageError], ...] = field(default=())


def edits_by_group(before: ConfigEdit, after: ConfigEdit, check: Callable[[EditedConfig], None]) -> EditsByGroup:
    """Return an edit for each group that `after` changes, sorted by key; what is of no group comes first.

    `check` raises UsageError for an edit that would have another effect. A group whose edit is refused is left out.
    """
    edits: list[GroupEdit] = []
    refused: list[tuple[str, UsageError]] = []
    edit, written = _without_groups(before, after), dict[Path, bytes]()
    keys = sorted(key for key, fields in after.entries("groups") if fields != before.entry("groups", key))
    for key in ("", *keys):
        file = after.file_of("groups", key)
        wanted = edit.with_entry("groups", key, after.entry("groups", key), file) if key else edit
        try:
            edited = wanted.result()
            check(edited)
        except UsageError as error:
            if not key:
                raise
            refused.append((key, error))
            continue
        edit = wanted
        changed = {file: data for file, data in edited.files.items() if written.get(file) != data}
        if changed:
            edits.append(GroupEdit(key, changed, edited))
            written |= changed
    return EditsByGroup(tuple(edits), tuple(refused))


def _without_groups(before: ConfigEdit, after: ConfigEdit) -> ConfigEdit:
    """Return the same edit with the groups as they were."""
    roots = {}
    for file, root in after.roots.items():
        old = before.roots.get(file, {})
        groups = {"groups": old["groups"]} if "groups" in old else {}
        order = root if "groups" in old else [name for name in root if name != "groups"]
        roots[file] = {name: groups.get(name, root[name]) for name in order}
    return replace(after, roots=roots)
