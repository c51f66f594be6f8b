"""A configuration that is being edited: the values that its files are to have, and the files that this makes."""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path
from typing import TypeAlias

from reconciler.config import FileContent, load, load_contents
from reconciler.config.document import Tree, as_mapping, locate
from reconciler.config.phone_numbers import country_code
from reconciler.config.problem_collector import format_path, quote_person, quote_value
from reconciler.config.yaml_events import DocumentPath
from reconciler.editing.yaml_edit import YamlFile, read_yaml_files
from reconciler.editing.yaml_layout import NotEditable
from reconciler.editing.yaml_style import Style
from reconciler.errors import ConfigError, UsageError
from reconciler.model.desired import Desired, DesiredGroup, Person
from reconciler.model.identity import Identity
from reconciler.model.rules import Finding
from reconciler.model.text import closest_name
from reconciler.rules import evaluate
from reconciler.sources.model import FileHistory

Root: TypeAlias = "dict[str, Tree]"


class PasteNeeded(UsageError):
    """A file that cannot be edited safely; `lines` are to be pasted by hand, and hold full numbers."""

    def __init__(self, message: str, hint: str, lines: Sequence[str]) -> None:
        super().__init__(message, hint)
        self.lines = tuple(lines)


@dataclass(frozen=True, slots=True)
class EditedConfig:
    """What an edit makes: the new bytes of each file that changes, its old and new text, and the new desired state."""

    files: Mapping[Path, bytes]
    texts: tuple[tuple[str, str, str], ...]
    """For each file that changes: its path, the old text and the new one."""
    before: Desired
    after: Desired

    def memberships(self) -> Iterator[tuple[str, Person, bool]]:
        """Yield whose membership of which group changes: the key, the person, whether they come.

        Somebody who has another number under their alias goes with the old one, and comes with the new one.
        """
        old = {group.key: group.listed_members for group in self.before.groups}
        for group in self.after.groups:
            before, now = old.get(group.key, {}), group.listed_members
            gone = [member.person for identity, member in before.items() if identity not in now]
            come = [member.person for identity, member in now.items() if identity not in before]
            changes = [(person, False) for person in gone] + [(person, True) for person in come]
            for person, comes in sorted(changes, key=lambda change: change[0].alias or change[0].identity):
                yield group.key, person, comes

    def require_nobody_else(self, people: Collection[Identity] = ()) -> None:
        """Raise UsageError if the membership of anybody else than these people changes in any group."""
        for key, person, comes in self.memberships():
            if person.identity not in people:
                who, what = quote_person(person.alias or person.identity), "come into" if comes else "leave"
                message = f"nothing was written: {who} would {what} the group {quote_value(key)} too"
                raise UsageError(message, "make this change in the file by hand")

    def require_wanted_people(self) -> None:
        """Raise UsageError if somebody comes into a group who did not agree, or who left a people file."""
        for _, person, comes in self.memberships():
            if comes:
                require_wanted(self.after, person.identity, quote_person(person.alias or person.identity))

    def added_findings(self) -> tuple[Finding, ...]:
        """Return what is found about the rules now, and was not before."""
        if not self.after.findings:
            return ()
        before = set(evaluate(self.before, self.before.as_of, country_code))
        return tuple(each for each in self.after.findings if replace(each, place=None) not in before)


def why_unwanted(desired: Desired, identity: Identity) -> tuple[str, str] | None:
    """Return why nobody may add a person, by a people file, and what to do; None where they may be added.

    Who did not agree is never added. Somebody who left a people file, and is in nothing else, is only kept for the
    days of `grace`.
    """
    for file in desired.people_files:
        if identity in file.declined:
            reason = f"did not agree, by row {file.declined[identity]} of {quote_value(file.name)}"
            return reason, "if they agreed, correct the column of `consent` there"
    person = desired.people.get(identity)
    aliases = set(person.aliases) if person is not None else set()
    left = {alias: file for file in desired.people_files for alias in aliases & file.people.keys()}
    rows = [(file, file.people[alias]) for alias, file in left.items() if file.people[alias].left]
    if not rows or len(rows) < len(aliases):
        return None
    file, row = rows[0]
    reason = f"left {quote_value(file.name)}, where it was row {row.row}"
    return reason, "put the row back there, or give the number an alias under `people` (`edit add NUMBER --as ALIAS`)"


