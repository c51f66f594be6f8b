"""Read a saved plan back: its published schema checks the shape, cattrs makes the values, `file_checks` the sense.

Nothing in the file is trusted. A message names the place of what is wrong and never quotes the value there: it may be
hostile, or hold a phone number.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import fields, replace
from datetime import date
from functools import cache
from itertools import chain
from typing import TYPE_CHECKING, Any

from reconciler.errors import PlanFileError
from reconciler.json_schemas import load_schema
from reconciler.messages import Message
from reconciler.model.desired import InputFile
from reconciler.model.identity import Identity
from reconciler.model.person_ref import PersonRef
from reconciler.model.text import Untrusted
from reconciler.plan.file_checks import plan_faults, summary_faults
from reconciler.plan.file_format import FORMAT, FORMAT_VERSION, SavedPlan
from reconciler.plan.file_upgrade import SCHEMA, Document, drop_unknown_members, upgrade_document
from reconciler.plan.model import Phase, Plan
from reconciler.sanitize.escape import escape_controls, mask_and_escape

if TYPE_CHECKING:
    import jsonschema
    from cattrs import Converter
    from jsonschema_rs import Draft202012Validator

READING_AIDS = frozenset({"ref_id", "actions"})
AGAIN = "make the plan again with `reconciler plan --out FILE`"


def read_plan_document(value: object) -> SavedPlan:
    """Return the plan in a document made by `plan_document`, with everything that was saved beside it.

    Raises PlanFileError for any other value: not a plan, another version of the format, masked numbers, a damaged
    member, or a plan that contradicts itself (an address of another person, a removal that is not shown).
    """
    document = _require_plan(value)
    if _version(document) != FORMAT_VERSION:
        raise _foreign_format(document)
    _require_applicable(document)
    return _read(document)


def read_plan_to_show(value: object) -> SavedPlan:
    """As `read_plan_document`; of another version of the format return what this program understands, to be shown only.

    Raises PlanFileError that names the version where something that a plan does is missing or not understood.
    """
    document = _require_plan(value)
    version = _version(document)
    if version is None or version == FORMAT_VERSION:
        return read_plan_document(document)
    _require_applicable(document)
    try:
        saved = _read(drop_unknown_members(upgrade_document(document, version), load_schema(SCHEMA)), foreign=True)
    except PlanFileError:
        if version < FORMAT_VERSION:
            raise
        raise _foreign_format(document) from None
    return replace(saved, plan=replace(saved.plan, foreign_format=version))


def _read(document: Document, *, foreign: bool = False) -> SavedPlan:
    _check_shape(document)
    document = _without_reading_aids(document)
    converter = _converter()
    in_plan = {field.name: document[field.name] for field in fields(Plan) if field.name in document}
    plan = _structure(converter, in_plan)
    faults = plan_faults(plan) if foreign else chain(plan_faults(plan), summary_faults(plan, document))
    for place, expected in faults:
        raise _damaged(place, expected)
    sources = converter.structure(document["sources"], tuple[InputFile, ...])
    return SavedPlan(plan, sources, document["made_by"], document["made_at"], document["configuration"])


def _without_reading_aids(value: Any) -> Any:
    """Return a document without what only readers of its JSON need: people's `ref_id` and a group's `actions`."""
    if isinstance(value, dict):
        return {name: _without_reading_aids(item) for name, item in value.items() if name not in READING_AIDS}
    return [_without_reading_aids(item) for item in value] if isinstance(value, list) else value


def _structure(converter: Converter, in_plan: Document) -> Plan:
    """Return the plan of members that fit the schema; what the schema cannot check is whether a message is known."""
    from cattrs import BaseValidationError, transform_error

    try:
        return converter.structure(in_plan, Plan)
    except BaseValidationError as error:
        place = transform_error(error)[0].rpartition(" @ ")[2].removeprefix("$.")
        raise _damaged(place, "a message with a known code and its parameters") from None


def _damaged(place: str, expected: str) -> PlanFileError:
    return PlanFileError(f"the plan file is damaged at {place or 'its top'}: expected {expected}", AGAIN)


def _require_plan(value: object) -> Document:
    if not isinstance(value, dict) or value.get("format") != FORMAT:
        raise PlanFileError("this is not a plan file of the reconciler", AGAIN)
    return value


def _version(document: Document) -> int | None:
    version = document.get("format_version")
    return version if type(version) is int and 0 <= version < 10**6 else None


def _foreign_format(document: Document) -> PlanFileError:
    version, made_by = _version(document), document.get("made_by")
    maker = f"version {escape_controls(made_by)[:40]}" if isinstance(made_by, str) else "an unknown version"
    number = "(not a whole number)" if version is None else version
    return PlanFileError(
        f"this plan file has format version {number}, made by {maker} of the reconciler; "
        f"this program reads format version {FORMAT_VERSION}",
        f"{AGAIN}, or use the version that made it",
    )


def _require_applicable(document: Document) -> None:
    if document.get("masked") is True:
        raise PlanFileError(
            "this document is for reading only: its numbers are masked, or it was saved in another format", AGAIN
        )
    if "calls" in document:
        raise PlanFileError("a dry run printed this document: it is for reading only", AGAIN)
    if document.get("baseline") is not None:
        raise PlanFileError("this document is a report on drift: it is for reading only", AGAIN)


# --- shape and values ----------------------------------------------------------------------------------------------


@cache
def _validator() -> Draft202012Validator:
    import jsonschema_rs

    return jsonschema_rs.Draft202012Validator(load_schema(SCHEMA), validate_formats=True)


def _check_shape(document: Document) -> None:
    """Check a document against its schema: jsonschema-rs decides, jsonschema explains the first thing that is wrong."""
    import jsonschema

    try:
        if _validator().is_valid(document):
            return
    except (ValueError, TypeError):  # a number or a text that is not JSON, which Python's reader lets through
        raise _damaged("", "whole JSON, without NaN, Infinity or broken characters") from None
    explain = jsonschema.Draft202012Validator(load_schema(SCHEMA), format_checker=jsonschema.FormatChecker())
    error = next(_leaves(explain.iter_errors(document)), None)
    if error is None:
        raise _damaged("", "a document that fits `reconciler schema --plan`")
    raise _damaged(_place(error), _expected(error))


def _leaves(errors: Iterator[jsonschema.ValidationError]) -> Iterator[jsonschema.ValidationError]:
    """Yield the deepest errors: of alternatives, those of the one that is not null, which is never meant."""
    for error in errors:
        inner = [one for one in error.context or () if one.validator != "type" or one.validator_value != "null"]
        yield from _leaves(iter(inner)) if inner else (error,)


def _place(error: jsonschema.ValidationError) -> str:
    parts = (f"[{part}]" if isinstance(part, int) else f".{part}" for part in error.absolute_path)
    return "".join(parts).removeprefix(".")


_TYPES = {
    "array": "a list",
    "boolean": "true or false",
    "integer": "a whole number",
    "null": "nothing",
    "number": "a number",
    "object": "an object",
    "string": "a string",
}


def _expected(error: jsonschema.ValidationError) -> str:
    """Say what the schema expects at the place of an error, without the value that is there."""
    value: Any = error.validator_value
    instance: Any = error.instance
    schema: Mapping[str, Any] = error.schema if isinstance(error.schema, Mapping) else {}
    match error.validator:
        case "additionalProperties":
            unknown = next(str(name) for name in instance if name not in schema.get("properties", {}))
            return f"no member `{mask_and_escape(unknown)[:40]}`"
        case "required":
            return f"a member `{next(name for name in value if name not in instance)}`"
        case "type":
            return " or ".join(_TYPES[one] for one in ([value] if isinstance(value, str) else value))
        case "enum":
            return "one of " + ", ".join(map(str, value))
        case "minimum":
            return f"a whole number from {value}"
        case "exclusiveMinimum":
            return "a number greater than 0"
        case "maximum":
            return "a smaller number"
        case "minLength":
            return "a text that is not empty"
        case _:
            text = str(schema.get("description", "something else"))
            return text[:1].lower() + text[1:].rstrip(".")


@cache
def _converter() -> Converter:
    """Return what makes the model's values of a checked document; a member that no value has is an error."""
    from cattrs import Converter
    from cattrs.gen import make_dict_structure_fn

    converter = Converter(forbid_extra_keys=True)
    converter.register_structure_hook(Phase, lambda word, _: Phase[word.upper()])
    converter.register_structure_hook(date, lambda text, _: date.fromisoformat(text))
    converter.register_structure_hook(Identity, lambda text, _: Identity(text))
    converter.register_structure_hook(Untrusted, lambda text, _: Untrusted(text))
    converter.register_structure_hook(Message, lambda value, _: Message.from_json(value))
    person = make_dict_structure_fn(PersonRef, converter)
    # The label is the name or the alias, which are members of their own.
    converter.register_structure_hook(
        PersonRef, lambda value, kind: person({name: value[name] for name in value if name != "label"}, kind)
    )
    return converter
