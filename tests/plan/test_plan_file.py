"""The plan file: nothing is lost, nothing is believed, the published schema holds."""

from __future__ import annotations

import contextlib
import copy
import json
from collections.abc import Callable
from dataclasses import fields, replace
from datetime import date
from typing import Any

import jsonschema
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from reconciler.cli.formats import PLAN_FORMATS
from reconciler.diff.change import Advice, AdviceKind, MatchedBy, TextChange
from reconciler.errors import PlanFileError
from reconciler.json_schemas import schema_text
from reconciler.messages import Message
from reconciler.model.desired import InputFile, Limit
from reconciler.model.identity import identity_of_digits
from reconciler.model.live import LiveGroup, Participant
from reconciler.model.person_ref import PersonRef
from reconciler.model.text import Untrusted
from reconciler.plan.file_format import FORMAT_VERSION, SavedPlan, plan_document
from reconciler.plan.file_reader import read_plan_document, read_plan_to_show
from reconciler.plan.model import Action, GroupPlan, Phase, Plan, Refusal, SourceLoss, Step
from reconciler.plan.revision import ChangedSince, KeyRename
from reconciler.plan.shard import ShardInfo
from reconciler.plan.summary import PlanSummary
from reconciler.report.documents import mask_document
from reconciler.report.options import RenderOptions
from reconciler.report.text import render_plan
from reconciler.sanitize.escape import json_text
from tests.report import report_samples as samples
from tests.report.report_samples import plan_file as document_of

PLAN_SCHEMA = jsonschema.Draft202012Validator(json.loads(schema_text("plan.schema.json")))

PLANS = {
    "everything": samples.EVERYTHING,
    "small": samples.SMALL,
    "shard": samples.SHARD,
    "nothing": samples.NOTHING,
    "empty": samples.EMPTY,
    "no live state": replace(samples.SMALL, groups=(replace(samples.ALPHA, live=None),)),
}


def saved(document: dict[str, Any]) -> Any:
    return json.loads(json_text(document))


# --- any consistent plan -------------------------------------------------------------------------------------------

NUMBERS = [f"120255501{n:02}" for n in range(30)] + ["553196348800", "5531996348800", "525512345678", "541123456789"]
words = st.text(max_size=12)
maybe_words = st.none() | words
days = st.dates()


