"""Write the ids of matched groups into the YAML files, and change nothing else, byte for byte."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TypeAlias, cast

from yaml.error import Mark
from yaml.events import MappingStartEvent

from reconciler.config.document import Tree
from reconciler.config.problem_collector import quote_value
from reconciler.config.yaml_events import DocumentPath, used_anchors, walk
from reconciler.editing.yaml_edit import EditResult, Insertion, YamlFile, edit_entries, is_shared, read_yaml_files
from reconciler.errors import ReconcilerError
from reconciler.model.identity import is_group_id

_Groups: TypeAlias = Mapping[str, Mapping[str, Tree]]


def pin(path: Path, ids: Mapping[str, str]) -> EditResult:
    """Return the files with the ids of groups, by their keys, without writing them.

    A group that has an id keeps it. Raise ConfigError if a file is not valid YAML, ReconcilerError for an unknown key
    or an invalid id.
    """
    for key, group_id in ids.items():
        if not is_group_id(group_id):
            raise ReconcilerError(f"{quote_value(group_id)} for the group {quote_value(key)} is not a group's id")
    files = read_yaml_files(path)
    missing = [key for key in sorted(ids) if not any(key in _groups(file) for file in files)]
    if missing:
        raise ReconcilerError(
            f"{path} has no group {', '.join(map(quote_value, missing))}", "check the keys under `groups`"
        )
    changed: dict[Path, bytes] = {}
    not_editable: dict[str, str] = {}
    for file in files:
        new = {key: group for key, group in _groups(file).items() if key in ids and "id" not in group}
        insertions = _insertions(file, {key: ids[key] for key in new}) if new else {}
        pinned: dict[str, Tree] = {key: {**group, "id": ids[key]} for key, group in new.items()}
        text, reasons = edit_entries(file, "groups", insertions, pinned)
        not_editable |= reasons
        if text != file.text:
            changed[Path(file.source.file)] = file.encode(text)
    return EditResult(changed, not_editable)


def _groups(file: YamlFile) -> _Groups:
    """Return the groups of a file that are mappings."""
    section = file.root.get("groups")
    groups = section if isinstance(section, dict) else {}
    return {key: group for key, group in groups.items() if isinstance(group, dict)}


def _insertions(file: YamlFile, ids: Mapping[str, str]) -> dict[str, Sequence[Insertion]]:
    """Return what is inserted for each group, and where in the text: before its first key, or into its empty braces.

    A group that shares its text with another place through a YAML alias has no insertion.
    """
    text, groups = file.text, _groups(file)
    used = used_anchors(text)
    insertions: dict[str, Sequence[Insertion]] = {}
    flow: dict[str, bool | None] = {}
    first_keys = {("groups", key, next(iter(groups[key]), "")) for key in ids}
    wanted: set[DocumentPath] = {path[:end] for path in first_keys for end in range(4)}
    for path, key_event, event in walk(text, wanted):
        if len(path) == 1 and is_shared(event, used):
            break
        if len(path) == 2 and isinstance(event, MappingStartEvent) and not is_shared(event, used):
            key = str(path[1])
            flow[key] = event.flow_style
            if not groups[key]:
                index = text.index("}", cast("Mark", event.end_mark).index)
                insertions[key] = [Insertion(index, f"id: {ids[key]}")]
        elif len(path) == 3 and (key := str(path[1])) in flow:
            mark = cast("Mark", key_event.start_mark)
            line_break = file.line_break(mark.index) + " " * mark.column
            insertions[key] = [Insertion(mark.index, f"id: {ids[key]}{', ' if flow[key] else line_break}")]
    return insertions
