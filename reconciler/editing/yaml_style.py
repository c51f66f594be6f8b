"""Write new values as their neighbours are written: in blocks or in brackets, with or without quotes."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from json import dumps

from yaml.events import CollectionStartEvent, ScalarEvent, SequenceStartEvent

from reconciler.config.document import Tree
from reconciler.config.yaml_text import yaml_block, yaml_scalar
from reconciler.editing.yaml_nodes import Entry, Node

_STEP = 2
_SURROGATE = re.compile("[\ud800-\udfff]")
_LAST_OF_FOUR_DIGITS = 0xFFFF
_NUMBER = re.compile(r"\+?[0-9](?:[0-9 ()/.-]*[0-9)])?|[0-9-]+@(?:g\.us|lid|c\.us|s\.whatsapp\.net)|[0-9]{1,3}%")
"""Phone numbers, dates, ids and counts: the reconciler reads every value as text, so they need no quotes."""
_LISTS = r"members|teams|admins|absent|except|previously"
_BLOCK_LIST = re.compile(
    rf"^(?P<indent> *)(?:- )?[\"']?(?:{_LISTS})[\"']?:[ \t]*(?:#[^\r\n]*)?(?:\r\n|\n|\r)(?P<dash> *)- ", re.MULTILINE
)
_FLOW_LIST = re.compile(rf"[\"']?(?:{_LISTS})[\"']?:[ \t]*\[[^\]]")


@dataclass(frozen=True, slots=True)
class Style:
    """How the values of one list or mapping are written.

    `json`: keys and values are in double quotes. `quote` is the sign around texts, "" for none. `blocks`: mappings
    within it are written in blocks. `dash` is how much deeper a block list's dash is than its key; None: lists are in
    brackets.
    """

    json: bool = False
    quote: str = ""
    blocks: bool = False
    dash: int | None = _STEP

    def scalar(self, value: str) -> str:
        """Return a text on one line."""
        if self.json or self.quote == '"':
            return double_quoted(value)
        if self.quote == "'" and value.isprintable():
            return "'" + value.replace("'", "''") + "'"
        return value if _NUMBER.fullmatch(value) else yaml_scalar(value) or double_quoted(value)

    def key(self, key: str) -> str:
        """Return a key."""
        return double_quoted(key) if self.json else yaml_scalar(key) or double_quoted(key)

    def flow(self, value: Tree) -> str:
        """Return a value on one line."""
        if isinstance(value, dict):
            return "{" + ", ".join(self.flow_entry(key, each) for key, each in value.items()) + "}"
        if isinstance(value, list):
            return "[" + ", ".join(map(self.flow, value)) + "]"
        return "null" if value is None else self.scalar(value)

    def flow_entry(self, key: str | None, value: Tree) -> str:
        """Return an item, or a key with its value, on one line."""
        return self.flow(value) if key is None else f"{self.key(key)}: {self.flow(value)}"

    def block(self, key: str | None, value: Tree) -> list[str]:
        """Return the lines of an item (after its dash), or of a key with its value."""
        head = "-" if key is None else f"{self.key(key)}:"
        if isinstance(value, dict) and value and (self.blocks or not _is_flat(value)):
            inner = replace(self, quote="", blocks=False)
            lines = [line for name, each in value.items() for line in inner.block(name, each)]
            if key is None:
                return [f"- {lines[0]}", *(f"  {line}" for line in lines[1:])]
            return [head, *_indented(lines, _STEP)]
        if isinstance(value, list) and value and key is not None and self.dash is not None:
            items = [line for item in value for line in self.block(None, item)]
            return [head, *_indented(items, self.dash)]
        if isinstance(value, str) and "\n" in value and not self.json and not self.quote:
            block = yaml_block(value, " " * _STEP)
            if block is not None:
                return f"{head} {block}".split("\n")
        return [f"{head} {self.flow(value)}"]


def style_of(text: str, node: Node, parent: ScalarEvent | None) -> Style:
    """Return the style of a list or mapping of this text; `parent` is its key, if it has one."""
    entries = node.entries
    keys = [entry.key for entry in entries if entry.key is not None] or ([parent] if parent is not None else [])
    values = [entry.value.event for entry in entries]
    json = node.is_flow and bool(keys) and all(key.style == '"' for key in keys)
    scalars = [event for event in values if isinstance(event, ScalarEvent)]
    quote = _shared_quote(scalars) if isinstance(node.event, SequenceStartEvent) else ""
    return Style(json, quote, _in_blocks(entries), _dash(text))


def double_quoted(value: str) -> str:
    """Return a text in double quotes that YAML and JSON read alike; raise ValueError for half of a surrogate pair."""
    if _SURROGATE.search(value):
        raise ValueError("YAML cannot hold half of a surrogate pair")
    # YAML reads no surrogate pairs, and JSON no escapes of more than four digits.
    return "".join(
        char if char.isprintable() or ord(char) > _LAST_OF_FOUR_DIGITS else f"\\u{ord(char):04x}"
        for char in dumps(value, ensure_ascii=False)
    )


def _is_flat(value: dict[str, Tree]) -> bool:
    return all(isinstance(each, str) or each is None for each in value.values())


def _indented(lines: Iterable[str], by: int) -> Iterator[str]:
    return (" " * by + line if line else line for line in lines)


def _shared_quote(scalars: Sequence[ScalarEvent]) -> str:
    """Return the quotes that all texts of a list are in, else none."""
    styles = {event.style if event.style in ("'", '"') else "" for event in scalars}
    return styles.pop() if len(styles) == 1 else ""


def _in_blocks(entries: Sequence[Entry]) -> bool:
    """Return whether the last mapping among the entries is written in a block."""
    mappings = [entry.value for entry in entries if isinstance(entry.value.event, CollectionStartEvent)]
    return bool(mappings) and not mappings[-1].is_flow and not isinstance(mappings[-1].event, SequenceStartEvent)


@lru_cache(maxsize=1)
def _dash(text: str) -> int | None:
    """Return how a text writes its lists of people: how deep the dashes are, None for brackets."""
    block, flow = _BLOCK_LIST.search(text), _FLOW_LIST.search(text)
    if block is None:
        return None if flow is not None else _STEP
    if flow is not None and len(_FLOW_LIST.findall(text)) > len(_BLOCK_LIST.findall(text)):
        return None
    return max(0, len(block["dash"]) - len(block["indent"]))
