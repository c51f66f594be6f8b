"""Why a document does not fit the schema, in sentences: each reason once, at the value it is about.

The schema has no alternatives to choose between: what may be a text or a mapping is one schema with both types. So
each value is judged by itself (`jsonschema` says which keyword it breaks), and only values that do not fit are looked
into (`jsonschema-rs` says which), so that one mistake in a quarter of a million lines is found in no time.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from reconciler.config.findings import Findings
from reconciler.config.quoting import LONGEST, did_you_mean, shown
from reconciler.config.tree import Place, Trail, Tree
from reconciler.errors import Kind

if TYPE_CHECKING:
    import jsonschema
    import jsonschema_rs

_OF_THE_VALUE = frozenset(
    {"type", "enum", "pattern", "minLength", "maxLength", "minimum", "maximum", "minItems"}
    | {"required", "anyOf", "dependentSchemas"}
)


class Explainer:
    """Walks through one document beside its schema and notes what does not fit."""

    def __init__(self, schema: dict[str, Any], file: str, findings: Findings) -> None:
        self._schema = schema
        self._file = file
        self._findings = findings
        self._fast: dict[int, jsonschema_rs.Draft202012Validator] = {}
        self._slow: dict[int, jsonschema.Draft202012Validator] = {}
        self._merged: dict[int, dict[str, Any]] = {}

    def explain(self, root: Tree) -> set[Trail]:
        """Note every reason why a document does not fit; return the trails of what has to go so that the rest fits."""
        broken: set[Trail] = set()
        self._walk(root, self._schema, (), broken)
        return broken

    def _walk(self, value: Tree, schema: dict[str, Any], trail: Trail, broken: set[Trail]) -> None:
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
            if self._findings.full:
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

    def _unknown_keys(self, value: Tree, schema: dict[str, Any], trail: Trail, broken: set[Trail]) -> None:
        known = self._resolved(schema)["properties"]
        for key in value or ():
            if key not in known and not self._findings.full:
                assert isinstance(key, str)  # noqa: S101  only a mapping breaks additionalProperties
                hint = did_you_mean(key, known) or f"expected one of {', '.join(known)}"
                place = Place(self._file, (*trail, key), key=True)
                self._findings.error(Kind.UNKNOWN_KEY, place, f"unknown key {shown(key)}", hint)
                broken.add(place.trail)

    def _bad_names(self, value: Tree, schema: dict[str, Any], trail: Trail, broken: set[Trail]) -> bool:
        names = self._resolved(schema).get("propertyNames")
        if names is None or not isinstance(value, dict):
            return False
        fits = self._fits(names)
        bad = [key for key in value if not fits(key)]
        for key in bad:
            if self._findings.full:
                break
            place = Place(self._file, (*trail, key), key=True)
            self._findings.error(Kind.VALUE, place, f"expected {_expected(self._resolved(names))}, found {_found(key)}")
            broken.add(place.trail)
        return bool(bad)

    def _note(self, keyword: str, value: Tree, schema: dict[str, Any], trail: Trail) -> None:
        whole = self._resolved(schema)
        place = Place(self._file, trail)
        if keyword == "anyOf":
            one_of = " or ".join(f"`{choice['required'][0]}`" for choice in whole["anyOf"])
            self._findings.error(Kind.MISSING_KEY, Place(self._file, trail, key=True), f"needs {one_of}")
        elif keyword == "not":
            self._findings.error(Kind.VALUE, place, "has `person` and `phone`, which say the same", "keep one of them")
        elif keyword == "required":
            missing = whole["required"][0]
            hint = "begin the file with `version: 1`" if missing == "version" else f"expected {_expected(whole)}"
            self._findings.error(Kind.MISSING_KEY, Place(self._file, trail, key=True), f"`{missing}` is missing", hint)
        elif value is None:
            self._findings.error(Kind.VALUE, place, "the value is empty", _hint_for_nothing(whole))
        else:
            message = f"expected {_expected(whole)}, found {_found(value)}"
            self._findings.error(Kind.VALUE, place, message, _hint(value, whole))


def _expected(schema: dict[str, Any]) -> str:
    title: str = schema["title"]
    return title[0].lower() + title[1:]


def _found(value: Tree) -> str:
    if isinstance(value, str):
        if not value.strip():
            return "an empty text"
        return f"{shown(value)} ({len(value)} characters)" if len(value) > LONGEST else shown(value)
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
        return f"write it as a list: [{shown(value)[1:-1]}]"
    if schema["title"].startswith("A group's id") and value.isdecimal():
        return "it ends in @g.us"
    return ""
