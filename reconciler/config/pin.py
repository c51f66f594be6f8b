"""Write the ids of matched groups into the YAML files, and change nothing else, byte for byte."""

from __future__ import annotations

import codecs
import re
from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import cast

from yaml import BaseLoader, CBaseLoader, MappingNode, Node, SequenceNode, __with_libyaml__, compose
from yaml.error import Mark

from reconciler.atomic_file import write_atomic
from reconciler.config.document import Tree, as_mapping
from reconciler.config.problem_collector import ProblemCollector, quote_value
from reconciler.config.source_files import SourceFile, find_config_files, read_file
from reconciler.config.yaml_reader import read_yaml
from reconciler.errors import ConfigError, ReconcilerError
from reconciler.model.identity import is_group_id

_Loader = CBaseLoader if __with_libyaml__ else BaseLoader
_NEWLINE = re.compile(r"\r\n|\n|\r")


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
    sources, trees = _read_all(path)
    missing = [key for key in sorted(ids) if not any(key in groups for groups in trees.values())]
    if missing:
        raise ReconcilerError(
            f"{path} has no group {', '.join(map(quote_value, missing))}", "check the keys under `groups`"
        )
    changed: dict[Path, bytes] = {}
    not_editable: dict[str, str] = {}
    for file, groups in trees.items():
        new = {key: ids[key] for key, group in groups.items() if key in ids and "id" not in as_mapping(group)}
        safe, reasons = _safe_to_edit(sources[file], new)
        not_editable |= {key: f"{file}: {reason}" for key, reason in reasons.items()}
        if safe:
            changed[Path(file)] = _bytes(sources[file], _with_ids(sources[file], safe))
    return PinResult(changed, not_editable)


def _read_all(path: Path) -> tuple[dict[str, SourceFile], dict[str, dict[str, Tree]]]:
    """Return the files by their paths, and the groups of each."""
    problems = ProblemCollector()
    files = [read_file(file, problems) for file in find_config_files(path, problems)]
    sources = {source.file: source for source in files if source is not None}
    trees = {file: read_yaml(file, source.text, problems) for file, source in sources.items()}
    if problems.failed:
        raise ConfigError(problems.locate_all({file: source.text for file, source in sources.items()}))
    groups = {file: tree.root.get("groups") for file, tree in trees.items() if tree is not None}
    return sources, {
        file: {key: group for key, group in as_mapping(each).items() if isinstance(group, dict)}
        for file, each in groups.items()
        if isinstance(each, dict)
    }


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


def _safe_to_edit(source: SourceFile, ids: Mapping[str, str]) -> tuple[dict[str, str], dict[str, str]]:
    """Return the ids that provably change nothing else in the file, and the reasons against the others."""
    reasons = dict.fromkeys(_aliased_groups(source, ids), "its text is shared through a YAML alias") if ids else {}
    safe = {key: group_id for key, group_id in ids.items() if key not in reasons}
    if not _only_adds_ids(source, safe):
        alone = {key: group_id for key, group_id in safe.items() if _only_adds_ids(source, {key: group_id})}
        together = alone if _only_adds_ids(source, alone) else {}
        reasons |= {key: "its text cannot be edited safely" for key in safe if key not in together}
        safe = together
    return safe, reasons


def _only_adds_ids(source: SourceFile, ids: Mapping[str, str]) -> bool:
    """Return whether the edited text means the same as the source plus the ids."""
    if not ids:
        return True
    before = read_yaml(source.file, source.text, ProblemCollector())
    after = read_yaml(source.file, _with_ids(source, ids), ProblemCollector())
    if before is None or after is None:
        return False
    groups = as_mapping(before.root["groups"])
    pinned = {key: {**as_mapping(group), "id": ids[key]} if key in ids else group for key, group in groups.items()}
    return after.root == {**before.root, "groups": pinned}


def _with_ids(source: SourceFile, ids: Mapping[str, str]) -> str:
    text = source.text
    places = {key: _insertion_point(group) for key, group in _groups(source) if key in ids}
    for key in sorted(places, key=lambda key: places[key].index, reverse=True):
        place = places[key]
        text = text[: place.index] + place.insertion(f"id: {ids[key]}", text) + text[place.index :]
    return text


def _bytes(source: SourceFile, text: str) -> bytes:
    bom = codecs.BOM_UTF8 if source.data.startswith(codecs.BOM_UTF8) else b""
    return bom + text.encode()


@dataclass(frozen=True, slots=True)
class _InsertionPoint:
    """The place in the text where a group's first key begins (or its empty braces end); `column` counts from 0."""

    index: int
    column: int
    flow: bool
    empty: bool

    def insertion(self, line: str, text: str) -> str:
        """Return the new key and its separator from the next one, with the file's own line breaks."""
        if self.flow:
            return line if self.empty else f"{line}, "
        newline = _NEWLINE.search(text, self.index) or _NEWLINE.search(text)
        return f"{line}{newline[0] if newline else chr(10)}{' ' * self.column}"


def _groups(source: SourceFile) -> list[tuple[str, MappingNode]]:
    """Return the groups' nodes by key.

    Composing is safe here: the reader has accepted the document, and so bounded its depth and its aliases.
    """
    groups = next(value for key, value in _root(source).value if key.value == "groups")
    return [(key.value, group) for key, group in groups.value]


def _root(source: SourceFile) -> MappingNode:
    root = compose(source.text, Loader=_Loader)
    assert isinstance(root, MappingNode)  # noqa: S101  the reader has accepted it
    return root


def _aliased_groups(source: SourceFile, keys: Collection[str]) -> frozenset[str]:
    """Return those of these groups whose text also stands for another place, through a YAML alias."""
    root = _root(source)
    uses = _count_uses(root)
    groups = next(value for key, value in root.value if key.value == "groups")
    return frozenset(
        key.value for key, group in groups.value if key.value in keys and uses[id(groups)] + uses[id(group)] > 2
    )


def _insertion_point(group: MappingNode) -> _InsertionPoint:
    if group.value:
        mark = group.value[0][0].start_mark
        return _InsertionPoint(mark.index, mark.column, bool(group.flow_style), empty=False)
    mark = cast("Mark", group.end_mark)
    return _InsertionPoint(mark.index - 1, mark.column - 1, flow=True, empty=True)


def _count_uses(root: Node) -> Counter[int]:
    """Return how often each node is part of another one: more than once means aliases."""
    uses = Counter({id(root): 1})
    to_visit = [root]
    while to_visit:
        node = to_visit.pop()
        children = node.value if isinstance(node, SequenceNode) else ()
        if isinstance(node, MappingNode):
            children = [child for pair in node.value for child in pair]
        to_visit += [child for child in children if not uses[id(child)]]
        uses.update(map(id, children))
    return uses
