"""Read the documents of other format versions in the words of this one, so that `show` can render them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from reconciler.json_schemas import load_schema
from reconciler.messages import Message
from reconciler.plan.file_format import FORMAT_VERSION

SCHEMA = "plan.schema.json"

Document = dict[str, Any]

_RENAMED_IN_4 = {
    "plan": {"held": "pinned_ids", "spared": "never_removed"},
    "refusal": {"lift": "override"},
    "advice": {"text": "message"},
    "shard": {"of_groups": "total_groups"},
    "changed_since": {"left_out": "unchanged", "gone": "removed", "everything": "full_plan_reasons"},
    "group": {"found": "matched_by", "names": "lookup_names", "text": "field_changes", "verdicts": "drift_causes"},
    "summary": {"refused": "refusals"},
}


def upgrade_document(document: Document, version: int) -> Document:
    """Return a document of an earlier version in the words of this one, with what came later as absent.

    Format 1 had no shard, revision or drift causes, format 2 no links, format 3 older words, no codes and one label
    for alias and name.
    """
    absent = {"excludes": [], "not_selected": 0, "shard": None, "changed_since": None, "baseline": None}
    absent |= {"lookalike_reads": 0, "allowed_lookalikes": [], "live_ids": [], "number_checks": 0}
    absent |= {"pending_until": None, "minutes_between_groups": None}
    absent |= {"list_calls": 0, "list_shows_people": False}
    document = {**absent, "status": "pending", "configuration": None, **document}
    if version < FORMAT_VERSION:
        document = _renamed(document, "plan")
        for name in ("shard", "changed_since", "summary"):
            document[name] = _renamed(document.get(name), name)
        # Nobody reads these numbers of a document that is only shown.
        later = ("people_joining", "people_leaving", "read_backs", "lookalike_reads", "number_checks")
        for name in (*later, "pending_adds", "pending_removes", "pending_creates"):
            document["summary"] = _with_default(document["summary"], name, 0)
        document["refusals"] = _each(document.get("refusals"), lambda one: _renamed(one, "refusal"))
    document["refusals"] = _each(document.get("refusals"), lambda one: _with_messages(one, "message", "override"))
    document["sources"] = _each(document.get("sources"), lambda one: _with_default(one, "people_file", False))
    document["format_version"], document["baseline"] = FORMAT_VERSION, None
    document["changed_since"] = _with_default(document["changed_since"], "rematched", [])
    document["groups"] = _each(document.get("groups"), lambda group: _upgraded_group(group, version))
    document["advice"] = _each(document.get("advice"), lambda one: _upgraded_advice(one, version))
    return document


def _upgraded_group(group: Any, version: int) -> Any:
    if not isinstance(group, dict):
        return group
    group = {"drift_causes": [], **(_renamed(group, "group") if version < FORMAT_VERSION else group)}
    group["advice"] = _each(group.get("advice"), lambda one: _upgraded_advice(one, version))
    group["blocked"] = _each(group.get("blocked"), _known_message)
    if version < FORMAT_VERSION:
        group["matched_by"] = "none" if group.get("matched_by") == "nowhere" else group.get("matched_by")
        group["steps"] = _each(group.get("steps"), _upgraded_step)
        group.update({name: _each(group.get(name), _upgraded_person) for name in ("add", "remove")})
    return group


def _upgraded_advice(advice: Any, version: int) -> Any:
    if version < FORMAT_VERSION:
        advice = _with_people(_renamed(advice, "advice"))
    return _with_messages(_with_default(advice, "link", None), "message")


def _with_messages(value: Any, *names: str) -> Any:
    if not isinstance(value, dict):
        return value
    return {name: _known_message(member) if name in names else member for name, member in value.items()}


def _known_message(value: Any) -> Any:
    """Return a message that this version knows; else its sentence alone, as formats before 4 saved it."""
    text = value.get("text") if isinstance(value, dict) else value
    try:
        return Message.from_json(value).to_json()
    except ValueError:
        return Message.of("saved-text", text=text).to_json() if isinstance(text, str) else value


def _upgraded_step(step: Any) -> Any:
    step = {**step, "phase": "remove"} if isinstance(step, dict) and step.get("phase") == "take" else step
    return _with_people(step)


def _with_people(value: Any) -> Any:
    return {**value, "people": _each(value.get("people"), _upgraded_person)} if isinstance(value, dict) else value


def _upgraded_person(person: Any) -> Any:
    """Return somebody by the label alone: it was the alias, or the name of somebody without one."""
    if not isinstance(person, dict):
        return person
    return {"alias": person.get("label"), "name": None, "teams": [], **person}


def _renamed(value: Any, kind: str) -> Any:
    """Return an object with this format's names for its members; an object that has both names is left as it is."""
    names = _RENAMED_IN_4[kind]
    if not isinstance(value, dict) or any(new in value for new in names.values()):
        return value
    return {names.get(name, name): member for name, member in value.items()}


def _with_default(value: Any, name: str, default: Any) -> Any:
    return {name: default, **value} if isinstance(value, dict) else value


def _each(value: Any, change: Callable[[Any], Any]) -> Any:
    return [change(item) for item in value] if isinstance(value, list) else value


def drop_unknown_members(value: Any, schema: Mapping[str, Any]) -> Any:
    """Return a value without the members that this version of the format does not know."""
    reference = schema.get("$ref")
    if reference is not None:
        return drop_unknown_members(value, load_schema(SCHEMA)["$defs"][reference.rpartition("/")[2]])
    if isinstance(value, dict) and "properties" in schema:
        known = schema["properties"]
        return {name: drop_unknown_members(member, known[name]) for name, member in value.items() if name in known}
    if isinstance(value, list) and "items" in schema:
        return [drop_unknown_members(item, schema["items"]) for item in value]
    for alternative in (*schema.get("anyOf", ()), *schema.get("oneOf", ())):
        if alternative.get("type") != "null" and value is not None:
            return drop_unknown_members(value, alternative)
    return value
