"""Write the ids of matched groups into the YAML files, and change nothing else, byte for byte."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias, cast

from yaml.error import Mark
from yaml.events import MappingStartEvent

from reconciler.config.document import Tree, as_mapping
from reconciler.config.problem_collector import quote_value
from reconciler.config.yaml_events import DocumentPath, used_anchors, walk
from reconciler.editing.yaml_edit import Insertion, YamlFile, is_shared, read_yaml_files
from reconciler.errors import ReconcilerError
from reconciler.model.identity import is_group_id

_Groups: TypeAlias = Mapping[str, Mapping[str, Tree]]


@dataclass(frozen=True, slots=True)
class PinResult:
    """The new bytes of each file that changes, and by key why a group cannot be edited safely."""

    files: Mapping[Path, bytes]
    not_editable: Mapping[str, str]


def pin(path: Path, ids: Mapping[str, str]) -> PinResult:
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
        new = {key: ids[key] for key, group in _groups(file).items() if key in ids and "id" not in group}
        text, reasons = _with_safe_ids(file, new) if new else (file.text, {})
        not_editable |= {key: f"{file.source.file}: {reason}" for key, reason in reasons.items()}
        if text != file.text:
            changed[Path(file.source.file)] = file.encode(text)
    return PinResult(changed, not_editable)


def _groups(file: YamlFile) -> _Groups:
    """Return the groups of a file that are mappings."""
    section = file.root.get("groups")
    groups = section if isinstance(section, dict) else {}
    return {key: group for key, group in groups.items() if isinstance(group, dict)}


def _with_safe_ids(file: YamlFile, ids: Mapping[str, str]) -> tuple[str, dict[str, str]]:
    """Return the text with the ids that provably change nothing else in it, and the reasons against the others."""
    insertions = _insertions(file, ids)
    reasons = {key: "its text is shared through a YAML alias" for key in ids if key not in insertions}
    text = file.with_insertions(insertions.values())
    if not _only_adds_ids(file, text, {key: ids[key] for key in insertions}):
        alone = {
            key: insertion
            for key, insertion in insertions.items()
            if _only_adds_ids(file, file.with_insertions([insertion]), {key: ids[key]})
        }
        text = file.with_insertions(alone.values())
        if not _only_adds_ids(file, text, {key: ids[key] for key in alone}):
            text, alone = file.text, {}
        reasons |= {key: "its text cannot be edited safely" for key in insertions if key not in alone}
    return text, reasons


def _insertions(file: YamlFile, ids: Mapping[str, str]) -> dict[str, Insertion]:
    """Return what is inserted for each group, and where in the text: before its first key, or into its empty braces.

    A group that shares its text with another place through a YAML alias has no insertion.
    """
    text, groups = file.text, _groups(file)
    used = used_anchors(text)
    insertions: dict[str, Insertion] = {}
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
                insertions[key] = Insertion(index, f"id: {ids[key]}")
        elif len(path) == 3 and (key := str(path[1])) in flow:
            mark = cast("Mark", key_event.start_mark)
            line_break = file.line_break(mark.index) + " " * mark.column
            insertions[key] = Insertion(mark.index, f"id: {ids[key]}{', ' if flow[key] else line_break}")
    return insertions


def _only_adds_ids(file: YamlFile, text: str, ids: Mapping[str, str]) -> bool:
    """Return whether the edited text means the same as the file plus the ids."""
    groups = as_mapping(file.root.get("groups"))
    pinned = {key: {**as_mapping(group), "id": ids[key]} if key in ids else group for key, group in groups.items()}
    return file.means(text, {**file.root, "groups": pinned})
