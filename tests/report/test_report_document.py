"""Plans and results as documents: nothing is lost, nothing is believed, the published schemas hold."""

from __future__ import annotations

import contextlib
import copy
import json
from collections.abc import Callable
from dataclasses import fields, replace
from datetime import date
from enum import StrEnum
from typing import Any

import jsonschema
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from reconciler.errors import PlanFileError
from reconciler.model.desired import RemovalLimit, Source
from reconciler.model.identity import identity_of_digits
from reconciler.model.live import LiveGroup, Participant
from reconciler.model.plan import (
    Action,
    Advice,
    AdviceKind,
    Found,
    GroupPlan,
    Phase,
    Plan,
    Refusal,
    Step,
    TextChange,
    Who,
)
from reconciler.model.result import Outcome, PersonState
from reconciler.published import schema_text
from reconciler.report.document import masked, plan_document, problems_document, read_plan_document, result_document
from reconciler.report.escaping import json_text
from reconciler.report.summary import PlanSummary
from reconciler.report.text import render_plan
from tests.report import report_samples as samples

SCHEMAS: dict[str, dict[str, Any]] = {
    name: json.loads(schema_text(f"{name}.schema.json")) for name in ("plan", "result", "problems")
}
PLAN_SCHEMA, RESULT_SCHEMA, PROBLEMS_SCHEMA = (jsonschema.Draft202012Validator(text) for text in SCHEMAS.values())

PLANS = {
    "everything": samples.EVERYTHING,
    "small": samples.SMALL,
    "nothing": samples.NOTHING,
    "empty": samples.EMPTY,
    "no live state": replace(samples.SMALL, groups=(replace(samples.ALPHA, live=None),)),
}


def document_of(plan: Plan) -> dict[str, Any]:
    return plan_document(plan, sources=samples.SOURCES, made_by="0.1.0", made_at="2026-11-21T12:00:00Z")


def saved(document: dict[str, Any]) -> Any:
    return json.loads(json_text(document))


# --- any consistent plan -------------------------------------------------------------------------------------------

NUMBERS = [f"120255501{n:02}" for n in range(30)] + ["553196348800", "5531996348800", "525512345678", "541123456789"]
words = st.text(max_size=12)
maybe_words = st.none() | words
days = st.dates()


@st.composite
def people(draw: st.DrawFn, least: int = 0) -> tuple[Who, ...]:
    digits = draw(st.lists(st.sampled_from(NUMBERS), min_size=least, max_size=4, unique_by=identity_of_digits))
    return tuple(
        Who(
            identity_of_digits(number),
            f"{number}@s.whatsapp.net",
            draw(maybe_words),
            draw(st.none() | st.just("76699677012110@lid")),
            draw(st.none() | days),
            draw(maybe_words),
        )
        for number in digits
    )


@st.composite
def participants(draw: st.DrawFn) -> tuple[Participant, ...]:
    known = [Participant(w.jid or "", w.identity, w.jid, w.lid, draw(st.booleans())) for w in draw(people())]
    return (*known, *draw(st.sampled_from([(), (Participant("9@lid", lid="9@lid"),), (Participant("?"),)])))


advice = st.builds(Advice, st.sampled_from(AdviceKind), words, people() | st.just((samples.LID_ONLY, samples.NOBODY)))
limits = st.builds(
    RemovalLimit, words, count=st.none() | st.integers(0, 99), percent=st.none() | st.floats(0, 100, allow_nan=False)
)


