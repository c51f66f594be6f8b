"""Check a document against the published JSON Schema, and explain everything that does not fit.

`jsonschema-rs` decides in one pass whether a document fits. Only if it does not, `jsonschema` explains why: it walks
the document, but enters only values that `jsonschema-rs` rejects, so that one mistake in a quarter of a million lines
is found at once. Both decide patterns with the same engine, so that they cannot disagree.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any, cast

from reconciler.config.document import SourceLocation, Tree, as_mapping, as_sequence
from reconciler.config.problem_collector import MAX_QUOTED_LENGTH, ProblemCollector, did_you_mean, quote_value
from reconciler.config.yaml_errors import odd_space
from reconciler.config.yaml_events import DocumentPath
from reconciler.config.yaml_reader import Document
from reconciler.errors import ProblemKind
from reconciler.json_schemas import load_schema

if TYPE_CHECKING:
    from jsonschema import ValidationError
    from jsonschema.protocols import Validator

SCHEMA = "groups.schema.json"
_SAVED_PLAN = "wappfy-reconciler/plan"
"""The `format` of a saved plan, which somebody may take for a configuration."""
_AFTER_COMMA = re.compile(r"[0-9]+(?:[eE]\+?[0-9]{1,2})?", re.ASCII)
"""The rest of a number in braces after its comma: `{phone: 4,91713E+12}`."""
_Errors = Iterator["ValidationError"]
_checks: dict[int, tuple[Any, Callable[[Any], bool]]] = {}
"""The compiled parts of the schema by `id`, each with the part itself, which keeps its id alive."""


@dataclass(frozen=True, slots=True)
class ValidDocument:
    """The part of a document that fits the schema. `broken` are the paths of the values that were taken out."""

    source: Document
    root: dict[str, Tree]
    broken: frozenset[DocumentPath] = frozenset()

    @property
    def file(self) -> str:
        """The path of the file, as the user gave it."""
        return self.source.file


def check(document: Document, problems: ProblemCollector, *, in_folder: bool) -> ValidDocument:
    """Return the part of the document that fits the schema, and report the rest.

    In a folder another file may have the version; merging checks whether any file has it.
    """
    root = document.root
    if root.get("format") == _SAVED_PLAN:
        message = "this is a saved plan, not a configuration"
        problems.error(ProblemKind.FILE, SourceLocation(document.file), message, "use `reconciler apply` or `show`")
        return ValidDocument(document, {})
    if in_folder and "version" not in root:
        root = {"version": "1", **root}
    if is_valid(root):
        return ValidDocument(document, root)
    broken = _explain(root, document.file, problems)
    return ValidDocument(document, as_mapping(_without(root, broken)), frozenset(broken))


def is_valid(root: Tree) -> bool:
    """Return whether a document as this program reads it (every scalar a text) fits the schema."""
    return _fits(load_schema(SCHEMA))(root)


def _fits(part: Any) -> Callable[[Any], bool]:
    """Return the fast test for values of a part of the schema; compile it once."""
    from jsonschema_rs import Draft202012Validator

    if id(part) not in _checks:
        _checks[id(part)] = part, Draft202012Validator({**part, "$defs": load_schema(SCHEMA)["$defs"]}).is_valid
    return _checks[id(part)][1]


def _without(tree: Tree, broken: Collection[DocumentPath]) -> Tree:
    """Return a copy without the values at these paths; it shares whatever does not contain one of them."""
    inner: dict[str | int, list[DocumentPath]] = {}
    for path in broken:
        if path:
            inner.setdefault(path[0], []).append(path[1:])

    def prune(step: str | int, value: Tree) -> Tree:
        return _without(value, inner[step]) if step in inner else value

    if isinstance(tree, dict):
        return {key: prune(key, value) for key, value in tree.items() if () not in inner.get(key, ())}
    # An empty value stays in a list, so that the items after it keep their indexes.
    return [None if () in inner.get(index, ()) else prune(index, item) for index, item in enumerate(as_sequence(tree))]


def _explain(root: Tree, file: str, problems: ProblemCollector) -> set[DocumentPath]:
    """Report the reasons why a document does not fit; return the paths to take out so that the rest fits."""
    broken: set[DocumentPath] = set()
    for error in _explainer().iter_errors(root):
        if problems.limit_reached:
            break  # a hostile file has no end of errors
        path = tuple(error.absolute_path)
        _report(error, SourceLocation(file, path), problems)
        # A group without name and id can still be looked into.
        if error.validator != "anyOf" or len(path) > 2 or path[0] != "groups":
            broken.add(path)
    return broken


@cache
def _explainer() -> Validator:
    """Return a validator that enters only values that `jsonschema-rs` rejects.

    Unknown keys and bad names are errors of their own, at the path of the key.
    """
    from jsonschema import Draft202012Validator
    from jsonschema.validators import extend

    keywords = {
        "items": _items,
        "properties": _properties,
        "additionalProperties": _additional_properties,
        "propertyNames": _property_names,
        "pattern": _pattern,
    }
    extended = extend(Draft202012Validator, keywords)  # type: ignore[no-untyped-call]
    return cast("Validator", extended(load_schema(SCHEMA)))


def _items(validator: Any, item_schema: Any, instance: Any, _: Any) -> _Errors:
    fits = _fits(item_schema)
    for index, item in enumerate(instance if isinstance(instance, list) else ()):
        if not fits(item):
            yield from validator.descend(item, item_schema, path=index)


def _properties(validator: Any, schemas: Any, instance: Any, _: Any) -> _Errors:
    for key, value in _entries(instance):
        if key in schemas and not _fits(schemas[key])(value):
            yield from validator.descend(value, schemas[key], path=key)


def _additional_properties(validator: Any, value_schema: Any, instance: Any, part: Any) -> _Errors:
    from jsonschema import ValidationError

    known = part.get("properties", {})
    for key, value in _entries(instance):
        if key not in known and value_schema is False:
            yield ValidationError("unknown key", path=[key], instance=value)
        elif key not in known and not _fits(value_schema)(value):
            yield from validator.descend(value, value_schema, path=key)


def _property_names(validator: Any, name_schema: Any, instance: Any, _: Any) -> _Errors:
    from jsonschema import ValidationError

    fits, target = _fits(name_schema), load_schema(SCHEMA)["$defs"][name_schema["$ref"].removeprefix("#/$defs/")]
    for key, value in _entries(instance):
        if not fits(key):
            yield ValidationError("bad name", path=[key], instance=value, schema=target)


def _pattern(validator: Any, _: Any, instance: Any, part: Any) -> _Errors:
    from jsonschema import ValidationError

    # Python's `$` also matches before a last line break, so the same engine as in the fast path decides.
    if isinstance(instance, str) and not _fits(part)(instance):
        yield ValidationError("does not match")


def _entries(instance: Any) -> Iterable[tuple[str, Any]]:
    return instance.items() if isinstance(instance, dict) else ()


def _report(error: ValidationError, place: SourceLocation, problems: ProblemCollector) -> None:
    value: Any = error.instance
    part = cast("dict[str, Any]", error.schema)
    match error.validator:
        case "additionalProperties":
            key, known = str(place.path[-1]), part["properties"]
            hint = did_you_mean(key, known) or f"use one of {', '.join(known)}"
            hint = odd_space(key) or hint
            if value is None and _AFTER_COMMA.fullmatch(key):
                hint = "the comma before it ends the number: write the whole number in quotes, without a comma"
            problems.error(ProblemKind.UNKNOWN_KEY, place.as_key(), f"unknown key {quote_value(key)}", hint)
        case "propertyNames" if "enum" in part:
            key, known = str(place.path[-1]), part["enum"]
            hint = odd_space(key) or did_you_mean(key, known) or f"use one of {', '.join(known)}"
            message = f"{quote_value(key)} is not {_expected(part)}"
            problems.error(ProblemKind.UNKNOWN_KEY, place.as_key(), message, hint)
        case "propertyNames":
            key = str(place.path[-1])
            hint = f"write {quote_value(suggested)}" if (suggested := _valid_key(key, part)) else ""
            problems.error(
                ProblemKind.VALUE, place.as_key(), f"expected {_expected(part)}, found {_describe(key)}", hint
            )
        case "anyOf":
            choices = " or ".join(f"`{choice['required'][0]}`" for choice in part["anyOf"])
            problems.error(ProblemKind.MISSING_KEY, place.as_key(), f"needs {choices}")
        case "not":
            message = "has both `person` and `phone`, which mean the same"
            problems.error(ProblemKind.VALUE, place, message, "keep one of them")
        case "required":
            missing = [key for key in part["required"] if key not in value]
            hint = "begin the file with `version: 1`" if missing == ["version"] else f"expected {_expected(part)}"
            message = f"{' and '.join(f'`{key}`' for key in missing)} {'is' if len(missing) == 1 else 'are'} missing"
            problems.error(ProblemKind.MISSING_KEY, place.as_key(), message, hint)
        case _ if value is None:
            message = "the list is empty" if _is_list(part) else "the value is empty"
            problems.error(ProblemKind.VALUE, place, message, _hint_for_empty(place.path, part))
        case _:
            message = f"expected {_expected(part)}, found {_describe(value)}"
            problems.error(ProblemKind.VALUE, place, message, _hint(value, place.path, part))


def _expected(part: dict[str, Any]) -> str:
    title: str = part["title"]
    return title[0].lower() + title[1:]


def _describe(value: Tree) -> str:
    if isinstance(value, str):
        length = f" ({len(value)} characters)" if len(value) > MAX_QUOTED_LENGTH else ""
        return f"{quote_value(value)}{length}" if value.strip() else "empty text"
    if isinstance(value, list):
        return "a list" if value else "an empty list"
    return "a mapping" if isinstance(value, dict) else "nothing"


def _valid_key(text: str, part: dict[str, Any]) -> str:
    """Return a text as a key: its letters, without white space and punctuation; empty if that is not a key."""
    words = re.split(r"[^\w.-]+", unicodedata.normalize("NFC", text).lower())
    key = "-".join(word for word in words if word)
    return key if _fits(part)(key) else ""


def _is_list(part: dict[str, Any]) -> bool:
    """Return whether a value is a list, or a mapping instead, and never a text."""
    types = part.get("type", ())
    return "array" in types and "string" not in types


_EMPTY_LISTS = {
    "admins": ("nobody is to be an admin", ": then the admins are not checked"),
    "members": ("nobody is to be a member", ": then the members stay as they are"),
    "teams": ("no team is to be in it", ""),
}
"""When a list of a group is to be empty, and what it means to leave it out."""


def _hint_for_empty(path: DocumentPath, part: dict[str, Any]) -> str:
    types = part.get("type", ())
    if _is_list(part):
        key = quote_value(str(path[-1]))[1:-1]
        meant, without = _EMPTY_LISTS.get(key, ("nothing is to be in it", ""))
        return f"write `{key}: []` if {meant}, or remove the key{without}"
    if types == "object":
        return "write {} for an empty mapping, or remove the key"
    if path[-1:] == ("description",):
        return 'write "" to clear it, or remove the key'
    return f"write {_expected(part)}, or remove it"


def _hint(value: Tree, path: DocumentPath, part: dict[str, Any]) -> str:
    if not isinstance(value, str):
        return ""
    if part.get("type") in ("array", "object") and (hint := odd_space(value)):
        return hint
    if "enum" in part:
        return did_you_mean(value, (option for option in part["enum"] if isinstance(option, str)))
    if part.get("type") == "array" and value:
        if re.match(r"-[^\s-]", value):
            return "write a space after each hyphen"
        return f"write it as a list: [{quote_value(value)[1:-1]}]"
    if part.get("type") == "object" and (key := re.match(r"(\w+):\S", value)):
        return f"write a space after {quote_value(f'{key[1]}:')}"
    if path[:1] == ("groups",) and path[2:] == ("id",) and value.isdecimal():
        return "a group's id ends in @g.us"
    if path[:1] == ("rules",) and path[2:] == ("name",) and not any(map(str.isalpha, value)):
        return "a number alone may be a phone number: add a word, as in `rule-7`"
    return ""