@st.composite
def people(draw: st.DrawFn, least: int = 0) -> tuple[PersonRef, ...]:
    digits = draw(st.lists(st.sampled_from(NUMBERS), min_size=least, max_size=4, unique_by=identity_of_digits))
    return tuple(
        PersonRef(
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
    known = [
        Participant(id=w.jid or "", identity=w.identity, jid=w.jid, lid=w.lid, is_admin=draw(st.booleans()))
        for w in draw(people())
    ]
    return (*known, *draw(st.sampled_from([(), (Participant(id="9@lid", lid="9@lid"),), (Participant(id="?"),)])))


live_texts = words.map(Untrusted)
messages = st.one_of(
    st.just(Message.of("not-admin")),
    st.builds(lambda text: Message.of("call-failed", error=text), words),
    st.builds(lambda one, other: Message.of("name-differs", live=one, sent=other), live_texts, live_texts),
    st.builds(lambda ids: Message.of("name-ambiguous", count=2, name=Untrusted("A"), ids=tuple(ids)), st.lists(words)),
    st.builds(lambda day: Message.of("last-day", day=day), st.dates()),
    st.just(Message.of("removals-doubtful", doubts=(Message.of("no-participants"), Message.of("own-account-missing")))),
    st.just(Message.of("then-new-plan", first=Message.of("connect-instance"))),
)
advice = st.builds(
    Advice,
    st.sampled_from(AdviceKind),
    messages,
    people() | st.just((samples.LID_ONLY, samples.NOBODY)),
    names=st.lists(live_texts, max_size=2).map(tuple),
    link=st.none() | st.just("https://chat.whatsapp.com/Code12345678"),
)
limits = st.builds(
    Limit, words, count=st.none() | st.integers(0, 99), percent=st.none() | st.floats(0, 100, allow_nan=False)
)


@st.composite
def groups(draw: st.DrawFn, key: str, number: int) -> GroupPlan:
    name = draw(words)
    base = GroupPlan(
        key=key,
        name=Untrusted(name),
        lookup_names=tuple(draw(st.lists(words, max_size=2))),
        blocked=tuple(draw(st.lists(messages, max_size=2))),
        advice=tuple(draw(st.lists(advice, max_size=2))),
        live_members=draw(st.integers(0, 1024)),
        removal_limit=draw(limits),
    )
    shape = draw(st.sampled_from(["new", "join", "live", "leave"]))
    everybody = draw(people(least=2))
    if shape == "new":
        text = (TextChange("name", None, name), TextChange("description", None, draw(words)))
        create = Step(group=key, action=Action.CREATE, phase=Phase.BUILD, name=name, people=everybody[:1])
        patch = Step(group=key, action=Action.PATCH, phase=Phase.BUILD, description=text[1].new)
        add = Step(group=key, action=Action.ADD, phase=Phase.BUILD, people=everybody[1:])
        return replace(base, field_changes=text, add=everybody, steps=(create, patch, add))
    gid = f"12036301234567{number:04}@g.us"
    if shape == "join":
        known = draw(st.sampled_from([None, gid]))
        return replace(
            base,
            id=known,
            steps=(Step(group=key, action=Action.JOIN, phase=Phase.BUILD, group_id=known, invite=draw(words)),),
        )
    live = draw(
        st.none()
        | st.builds(LiveGroup, id=st.just(gid), name=live_texts, description=live_texts, participants=participants())
    )
    base = replace(base, id=gid, live=live, matched_by=draw(st.sampled_from(list(MatchedBy)[:3])))
    if shape == "leave":
        return replace(base, steps=(Step(group=key, action=Action.LEAVE, phase=Phase.REMOVE, group_id=gid),))
    change = TextChange("name", draw(live_texts), draw(words))
    steps = [
        Step(group=key, action=Action.PATCH, phase=Phase.BUILD, group_id=gid, name=change.new),
        Step(
            group=key,
            action=Action.ADD,
            phase=draw(st.sampled_from([Phase.BUILD, Phase.SWAP])),
            group_id=gid,
            people=everybody[:1],
        ),
        Step(
            group=key,
            action=Action.REMOVE,
            phase=draw(st.sampled_from([Phase.SWAP, Phase.REMOVE])),
            group_id=gid,
            people=everybody[1:],
        ),
    ]
    kept = tuple(step for step in steps if draw(st.booleans()))
    return replace(base, field_changes=(change,), add=everybody[:1], remove=everybody[1:], steps=kept)


@st.composite
def plans(draw: st.DrawFn) -> Plan:
    keys = sorted(draw(st.lists(st.text(min_size=1, max_size=8), max_size=3, unique=True)))
    planned = tuple(draw(groups(key, number)) for number, key in enumerate(keys))
    by_id = {group.id for group in planned if group.id is not None and group.matched_by is MatchedBy.ID}
    return Plan(
        instance_id=draw(words),
        as_of=draw(days),
        groups=planned,
        refusals=tuple(draw(st.lists(st.builds(Refusal, messages, messages, maybe_words), max_size=2))),
        advice=tuple(draw(st.lists(advice, max_size=2))),
        calls_per_minute=draw(st.floats(0.5, 1000)),
        writes_per_minute=draw(st.none() | st.integers(1, 100)),
        pending_until=draw(st.none() | days),
        minutes_between_groups=draw(st.none() | st.integers(0, 60)),
        targets=tuple(draw(st.lists(words, max_size=2))),
        excludes=tuple(draw(st.lists(words, max_size=2))),
        not_selected=draw(st.integers(0, 99)),
        source_losses=tuple(draw(st.lists(losses, max_size=2))),
        pinned_ids=tuple(sorted(by_id | draw(st.sets(st.sampled_from(["1@g.us", "2-3@g.us"]))))),
        shard=draw(st.none() | st.builds(ShardInfo, st.just(1), st.just(1), st.integers(0, 99))),
        changed_since=draw(st.none() | revisions),
    )


losses = st.builds(
    SourceLoss,
    file=words,
    people_before=st.none() | st.integers(0, 99),
    lost=st.integers(0, 99),
    reason=words,
    accepted=st.booleans(),
)
some_words = st.lists(words, max_size=2).map(tuple)
hashes = st.from_regex(r"[0-9a-f]{40}([0-9a-f]{24})?", fullmatch=True)
renames = st.lists(st.builds(KeyRename, words, words), max_size=2).map(tuple)
left_out = st.lists(st.text(min_size=9, max_size=12), max_size=2).map(tuple)
revisions = st.builds(
    ChangedSince,
    ref=words,
    commit=hashes,
    unchanged=left_out,
    removed=some_words,
    renamed=renames,
    full_plan_reasons=some_words,
)


digests = st.from_regex(r"[0-9a-f]{64}", fullmatch=True)
sources = st.lists(st.builds(InputFile, words, digests), max_size=3, unique_by=lambda source: source.path)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(plans(), sources)
def test_a_saved_plan_reads_back_as_the_same_plan(plan: Plan, files: list[InputFile]) -> None:
    made = SavedPlan(plan, tuple(sorted(files, key=lambda file: file.path)), "0.1.0", "2026-11-21T12:00:00Z")
    document = plan_document(made)
    assert read_plan_document(saved(document)) == made
    PLAN_SCHEMA.validate(saved(document))
    PLAN_SCHEMA.validate(saved(mask_document(document, show_phones=False)))


# --- the hand-made ones ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", PLANS)
def test_a_hand_made_plan_survives_saving_and_holds_to_the_schema(name: str) -> None:
    document = saved(document_of(PLANS[name]))
    assert read_plan_document(document) == SavedPlan(PLANS[name], samples.SOURCES, "0.1.0", "2026-11-21T12:00:00Z")
    PLAN_SCHEMA.validate(document)


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
        read = read_plan_document(changed(SAVED, place, junk))
        assert isinstance(read.plan, Plan)
        assert all(isinstance(file, InputFile) for file in read.sources)
        assert render_plan(read, RenderOptions())


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
    assert ("a known code" if "params" in place[:-1] else place[-1]) in str(caught.value)


# Where: path in the document of SMALL; there, `board` is group 0 and `project-alpha` group 1.
NEW, ALPHA = ("groups", 0), ("groups", 1)
CREATE, PATCH_NEW = (*NEW, "steps", 0), (*NEW, "steps", 1)
PATCH, ADD, REMOVE = (*ALPHA, "steps", 0), (*ALPHA, "steps", 1), (*ALPHA, "steps", 2)
SOMEBODY = saved(document_of(samples.SMALL))["groups"][0]["add"][1]
OWNER_ROW = {**SOMEBODY, "label": None, "identity": "+12025550100", "jid": "12025550100@s.whatsapp.net"}
DAMAGES: dict[str, tuple[tuple[Any, ...], Any, str]] = {
    "wrong type": (("instance_id",), 5, "instance_id: expected a string"),
    "no object": (ALPHA, [], "groups[1]: expected an object"),
    "a link to elsewhere": (
        (*ALPHA, "advice", 0, "link"),
        "https://example.com/AbCdEfGhIjKlMn",
        "groups[1].advice[0].link: expected pending: the group's invite link",
    ),
    "no list": (("groups",), {}, "groups: expected a list"),
    "no flag": (("masked",), "no", "masked: expected true or false"),
    "no date": (("as_of",), "20261121", "as_of: expected a day"),
    "no day of the calendar": (("as_of",), "2026-02-30", "as_of: expected a da"),
    "no whole number": ((*ALPHA, "live_members"), 1.5, "live_members: expected a whole number"),
    "true is no number": ((*ALPHA, "live_members"), True, "live_members: expected a whole number"),
    "a number nobody counts to": ((*ALPHA, "live_members"), 10**400, "live_members: expected a smaller number"),
    "negative": (("writes_per_minute",), 0, "writes_per_minute: expected a whole number from 1"),
    "no rate": (("calls_per_minute",), 0, "calls_per_minute: expected a number greater than 0"),
    "not a number": (("calls_per_minute",), float("nan"), "expected a document that fits"),
    "infinite": (("calls_per_minute",), float("inf"), "calls_per_minute: expected a smaller number"),
    "text for a number": ((*ALPHA, "removal_limit", "percent"), "5", "percent: expected a number"),
    "unknown action": ((*PATCH, "action"), "promote", "action: expected one of join, create, patch"),
    "unknown phase": ((*PATCH, "phase"), "later", "phase: expected one of build, swap, remove"),
    "unknown field": ((*ALPHA, "field_changes", 0, "field"), "picture", "field: expected one of name, description"),
    "unknown member": (
        (*ALPHA, "\x1b[2J+12025550143"),
        1,
        "groups[1]: expected no member `\\x1b[2J+1 202 ••• ••43`",
    ),
    "no key": ((*NEW, "key"), "", "key: expected a text that is not empty"),
    "path for an id": ((*ALPHA, "id"), "../leave", "id: expected the id of a live group"),
    "no identity": (
        (*ALPHA, "add", 0, "identity"),
        "12025550143",
        "identity: expected a phone number in international form",
    ),
    "short identity": ((*ALPHA, "add", 0, "identity"), "+553196348800", "identity: expected an international number"),
    "other person's address": (
        (*ADD, "people", 0, "jid"),
        "12025550199@s.whatsapp.net",
        "groups[1].steps[1].people[0].jid: expected the address of the person",
    ),
    "address without number": ((*ADD, "people", 0, "identity"), None, "jid: expected the address of the person"),
    "private id for an address": ((*ADD, "people", 0, "jid"), "76699677012110@lid", "jid: expected a phone JID"),
    "older spelling": ((*ADD, "people", 0, "jid"), "12025550143@c.us", "jid: expected a phone JID"),
    "nobody to send to": ((*ADD, "people", 0, "jid"), None, "people[0].jid: expected an address to send to"),
    "unknown group": ((*ADD, "group"), "board", "groups[1].steps[1].group: expected the key of the step's own group"),
    "key twice": ((*NEW, "key"), "project-alpha", "groups: expected every group once"),
    "unsorted": ((*NEW, "key"), "zoo", "groups: expected every group once, sorted"),
    "two groups with one id": ((*NEW, "id"), samples.ALPHA_ID, "groups: expected no two groups with one id"),
    "no id": (("pinned_ids",), ["../leave"], "pinned_ids[0]: expected the id of a live group"),
    "pinned twice": (("pinned_ids",), ["1@g.us", "1@g.us"], "pinned_ids: expected every id once, sorted"),
    "found by an id that no key notes": (
        (*ALPHA, "matched_by"),
        "id",
        "groups[1].id: expected an id that `pinned_ids` has",
    ),
    "live state of another group": ((*ALPHA, "live", "id"), samples.BETA_ID, "groups[1].live.id: expected the id"),
    "remove from no group": ((*REMOVE, "group_id"), None, "groups[1].steps[2].group_id: expected something"),
    "remove from another group": (
        (*REMOVE, "group_id"),
        samples.BETA_ID,
        "group_id: expected the id of the step's own group",
    ),
    "add to no group": ((*ADD, "group_id"), None, "group_id: expected a group's id, as no earlier step"),
    "remove too early": ((*REMOVE, "phase"), "build", "phase: expected a phase in which a group can remove"),
    "steps out of order": ((*ADD, "phase"), "remove", "groups[1].steps[1].phase: expected a phase"),
    "remove nobody": ((*REMOVE, "people"), [], "people: expected something, as this step is to remove"),
    "remove somebody not shown": ((*REMOVE, "people", 0), SOMEBODY, "people[0]: expected somebody in"),
    "remove the owner": (ALPHA, {"remove": [OWNER_ROW], "people": [OWNER_ROW]}, "expected nobody who owns the group"),
    "add somebody to be removed": (
        (*ADD, "people", 0),
        samples.STRANGER,
        "people[0]: expected somebody in the group's `add`",
    ),
    "add somebody not shown": ((*ADD, "people", 0), OWNER_ROW, "people[0]: expected somebody in the group's `add`"),
    "create with somebody not shown": ((*CREATE, "people", 0), OWNER_ROW, "people[0]: expected somebody in the"),
    "too many at once": ((*ADD, "people"), [SOMEBODY] * 257, "people: expected at most 256 people"),
    "patch nothing": ((*PATCH_NEW, "description"), None, "name: expected a name or a description to set"),
    "patch to what is not shown": ((*PATCH, "name"), "Pwned", "name: expected the new text"),
    "patch people": ((*PATCH, "people"), [SOMEBODY], "people: expected nothing, as this step is to patch"),
    "create under another name": ((*CREATE, "name"), "Pwned", "name: expected the name this group is shown with"),
    "create without a name": ((*CREATE, "name"), None, "name: expected something, as this step is to create"),
    "create what is there": ((*NEW, "matched_by"), "name", "action: expected no create"),
    "create twice": (PATCH_NEW, CREATE, "action: expected creating or joining as a group's first step"),
    "no shard": (("shard",), "1/2", "shard: expected an object"),
    "a shard after the last": (
        ("shard",),
        {"index": 3, "count": 2, "total_groups": 9},
        "shard.index: expected no more",
    ),
    "a group of another shard": (
        ("shard",),
        {"index": 1, "count": 99, "total_groups": 9},
        "groups: expected only groups of",
    ),
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
    if name == "add somebody to be removed":
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
        ({"format": "terraform"}, "this is not a plan file of the reconciler"),
        ({"format_version": 1, "made_by": "0.1\x1b"}, r"has format version 1, made by version 0\.1\\x1b of the"),
        ({"format_version": "two", "made_by": 5}, r"format version \(not a whole number\), made by an unknown version"),
        ({"format_version": True}, "format version"),
        ({"masked": True}, "for reading only: its numbers are masked"),
        ({"calls": []}, "a dry run printed this document: it is for reading only"),
    ],
)
def test_what_this_program_cannot_apply_is_told_by_its_kind(change: dict[str, Any], message: str) -> None:
    with pytest.raises(PlanFileError, match=message):
        read_plan_document({**saved(document_of(samples.SMALL)), **change})


def without_links(plan: Plan) -> Plan:
    def bare(all_advice: tuple[Advice, ...]) -> tuple[Advice, ...]:
        return tuple(replace(one, link=None) for one in all_advice)

    groups = tuple(replace(group, advice=bare(group.advice)) for group in plan.groups)
    return replace(plan, groups=groups, advice=bare(plan.advice))


def delete_links(document: Any) -> None:
    for value in (document, *document["groups"]):
        for one in value["advice"]:
            del one["link"]


def in_old_words(document: Any) -> Any:
    """A document as format 3 and earlier ones wrote it."""
    old = copy.deepcopy(document)
    for value, names in (
        (old, {"pinned_ids": "held", "never_removed": "spared"}),
        (old["summary"], {"refusals": "refused"}),
        *((refusal, {"override": "lift"}) for refusal in old["refusals"]),
        (old["shard"] or {}, {"total_groups": "of_groups"}),
        (old["changed_since"] or {}, {"unchanged": "left_out", "removed": "gone", "full_plan_reasons": "everything"}),
        *((group, OLD_GROUP) for group in old["groups"]),
    ):
        for new, earlier in names.items():
            if new in value:
                value[earlier] = value.pop(new)
    for refusal in old["refusals"]:
        refusal.update({name: refusal[name]["text"] for name in ("message", "lift")})
    for group in old["groups"]:
        group["blocked"] = [reason["text"] for reason in group["blocked"]]
    for advice in (advice for value in (old, *old["groups"]) for advice in value["advice"]):
        advice["text"] = advice.pop("message")["text"]
    for group in old["groups"]:
        group["found"] = group["found"].replace("none", "nowhere")
    for step in (step for group in old["groups"] for step in group["steps"]):
        step["phase"] = step["phase"].replace("remove", "take")
    return old


OLD_GROUP = {"matched_by": "found", "lookup_names": "names", "field_changes": "text", "drift_causes": "verdicts"}


@pytest.mark.parametrize("name", PLANS)
def test_a_plan_of_format_3_with_its_older_words_is_shown_and_not_applied(name: str) -> None:
    document = {**in_old_words(saved(document_of(PLANS[name]))), "format_version": 3}
    assert read_plan_to_show(document).plan == replace(PLANS[name], foreign_format=3)
    with pytest.raises(PlanFileError, match=r"has format version 3, made by .* reads format version 4"):
        read_plan_document(document)


@pytest.mark.parametrize("name", PLANS)
def test_a_plan_of_format_2_which_knew_no_links_is_shown_and_not_applied(name: str) -> None:
    plan = without_links(PLANS[name])
    document = {**in_old_words(saved(document_of(plan))), "format_version": 2}
    delete_links(document)
    assert read_plan_to_show(document).plan == replace(plan, foreign_format=2)
    with pytest.raises(PlanFileError, match=r"has format version 2, made by .* reads format version 4"):
        read_plan_document(document)


LATER = {
    *(("excludes",), ("not_selected",), ("shard",), ("changed_since",), ("baseline",), ("changed_since", "rematched")),
    *(
        ("source_losses",),
        ("status",),
        ("configuration",),
        ("lookalike_reads",),
        ("allowed_lookalikes",),
        ("live_ids",),
    ),
    *(("number_checks",), ("pending_until",), ("minutes_between_groups",)),
    *(("list_calls",), ("list_shows_people",), ("findings",), ("overridden_rules",), ("sources", "people_file")),
    *(("groups", "drift_causes"), ("groups", "advice", "link"), ("advice", "link")),
}


@pytest.mark.parametrize("names", [names for names in MEMBERS if names[0] not in KIND and names[0] != "summary"])
def test_of_another_format_only_what_came_to_it_later_may_be_missing(names: tuple[str, ...]) -> None:
    """What a plan does is never shown as nothing for a member that is not there."""
    document = {**copy.deepcopy(SAVED), "format_version": 5}
    place = MEMBERS[names][: _last_name(MEMBERS[names]) + 1]
    target: Any = document
    for key in place[:-1]:
        target = target[key]
    del target[place[-1]]
    # A message that this version does not know is shown by its sentence.
    if names in LATER or names[-1] in ("code", "params") or "params" in names:
        assert read_plan_to_show(document).format_version == 5
        return
    with pytest.raises(PlanFileError, match="has format version 5"):
        read_plan_to_show(document)


@pytest.mark.parametrize("name", PLANS)
@pytest.mark.parametrize("format_", ["text", "markdown", "html"])
def test_a_plan_of_another_format_says_so_where_it_is_shown(name: str, format_: str) -> None:
    told = "Saved with format version 5: this version of the program may not show all of it."
    document = saved(document_of(PLANS[name]))
    assert told not in PLAN_FORMATS[format_](read_plan_to_show(document), RenderOptions())
    assert told in PLAN_FORMATS[format_](read_plan_to_show({**document, "format_version": 5}), RenderOptions())


@pytest.mark.parametrize("name", PLANS)
def test_a_plan_of_format_1_is_read_to_be_shown(name: str) -> None:
    """It knew no shard, no revision, no verdicts, and no links."""
    plan = without_links(replace(PLANS[name], shard=None, changed_since=None))
    document = saved(document_of(plan))
    for member in ("shard", "changed_since", "baseline"):
        del document[member]
    for group in document["groups"]:
        del group["drift_causes"]
    delete_links(document)
    shown = read_plan_to_show({**in_old_words({"shard": None, "changed_since": None, **document}), "format_version": 1})
    assert shown == SavedPlan(replace(plan, foreign_format=1), samples.SOURCES, "0.1.0", "2026-11-21T12:00:00Z")
    assert (plan_document(shown)["format_version"], plan_document(shown)["masked"]) == (FORMAT_VERSION, True)
    PLAN_SCHEMA.validate(saved(plan_document(shown)))
    with pytest.raises(PlanFileError, match="has format version 1"):
        read_plan_document({**document, "format_version": 1})
    with pytest.raises(PlanFileError, match="for reading only"):
        read_plan_document(plan_document(shown))


@pytest.mark.parametrize("name", PLANS)
def test_what_a_later_format_adds_is_passed_over_to_show_the_rest(name: str) -> None:
    document = saved(document_of(PLANS[name]))
    for value in (document, *document["groups"], *(step for group in document["groups"] for step in group["steps"])):
        value["weather"] = "fine"
    shown = read_plan_to_show({**document, "format_version": 5})
    assert shown.plan == replace(PLANS[name], foreign_format=5)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"format": "terraform"}, "this is not a plan file of the reconciler"),
        ({"format_version": "two"}, r"format version \(not a whole number\)"),
        ({"format_version": 5, "groups": 5}, "has format version 5, made by version 0.1.0 of the reconciler"),
        ({"format_version": 5, "instance_id": None}, "has format version 5"),
        ({"format_version": 5, "masked": True}, "for reading only: its numbers are masked"),
        ({"weather": "fine"}, "the plan file is damaged at its top: expected no member `weather`"),
    ],
)
def test_what_cannot_be_shown_is_told_by_its_kind(change: dict[str, Any], message: str) -> None:
    with pytest.raises(PlanFileError, match=message):
        read_plan_to_show({**saved(document_of(samples.SMALL)), **change})