@st.composite
def groups(draw: st.DrawFn, key: str, number: int) -> GroupPlan:
    base = GroupPlan(
        key,
        draw(words),
        names=tuple(draw(st.lists(words, max_size=2))),
        blocked=tuple(draw(st.lists(words, max_size=2))),
        advice=tuple(draw(st.lists(advice, max_size=2))),
        live_members=draw(st.integers(0, 1024)),
        removal_limit=draw(limits),
    )
    shape = draw(st.sampled_from(["new", "join", "live", "leave"]))
    everybody = draw(people(least=2))
    if shape == "new":
        text = (TextChange("name", None, base.name), TextChange("description", None, draw(words)))
        create = Step(key, Action.CREATE, Phase.BUILD, name=base.name, people=everybody[:1])
        patch = Step(key, Action.PATCH, Phase.BUILD, description=text[1].new)
        add = Step(key, Action.ADD, Phase.BUILD, people=everybody[1:])
        return replace(base, text=text, add=everybody, steps=(create, patch, add))
    gid = f"12036301234567{number:04}@g.us"
    if shape == "join":
        known = draw(st.sampled_from([None, gid]))
        return replace(base, id=known, steps=(Step(key, Action.JOIN, Phase.BUILD, known, invite=draw(words)),))
    live = draw(st.none() | st.builds(LiveGroup, st.just(gid), words, words, participants(), st.none(), st.none()))
    base = replace(base, id=gid, live=live, found=draw(st.sampled_from(list(Found)[:3])))
    if shape == "leave":
        return replace(base, steps=(Step(key, Action.LEAVE, Phase.TAKE, gid),))
    name = TextChange("name", draw(words), draw(words))
    steps = [
        Step(key, Action.PATCH, Phase.BUILD, gid, name=name.new),
        Step(key, Action.ADD, draw(st.sampled_from([Phase.BUILD, Phase.SWAP])), gid, people=everybody[:1]),
        Step(key, Action.REMOVE, draw(st.sampled_from([Phase.SWAP, Phase.TAKE])), gid, people=everybody[1:]),
    ]
    kept = tuple(step for step in steps if draw(st.booleans()))
    return replace(base, text=(name,), add=everybody[:1], remove=everybody[1:], steps=kept)


@st.composite
def plans(draw: st.DrawFn) -> Plan:
    keys = sorted(draw(st.lists(st.text(min_size=1, max_size=8), max_size=3, unique=True)))
    return Plan(
        draw(words),
        draw(days),
        tuple(draw(groups(key, number)) for number, key in enumerate(keys)),
        tuple(draw(st.lists(st.builds(Refusal, words, words, maybe_words), max_size=2))),
        tuple(draw(st.lists(advice, max_size=2))),
        draw(st.floats(0.5, 1000)),
        draw(st.none() | st.integers(1, 100)),
        tuple(draw(st.lists(words, max_size=2))),
    )


sources = st.lists(st.builds(Source, words, words), max_size=3, unique_by=lambda source: source.path)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(plans(), sources)
def test_a_saved_plan_reads_back_as_the_same_plan(plan: Plan, files: list[Source]) -> None:
    document = plan_document(plan, sources=files, made_by="0.1.0", made_at="2026-11-21T12:00:00Z")
    assert read_plan_document(saved(document)) == (plan, tuple(sorted(files, key=lambda file: file.path)))
    PLAN_SCHEMA.validate(saved(document))
    PLAN_SCHEMA.validate(saved(masked(document, show_phones=False)))


# --- the hand-made ones --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", PLANS)
def test_a_hand_made_plan_survives_saving_and_holds_to_the_schema(name: str) -> None:
    document = saved(document_of(PLANS[name]))
    assert read_plan_document(document) == (PLANS[name], samples.SOURCES)
    PLAN_SCHEMA.validate(document)


@pytest.mark.parametrize("name", SCHEMAS)
def test_published_schema_is_valid_and_closed_and_explains_every_member(name: str) -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMAS[name])
    objects = list(_objects(SCHEMAS[name]))
    assert objects
    for part in objects:
        assert part["additionalProperties"] is False
        assert part["title"]
        assert set(part["required"]) == set(part["properties"])
        assert all("description" in item or "$ref" in item for item in part["properties"].values())


def _objects(value: Any) -> Any:
    if isinstance(value, dict):
        if "properties" in value:
            yield value
        for item in value.values():
            yield from _objects(item)


@pytest.mark.parametrize(
    ("schema", "place", "kind"),
    [
        ("plan", "step/action", Action),
        ("plan", "group/found", Found),
        ("plan", "advice/kind", AdviceKind),
        ("result", "step/action", Action),
        ("result", "step/outcome", Outcome),
    ],
)
def test_published_words_are_those_of_the_program(schema: str, place: str, kind: type[StrEnum]) -> None:
    definition, member = place.split("/")
    assert SCHEMAS[schema]["$defs"][definition]["properties"][member]["enum"] == [item.value for item in kind]


def test_published_states_of_people_are_those_of_the_program() -> None:
    people = SCHEMAS["result"]["properties"]["people"]["items"]["properties"]
    assert people["state"]["enum"] == [item.value for item in PersonState]


@pytest.mark.parametrize("result", [samples.GOOD, samples.BAD, samples.INTERRUPTED])
def test_result_documents_hold_to_their_schema_in_full_and_masked(result: Any) -> None:
    document = saved(result_document(result))
    RESULT_SCHEMA.validate(document)
    RESULT_SCHEMA.validate(masked(document, show_phones=False))
    assert document["converged"] is result.converged


