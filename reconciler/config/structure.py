"""Whether a document has the structure that the published JSON Schema describes; if not, what is left to look at.

The verdict is jsonschema-rs's, in one pass. Only when it is no, `explain` looks for the reasons.
"""

from __future__ import annotations

import json
from collections.abc import Collection
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

from reconciler.config.explain import Explainer
from reconciler.config.findings import Findings
from reconciler.config.reader import Document
from reconciler.config.tree import Trail, Tree, mapping, sequence
from reconciler.published import schema_text

if TYPE_CHECKING:
    from jsonschema_rs import Draft202012Validator

SCHEMA = "groups.schema.json"


@dataclass(frozen=True, slots=True)
class Sound:
    """The part of a document that fits the schema. `broken` are the trails of what was taken out."""

    document: Document
    root: dict[str, Tree]
    broken: frozenset[Trail] = frozenset()


@cache
def schema() -> dict[str, Any]:
    """The published schema of the configuration."""
    loaded: dict[str, Any] = json.loads(schema_text(SCHEMA))
    return loaded


@cache
def _validator() -> Draft202012Validator:
    from jsonschema_rs import Draft202012Validator

    return Draft202012Validator(schema())


def fits(root: Tree) -> bool:
    """Whether a document as this program reads it (every scalar a text) fits the schema."""
    return _validator().is_valid(root)


def check(document: Document, findings: Findings, *, in_folder: bool) -> Sound:
    """Take everything that does not fit out of the document and say why.

    In a folder the version may stand in another file; whether any file has it is seen when they are merged.
    """
    root = document.root
    if in_folder and "version" not in root:
        root = {"version": "1", **root}
    if fits(root):
        return Sound(document, root)
    broken = Explainer(schema(), document.file, findings).explain(root)
    return Sound(document, mapping(_without(root, broken)), frozenset(broken))


def _without(tree: Tree, broken: Collection[Trail]) -> Tree:
    """A copy without the values at these trails; what is not on the way to one of them is shared."""
    inner: dict[str | int, list[Trail]] = {}
    for trail in broken:
        if trail:
            inner.setdefault(trail[0], []).append(trail[1:])

    def kept(step: str | int, value: Tree) -> Tree:
        return _without(value, inner[step]) if step in inner else value

    if isinstance(tree, dict):
        return {key: kept(key, value) for key, value in tree.items() if () not in inner.get(key, ())}
    # An empty place stays in a list, so that what comes after it keeps its own.
    return [None if () in inner.get(index, ()) else kept(index, item) for index, item in enumerate(sequence(tree))]
