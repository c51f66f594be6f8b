"""Edited plans: whatever becomes of a saved plan, it sends what its YAML and the live groups come to, or nothing."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import fields, is_dataclass, replace
from datetime import date
from typing import Any

import pytest

from reconciler.diff.change import Advice, AdviceKind, MatchedBy, TextChange
from reconciler.messages import Message
from reconciler.model.desired import Limit
from reconciler.model.identity import Identity
from reconciler.model.live import LiveGroup, Participant
from reconciler.model.person_ref import PersonRef
from reconciler.model.rules import Finding, RuleOverride, Severity
from reconciler.model.text import Untrusted
from reconciler.plan.file_format import SavedPlan, plan_document
from reconciler.plan.file_reader import read_plan_document
from reconciler.plan.model import Action, GroupPlan, Phase, Plan, Refusal, SourceLoss, Step
from reconciler.plan.revision import AppliedRevision, ChangedSince, DriftCause, DriftItem, ItemCause
from reconciler.plan.shard import ShardInfo
from tests.stage import PHONE, Ran, Stage

FILE = """
people:
  alice: {phone: +1 202 555 0143, name: Alice Ash}
  bob: {phone: +1 202 555 0144, name: Bob Birch}
  carol: +1 303 555 0145
  dave: +1 404 555 0146
policy: {protected: [carol], writes_per_minute: 500}
groups:
  alpha:
    name: Alpha
    description: New
    admins: [bob]
    members: [alice, {person: bob, until: 2099-12-31, reason: stands in}, carol, {person: dave, join: invite}]
  beta: {name: Beta, members: [bob]}
  omega: {name: Omega, members: [alice]}
