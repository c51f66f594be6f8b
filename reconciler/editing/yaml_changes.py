"""Turn the difference between two trees into a text with as few changed characters as possible.

A comment on an entry's own line goes with it; one above it stays. The caller proves what the result means.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from yaml.events import NodeEvent, ScalarEvent

from reconciler.config.document import Tree
from reconciler.config.yaml_events import DocumentPath, used_anchors
from reconciler.config.yaml_text import yaml_block
from reconciler.editing.yaml_blocks import block_changes
from reconciler.editing.yaml_brackets import bracket_changes
from reconciler.editing.yaml_layout import SHARED, Difference, NotEditable, Splice, Text
from reconciler.editing.yaml_nodes import Entry, Node, compose
from reconciler.editing.yaml_style import Style, style_of


def changed_text(text: str, old: Tree, new: Tree, written: Mapping[DocumentPath, str]) -> str:
    """Return a text that means `old`, changed to mean `new`; raise NotEditable if a layout does not allow that.

    A new key of a mapping gets the place that it has in `new`. `written` has entries, by path, that are already YAML.
    """
    whole = Text(text, used_anchors(text), written)
    splices = list(_changes(whole, compose(text, old, new), None, old, new, ()))
    parts, at, only_goes = [], 0, False
    for splice in sorted(splices, key=lambda splice: (splice.start, splice.end > splice.start)):
        # What goes may overlap: the last two lines of a text without a line break at its end.
        if splice.start < at and (splice.text or not only_goes):
            raise NotEditable(())
        parts += [text[at : splice.start], splice.text]
        at, only_goes = max(at, splice.end), not splice.text
    return "".join([*parts, text[at:]])


def _changes(text: Text, node: Node, owner: Entry | None, old: Tree, new: Tree, path: DocumentPath) -> Iterator[Splice]:
    """Yield the changes of a value, those within it first; `owner` is the entry that it belongs to."""
    if old == new:
        return
    if isinstance(old, str) and isinstance(new, dict) and old in new.values():
        yield from _wrapped(node, owner, old, new, path)
        return
    if text.is_shared(node.event):
        raise NotEditable(path, SHARED)
    if type(old) is not type(new) or not isinstance(old, dict | list):
        yield _replaced(text, node, owner, new, path)
        return
    difference = Difference.of(node, old, new)
    for index, (name, before, after) in difference.kept.items():
        entry = node.entries[index]
        yield from _changes(text, entry.value, entry, before, after, (*path, name))
    if len(difference.kept) < len(node.entries) or difference.inserted:
        style = style_of(text.text, node, owner.key if owner is not None else None)
        if path in ((), ("groups",)):
            style = replace(style, blocks=True)
        changes = bracket_changes if node.is_flow else block_changes
        yield from changes(text, node, owner, difference, style, path)


def _wrapped(node: Node, owner: Entry | None, old: str, new: dict[str, Tree], path: DocumentPath) -> Iterator[Splice]:
    """Make a mapping around a text, which stays as it is written; JSON stays JSON."""
    if _is_block_scalar(node.event):
        raise NotEditable(path)
    style = Style(json=_is_json(node.event if owner is None or owner.key is None else owner.key))
    keys, values = list(new), list(new.values())
    at = values.index(old)
    before = "".join(f"{style.flow_entry(key, new[key])}, " for key in keys[:at])
    after = "".join(f", {style.flow_entry(key, new[key])}" for key in keys[at + 1 :])
    yield Splice(node.start, node.start, f"{{{before}{style.key(keys[at])}: ")
    yield Splice(node.end, node.end, f"{after}}}")


def _replaced(text: Text, node: Node, owner: Entry | None, new: Tree, path: DocumentPath) -> Splice:
    """Return the change that puts another value in the place of one."""
    if owner is None:
        raise NotEditable(path)
    event, start = node.event, node.content_start
    while node.start < start < node.end and text.text[start] in " \t":
        start += 1
    style = Style(json=owner.key is not None and _is_json(owner.key))
    if node.start == node.end:  # nothing is written after the colon
        return Splice(start, node.end, f" {style.flow(new)}")
    if not isinstance(event, ScalarEvent) or not isinstance(new, str):
        return Splice(start, node.end, style.flow(new))
    block = yaml_block(new, " " * (text.column(owner.start) + 2)) if _is_block_scalar(event) else None
    if block is not None:
        return Splice(start, node.end, block.replace("\n", text.line_break))
    quote = event.style if event.style in ("'", '"') else ""
    return Splice(start, node.end, replace(style, quote=quote).scalar(new))


def _is_json(event: NodeEvent) -> bool:
    """Return whether a key or an item is written as JSON has it."""
    return isinstance(event, ScalarEvent) and event.style == '"'


def _is_block_scalar(event: NodeEvent) -> bool:
    return isinstance(event, ScalarEvent) and event.style in ("|", ">")
