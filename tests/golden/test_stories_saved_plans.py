"""Saved plans: what is reviewed is what is applied, or nothing is."""

from __future__ import annotations

import json
import stat
from unittest.mock import Mock

import pytest

from reconciler import config
from reconciler.messages import Message
from reconciler.model.text import Untrusted
from tests.stage import PHONE, Stage

FILE = """
people: {alice: +1 202 555 0143, bob: +1 202 555 0144}
groups:
  alpha: {name: Alpha, members: [alice, bob]}
  beta: {name: Beta, members: [alice]}
"""


def planned(stage: Stage) -> None:
    stage.world.create_group("Alpha", ["+1 202 555 0143"], owner=PHONE)
    stage.file(FILE)
    assert stage.run("plan", "--out", "today.plan").code == 0


def test_a_saved_plan_is_private_shown_and_applied(stage: Stage) -> None:
    planned(stage)
    assert stat.S_IMODE((stage.folder / "today.plan").stat().st_mode) == 0o600
    assert stage.run("show", "today.plan").out == stage.run("plan").out
    stage.calls()
    applied = stage.run("apply", "today.plan", "--yes")
    assert applied.code == 0, applied.out + applied.err
    assert stage.run("plan", "--detailed-exitcode").code == 0


def test_a_shown_plan_tells_when_by_what_and_from_what_it_was_made(stage: Stage) -> None:
    planned(stage)
    path = stage.folder / "today.plan"
    document = json.loads(path.read_text())
    path.write_text(json.dumps({**document, "made_by": "0.0.9", "made_at": "2026-01-02T03:04:05+00:00"}))
    shown = json.loads(stage.run("show", "today.plan", "--format", "json").out)
    assert (shown["made_by"], shown["made_at"], shown["masked"]) == ("0.0.9", "2026-01-02T03:04:05+00:00", True)
    assert shown["sources"] == document["sources"] != []
    full = json.loads(stage.run("show", "today.plan", "--format", "json", "--show-phones").out)
    assert (full["masked"], full["configuration"]) == (False, document["configuration"])


def test_a_saved_plan_does_not_add_somebody_whose_last_day_has_passed_by_then(stage: Stage) -> None:
    stage.file(FILE.replace("members: [alice]", "members: [alice, {person: bob, until: 2026-01-02}]"))
    assert stage.run("plan", "--as-of", "2026-01-01", "--out", "today.plan").code == 0
    refused = stage.run("apply", "today.plan", "--yes")
    assert (refused.code, "last day (`until`) has passed" in refused.err) == (1, True)
    assert not [call for call in stage.calls() if not call.startswith("GET ")]


def test_a_saved_plan_for_a_target_knows_the_groups_that_other_keys_hold(stage: Stage) -> None:
    held = stage.world.create_group("New", [], owner=PHONE)
    stage.file(f"groups:\n  held: {{id: {held}, name: Old}}\n  new: {{name: New, members: []}}\n")
    assert stage.run("plan", "--target", "new", "--out", "today.plan").code == 0
    applied = stage.run("apply", "today.plan", "--yes")
    assert applied.code == 0, applied.out + applied.err
    assert len(stage.world.snapshot()) == 2


def test_a_saved_plan_is_refused_when_a_live_group_it_touches_moved_and_says_what(stage: Stage) -> None:
    planned(stage)
    (group_id,) = stage.world.snapshot()
    stage.world.add_participant(group_id, "+1 303 555 0101")
    stage.world.describe_group(group_id, "by hand")
    before = stage.world.snapshot()
    stage.calls()
    refused = stage.run("apply", "today.plan", "--yes")
    assert refused.code == 1
    assert "by hand" in refused.err
    assert "+1 303 ••• ••01 is in the group now" in refused.err
    assert all(call.startswith("GET ") for call in stage.calls())
    assert stage.world.snapshot() == before
    assert stage.run("show", "today.plan").code == 0


def test_a_saved_create_is_refused_when_a_group_of_that_name_appeared(stage: Stage) -> None:
    planned(stage)
    stage.world.create_group("Beta", [], owner=PHONE)
    refused = stage.run("apply", "today.plan", "--yes")
    assert refused.code == 1
    assert "Beta" in refused.err


