"""The published schema and the code accept exactly the same documents, however a reader types their scalars."""

from __future__ import annotations

import json
import re
from datetime import date
from pathlib import Path
from typing import Any

import jsonschema
import jsonschema_rs
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from reconciler.config import load
from reconciler.config.problem_collector import ProblemCollector
from reconciler.config.schema_check import SCHEMA, check, is_valid
from reconciler.config.yaml_reader import read_yaml
from reconciler.errors import ConfigError
from reconciler.json_schemas import load_schema

SCHEMA_DOCUMENT = load_schema(SCHEMA)
BAD = Path(__file__).parent / "bad"
EXAMPLE = Path(__file__).parents[2] / "examples" / "groups.yaml"
PUBLISHED = jsonschema_rs.Draft202012Validator(SCHEMA_DOCUMENT)


class CoreLoader(yaml.CSafeLoader):
    """A reader as editors have one: YAML 1.2's core schema, which gives numbers, truth values and nulls."""


CoreLoader.yaml_implicit_resolvers = {}
for tag, pattern in (
    ("null", r"~|null|Null|NULL|"),
    ("bool", r"true|True|TRUE|false|False|FALSE"),
    ("int", r"[-+]?[0-9]+"),
    ("float", r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?"),
):
    CoreLoader.add_implicit_resolver(f"tag:yaml.org,2002:{tag}", re.compile(f"^(?:{pattern})$"), None)
CoreLoader.add_constructor("tag:yaml.org,2002:int", lambda loader, node: int(node.value))


def as_json(value: Any) -> Any:
    """The typed document as JSON has it: keys are texts."""
    if isinstance(value, dict):
        return {str(key): as_json(item) for key, item in value.items()}
    return [as_json(item) for item in value] if isinstance(value, list) else value


def verdict_of_the_code(text: str) -> bool | None:
    """Whether the structure is right; None where the text is no document at all (bad YAML, a key twice, a tag)."""
    problems = ProblemCollector()
    document = read_yaml("groups.yaml", text, problems)
    if document is None or problems.failed:
        return None
    root = check(document, problems, in_folder=False).root
    assert is_valid(document.root) is (not problems.failed)
    assert problems.failed or root is document.root
    return not problems.failed


@pytest.mark.parametrize("path", [EXAMPLE, *sorted(BAD.glob("*.yaml"))], ids=lambda path: path.stem)
def test_schema_and_code_agree_on_every_file(path: Path) -> None:
    try:
        text = path.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        return  # no text, so no document for an editor either
    verdict = verdict_of_the_code(text)
    if verdict is not None:
        typed = as_json(yaml.load(text, CoreLoader))
        assert PUBLISHED.is_valid(typed) is verdict
        # Python's `$` also matches before a last line break, which JSON Schema's regular expressions do not have.
        if path.stem != "line_break_after_an_id":
            assert jsonschema.Draft202012Validator(SCHEMA_DOCUMENT).is_valid(typed) is verdict


def test_the_schema_is_valid_and_explains_every_key() -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA_DOCUMENT)
    bare = []

    def visit(node: Any, place: str) -> None:
        if isinstance(node, dict):
            for key, item in node.get("properties", {}).items():
                whole = {**SCHEMA_DOCUMENT["$defs"].get(str(item.get("$ref", "")).rpartition("/")[2], {}), **item}
                if not whole.get("title") or not whole.get("description"):
                    bare.append(f"{place}.{key}")
            for key, item in node.items():
                visit(item, f"{place}.{key}")

    visit(SCHEMA_DOCUMENT, "")
    assert bare == []


def test_the_schemas_examples_fit() -> None:
    for name, node in {**SCHEMA_DOCUMENT["$defs"], **SCHEMA_DOCUMENT["$defs"]["group"]["properties"]}.items():
        validator = jsonschema_rs.Draft202012Validator({**node, "$defs": SCHEMA_DOCUMENT["$defs"]})
        for example in node.get("examples", ()):
            assert validator.is_valid(example), name


WORDS = (
    "alice", "+1 202 555 0143", "12025550143", "0171 5550143", "2026-12-31", "2026-1-1", "25%", "100 %", "101%", "0",
    "2", "1", "1.0", "exact", "left", "invite", "US", "no", "null", "~", "", " ", "x" * 100, "x" * 101,
    " " + "x" * 100 + "\n", "120363012345678901@g.us", "1-2@g.us", "76699677012110@lid", "553196348800@s.whatsapp.net",
    "AbCdEfGhIjKlMn", "https://chat.whatsapp.com/AbCdEfGhIjKlMn?x",
    "y" * 2048, "y" * 2049, "é", "\u2028", "a b", "-a", "4b", "2024",
)  # fmt: skip
# Whole floats and numbers of more than 18 digits are left out: no YAML reader agrees with another about them.
SCALARS = st.one_of(
    st.sampled_from(WORDS),
    st.text(max_size=8),
    st.none(),
    st.booleans(),
    st.integers(-(10**18), 10**18),
    st.floats(allow_nan=False, allow_infinity=False).filter(lambda number: number != int(number)),
)
JUNK = st.one_of(SCALARS, st.lists(SCALARS, max_size=2), st.dictionaries(st.sampled_from(WORDS), SCALARS, max_size=2))