@settings(max_examples=200, deadline=None)
@given(st.sampled_from(PLACES), json_values)
def test_a_plan_of_another_format_with_anything_anywhere_is_shown_or_refused(place: tuple[Any, ...], junk: Any) -> None:
    with contextlib.suppress(PlanFileError):
        read = read_plan_to_show(changed({**SAVED, "format_version": 5}, place, junk))
        assert render_plan(read, RenderOptions())


def test_a_plan_printed_with_masked_numbers_cannot_be_applied() -> None:
    with pytest.raises(PlanFileError, match="masked"):
        read_plan_document(saved(mask_document(document_of(samples.SMALL), show_phones=False)))


@pytest.mark.parametrize(
    ("kind", "read"),
    [
        (GroupPlan, lambda document: document["groups"][0]),
        (Step, lambda document: document["groups"][0]["steps"][0]),
        (Participant, lambda document: document["groups"][1]["live"]["participants"][0]),
        (LiveGroup, lambda document: document["groups"][1]["live"]),
        (PlanSummary, lambda document: document["summary"]),
    ],
)
def test_every_field_of_a_value_has_a_member_of_its_name(kind: Any, read: Callable[[Any], Any]) -> None:
    assert set(read(document_of(samples.SMALL))) == {field.name for field in fields(kind)}


