"""Whether a document has the structure that the published JSON Schema describes; if not, what is left to look at.

The verdict is jsonschema-rs's, in one pass. Only when it is no, `explain` looks for the reasons.


Why a document does not fit the schema, in sentences: each reason once, at the value it is about.

The schema has no alternatives to choose between: what may be a text or a mapping is one schema with both types. So
each value is judged by itself (`jsonschema` says which keyword it breaks), and only values that do not fit are looked
into (`jsonschema-rs` says which), so that one mistake in a quarter of a million lines is found in no time.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

from reconciler.config.document import DocumentPath, SourceLocation, Tree, as_mapping, as_sequence
from reconciler.config.problem_collector import MAX_QUOTED_LENGTH, ProblemCollector, did_you_mean, quote_value
from reconciler.config.yaml_reader import Document
from reconciler.errors import ProblemKind
from reconciler.json_schemas import schema_text

if TYPE_CHECKING:
    import jsonschema
    import jsonschema_rs
    from jsonschema_rs import Draft202012Validator


SCHEMA = "groups.schema.json"


@dataclass(frozen=True, slots=True)
class ValidDocument:
    """The part of a document that fits the schema. `broken` are the trails of what was taken out."""

    document: Document
    root: dict[str, Tree]
    broken: frozenset[DocumentPath] = frozenset()


@cache
def schema() -> dict[str, Any]:
    """The published schema of the configuration."""
    loaded: dict[str, Any] = json.loads(schema_text(SCHEMA))
    return loaded


@cache
def _validator() -> Draft202012Validator:
    from jsonschema_rs import Draft202012Validator

    return Draft202012Validator(schema())


def is_valid(root: Tree) -> bool:
    """Whether a document as this program reads it (every scalar a text) fits the schema."""
    return _validator().is_valid(root)


def check(document: Document, findings: ProblemCollector, *, in_folder: bool) -> ValidDocument:
    """Take everything that does not fit out of the document and say why.

    In a folder the version may stand in another file; whether any file has it is seen when they are merged.
    """
    root = document.root
    if in_folder and "version" not in root:
        root = {"version": "1", **root}
    if is_valid(root):
        return ValidDocument(document, root)
    broken = SchemaErrorReporter(schema(), document.file, findings).explain(root)
    return ValidDocument(document, as_mapping(_without(root, broken)), frozenset(broken))


def _without(tree: Tree, broken: Collection[DocumentPath]) -> Tree:
    """A copy without the values at these trails; what is not on the way to one of them is shared."""
    inner: dict[str | int, list[DocumentPath]] = {}
    for trail in broken:
        if trail:
            inner.setdefault(trail[0], []).append(trail[1:])

    def kept(step: str | int, value: Tree) -> Tree:
        return _without(value, inner[step]) if step in inner else value

    if isinstance(tree, dict):
        return {key: kept(key, value) for key, value in tree.items() if () not in inner.get(key, ())}
    # An empty place stays in a list, so that what comes after it keeps its own.
    return [None if () in inner.get(index, ()) else kept(index, item) for index, item in enumerate(as_sequence(tree))]


_OF_THE_VALUE = frozenset(
    {"type", "enum", "pattern", "minLength", "maxLength", "minimum", "maximum", "minItems"}
    | {"required", "anyOf", "dependentSchemas"}
)


class SchemaErrorReporter:
    """Walks through one document beside its schema and notes what does not fit."""

    def __init__(self, schema: dict[str, Any], file: str, findings: ProblemCollector) -> None:
        self._schema = schema
        self._file = file
        self._findings = findings
        self._fast: dict[int, jsonschema_rs.Draft202012Validator] = {}
        self._slow: dict[int, jsonschema.Draft202012Validator] = {}
        self._merged: dict[int, dict[str, Any]] = {}

    def explain(self, root: Tree) -> set[DocumentPath]:
        """Note every reason why a document does not fit; return the trails of what has to go so that the rest fits."""
        broken: set[DocumentPath] = set()
        self._walk(root, self._schema, (), broken)
        return broken

    def _walk(self, value: Tree, schema: dict[str, Any], trail: DocumentPath, broken: set[DocumentPath]) -> None:
        """Explain a value that does not fit, and what it contains."""
        found = self._bad_names(value, schema, trail, broken)
        for keyword in self._broken_keywords(value, schema):
            found = True
            if keyword == "additionalProperties":
                self._unknown_keys(value, schema, trail, broken)
                continue
            self._note(keyword, value, schema, trail)
            if keyword != "anyOf" or "members" not in self._resolved(schema)["properties"]:
                # A group without name and id can still be looked into.
                broken.add(trail)
        for step, item, of_item in self._unfit_children(value, schema):
            if self._findings.limit_reached:
                return
            found = True
            self._walk(item, of_item, (*trail, step), broken)
        if not found:
            # The two validators read a pattern differently (`$` before a last line break).
            self._note("pattern", value, schema, trail)
            broken.add(trail)

    def _resolved(self, schema: dict[str, Any]) -> dict[str, Any]:
        """The schema with its `$ref` filled in; what stands beside the reference goes before."""
        if "$ref" not in schema:
            return schema
        if id(schema) not in self._merged:
            target = self._schema["$defs"][schema["$ref"].removeprefix("#/$defs/")]
            self._merged[id(schema)] = {**self._resolved(target), **{k: v for k, v in schema.items() if k != "$ref"}}
        return self._merged[id(schema)]

    def _fits(self, schema: dict[str, Any]) -> Callable[[Tree], bool]:
        """The test for values of this schema."""
        from jsonschema_rs import Draft202012Validator

        if id(schema) not in self._fast:
            self._fast[id(schema)] = Draft202012Validator({**schema, "$defs": self._schema["$defs"]})
        return self._fast[id(schema)].is_valid

    def _broken_keywords(self, value: Tree, schema: dict[str, Any]) -> list[str]:
        """The keywords that the value itself breaks, not looking into what it contains; nothing twice."""
        from jsonschema import Draft202012Validator

        if id(schema) not in self._slow:
            whole = self._resolved(schema)
            flat = {keyword: whole[keyword] for keyword in _OF_THE_VALUE & whole.keys()}
            if whole.get("additionalProperties") is False:
                flat |= {"properties": dict.fromkeys(whole["properties"], True), "additionalProperties": False}
            self._slow[id(schema)] = Draft202012Validator(flat)
        errors = self._slow[id(schema)].iter_errors(value)
        keywords = dict.fromkeys(str(error.validator) for error in errors)
        return ["type"] if "type" in keywords else list(keywords)

    def _unfit_children(self, value: Tree, schema: dict[str, Any]) -> Iterator[tuple[str | int, Tree, dict[str, Any]]]:
        whole = self._resolved(schema)
        if isinstance(value, list) and "items" in whole:
            fits = self._fits(whole["items"])
            yield from ((index, item, whole["items"]) for index, item in enumerate(value) if not fits(item))
        elif isinstance(value, dict):
            others = whole.get("additionalProperties")
            for key, item in value.items():
                of_key = whole.get("properties", {}).get(key, others)
                if of_key and not self._fits(of_key)(item):
                    yield key, item, of_key

    def _unknown_keys(
        self, value: Tree, schema: dict[str, Any], trail: DocumentPath, broken: set[DocumentPath]
    ) -> None:
        known = self._resolved(schema)["properties"]
        for key in value or ():
            if key not in known and not self._findings.limit_reached:
                assert isinstance(key, str)  # noqa: S101  only a mapping breaks additionalProperties
                hint = did_you_mean(key, known) or f"expected one of {', '.join(known)}"
                place = SourceLocation(self._file, (*trail, key), key=True)
                self._findings.error(ProblemKind.UNKNOWN_KEY, place, f"unknown key {quote_value(key)}", hint)
                broken.add(place.path)

    def _bad_names(self, value: Tree, schema: dict[str, Any], trail: DocumentPath, broken: set[DocumentPath]) -> bool:
        names = self._resolved(schema).get("propertyNames")
        if names is None or not isinstance(value, dict):
            return False
        fits = self._fits(names)
        bad = [key for key in value if not fits(key)]
        for key in bad:
            if self._findings.limit_reached:
                break
            place = SourceLocation(self._file, (*trail, key), key=True)
            self._findings.error(
                ProblemKind.VALUE, place, f"expected {_expected(self._resolved(names))}, found {_found(key)}"
            )
            broken.add(place.path)
        return bool(bad)

    def _note(self, keyword: str, value: Tree, schema: dict[str, Any], trail: DocumentPath) -> None:
        whole = self._resolved(schema)
        place = SourceLocation(self._file, trail)
        if keyword == "anyOf":
            one_of = " or ".join(f"`{choice['required'][0]}`" for choice in whole["anyOf"])
            self._findings.error(
                ProblemKind.MISSING_KEY, SourceLocation(self._file, trail, key=True), f"needs {one_of}"
            )
        elif keyword == "not":
            self._findings.error(
                ProblemKind.VALUE, place, "has `person` and `phone`, which say the same", "keep one of them"
            )
        elif keyword == "required":
            missing = whole["required"][0]
            hint = "begin the file with `version: 1`" if missing == "version" else f"expected {_expected(whole)}"
            self._findings.error(
                ProblemKind.MISSING_KEY, SourceLocation(self._file, trail, key=True), f"`{missing}` is missing", hint
            )
        elif value is None:
            self._findings.error(ProblemKind.VALUE, place, "the value is empty", _hint_for_nothing(whole))
        else:
            message = f"expected {_expected(whole)}, found {_found(value)}"
            self._findings.error(ProblemKind.VALUE, place, message, _hint(value, whole))


def _expected(schema: dict[str, Any]) -> str:
    title: str = schema["title"]
    return title[0].lower() + title[1:]


def _found(value: Tree) -> str:
    if isinstance(value, str):
        if not value.strip():
            return "an empty text"
        return (
            f"{quote_value(value)} ({len(value)} characters)" if len(value) > MAX_QUOTED_LENGTH else quote_value(value)
        )
    if isinstance(value, list):
        return "a list" if value else "an empty list"
    return "a mapping" if isinstance(value, dict) else "nothing"


def _hint_for_nothing(schema: dict[str, Any]) -> str:
    types = schema.get("type", ())
    if "array" in types:
        return "write [] for an empty list, or drop the key"
    if types == "object":
        return "write {} for an empty mapping, or drop the key"
    if schema["title"].startswith("A text of at most"):
        return 'write "" to clear it, or drop the key'
    return f"expected {_expected(schema)}, or leave it out"


def _hint(value: Tree, schema: dict[str, Any]) -> str:
    types = schema.get("type", ())
    if not isinstance(value, str):
        return ""
    if "enum" in schema:
        return did_you_mean(value, (option for option in schema["enum"] if isinstance(option, str)))
    if types == "array" and value:
        return f"write it as a list: [{quote_value(value)[1:-1]}]"
    if schema["title"].startswith("A group's id") and value.isdecimal():
        return "it ends in @g.us"
    return ""
