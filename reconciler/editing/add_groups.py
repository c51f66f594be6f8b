"""Add live groups that a file does not have, and their people; everything that is there stays, byte for byte."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date

from reconciler.config import FileContent, load_contents
from reconciler.config.document import Tree, as_mapping
from reconciler.config.export import Entries, Existing
from reconciler.config.problem_collector import ProblemCollector
from reconciler.config.yaml_events import DocumentPath
from reconciler.config.yaml_reader import read_yaml
from reconciler.diff.lookalike import GroupToCreate, LookalikeSearch
from reconciler.diff.match import match_groups, normalized_names
from reconciler.editing.yaml_edit import YamlFile
from reconciler.model.desired import Desired, Unmanaged
from reconciler.model.live import ListedGroup, LiveGroup
from reconciler.model.text import normalize


def new_groups(groups: Sequence[LiveGroup], desired: Desired) -> list[LiveGroup]:
    """Return the live groups that a configuration does not have: by their id, or by name if a key has no id."""
    ids = {group.id for group in desired.groups if group.id is not None}
    names = {name for group in desired.groups if group.id is None for name in normalized_names(group)}
    return [group for group in groups if group.id not in ids and normalize(group.name) not in names]


def lookalikes(live: Sequence[LiveGroup], new: Sequence[LiveGroup], desired: Desired) -> dict[str, str]:
    """Return, by the ids of `new` groups, the key that no live group matches and that the group may be.

    Under a key of its own the group would block that key no more, and the next plan would create a second one.
    """
    matches = match_groups(desired.groups, [_entry(group) for group in live])
    created = [match for match in matches.values() if match.creates and match.group.lookalikes is None]
    search = LookalikeSearch.of([GroupToCreate.of(match, desired) for match in created], (), desired)

    def key_of(group: LiveGroup) -> str | None:
        return next(iter(replace(search, others=[_entry(group)]).blocked({group.id: group})), None)

    found = ((group.id, key_of(group)) for group in new)
    return {group_id: key for group_id, key in found if key is not None}


def _entry(group: LiveGroup) -> ListedGroup:
    """Return a group that was read as the list would show it."""
    return ListedGroup(id=group.id, name=group.name, count=group.count, participants=group.participants)


def new_people(entries: Entries, desired: Desired) -> frozenset[str]:
    """Return the people of new groups who are not in a configuration, neither by an alias nor in a group."""
    known = {identity for group in desired.groups for identity in group.listed_members}
    return entries.members - desired.people.keys() - known


def existing_entries(file: YamlFile, desired: Desired) -> Existing:
    """Return what new entries of a file must not repeat."""
    names = {normalize(group.name) for group in desired.groups if not isinstance(group.name, Unmanaged)}
    return Existing(
        keys=list(file.section("groups")),
        names=names,
        aliases={identity: person.alias for identity, person in desired.people.items() if person.alias is not None},
        taken=list(file.section("people")),
        defaults=list(file.section("defaults")),
    )


def add_entries(file: YamlFile, entries: Entries) -> bytes:
    """Return the bytes of the file with new entries, each below the last one of its section.

    Raise NotEditable if its layout does not allow that, or if the result would mean anything else than the file and the
    entries; ConfigError if the result would not be valid.
    """
    added = {name: lines for name, lines in (("people", entries.people), ("groups", entries.groups)) if lines}
    sections: dict[str, Tree] = {name: {**file.section(name), **_values(name, lines)} for name, lines in added.items()}
    written: dict[DocumentPath, str] = {}
    for name, lines in added.items():
        if name in file.root:
            written |= {(name, key): text for key, text in lines.items()}
        else:
            written[(name,)] = "\n".join(f"  {line}" for line in (f"{name}:", *"\n".join(lines.values()).split("\n")))
    text = file.changed({**file.root, **sections}, written)
    load_contents([FileContent(file.source.file, text.encode())], as_of=date.min, folder=None, name=file.name)
    return file.encode(text)


def text_to_paste(entries: Entries) -> str:
    """Return the entries as YAML, below the keys of their sections."""
    sections = (("people", entries.people), ("groups", entries.groups))
    return "\n".join(line for name, lines in sections if lines for line in (f"{name}:", *lines.values()))


def _values(section: str, lines: Mapping[str, str]) -> dict[str, Tree]:
    """Return what entries mean, which is read from their own lines."""
    document = read_yaml("", "\n".join([f"{section}:", *lines.values()]), ProblemCollector())
    assert document is not None  # noqa: S101  this program wrote the lines
    return as_mapping(document.root[section])