def require_wanted(desired: Desired, identity: Identity, label: str) -> None:
    """Raise UsageError if nobody may add a person, by a people file; `label` is who it is, for the message."""
    unwanted = why_unwanted(desired, identity)
    if unwanted is not None:
        raise UsageError(f"nothing was written: {label} {unwanted[0]}", unwanted[1])


@dataclass(frozen=True, slots=True)
class ConfigEdit:
    """The files of a path, what they mean now, and by file the values that they are to have."""

    path: Path
    desired: Desired
    files: tuple[YamlFile, ...]
    roots: Mapping[str, Root] = field(default_factory=dict)
    history: Callable[[], FileHistory] | None = None
    """Makes what knows who left the people files lately."""

    @classmethod
    def load(cls, path: Path, as_of: date, history: Callable[[], FileHistory] | None = None) -> ConfigEdit:
        """Read a file or a folder; raise ConfigError if it is not valid."""
        desired = load(path, as_of=as_of, history=history)
        files = tuple(read_yaml_files(path))
        return cls(path, desired, files, {file.source.file: dict(file.root) for file in files}, history)

    def group(self, key: str) -> DesiredGroup:
        """Return a group; raise UsageError if there is none with this key."""
        found = next((group for group in self.desired.groups if group.key == key), None)
        if found is None:
            closest = closest_name(key, [group.key for group in self.desired.groups])
            hint = "check the keys under `groups`" if closest is None else f"did you mean {quote_value(closest)}?"
            raise UsageError(f"{self.path} has no group {quote_value(key)}", hint)
        return found

    def file_of(self, section: str, name: str) -> str | None:
        """Return the file that defines a key of a section."""
        return next((file for file, root in self.roots.items() if name in _mapping(root.get(section))), None)

    def files_for(self, section: str) -> list[str]:
        """Return the files that a new entry of a section may go into: those that have it, or all if none has."""
        return [file for file, root in self.roots.items() if section in root] or list(self.roots)

    def entry(self, section: str, name: str) -> Tree:
        """Return an entry of a section; None if no file has it."""
        file = self.file_of(section, name)
        return None if file is None else as_mapping(self.roots[file][section])[name]

    def entries(self, section: str) -> Iterator[tuple[str, Tree]]:
        """Yield the entries of a section in all files."""
        for root in self.roots.values():
            yield from _mapping(root.get(section)).items()

    def fields(self, key: str) -> dict[str, Tree]:
        """Return the fields that a group itself has."""
        return _mapping(self.entry("groups", key))

    def with_entry(self, section: str, name: str, value: Tree, file: str | None = None) -> ConfigEdit:
        """Return the same with an entry; a new one goes into `file`, sorted where the section is sorted."""
        file = self.file_of(section, name) or file
        if file is None:
            raise UsageError(f"{self.path} has no {section} {quote_value(name)}", f"check the keys under `{section}`")
        root = self.roots[file]
        return self._with_root(file, {**root, section: with_key(_mapping(root.get(section)), name, value)})

    def without_entry(self, section: str, name: str) -> ConfigEdit:
        """Return the same without an entry."""
        file = self.file_of(section, name)
        if file is None:
            return self
        left = {key: value for key, value in _mapping(self.roots[file][section]).items() if key != name}
        return self._with_root(file, {**self.roots[file], section: left})

    def with_field(self, key: str, name: str, value: Tree, *, after: Sequence[str] = ()) -> ConfigEdit:
        """Return the same with a field of a group; a new one goes after the last of some others, else to the end."""
        return self.with_entry("groups", key, _with_field(self.fields(key), name, value, after))

    def without_field(self, key: str, name: str) -> ConfigEdit:
        """Return the same without a field of a group."""
        return self.with_entry("groups", key, {each: v for each, v in self.fields(key).items() if each != name})

    def with_section(self, section: str, value: Mapping[str, Tree]) -> ConfigEdit:
        """Return the same with other values in a section that one file has: `policy` or `defaults`."""
        file = next((file for file, root in self.roots.items() if section in root), None)
        return self if file is None else self._with_root(file, {**self.roots[file], section: dict(value)})

    def section(self, section: str) -> dict[str, Tree]:
        """Return `policy` or `defaults`; empty where no file has it."""
        return next((_mapping(root[section]) for root in self.roots.values() if section in root), {})

    def result(self) -> EditedConfig:
        """Return the files that have the wanted values, without writing them, and what breaks the rules then.

        Raise UsageError if the whole would not be valid, PasteNeeded if a layout cannot be edited safely.
        """
        texts = {file.source.file: self._changed(file) for file in self.files}
        changed = [file for file in self.files if texts[file.source.file] != file.text]
        data = {file.source.file: file.encode(texts[file.source.file]) for file in changed}
        contents = [
            FileContent(each.source.file, data.get(each.source.file, each.source.data), linked=each.source.linked)
            for each in self.files
        ]
        folder, day = str(self.path) if os.path.isdir(self.path) else None, self.desired.as_of
        checked = day if changed else None
        try:
            after = load_contents(
                contents, as_of=day, folder=folder, name=self.path.name, check_rules=checked, history=self.history
            )
        except ConfigError as error:
            problems = "\n".join(line for each in error.problems if each.severity == "error" for line in each.lines())
            message = f"nothing was written, because {self.path} would not be valid:\n{problems}"
            raise UsageError(message, "correct the problems above, or give other values") from None
        changes = tuple((file.source.file, file.text, texts[file.source.file]) for file in changed)
        return EditedConfig({Path(file): each for file, each in data.items()}, changes, self.desired, after)

    def _with_root(self, file: str, root: Root) -> ConfigEdit:
        return replace(self, roots={**self.roots, file: root})

    def _changed(self, file: YamlFile) -> str:
        root = self.roots[file.source.file]
        if root == file.root:
            return file.text
        try:
            return file.changed(root)
        except NotEditable as error:
            raise _paste_needed(file, root, error) from None
        except ValueError:  # half of a surrogate pair: Python has it for a byte that is not UTF-8
            raise UsageError("nothing was written: a text is not valid UTF-8", "check the encoding") from None