"""
ALICE, BOB, STRANGER = Identity("+12025550143"), Identity("+12025550144"), Identity("+13035550177")
LINK = "https://chat.whatsapp.com/ForgedForgedForged1234"
COMMIT = "a" * 40
DIFFERS, DAMAGED, STALE = "is not what its YAML and the live groups come to", "is damaged at", "changed since the plan"
HARMLESS = ""

Edit = Callable[[SavedPlan], SavedPlan]


def on(class_: type, is_meant: Callable[[Any], bool] = lambda _: True, /, **changes: Any) -> Edit:
    """An edit of every value of a class that is meant, anywhere in a saved plan."""

    def edited(value: Any) -> Any:
        if isinstance(value, tuple):
            return tuple(edited(item) for item in value)
        if not is_dataclass(value) or isinstance(value, type | Message | Untrusted):
            return value
        inner = {field.name: edited(getattr(value, field.name)) for field in fields(value)}
        changed = replace(value, **{name: item for name, item in inner.items() if item is not getattr(value, name)})
        return replace(changed, **changes) if isinstance(value, class_) and is_meant(value) else changed

    return edited


def on_file(**changes: Any) -> Edit:
    return on(SavedPlan, **changes)


def on_plan(**changes: Any) -> Edit:
    return on(Plan, **changes)


def on_alpha(**changes: Any) -> Edit:
    return on(GroupPlan, lambda group: group.key == "alpha", **changes)


def on_step(which: Action, **changes: Any) -> Edit:
    return on(Step, lambda step: step.group == "alpha" and step.action is which, **changes)


def on_bob(**changes: Any) -> Edit:
    return on(PersonRef, lambda person: person.identity == BOB, **changes)


def on_stranger(**changes: Any) -> Edit:
    return on(PersonRef, lambda person: person.identity == STRANGER, **changes)


def on_live(**changes: Any) -> Edit:
    return on(LiveGroup, lambda live: str(live.name.raw) == "Alpha", **changes)


def on_participant(**changes: Any) -> Edit:
    return on(Participant, lambda one: one.identity == STRANGER, **changes)


def on_limit(**changes: Any) -> Edit:
    return on(Limit, **changes)


def on_advice(**changes: Any) -> Edit:
    return on(Advice, lambda advice: advice.kind is AdviceKind.PENDING, **changes)


def without_beta(saved: SavedPlan) -> SavedPlan:
    return replace(saved, plan=replace(saved.plan, groups=tuple(g for g in saved.plan.groups if g.key != "beta")))


NAMED_ALICE = PersonRef(STRANGER, "13035550177@s.whatsapp.net", "alice", name="Alice Ash")
MESSAGE = Message.of("protected-not-removed")

CASES: dict[type, dict[str, tuple[Edit, str]]] = {
    SavedPlan: {
        "plan": (without_beta, DIFFERS),
        "sources": (on_file(sources=()), HARMLESS),
        "made_by": (on_file(made_by="9.9.9"), HARMLESS),
        "made_at": (on_file(made_at="2026-01-02T03:04:05+00:00"), HARMLESS),
        "configuration": (on_file(configuration=None), HARMLESS),
    },
    Plan: {
        "instance_id": (on_plan(instance_id="inst_other"), "but its YAML names inst_story"),
        "as_of": (on_plan(as_of=date(2100, 1, 1)), DIFFERS),
        "groups": (without_beta, DIFFERS),
        "refusals": (on_plan(refusals=(Refusal(Message.of("own-phone-unknown"), Message.of("set-own-phone")),)), "own"),
        "advice": (on_plan(advice=(Advice(AdviceKind.KEPT, MESSAGE, (NAMED_ALICE,)),)), DIFFERS),
        "calls_per_minute": (on_plan(calls_per_minute=7.0), HARMLESS),
        "writes_per_minute": (on_plan(writes_per_minute=None), DIFFERS),
        "minutes_between_groups": (on_plan(minutes_between_groups=1), DIFFERS),
        "pending_until": (on_plan(pending_until=date(2100, 1, 1)), HARMLESS),
        "targets": (on_plan(targets=("alpha", "beta")), DIFFERS),
        "excludes": (on_plan(excludes=("board",)), DIFFERS),
        "not_selected": (on_plan(not_selected=3), DIFFERS),
        "pinned_ids": (on_plan(pinned_ids=("120363499999999999@g.us",)), DIFFERS),
        "never_removed": (on_plan(never_removed=()), DIFFERS),
        "shard": (on_plan(shard=ShardInfo(1, 1, 9)), DIFFERS),
        # Words about a revision that this run does not read; the groups are those of the plan all the same.
        "changed_since": (on_plan(changed_since=ChangedSince(ref="main", commit=COMMIT)), HARMLESS),
        "number_checks": (on_plan(number_checks=3), HARMLESS),
        "lookalike_reads": (on_plan(lookalike_reads=3), HARMLESS),
        "list_calls": (on_plan(list_calls=3), HARMLESS),
        "list_shows_people": (on_plan(list_shows_people=True), HARMLESS),
        # What the command line allowed when the plan was made; the apply looks at every group that is not listed.
        "allowed_lookalikes": (on_plan(allowed_lookalikes=("beta",)), HARMLESS),
        "live_ids": (on_plan(live_ids=()), HARMLESS),
        "overridden_rules": (on_plan(overridden_rules=(RuleOverride("it", "why"),)), HARMLESS),
        # The apply checks the rules of the YAML itself.
        "findings": (on_plan(findings=(Finding(rule="it", severity=Severity.ERROR, message="no"),)), HARMLESS),
        # What the command line accepted; the apply compares the sources again.
        "source_losses": (on_plan(source_losses=(SourceLoss(file="r.csv", accepted=True),)), HARMLESS),
        "baseline": (on_plan(baseline=AppliedRevision("main", COMMIT)), "for reading only"),
        "foreign_format": (on_plan(foreign_format=3), "for reading only"),
    },
    GroupPlan: {
        "key": (on_alpha(key="alfa"), DAMAGED),
        "name": (on_alpha(name=Untrusted("Friends")), DIFFERS),
        "id": (on_alpha(id="120363499999999999@g.us"), DAMAGED),
        "matched_by": (on_alpha(matched_by=MatchedBy.PREVIOUS_NAME), DIFFERS),
        "lookup_names": (on_alpha(lookup_names=("Alpha", "Friends")), DIFFERS),
        "field_changes": (on_alpha(field_changes=(TextChange("name", Untrusted("a"), "b"),)), DAMAGED),
        "add": (on_alpha(add=()), DAMAGED),
        "remove": (on_alpha(remove=()), DAMAGED),
        "steps": (on_alpha(steps=()), DIFFERS),
        "blocked": (on_alpha(blocked=(Message.of("not-admin"),)), DIFFERS),
        "advice": (on_alpha(advice=()), DIFFERS),
        "live_members": (on_alpha(live_members=400), DIFFERS),
        "removal_limit": (on_alpha(removal_limit=Limit("policy", count=9)), HARMLESS),
        "live": (on_alpha(live=None), DIFFERS),
        "drift_causes": (on_alpha(drift_causes=(ItemCause(DriftItem.NAME, DriftCause.MANUAL),)), DAMAGED),
    },
    Step: {
        "group": (on_step(Action.ADD, group="beta"), DAMAGED),
        "action": (on_step(Action.REMOVE, action=Action.ADD, phase=Phase.SWAP), DAMAGED),
        "phase": (on_step(Action.ADD, phase=Phase.SWAP), DIFFERS),
        "group_id": (on_step(Action.ADD, group_id="120363499999999999@g.us"), DAMAGED),
        "name": (on_step(Action.PATCH, name="Friends"), DAMAGED),
        "description": (on_step(Action.PATCH, description="Buy now"), DAMAGED),
        "people": (on_step(Action.ADD, people=()), DAMAGED),
        "invite": (on_step(Action.ADD, invite="ForgedForged"), DAMAGED),
    },
    PersonRef: {
        "identity": (on_bob(identity=Identity("+13035550188"), jid="13035550188@s.whatsapp.net"), DIFFERS),
        "jid": (on_bob(jid="13035550188@s.whatsapp.net"), DAMAGED),
        "alias": (on_bob(alias="alice"), DIFFERS),
        "name": (on_stranger(name="Mallory"), DIFFERS),
        "lid": (on_bob(lid="76699677012110@lid"), DIFFERS),
        "until": (on_bob(until=date(2099, 1, 1)), DIFFERS),
        "reason": (on_bob(reason="the boss said so"), DIFFERS),
        "teams": (on_bob(teams=("board",)), DIFFERS),
    },
    # Only a stricter limit counts; the test below has what would lift it.
    Limit: {
        "source": (on_limit(source="the boss"), HARMLESS),
        "count": (on_limit(count=9, percent=None), HARMLESS),
        "percent": (on_limit(percent=100.0), HARMLESS),
    },
    LiveGroup: {
        "id": (on_live(id="120363499999999999@g.us"), DAMAGED),
        "name": (on_live(name=Untrusted("Beta")), STALE),
        "description": (on_live(description=Untrusted("Old")), STALE),
        "participants": (on_live(participants=()), STALE),
        "owner": (on_live(owner=STRANGER), DAMAGED),
        "count": (on_live(count=99), HARMLESS),
    },
    Participant: {
        "id": (on_participant(id="x"), HARMLESS),
        "identity": (on_participant(identity=ALICE, jid="12025550143@s.whatsapp.net"), STALE),
        "jid": (on_participant(jid="12025550143@s.whatsapp.net"), DAMAGED),
        "lid": (on_participant(lid="76699677012110@lid"), HARMLESS),
        "is_admin": (on_participant(is_admin=True), STALE),
        "is_owner": (on_participant(is_owner=True), DAMAGED),
    },
    Advice: {
        "kind": (on_advice(kind=AdviceKind.KEPT), DIFFERS),
        "message": (on_advice(message=Message.of("link-needs-admin")), HARMLESS),
        "people": (on_advice(people=(NAMED_ALICE,)), DIFFERS),
        "names": (on_advice(names=(Untrusted("Buy now"),)), DIFFERS),
        "link": (on_advice(link=LINK), HARMLESS),
    },
    TextChange: {
        "field": (on(TextChange, lambda text: text.new == "New", field="name"), DAMAGED),
        "old": (on(TextChange, lambda text: text.new == "New", old=Untrusted("Older")), DIFFERS),
        "new": (on(TextChange, lambda text: text.new == "New", new="Newer"), DAMAGED),
    },
}


def planned(stage: Stage, text: str = FILE, *options: str) -> SavedPlan:
    stage.world.create_group("Alpha", ["+1 202 555 0143", "+1 303 555 0145", "+1 303 555 0177"], owner=PHONE)
    stage.world.create_group("Omega", ["+1 202 555 0143"], owner=PHONE)
    stage.file(text)
    assert stage.run("plan", *options, "--out", "today.plan").code == 0
    return read_plan_document(json.loads((stage.folder / "today.plan").read_text()))


def applied(stage: Stage, saved: SavedPlan, *options: str) -> Ran:
    """What becomes of a plan that somebody edited well: its summary fits its groups."""
    (stage.folder / "today.plan").write_text(json.dumps(plan_document(saved)))
    stage.world.clear_logs()
    return stage.run("apply", "today.plan", "--yes", *options)


@pytest.mark.parametrize("kind", CASES, ids=lambda kind: kind.__name__)
def test_every_field_of_a_saved_plan_is_known_to_be_refused_or_harmless_when_it_is_edited(kind: type) -> None:
    assert list(CASES[kind].keys() ^ {field.name for field in fields(kind)}) == []


@pytest.mark.parametrize(
    ("edit", "said"),
    [pytest.param(*case, id=f"{kind.__name__}.{name}") for kind in CASES for name, case in CASES[kind].items()],
)
def test_an_edited_plan_is_refused_or_does_what_the_plan_did(guide: Stage, edit: Edit, said: str) -> None:
    guide.world.ensure_instance("inst_other", "+1 202 555 0199")
    saved = planned(guide)
    ran = applied(guide, edit(saved))
    sent = [call for call in guide.calls() if not call.startswith("GET ")]
    if said:
        assert (ran.code, said in ran.err, sent) == (1, True, []), ran.err
        return
    assert len(sent) == saved.plan.calls == 4, ran.err
    assert guide.members("Alpha") == {"12025550100", "12025550143", "12025550144", "13035550145"}
    for word in ("9.9.9", "Forged", "the boss"):
        assert word not in ran.out


@pytest.mark.parametrize(
    "edit",
    [
        on_limit(percent=100.0),
        on_limit(percent=None, count=99),
        on(GroupPlan, removal_limit=Limit("the default", count=99), live_members=400),
    ],
    ids=["percent", "count", "live members"],
)
def test_no_edit_of_a_count_or_a_share_lifts_the_limit_of_removals(guide: Stage, edit: Edit) -> None:
    saved = planned(guide, FILE.replace("carol, {person: dave, join: invite}", "").replace("[carol]", "[dave]"))
    edited = replace(edit(saved), plan=replace(edit(saved).plan, refusals=()))
    refused = applied(guide, edited)
    assert refused.code == 1
    assert "the limit is 1 (25%, the default)" in refused.err or DIFFERS in refused.err
    assert guide.world.effects() == ()


def test_who_is_in_the_yaml_has_no_name_of_an_earlier_revision(guide: Stage) -> None:
    saved = on_plan(changed_since=ChangedSince(ref="main", commit=COMMIT))(planned(guide))
    refused = applied(guide, on_bob(alias="alice", name="Alice Ash")(saved))
    assert (refused.code, DIFFERS in refused.err, guide.world.effects()) == (1, True, ())
    assert "Paul Pine" in applied(guide, on_stranger(alias="paul", name="Paul Pine")(saved)).out


@pytest.mark.parametrize(("field", "value"), [("targets", ("alpha", "beta", "omega")), ("excludes", ("beta",))])
def test_the_groups_of_a_plan_are_those_that_its_words_select(guide: Stage, field: str, value: tuple[str, ...]) -> None:
    saved = planned(guide, FILE, "--target", "alpha")
    refused = applied(guide, on_plan(**{"targets": (), field: value})(saved))
    assert (refused.code, DIFFERS in refused.err, guide.world.effects()) == (1, True, ())