def test_problem_documents_hold_to_their_schema_and_mask_numbers() -> None:
    document = problems_document(samples.PROBLEMS)
    PROBLEMS_SCHEMA.validate(document)
    assert document["valid"] is False
    assert [problem["line"] for problem in document["problems"]] == [4, 31, 0]
    assert "+1 202 555 01 " not in json_text(document)
    assert problems_document([samples.PROBLEMS[1]])["valid"] is True


def test_a_result_tells_the_id_of_a_group_the_run_made() -> None:
    assert result_document(samples.GOOD)["steps"][0]["group_id"] == "120363012345678999@g.us"
    assert result_document(samples.BAD)["steps"][0]["group_id"] is None


def test_only_requests_that_could_write_count_as_calls() -> None:
    document = result_document(samples.GOOD)
    assert (document["summary"]["calls"], len(document["calls"])) == (2, 3)


def test_people_with_an_outcome_of_their_own_do_not_count_as_added() -> None:
    assert result_document(samples.GOOD)["summary"]["added"] == 4
    assert result_document(samples.BAD)["summary"]["added"] == 0
    assert result_document(samples.BAD)["summary"]["refused"] == 2


# --- masked --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "document", [document_of(samples.EVERYTHING), result_document(samples.BAD), result_document(samples.GOOD)]
)
def test_a_masked_document_has_the_same_shape_and_no_number_in_full(document: dict[str, Any]) -> None:
    text = json_text(masked(document, show_phones=False))
    for digits in ("2025550143", "2025550144", "2025550146", "2025550111", "202 555 0100", "96348800"):
        assert digits not in text
    assert samples.ALPHA_ID in text
    assert _shape(masked(document, show_phones=False)) == _shape(document)


def _shape(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _shape(item) for key, item in value.items()}
    return [_shape(item) for item in value] if isinstance(value, list) else type(value)


def test_ids_dates_and_digests_stay_in_a_masked_document() -> None:
    document = masked(document_of(samples.SMALL), show_phones=False)
    assert document["sources"] == document_of(samples.SMALL)["sources"]
    assert (document["as_of"], document["made_at"]) == ("2026-11-21", "2026-11-21T12:00:00Z")
    assert document["masked"] is True


def test_with_show_phones_the_document_is_unchanged() -> None:
    assert masked(document_of(samples.SMALL), show_phones=True) == document_of(samples.SMALL)


# --- damaged and hostile ones --------------------------------------------------------------------------------------

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


@settings(deadline=None)
@given(json_values)
def test_any_other_json_is_no_plan_file(value: Any) -> None:
    with pytest.raises(PlanFileError):
        read_plan_document(value)


def _places(value: Any, path: tuple[Any, ...] = ()) -> Any:
    yield path
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in items:
        yield from _places(item, (*path, key))


def _last_name(place: tuple[Any, ...]) -> int:
    return max(index for index, key in enumerate(place) if isinstance(key, str))


SAVED = saved(document_of(samples.EVERYTHING))
PLACES = list(_places(SAVED))
# One place of each kind: members of list items are the same in every item.
KIND = ("format", "format_version")
MEMBERS = {tuple(key for key in place if isinstance(key, str)): place for place in PLACES if place}


@settings(max_examples=200, deadline=None)
@given(st.sampled_from(PLACES), json_values)
def test_a_plan_file_with_anything_anywhere_reads_as_a_plan_or_is_refused(place: tuple[Any, ...], junk: Any) -> None:
    with contextlib.suppress(PlanFileError):
        plan, files = read_plan_document(changed(SAVED, place, junk))
        assert isinstance(plan, Plan)
        assert all(isinstance(file, Source) for file in files)
        assert render_plan(plan, show_phones=False, color=False)


def changed(document: Any, place: tuple[Any, ...], value: Any) -> Any:
    if not place:
        return value
    copied = copy.deepcopy(document)
    target = copied
    for key in place[:-1]:
        target = target[key]
    target[place[-1]] = value
    return copied


@pytest.mark.parametrize(
    "place", [place[: _last_name(place) + 1] for place in MEMBERS.values() if place[0] not in KIND]
)
def test_a_plan_file_with_a_missing_member_is_refused_and_the_member_named(place: tuple[Any, ...]) -> None:
    document = copy.deepcopy(SAVED)
    target = document
    for key in place[:-1]:
        target = target[key]
    del target[place[-1]]
    with pytest.raises(PlanFileError) as caught:
        read_plan_document(document)
    assert place[-1] in str(caught.value)