def test_a_saved_plan_is_refused_when_its_yaml_changed_and_not_when_it_is_gone(stage: Stage) -> None:
    planned(stage)
    path = stage.folder / "groups.yaml"
    text = path.read_text()
    path.write_text(text.replace("[alice]", "[bob]"))
    refused = stage.run("apply", "today.plan", "--yes")
    assert (refused.code, "groups.yaml" in refused.err) == (1, True)
    path.unlink()
    assert stage.run("apply", "today.plan", "--yes").code == 0


@pytest.mark.parametrize(
    "changed",
    [
        f"# A comment.\n{FILE}# Another.\n",
        FILE.replace("[alice, bob]", "[ alice,bob ]"),
        FILE.replace(
            "{alice: +1 202 555 0143, bob: +1 202 555 0144}", "\n  bob: +12025550144\n  alice: +1 (202) 5550143"
        ),
    ],
    ids=["comments", "spaces", "order and punctuation"],
)
def test_yaml_that_changed_and_means_the_same_leaves_a_plan_fresh_and_says_so(stage: Stage, changed: str) -> None:
    planned(stage)
    stage.file(changed)
    applied = stage.run("apply", "today.plan", "--yes")
    assert applied.code == 0, applied.err
    assert "the YAML changed since the plan was made, but means the same: groups.yaml" in applied.err


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("members: [alice]", "members: [alice, bob]"),
        ("name: Beta", "name: unmanaged"),
        ("groups:", "policy: {protected: [alice]}\ngroups:"),
        ("groups:", "policy: {max_removals: 3}\ngroups:"),
        ("groups:", "policy: {writes_per_minute: 20}\ngroups:"),
        ("groups:", "restrictions: [{path: '*', groups: ['**']}]\ngroups:"),
        ("members: [alice]", "members: [{person: alice, until: 2099-12-31}]"),
        ("alice: +1 202 555 0143", "alice: {phone: +1 202 555 0143, name: Alice}"),
        ("members: [alice]", "members: [alice"),
    ],
)
def test_yaml_that_means_something_else_makes_a_plan_stale(stage: Stage, old: str, new: str) -> None:
    planned(stage)
    stage.file(FILE.replace(old, new))
    refused = stage.run("apply", "today.plan", "--yes")
    assert (refused.code, "the YAML changed since the plan was made: groups.yaml" in refused.err) == (1, True)
    assert all(call.startswith("GET ") for call in stage.calls())


def test_a_plan_that_does_not_know_what_its_files_mean_is_stale_with_any_change(stage: Stage) -> None:
    planned(stage)
    path = stage.folder / "today.plan"
    path.write_text(json.dumps({**json.loads(path.read_text()), "configuration": None}))
    stage.file(f"{FILE}# A comment.\n")
    assert stage.run("apply", "today.plan", "--yes").code == 1


def test_a_plan_of_another_format_version_is_refused(stage: Stage) -> None:
    planned(stage)
    path = stage.folder / "today.plan"
    document = json.loads(path.read_text())
    document["format_version"] = 99
    path.write_text(json.dumps(document))
    refused = stage.run("apply", "today.plan", "--yes")
    assert (refused.code, "99" in refused.err) == (1, True)


def test_a_plan_of_another_format_version_is_shown_as_far_as_it_is_understood_and_stays_one(guide: Stage) -> None:
    planned(guide)
    path = guide.folder / "today.plan"
    expected = guide.run("show", "today.plan").out
    document = json.loads(path.read_text())
    path.write_text(json.dumps({**document, "format_version": 99, "weather": "fine"}))
    shown = guide.run("show", "today.plan")
    line = "Saved with format version 99: this version of the program may not show all of it.\n"
    assert (shown.code, line in shown.out, shown.out.replace(line, "")) == (0, True, expected)
    quiet = guide.run("show", "today.plan", "-q")
    assert (quiet.out, quiet.err) == (shown.out, "")
    assert shown.err == ("the plan has format version 99; this program reads version 4 and may not show all of it\n")
    again = guide.run("show", "today.plan", "--format", "json", "--show-phones", "--output", "copy.plan")
    assert again.code == 0
    assert "for reading only" in guide.run("apply", "copy.plan", "--yes").err
    path.write_text(json.dumps({**document, "format_version": 99, "groups": {"alpha": {}}}))
    unreadable = guide.run("show", "today.plan")
    assert (unreadable.code, "has format version 99" in unreadable.err) == (1, True)