def test_a_person_is_saved_with_every_field_and_what_reports_show() -> None:
    person = next(one for one in document_of(samples.SMALL)["groups"][1]["add"] if one["alias"] == "bob")
    assert set(person) == {"label", *(field.name for field in fields(PersonRef))}
    assert (person["label"], person["alias"], person["name"]) == ("Bob Marsh", "bob", "Bob Marsh")


def test_a_label_in_a_plan_file_names_nobody() -> None:
    document = saved(document_of(samples.SMALL))
    document["groups"][1]["add"][1]["label"] = "somebody else"
    assert read_plan_document(document).plan == samples.SMALL


def test_dates_beyond_all_calendars_survive() -> None:
    plan = replace(samples.EMPTY, as_of=date.min)
    assert read_plan_document(saved(document_of(plan))).plan == plan


# Change these and FORMAT_VERSION together: a program of the earlier format is to name the versions, not a damage.
MEMBERS_OF_FORMAT_4 = {
    "advice": "kind link message names people",
    "baseline": "commit ref",
    "changed_since": "commit full_plan_reasons ref rematched removed renamed unchanged",
    "group": (
        "add advice blocked drift_causes field_changes id key live live_members lookup_names matched_by name "
        "removal_limit remove steps"
    ),
    "drift_cause": "cause item person",
    "live": "count description id name owner participants",
    "message": "code params text",
    "source_loss": "accepted file lost people_before reason",
    "participant": "id identity is_admin is_owner jid lid",
    "person": "alias identity jid label lid name reason teams until",
    "plan": (
        "advice allowed_lookalikes as_of baseline calls_per_minute changed_since configuration excludes findings "
        "format format_version groups instance_id list_calls list_shows_people live_ids lookalike_reads made_at "
        "made_by masked minutes_between_groups never_removed not_selected number_checks overridden_rules "
        "pending_until pinned_ids refusals shard source_losses sources status summary targets writes_per_minute"
    ),
    "shard": "count index total_groups",
    "step": "action description group group_id invite name people phase",
    "summary": (
        "adds adopts blocked calls changes creates joins leaves lookalike_reads number_checks pending_adds "
        "pending_creates pending_removes people_joining people_leaving read_backs refusals removes seconds unchanged"
    ),
}


def test_the_members_of_the_format_are_those_of_its_version() -> None:
    schema = json.loads(schema_text("plan.schema.json"))
    kinds = {"plan": schema, **{name: kind for name, kind in schema["$defs"].items() if "required" in kind}}
    members = {name: " ".join(sorted(kind["required"])) for name, kind in kinds.items()}
    assert (FORMAT_VERSION, members) == (4, MEMBERS_OF_FORMAT_4)
    assert schema["properties"]["format_version"]["const"] == FORMAT_VERSION
    assert schema["$id"] == f"urn:wappfy-reconciler:plan:{FORMAT_VERSION}"