# Where: path in the document of SMALL; there, `board` is group 0 and `project-alpha` group 1.
NEW, ALPHA = ("groups", 0), ("groups", 1)
CREATE, PATCH_NEW = (*NEW, "steps", 0), (*NEW, "steps", 1)
PATCH, ADD, REMOVE = (*ALPHA, "steps", 0), (*ALPHA, "steps", 1), (*ALPHA, "steps", 2)
SOMEBODY = saved(document_of(samples.SMALL))["groups"][0]["add"][1]
OWNER_ROW = {**SOMEBODY, "label": None, "identity": "+12025550100", "jid": "12025550100@s.whatsapp.net"}
DAMAGES: dict[str, tuple[tuple[Any, ...], Any, str]] = {
    "wrong type": (("instance_id",), 5, "instance_id: expected a string"),
    "no object": (ALPHA, [], "groups[1]: expected an object"),
    "no list": (("groups",), {}, "groups: expected a list"),
    "no flag": (("masked",), "no", "masked: expected true or false"),
    "no date": (("as_of",), "20261121", "as_of: expected a date"),
    "no day of the calendar": (("as_of",), "2026-02-30", "as_of: expected a date"),
    "no whole number": ((*ALPHA, "live_members"), 1.5, "live_members: expected a whole number"),
    "true is no number": ((*ALPHA, "live_members"), True, "live_members: expected a whole number"),
    "a number nobody counts to": ((*ALPHA, "live_members"), 10**400, "live_members: expected a whole number"),
    "negative": (("writes_per_minute",), 0, "writes_per_minute: expected a whole number from 1"),
    "no rate": (("calls_per_minute",), 0, "calls_per_minute: expected a number greater than 0"),
    "not a number": (("calls_per_minute",), float("nan"), "calls_per_minute: expected a number"),
    "infinite": (("calls_per_minute",), float("inf"), "calls_per_minute: expected a number"),
    "text for a number": ((*ALPHA, "removal_limit", "percent"), "5", "percent: expected a number"),
    "unknown action": ((*PATCH, "action"), "promote", "action: expected one of join, create, patch"),
    "unknown phase": ((*PATCH, "phase"), "later", "phase: expected one of build, swap, take"),
    "unknown field": ((*ALPHA, "text", 0, "field"), "picture", "field: expected one of name, description"),
    "unknown member": (
        (*ALPHA, "\x1b[2J+12025550143"),
        1,
        "groups[1]: expected no member `\\x1b[2J+1 202 ••• ••43`",
    ),
    "no key": ((*NEW, "key"), "", "key: expected a group's key"),
    "path for an id": ((*ALPHA, "id"), "../leave", "id: expected a group's id"),
    "no identity": ((*ALPHA, "add", 0, "identity"), "12025550143", "identity: expected an international number"),
    "short identity": ((*ALPHA, "add", 0, "identity"), "+553196348800", "identity: expected an international number"),
    "other person's address": (
        (*ADD, "people", 0, "jid"),
        "12025550199@s.whatsapp.net",
        "groups[1].steps[1].people[0].jid: expected the address of the person",
    ),
    "address without number": ((*ADD, "people", 0, "identity"), None, "jid: expected the address of the person"),
    "private id for an address": ((*ADD, "people", 0, "jid"), "76699677012110@lid", "jid: expected a JID"),
    "older spelling": ((*ADD, "people", 0, "jid"), "12025550143@c.us", "jid: expected a JID"),
    "nobody to send to": ((*ADD, "people", 0, "jid"), None, "people[0].jid: expected an address to send to"),
    "unknown group": ((*ADD, "group"), "board", "groups[1].steps[1].group: expected the key of the group"),
    "key twice": ((*NEW, "key"), "project-alpha", "groups: expected every group once"),
    "unsorted": ((*NEW, "key"), "zoo", "groups: expected every group once, sorted"),
    "two groups with one id": ((*NEW, "id"), samples.ALPHA_ID, "groups: expected no two groups with one id"),
    "live state of another group": ((*ALPHA, "live", "id"), samples.BETA_ID, "groups[1].live.id: expected the id"),
    "remove from no group": ((*REMOVE, "group_id"), None, "groups[1].steps[2].group_id: expected something"),
    "remove from another group": ((*REMOVE, "group_id"), samples.BETA_ID, "group_id: expected the id of the group"),
    "add to no group": ((*ADD, "group_id"), None, "group_id: expected a group's id, as no earlier step"),
    "remove too early": ((*REMOVE, "phase"), "build", "phase: expected a phase in which a group can remove"),
    "steps out of order": ((*ADD, "phase"), "take", "groups[1].steps[1].phase: expected a phase"),
    "remove nobody": ((*REMOVE, "people"), [], "people: expected something, as this step is to remove"),
    "remove somebody not shown": ((*REMOVE, "people", 0), SOMEBODY, "people[0]: expected somebody whom"),
    "remove the owner": (ALPHA, {"remove": [OWNER_ROW], "people": [OWNER_ROW]}, "expected nobody who owns the group"),
    "add and remove": ((*ADD, "people", 0), samples.STRANGER, "nobody who owns the group or is to be added"),
    "too many at once": ((*ADD, "people"), [SOMEBODY] * 257, "people: expected at most 256 people"),
    "patch nothing": ((*PATCH_NEW, "description"), None, "name: expected a name or a description to set"),
    "patch to what is not shown": ((*PATCH, "name"), "Pwned", "name: expected the new text"),
    "patch people": ((*PATCH, "people"), [SOMEBODY], "people: expected nothing, as this step is to patch"),
    "create under another name": ((*CREATE, "name"), "Pwned", "name: expected the name this group is shown with"),
    "create without a name": ((*CREATE, "name"), None, "name: expected something, as this step is to create"),
    "create what is there": ((*NEW, "found"), "name", "action: expected no create"),
    "create twice": (PATCH_NEW, CREATE, "action: expected creating or joining as a group's first step"),
    "false summary": (("summary", "removes"), 0, "summary.removes: expected 2, which is what the groups add up to"),
}