def test_a_saved_plan_goes_to_no_other_instance(stage: Stage) -> None:
    planned(stage)
    refused = stage.run("apply", "today.plan", "--yes", "--instance-id", "inst_other")
    assert (refused.code, "inst_other" in refused.err) == (1, True)


def test_what_a_plan_was_made_with_cannot_be_changed_when_it_is_applied(guide: Stage) -> None:
    planned(guide)
    for option in (("--target", "alpha"), ("--as-of", "2027-01-01")):
        assert guide.run("apply", "today.plan", "--yes", *option).code == 1
    assert all(call.startswith("GET ") for call in guide.calls())


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("TARGET", "alpha"),
        ("SHARD", "1/2"),
        ("AS_OF", "2027-01-01"),
        ("CHANGED_SINCE", "HEAD"),
    ],
)
def test_a_variable_that_shapes_plans_does_not_stop_a_saved_one_and_is_told_to_have_no_say(
    guide: Stage, monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    planned(guide)
    monkeypatch.setenv(f"RECONCILER_{name}", value)
    applied = guide.run("apply", "today.plan", "--yes")
    assert applied.code == 0, applied.err
    assert f"ignored, because the saved plan fixes them: RECONCILER_{name}\n" in applied.err
    assert len(guide.world.snapshot()) == 2


def test_an_option_is_refused_with_a_saved_plan_also_where_a_variable_says_another(
    guide: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    planned(guide)
    monkeypatch.setenv("RECONCILER_SHARD", "1/2")
    refused = guide.run("apply", "today.plan", "--yes", "--target", "alpha")
    assert (refused.code, "make a new plan with these options" in refused.err) == (1, True)


def refused_for_removals(stage: Stage) -> None:
    people = [f"+1 404 555 01{n:02}" for n in range(4)]
    stage.world.create_group("Alpha", people, owner=PHONE)
    stage.file(f"groups: {{alpha: {{name: Alpha, members: [{people[0]}, {people[1]}]}}}}")
    assert "pass --max-removals 2" in stage.run("plan", "--out", "today.plan").out


def test_what_a_refused_saved_plan_names_does_lift_it(guide: Stage) -> None:
    refused_for_removals(guide)
    refused = guide.run("apply", "today.plan", "--yes")
    assert refused.code == 1
    assert "if you did, apply this one with --max-removals 2, or raise `max_removals`" in refused.err
    assert guide.run("apply", "today.plan", "--yes", "--max-removals", "1").code == 1
    assert guide.world.effects() == ()
    assert guide.run("apply", "today.plan", "--yes", "--max-removals", "2").code == 0


def test_a_plan_keeps_the_limit_of_its_command_line(guide: Stage) -> None:
    refused_for_removals(guide)
    assert guide.run("plan", "--max-removals", "2", "--out", "today.plan").code == 0
    assert guide.run("apply", "today.plan", "--yes").code == 0


def test_a_limit_that_a_plan_was_made_with_holds_where_it_is_stricter_than_the_yaml(guide: Stage) -> None:
    refused_for_removals(guide)
    text = (guide.folder / "groups.yaml").read_text()
    (guide.folder / "groups.yaml").write_text(f"{text}\npolicy: {{max_removals: 3}}\n")
    assert guide.run("plan", "--max-removals", "1", "--out", "today.plan").code == 0
    refused = guide.run("apply", "today.plan", "--yes")
    assert (refused.code, "the limit is 1 (1, --max-removals)" in refused.err) == (1, True), refused.err
    assert guide.run("plan", "--out", "today.plan").code == 0
    assert guide.run("apply", "today.plan", "--yes").code == 0


def test_without_its_yaml_a_plan_keeps_its_own_limit(guide: Stage) -> None:
    refused_for_removals(guide)
    text = (guide.folder / "groups.yaml").read_text()
    (guide.folder / "groups.yaml").write_text(f"{text}\npolicy: {{max_removals: 3}}\n")
    assert guide.run("plan", "--out", "today.plan").code == 0
    (guide.folder / "groups.yaml").unlink()
    assert guide.run("apply", "today.plan", "--yes").code == 0


def test_a_plan_for_another_instance_than_its_yaml_is_applied_only_where_the_command_line_says_so(
    guide: Stage,
) -> None:
    guide.world.ensure_instance("inst_other", "+1 202 555 0199")
    planned(guide)
    assert guide.run("plan", "--instance-id", "inst_other", "--out", "today.plan").code == 0
    refused = guide.run("apply", "today.plan", "--yes")
    assert (refused.code, "but its YAML names inst_story" in refused.err) == (1, True)
    assert guide.run("apply", "today.plan", "--yes", "--instance-id", "inst_other").code == 0


@pytest.mark.parametrize("text", ["", "# Soon: a group for the choir.\n\n"], ids=["nothing", "comments"])
def test_a_new_file_of_the_folder_that_has_only_comments_leaves_a_plan_fresh(stage: Stage, text: str) -> None:
    (stage.folder / "conf").mkdir()
    stage.file(FILE, "conf/groups.yaml")
    assert stage.run("plan", "conf", "--out", "today.plan").code == 0
    (stage.folder / "conf" / "choir.yaml").write_text(text)
    applied = stage.run("apply", "today.plan", "--yes")
    assert applied.code == 0, applied.err
    assert "the YAML changed since the plan was made, but means the same: conf" in applied.err


def test_the_configuration_behind_a_plan_is_loaded_once(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    planned(stage)
    stage.file(f"# A comment.\n{FILE}")
    load = Mock(wraps=config.load)
    monkeypatch.setattr(config, "load", load)
    assert stage.run("apply", "today.plan", "--yes").code == 0
    assert load.call_count == 1


def test_a_saved_refusal_of_an_instance_that_is_connected_by_now_asks_for_a_new_plan(guide: Stage) -> None:
    planned(guide)
    path = guide.folder / "today.plan"
    document = json.loads(path.read_text())
    message = Message.of("not-connected", instance="inst_story", status=Untrusted("failed"))
    override = Message.of("connect-instance")
    document["refusals"] = [{"group": None, "message": message.to_json(), "override": override.to_json()}]
    document["summary"]["refusals"], document["status"] = 1, "refused"
    path.write_text(json.dumps(document))
    refused = guide.run("apply", "today.plan", "--yes")
    assert refused.code == 1
    assert f"{override.to_text()}, then make a new plan\n" in refused.err


def test_the_guards_hold_for_a_plan_that_was_edited_by_hand(guide: Stage) -> None:
    people = [f"+1 404 555 01{n:02}" for n in range(4)]
    guide.world.create_group("Alpha", people, owner=PHONE)
    guide.file(f"groups: {{alpha: {{name: Alpha, members: [{people[0]}, {people[1]}]}}}}")
    assert guide.run("plan", "--out", "today.plan").code == 0
    path = guide.folder / "today.plan"
    document = json.loads(path.read_text())
    assert len(document["refusals"]) == 1
    document["refusals"] = []
    document["summary"]["refusals"], document["status"] = 0, "pending"
    path.write_text(json.dumps(document))
    refused = guide.run("apply", "today.plan", "--yes")
    assert (refused.code, "2 of 4 members" in refused.err) == (1, True)
    assert guide.world.effects() == ()


def test_a_plan_edited_to_remove_the_instance_or_a_protected_person_is_damaged(guide: Stage) -> None:
    people = [f"+1 404 555 01{n:02}" for n in range(4)]
    guide.world.create_group("Alpha", people, owner=PHONE)
    guide.file(
        f"policy: {{protected: [{people[0]}]}}\ngroups: {{alpha: {{name: Alpha, members: [{', '.join(people[:3])}]}}}}"
    )
    for digits in ("12025550100", "14045550100"):
        assert guide.run("plan", "--out", "today.plan").code == 0
        document = json.loads((guide.folder / "today.plan").read_text())
        (group,) = document["groups"]
        for who in (*group["remove"], *group["steps"][0]["people"]):
            who["identity"], who["jid"] = f"+{digits}", f"{digits}@s.whatsapp.net"
        (guide.folder / "today.plan").write_text(json.dumps(document))
        refused = guide.run("apply", "today.plan", "--yes")
        assert (refused.code, "damaged" in refused.err) == (1, True)
    assert guide.world.effects() == ()


def edited(stage: Stage, who: str) -> None:
    """The saved plan, changed so that it removes this person (digits) instead, and spares nobody."""
    path = stage.folder / "today.plan"
    document = json.loads(path.read_text())
    (group,) = document["groups"]
    for one in (*group["remove"], *group["steps"][0]["people"]):
        one["identity"], one["jid"] = f"+{who}", f"{who}@s.whatsapp.net"
    document["never_removed"], group["removal_limit"]["count"] = [], 9
    path.write_text(json.dumps(document))


@pytest.mark.parametrize("who", ["12025550100", "14045550100", "14045550101"])
@pytest.mark.parametrize("place", ["groups.yaml", "folder"])
def test_whom_the_yaml_spares_is_not_removed_by_a_plan_that_was_edited_to_spare_nobody(
    guide: Stage, who: str, place: str
) -> None:
    people = [f"+1 404 555 01{n:02}" for n in range(5)]
    guide.world.create_group("Alpha", people, owner="+1 303 555 0199", admins=[PHONE])
    text = (
        f"policy: {{protected: [{people[0]}], ignored: [{people[1]}]}}\n"
        f"groups: {{alpha: {{name: Alpha, members: [{', '.join(people[:4])}, +1 303 555 0199]}}}}"
    )
    (guide.folder / "folder").mkdir()
    guide.file(text, "groups.yaml" if place == "groups.yaml" else "folder/groups.yaml")
    assert guide.run("plan", place, "--out", "today.plan").code == 0
    edited(guide, who)
    refused = guide.run("apply", "today.plan", "--yes")
    assert (refused.code, "removes a protected person" in refused.err) == (1, True), refused.err
    assert guide.world.effects() == ()


def test_a_plan_edited_to_know_the_own_number_is_refused_where_the_yaml_does_not_know_it(guide: Stage) -> None:
    people = [f"+1 404 555 01{n:02}" for n in range(4)]
    guide.world.create_group("Alpha", people, owner=PHONE)
    path = guide.folder / "groups.yaml"
    path.write_text(
        "version: 1\ninstance: {id: inst_story}\n"
        f"groups: {{alpha: {{name: Alpha, members: [{', '.join(people[:3])}]}}}}\n"
    )
    assert guide.run("plan", "--out", "today.plan").code == 0
    document = json.loads((guide.folder / "today.plan").read_text())
    assert len(document["refusals"]) == 1
    document["summary"]["refusals"], document["status"] = 0, "pending"
    (guide.folder / "today.plan").write_text(json.dumps({**document, "refusals": []}))
    refused = guide.run("apply", "today.plan", "--yes")
    assert (refused.code, "own number is unknown" in refused.err) == (1, True), refused.err
    assert guide.world.effects() == ()


def test_a_dry_run_prints_the_writing_calls_that_an_apply_then_sends(stage: Stage) -> None:
    people = [f"+1 404 555 01{n:02}" for n in range(5)]
    group_id = stage.world.create_group("Alpha", people, owner=PHONE)
    stage.file(
        f"groups: {{alpha: {{id: {group_id}, name: Omega, members: [+1 202 555 0143, {', '.join(people[1:])}]}}}}"
    )
    ran = stage.run("apply", "--dry-run")
    printed = [line.split(" {")[0] for line in ran.out.splitlines() if line.startswith(("POST", "PATCH", "DELETE"))]
    stage.calls()
    assert stage.run("apply", "--yes").code == 0
    assert printed == [call for call in stage.calls() if not call.startswith("GET")]
