"""Write the ids of matched groups into the YAML files, and change nothing else, byte for byte."""

from __future__ import annotations

import codecs
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias, cast

from yaml.error import Mark
from yaml.events import AliasEvent, Event, MappingStartEvent

from reconciler.atomic_file import write_atomic
from reconciler.config.document import Tree, as_mapping
from reconciler.config.problem_collector import ProblemCollector, quote_value
from reconciler.config.source_files import SourceFile, find_config_files, read_file
from reconciler.config.yaml_events import DocumentPath, used_anchors, walk
from reconciler.config.yaml_reader import read_yaml
from reconciler.errors import ConfigError, ReconcilerError
from reconciler.model.identity import is_group_id

_Groups: TypeAlias = Mapping[str, Mapping[str, Tree]]
_NEWLINE = re.compile(r"\r\n|\n|\r")


@dataclass(frozen=True, slots=True)
class PinResult:
    """The new bytes of each file that changes, and by key why a group cannot be edited safely."""

    files: Mapping[Path, bytes]
    not_editable: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class _File:
    """A file and its content; `groups` are those that are mappings."""

    source: SourceFile
    root: Mapping[str, Tree]
    groups: _Groups


def pin(path: Path, ids: Mapping[str, str]) -> PinResult:
    """Return the files with the ids of groups, by their keys, without writing them.

    A group that has an id keeps it. Raise ConfigError if a file is not valid YAML, ReconcilerError for an unknown key
    or an invalid id.
    """
    for key, group_id in ids.items():
        if not is_group_id(group_id):
            raise ReconcilerError(f"{quote_value(group_id)} for the group {quote_value(key)} is not a group's id")
    files = _read_all(path)
    missing = [key for key in sorted(ids) if not any(key in file.groups for file in files)]
    if missing:
        raise ReconcilerError(
            f"{path} has no group {', '.join(map(quote_value, missing))}", "check the keys under `groups`"
        )
    changed: dict[Path, bytes] = {}
    not_editable: dict[str, str] = {}
    for file in files:
        new = {key: ids[key] for key, group in file.groups.items() if key in ids and "id" not in group}
        text, reasons = _with_safe_ids(file, new) if new else (file.source.text, {})
        not_editable |= {key: f"{file.source.file}: {reason}" for key, reason in reasons.items()}
        if text != file.source.text:
            bom = codecs.BOM_UTF8 if file.source.data.startswith(codecs.BOM_UTF8) else b""
            changed[Path(file.source.file)] = bom + text.encode()
    return PinResult(changed, not_editable)


def _read_all(path: Path) -> list[_File]:
    problems = ProblemCollector()
    read = [read_file(file, problems) for file in find_config_files(path, problems)]
    sources = {source.file: source for source in read if source is not None}
    documents = [read_yaml(source.file, source.text, problems) for source in sources.values()]
    if problems.failed:
        raise ConfigError(problems.locate_all({file: source.text for file, source in sources.items()}))
    roots = {document.file: document.root for document in documents if document is not None}
    return [_File(sources[file], root, _groups(root.get("groups"))) for file, root in roots.items()]


def _groups(section: Tree) -> _Groups:
    groups = section if isinstance(section, dict) else {}
    return {key: group for key, group in groups.items() if isinstance(group, dict)}


def write_files(contents: Mapping[Path, bytes]) -> None:
    """Replace each file atomically and keep its mode; a symbolic link stays, and its target is replaced.

    Raise ReconcilerError if a file cannot be written; the file then keeps its content.
    """
    for path, data in contents.items():
        try:
            write_atomic(path, data)
        except OSError as error:
            reason = error.strerror or type(error).__name__
            raise ReconcilerError(f"{path} cannot be written: {reason}", "check its permissions and the disk") from None


def _with_safe_ids(file: _File, ids: Mapping[str, str]) -> tuple[str, dict[str, str]]:
    """Return the text with the ids that provably change nothing else in it, and the reasons against the others."""
    insertions = _insertions(file, ids)
    reasons = {key: "its text is shared through a YAML alias" for key in ids if key not in insertions}
    text = _insert(file, insertions)
    if not _only_adds_ids(file, text, {key: ids[key] for key in insertions}):
        alone = {
            key: insertion
            for key, insertion in insertions.items()
            if _only_adds_ids(file, _insert(file, {key: insertion}), {key: ids[key]})
        }
        text = _insert(file, alone)
        if not _only_adds_ids(file, text, {key: ids[key] for key in alone}):
            text, alone = file.source.text, {}
        reasons |= {key: "its text cannot be edited safely" for key in insertions if key not in alone}
    return text, reasons


def _insertions(file: _File, ids: Mapping[str, str]) -> dict[str, tuple[int, str]]:
    """Return what is inserted for each group, and where in the text: before its first key, or into its empty braces.

    A group that shares its text with another place through a YAML alias has no insertion.
    """
    text = file.source.text
    used = used_anchors(text)
    insertions: dict[str, tuple[int, str]] = {}
    flow: dict[str, bool | None] = {}
    first_keys = {("groups", key, next(iter(file.groups[key]), "")) for key in ids}
    wanted: set[DocumentPath] = {path[:end] for path in first_keys for end in range(4)}
    for path, key_event, event in walk(text, wanted):
        if len(path) == 1 and _is_shared(event, used):
            break
        if len(path) == 2 and isinstance(event, MappingStartEvent) and not _is_shared(event, used):
            key = str(path[1])
            flow[key] = event.flow_style
            if not file.groups[key]:
                insertions[key] = (text.index("}", cast("Mark", event.end_mark).index), f"id: {ids[key]}")
        elif len(path) == 3 and (key := str(path[1])) in flow:
            mark = cast("Mark", key_event.start_mark)
            newline = _NEWLINE.search(text, mark.index) or _NEWLINE.search(text)
            line_break = f"{newline[0] if newline else chr(10)}{' ' * mark.column}"
            insertions[key] = (mark.index, f"id: {ids[key]}{', ' if flow[key] else line_break}")
    return insertions


def _is_shared(event: Event, used: frozenset[str | None]) -> bool:
    return isinstance(event, AliasEvent) or (isinstance(event, MappingStartEvent) and event.anchor in used)


def _insert(file: _File, insertions: Mapping[str, tuple[int, str]]) -> str:
    text = file.source.text
    for index, insertion in sorted(insertions.values(), reverse=True):
        text = text[:index] + insertion + text[index:]
    return text


def _only_adds_ids(file: _File, text: str, ids: Mapping[str, str]) -> bool:
    """Return whether the edited text means the same as the file plus the ids."""
    after = read_yaml(file.source.file, text, ProblemCollector())
    groups = as_mapping(file.root.get("groups"))
    pinned = {key: {**as_mapping(group), "id": ids[key]} if key in ids else group for key, group in groups.items()}
    return after is not None and after.root == {**file.root, "groups": pinned}
