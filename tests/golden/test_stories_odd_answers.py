"""What a server leaves out or spoils in one entry of an answer is that entry's problem, not the run's."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any
from urllib.request import Request, urlopen

import pytest

from reconciler.sandbox import Dialect
from reconciler.sandbox.faults import Fault, FaultKind
from tests.stage import INSTANCE, PHONE, Stage

LID = "123456789012345"
ALICE, BOB, CAROL = "+1 202 555 0140", "+1 202 555 0141", "+1 202 555 0142"
Change = Callable[[Any], Any]


def answer(stage: Stage, path: str, change: Change | None = None) -> Any:
    """What the server answers to a GET, changed."""
    request = Request(f"{stage.server.url}/instances/{INSTANCE}{path}", headers={"X-Api-Key": stage.server.key})
    with urlopen(request) as response:
        body = json.load(response)
    stage.world.clear_logs()
    return {**body, "data": change(body["data"]) if change else body["data"]}


def spoil(stage: Stage, changes: Mapping[str, Change], **beside: Any) -> None:
    """Let the server answer these GETs, each with its answer of now, changed, until it is set right."""
    bodies = {path: {**answer(stage, path, change), **beside} for path, change in changes.items()}
    stage.server.set_faults(
        [Fault(FaultKind.GARBAGE, "GET", path, effect=False, times=0, body=body) for path, body in bodies.items()]
    )


def is_reference(stage: Stage) -> bool:
    return stage.server.settings.dialect == Dialect.REFERENCE


def writes(stage: Stage) -> list[str]:
    return [call for call in stage.calls() if not call.startswith("GET ")]


def with_entry(group_id: str, change: Callable[[dict[str, Any]], Any]) -> Change:
    """Change one group of a list, or a group itself."""

    def changed(data: Any) -> Any:
        if isinstance(data, list):
            return [changed(one) for one in data]
        return change(dict(data)) if group_id in (data.get("group_id"), data.get("id")) else data

    return changed


def nameless(form: Any) -> Callable[[dict[str, Any]], Any]:
    def change(group: dict[str, Any]) -> Any:
        field = "subject" if "id" in group else "name"
        rest = {name: value for name, value in group.items() if name != field}
        return rest if form is ... else {**rest, field: form}

    return change


NAMELESS = pytest.mark.parametrize("form", [..., None, "", " \u00a0", "\u200b"])


@NAMELESS
def test_a_nameless_group_that_nobody_manages_stops_no_command(stage: Stage, form: Any) -> None:
    alpha = stage.world.create_group("Alpha", [ALICE], owner=PHONE)
    other = stage.world.create_group("Other", [BOB], owner=PHONE)
    stage.file(f"groups: {{alpha: {{id: {alpha}, name: Alpha, members: ['{ALICE}', '{CAROL}']}}}}")
    spoil(stage, {"/groups": with_entry(other, nameless(form))})
    assert stage.run("plan", "--detailed-exitcode").code == 2
    assert stage.run("drift").code == 2
    assert stage.run("who", ALICE).code == 0
    assert stage.run("pin").code == 0
    imported = stage.run("import", "--instance-id", INSTANCE, "--phone", PHONE)
    assert (imported.code, other in imported.out) == (0, True)
    stage.server.set_faults([])
    stage.calls()
    spoil(stage, {"/groups": with_entry(other, nameless(form))})
    assert stage.run("apply", "--yes").code == 0
    assert writes(stage) == [f"POST /groups/{alpha}/participants"]


@NAMELESS
def test_a_group_whose_name_the_list_leaves_out_is_read_by_itself_and_not_renamed(stage: Stage, form: Any) -> None:
    alpha = stage.world.create_group("Alpha", [ALICE], owner=PHONE)
    stage.file(f"groups: {{alpha: {{id: {alpha}, name: Alpha, members: ['{ALICE}']}}}}")
    spoil(stage, {"/groups": with_entry(alpha, nameless(form))})
    planned = stage.run("plan", "--detailed-exitcode")
    assert planned.code == 0, planned.out
    assert f"GET /groups/{alpha}" in stage.calls()


def odd_member(group: dict[str, Any]) -> dict[str, Any]:
    return {**group, "participants": [*group["participants"], {"no": "id"}]}


def test_a_group_with_a_member_that_cannot_be_read_is_blocked_and_the_others_go_on(stage: Stage) -> None:
    alpha = stage.world.create_group("Alpha", [ALICE], owner=PHONE)
    beta = stage.world.create_group("Beta", [ALICE], owner=PHONE)
    stage.file(
        f"groups:\n  alpha: {{id: {alpha}, members: ['{BOB}'], max_removals: 5}}\n"
        f"  beta: {{id: {beta}, members: ['{ALICE}', '{BOB}']}}\n  gamma: {{name: Gamma, members: []}}\n"
    )
    path = "/groups" if is_reference(stage) else f"/groups/{alpha}"
    spoil(stage, {path: with_entry(alpha, odd_member)})
    applied = stage.run("apply", "--yes")
    assert applied.code == 3, applied.err
    assert "participants[2].id: expected text, found nothing" in applied.out
    assert sorted(writes(stage)) == ["POST /groups", f"POST /groups/{beta}/participants"]
    who = stage.run("who", BOB)
    assert (who.code, "cannot be read" in who.out) == (0, not is_reference(stage))


def test_import_leaves_out_a_group_that_cannot_be_read_and_tells_so(stage: Stage) -> None:
    alpha = stage.world.create_group("Alpha", [ALICE], owner=PHONE)
    beta = stage.world.create_group("Beta", [ALICE], owner=PHONE)
    spoil(
        stage,
        {
            f"/groups/{alpha}": with_entry(alpha, odd_member),
            "/groups": with_entry(alpha, lambda g: {**g, "description": 5}),
        },
    )
    imported = stage.run("import", "--instance-id", INSTANCE, "--phone", PHONE)
    assert imported.code == 0, imported.err
    assert (alpha in imported.out, beta in imported.out) == (False, True)
    assert (
        f"left out, because it cannot be read: GET /groups/{alpha}: data.participants[2].id: expected" in imported.err
    )


@pytest.mark.parametrize("entry", [None, "x", {}, {"group_id": 5}, {"group_id": "1@newsletter"}])
def test_nothing_is_created_while_an_entry_of_the_list_may_be_the_group(stage: Stage, entry: Any) -> None:
    alpha = stage.world.create_group("Alpha", [ALICE], owner=PHONE)
    stage.file(
        f"groups:\n  alpha: {{id: {alpha}, members: ['{ALICE}', '{BOB}']}}\n"
        f"  beta: {{name: Beta, members: ['{CAROL}']}}\n"
    )
    spoil(stage, {"/groups": lambda data: [*data, entry]})
    applied = stage.run("apply", "--yes")
    assert applied.code == 3, applied.err
    assert "the list of groups has an entry that cannot be read and may be this group" in applied.out
    assert writes(stage) == [f"POST /groups/{alpha}/participants"]


def test_an_entry_without_a_readable_id_is_no_group_of_another_name(stage: Stage) -> None:
    stage.world.create_group("Alpha", [ALICE], owner=PHONE)
    stage.file(f"groups: {{beta: {{name: Beta, members: ['{CAROL}']}}}}")
    spoil(stage, {"/groups": lambda data: [*data, {"id": "1@newsletter", "name": "News"}]})
    assert "1 to create" in stage.run("plan").out
    spoil(stage, {"/groups": lambda data: [*data, {"id": "1@newsletter", "name": "Beta"}]})
    assert "1 to create" not in stage.run("plan").out


def test_a_list_beside_which_a_further_page_is_told_creates_nothing(stage: Stage) -> None:
    stage.world.create_group("Alpha", [ALICE], owner=PHONE)
    stage.world.create_group("Beta", [ALICE], owner=PHONE)
    stage.file(f"groups: {{beta: {{name: Beta, members: ['{ALICE}']}}}}")
    spoil(stage, {"/groups": lambda data: data[:1]}, nextCursor="abc")
    applied = stage.run("apply", "--yes")
    assert applied.code == 1
    assert "`nextCursor` is beside the list, so the list may go on" in applied.err
    assert writes(stage) == []


def echoing(person: dict[str, Any], form: str) -> dict[str, Any]:
    return {**person, "id": f"{LID}@lid", "phone_number": form.format(LID)}


@pytest.mark.parametrize("form", ["{}", "+{}", "{}@s.whatsapp.net", "{}@c.us", "{}@lid"])
@pytest.mark.parametrize("noted", [True, False])
def test_somebody_whose_lid_repeats_itself_as_the_phone_is_never_removed(stage: Stage, form: str, noted: bool) -> None:
    alpha = stage.world.create_group("Alpha", [ALICE, BOB], owner=PHONE)
    bob_jid = f"{BOB[1:].replace(' ', '')}@s.whatsapp.net"

    def echo(group: dict[str, Any]) -> dict[str, Any]:
        if "participants" not in group:
            return group
        people = [echoing(one, form) if one["id"] == bob_jid else one for one in group["participants"]]
        return {**group, "participants": people}

    person = f"{{phone: {BOB}, lid: {LID}@lid}}" if noted else BOB
    stage.file(
        f"people: {{bob: {person}}}\ngroups: {{alpha: {{id: {alpha}, members: ['{ALICE}', bob], max_removals: 9}}}}"
    )
    spoil(stage, {path: with_entry(alpha, echo) for path in ("/groups", f"/groups/{alpha}")})
    planned = stage.run("plan", "--detailed-exitcode")
    assert planned.code == (0 if noted else 2), planned.out
    assert "leaves" not in planned.out
    assert f"{LID}@lid" in planned.out or noted
    stage.calls()
    stage.run("apply", "--yes")
    assert [call for call in writes(stage) if "DELETE" in call or "remove" in call] == []


def test_where_no_participant_has_a_role_the_account_may_be_an_admin(stage: Stage) -> None:
    alpha = stage.world.create_group("Alpha", [ALICE], owner=PHONE)
    stage.file(f"groups: {{alpha: {{id: {alpha}, members: ['{ALICE}', '{BOB}'], admins: ['{ALICE}']}}}}")

    def without_roles(group: dict[str, Any]) -> dict[str, Any]:
        people = group.get("participants")
        return {**group, "participants": [{"id": one["id"]} for one in people]} if people else group

    spoil(stage, {path: with_entry(alpha, without_roles) for path in ("/groups", f"/groups/{alpha}")})
    planned = stage.run("plan", "--out", "plan.json", "--detailed-exitcode")
    assert planned.code == 2, planned.out
    assert "the server does not report who is an admin, so `admins` was not compared" in planned.out
    assert "should be an admin" not in planned.out
    stage.calls()
    stage.server.set_faults([])
    assert stage.run("apply", "--yes").code == 0
    assert writes(stage) == [f"POST /groups/{alpha}/participants"]


def test_a_key_that_the_server_repeats_in_a_name_is_in_no_saved_plan(stage: Stage) -> None:
    alpha = stage.world.create_group(f"Alpha {stage.server.key}", [ALICE], owner=PHONE)
    stage.world.create_group(f"Other {stage.server.key}", [ALICE], owner=PHONE)
    stage.file(f"groups: {{alpha: {{id: {alpha}, name: Alpha, members: ['{ALICE}', '{BOB}']}}}}")
    planned = stage.run("plan", "--out", "plan.json", "--format", "json")
    assert planned.code == 0, planned.err
    assert stage.server.key not in (stage.folder / "plan.json").read_text(encoding="utf-8") + planned.out + planned.err


def test_a_plan_of_an_imported_file_finds_nothing_when_the_server_tells_a_number_later(stage: Stage) -> None:
    stage.world.set_account(BOB, lid="76699677012110@lid", shows="lid")
    stage.world.set_account(CAROL, lid="76699677012111@lid", shows="lid")
    stage.world.create_group("Alpha", [ALICE, BOB, CAROL], owner=PHONE)
    stage.world.create_group("Only private ids", [BOB], owner=PHONE)
    assert stage.run("import", "--instance-id", INSTANCE, "--phone", PHONE, "--output", "groups.yaml").code == 0
    assert stage.run("plan", "--detailed-exitcode").code == 0
    stage.world.set_account(BOB, lid="76699677012110@lid", shows="lid_with_phone")
    stage.world.set_account(CAROL, lid="76699677012111@lid", shows="phone")
    planned = stage.run("plan", "--detailed-exitcode")
    assert planned.code == 0, planned.out