def with_key(entries: Mapping[str, Tree], name: str, value: Tree) -> dict[str, Tree]:
    """Return a mapping with an entry: in the place that it has, or sorted where all are sorted, else at the end."""
    keys = list(entries)
    if name in entries or len(keys) < 2 or keys != sorted(keys):
        return {**entries, name: value}
    added = {**entries, name: value}
    return {key: added[key] for key in sorted(added)}


def _mapping(value: Tree) -> dict[str, Tree]:
    return value if isinstance(value, dict) else {}


def _with_field(fields: Mapping[str, Tree], name: str, value: Tree, after: Sequence[str]) -> dict[str, Tree]:
    places = [index for index, each in enumerate(fields) if each in after]
    if name in fields or not places:
        return {**fields, name: value}
    entries = list(fields.items())
    at = places[-1] + 1
    return dict([*entries[:at], (name, value), *entries[at:]])


def _paste_needed(file: YamlFile, root: Root, error: NotEditable) -> PasteNeeded:
    """Return the error that names the place in the file and has the lines to paste there."""
    path: DocumentPath = error.path
    old, new = _at(dict(file.root), path), _at(root, path)
    while isinstance(old, dict) and isinstance(new, dict):  # the only key below which anything differs
        differing = [key for key in old.keys() | new.keys() if old.get(key) != new.get(key)]
        if len(differing) != 1 or differing[0] not in old or differing[0] not in new:
            break
        path, old, new = (*path, differing[0]), old[differing[0]], new[differing[0]]
    line = locate(file.text, [path])[path].key[0]
    where = f" `{format_path(path)}`:" if path else ""
    message = f"{file.source.file}:{line}:{where} {error.reason}, so nothing was written"
    return PasteNeeded(message, "make this change there yourself", list(_lines_to_paste(old, new)))


def _at(tree: Tree, path: DocumentPath) -> Tree:
    for step in path:
        if isinstance(tree, dict):
            tree = tree.get(str(step))
        elif isinstance(tree, list) and isinstance(step, int) and step < len(tree):
            tree = tree[step]
        else:
            return None
    return tree


def _lines_to_paste(old: Tree, new: Tree) -> Iterator[str]:
    """Yield what comes and what goes, as lines of YAML after `+` and `-`."""
    style = Style()
    gone: list[list[str]] = [[style.flow(old)]]
    come: list[list[str]] = [[style.flow(new)]]
    if isinstance(old, list) and isinstance(new, list):
        gone = [style.block(None, each) for each in old if each not in new]
        come = [style.block(None, each) for each in new if each not in old]
    elif isinstance(old, dict) and isinstance(new, dict):
        gone = [style.block(key, value) for key, value in old.items() if new.get(key) != value]
        come = [style.block(key, value) for key, value in new.items() if old.get(key) != value]
    yield from (f"- {line}" for lines in gone for line in lines)
    yield from (f"+ {line}" for lines in come for line in lines)