def mostly(good: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """Seldom something else, so that a document with one mistake is a likely one."""
    return st.integers(0, 19).flatmap(lambda roll: JUNK if roll == 0 else good)


def fields(known: dict[str, st.SearchStrategy[Any]]) -> st.SearchStrategy[Any]:
    unknown = st.integers(0, 19).flatmap(lambda roll: st.just({"unknown": 1} if roll == 0 else {}))
    return mostly(
        st.tuples(st.fixed_dictionaries({}, optional=known), unknown).map(lambda parts: {**parts[0], **parts[1]})
    )


def listed(item: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return mostly(st.lists(mostly(item), max_size=3))


def entries(item: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    keys = st.one_of(st.sampled_from(("alice", "bob", "staff", "project-alpha", "é")), st.sampled_from(WORDS))
    return mostly(st.dictionaries(keys, item, max_size=3))


REFERENCE = st.sampled_from(("alice", "bob", "+1 202 555 0143", 12025550144, "553196348800@s.whatsapp.net"))
MEMBER = st.one_of(
    REFERENCE,
    fields({"person": REFERENCE, "until": st.just("2026-12-31"), "reason": SCALARS, "join": st.just("invite")}),
)
LIMIT = st.one_of(st.sampled_from(("25%", "2", 3)), SCALARS)
OF_ALL = {
    "description": SCALARS,
    "members": listed(MEMBER),
    "teams": listed(st.sampled_from(("staff", "alice"))),
    "admins": listed(REFERENCE),
    "absent": listed(REFERENCE),
    "membership": st.sampled_from(("exact", "additive", "observe")),
    "max_removals": LIMIT,
}
GROUP = {
    **OF_ALL,
    "id": st.just("120363012345678901@g.us"),
    "name": st.one_of(st.just("A"), SCALARS),
    "previously": listed(SCALARS),
    "invite": st.sampled_from(("AbCdEfGhIjKlMn", 12345678, "chat.whatsapp.com/AbCdEfGhIjKlMn", 12345)),
    "state": st.sampled_from(("present", "left")),
}
DOCUMENTS = fields(
    {
        "version": st.sampled_from((1, "1", "1.0")),
        "instance": fields({"id": st.just("inst_abc123"), "phone": REFERENCE}),
        "region": st.sampled_from(("US", "de", "no")),
        "people": entries(st.one_of(REFERENCE, fields({"phone": REFERENCE, "name": SCALARS, "lid": SCALARS}))),
        "teams": entries(
            st.one_of(listed(MEMBER), fields({"teams": listed(st.just("staff")), "members": listed(MEMBER)}))
        ),
        "defaults": fields(OF_ALL),
        "policy": fields(
            {
                "protected": listed(REFERENCE),
                "max_removals": LIMIT,
                "writes_per_minute": LIMIT,
                "max_members": LIMIT,
                "allowed_countries": listed(st.sampled_from(("US", "de", "no"))),
            }
        ),
        "restrictions": listed(
            fields(
                {
                    "path": st.sampled_from(("**", "sales/**", "/x")),
                    "groups": listed(st.sampled_from(("*", "a?"))),
                    "people": st.one_of(st.booleans(), SCALARS),
                    "teams": st.booleans(),
                }
            )
        ),
        "groups": entries(fields(GROUP)),
    }
).flatmap(lambda document: st.just({"version": 1, **document} if isinstance(document, dict) else document))


@settings(max_examples=100, deadline=None)
@given(DOCUMENTS)
def test_schema_and_code_agree_on_generated_documents(document: Any) -> None:
    text = yaml.dump(document, Dumper=yaml.CSafeDumper, allow_unicode=True, sort_keys=False)
    accepted = PUBLISHED.is_valid(json.loads(json.dumps(document)))
    # A document that is no mapping at all is refused before the schema is asked.
    assert (verdict_of_the_code(text) is True) is accepted


@settings(max_examples=60, deadline=None)
@given(DOCUMENTS)
def test_no_document_ends_in_anything_but_a_result_or_problems(tmp_path_factory: Any, document: Any) -> None:
    path = tmp_path_factory.getbasetemp() / "generated.yaml"
    path.write_text(yaml.dump(document, Dumper=yaml.CSafeDumper), encoding="utf-8")
    try:
        desired = load(path, as_of=date(2026, 1, 1))
    except ConfigError as caught:
        problems = caught.problems
    else:
        problems = ()
        assert PUBLISHED.is_valid(document)
        assert len(desired.groups) == len(document.get("groups", {}))
    assert all(problem.line for problem in problems)