def damaged(name: str) -> Any:
    place, value, _ = DAMAGES[name]
    document = saved(document_of(samples.SMALL))
    if name == "remove the owner":
        document["groups"][1]["remove"] = value["remove"]
        document["groups"][1]["steps"][2]["people"] = value["people"]
        return document
    if name == "create twice":
        value = document["groups"][0]["steps"][0]
    if name == "add and remove":
        value = document["groups"][1]["remove"][1]
    return changed(document, place, value)


@pytest.mark.parametrize("name", DAMAGES)
def test_a_damaged_plan_is_refused_at_the_place_of_the_damage(name: str) -> None:
    with pytest.raises(PlanFileError) as caught:
        read_plan_document(damaged(name))
    assert DAMAGES[name][2] in caught.value.message
    assert "plan --out" in caught.value.hint
    assert "\x1b" not in str(caught.value)


def test_steps_must_stand_in_the_order_of_their_phases() -> None:
    document = saved(document_of(samples.SMALL))
    document["groups"][1]["steps"].reverse()
    with pytest.raises(PlanFileError, match="steps in the order of their phases"):
        read_plan_document(document)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"format": "terraform"}, "this is no plan file of the reconciler"),
        ({"format_version": 2, "made_by": "9.1\x1b"}, r"format is version 2, made by version 9\.1\\x1b of the"),
        ({"format_version": "two", "made_by": 5}, r"format is version \(no number\), made by an unknown version"),
        ({"format_version": True}, "format is version"),
        ({"masked": True}, "phone numbers are masked: it is for reading only"),
    ],
)
def test_what_this_program_cannot_apply_is_told_by_its_kind(change: dict[str, Any], message: str) -> None:
    with pytest.raises(PlanFileError, match=message):
        read_plan_document({**saved(document_of(samples.SMALL)), **change})


def test_a_plan_printed_with_masked_numbers_cannot_be_applied() -> None:
    with pytest.raises(PlanFileError, match="masked"):
        read_plan_document(saved(masked(document_of(samples.SMALL), show_phones=False)))


@pytest.mark.parametrize(
    ("kind", "read"),
    [
        (GroupPlan, lambda document: document["groups"][0]),
        (Step, lambda document: document["groups"][0]["steps"][0]),
        (Who, lambda document: document["groups"][0]["add"][0]),
        (Participant, lambda document: document["groups"][1]["live"]["participants"][0]),
        (LiveGroup, lambda document: document["groups"][1]["live"]),
        (PlanSummary, lambda document: document["summary"]),
    ],
)
def test_every_field_of_a_value_has_a_member_of_its_name(kind: Any, read: Callable[[Any], Any]) -> None:
    assert set(read(document_of(samples.SMALL))) == {field.name for field in fields(kind)}


def test_dates_beyond_all_calendars_survive() -> None:
    plan = replace(samples.EMPTY, as_of=date.min)
    assert read_plan_document(saved(document_of(plan)))[0] == plan
