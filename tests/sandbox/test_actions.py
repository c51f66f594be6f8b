"""The rules of every change: errors, silent omissions, and that a rejected call changes nothing."""

from __future__ import annotations

from typing import Any

import pytest

from reconciler.sandbox import Settings
from tests.sandbox.running_server import ALICE, BOB, CAROL, DAVE, INSTANCE, ME, jid, running

UNKNOWN = "120363999999999999@g.us"


@pytest.mark.parametrize(
    "bad",
    [
        "12025550145",
        "+12025550145@s.whatsapp.net",
        "12025550145@c.us",
        "12025550145:1@s.whatsapp.net",
        "76699677012110@lid",
        "123456@s.whatsapp.net",
        "1234567890123456@s.whatsapp.net",
        "12025550145@s.whatsapp.net ",
        "",
    ],
)
@pytest.mark.parametrize("named", [True, False])
def test_one_bad_participant_fails_the_whole_call(bad: str, named: bool) -> None:
    with running(Settings(name_bad_participants=named)) as api:
        group_id = api.group(members=[ALICE])
        for method, path, extra in (
            ("POST", f"/groups/{group_id}/participants", {}),
            ("DELETE", f"/groups/{group_id}/participants", {}),
            ("POST", "/groups", {"name": "New"}),
        ):
            answer = api.call(method, path, {**extra, "participants": [jid(BOB), bad]})
            assert answer.status_code == 422
            assert answer.json()["error"]["details"] == ({"participants": [bad]} if named else {})
        assert api.members(group_id) == [ALICE]
        assert api.world.effects() == ()


@pytest.mark.parametrize(("method", "inside"), [("POST", True), ("DELETE", False)])
def test_one_conflicting_participant_fails_the_whole_call(method: str, inside: bool) -> None:
    with running(Settings(name_bad_participants=True)) as api:
        group_id = api.group(members=[ALICE, BOB] if inside else [ALICE])
        people = [jid(CAROL), jid(BOB)] if inside else [jid(ALICE), jid(BOB)]
        answer = api.call(method, f"/groups/{group_id}/participants", {"participants": people})
        assert (answer.status_code, answer.json()["error"]["code"]) == (409, "CONFLICT")
        assert answer.json()["error"]["details"] == {"participants": [jid(BOB)]}
        assert api.world.effects() == ()


def test_people_who_refuse_adds_or_do_not_exist_are_silently_left_out() -> None:
    with running() as api:
        api.world.set_privacy(ALICE, refuses=True)
        api.world.set_account(BOB, exists=False)
        three_people = {"participants": [jid(ALICE), jid(BOB), jid(CAROL)]}
        created = api.data("POST", "/groups", {"name": "New", **three_people})
        assert created["participants"] == [{"id": jid(CAROL), "is_admin": False}]
        group_id = api.group(members=[])
        api.data("POST", f"/groups/{group_id}/participants", three_people)
        assert api.members(group_id) == [CAROL]
        api.data("POST", f"/groups/{group_id}/participants", {"participants": [jid(ALICE)]})
        assert [effect.people for effect in api.world.effects()] == [(CAROL,), (CAROL,)]
        api.world.set_privacy(ALICE, refuses=False)
        api.data("POST", f"/groups/{group_id}/participants", {"participants": [jid(ALICE)]})
        assert api.members(group_id) == [ALICE, CAROL]


@pytest.mark.parametrize(
    ("long", "short"),
    [("5531996348800", "553196348800"), ("525512345678", "5215512345678"), ("5491123456789", "541123456789")],
)
def test_both_spellings_reach_one_account(long: str, short: str) -> None:
    with running() as api:
        api.world.set_account(long, jid=short)
        group_id = api.group(members=[])
        api.data("POST", f"/groups/{group_id}/participants", {"participants": [jid(long)]})
        assert api.data("GET", f"/groups/{group_id}/participants")[1]["id"] == jid(short)
        assert api.error("POST", f"/groups/{group_id}/participants", {"participants": [jid(short)]})[0] == 409
        api.data("DELETE", f"/groups/{group_id}/participants", {"participants": [jid(short), jid(long)]})
        assert api.members(group_id) == []
        assert [effect.people for effect in api.world.effects()] == [(long,), (long,)]


def test_a_new_account_keeps_the_spelling_of_the_request() -> None:
    with running() as api:
        group_id = api.group(members=[])
        api.data("POST", f"/groups/{group_id}/participants", {"participants": [jid("553196348800")]})
        assert api.data("GET", f"/groups/{group_id}/participants")[1]["id"] == jid("553196348800")


@pytest.mark.parametrize(
    ("account", "expected"),
    [
        ({"shows": "lid", "lid": "76699677012110"}, {"id": "76699677012110@lid"}),
        (
            {"shows": "lid_with_phone", "lid": "76699677012110@lid"},
            {"id": "76699677012110@lid", "pn": jid(ALICE)},
        ),
        ({"spelling": "c.us"}, {"id": f"{ALICE}@c.us"}),
        ({"spelling": "device"}, {"id": f"{ALICE}:7@s.whatsapp.net"}),
    ],
)
def test_accounts_have_their_configured_ids(account: dict[str, str], expected: dict[str, str]) -> None:
    with running(Settings(phone_field="pn")) as api:
        api.world.set_account(ALICE, **account)  # type: ignore[arg-type]  # all of these are text
        group_id = api.world.create_group("A", [ME], owner=ALICE)
        assert api.data("GET", f"/groups/{group_id}")["owner"] == expected["id"]
        assert api.data("GET", f"/groups/{group_id}/participants")[0] == {
            **expected,
            "is_admin": True,
            "is_super_admin": True,
        }


def test_a_generated_lid_is_stable() -> None:
    with running() as api:
        api.world.set_account(ALICE, shows="lid")
        group_id = api.group()
        first, second = (api.data("GET", f"/groups/{group_id}/participants")[1]["id"] for _ in range(2))
        assert first == second
        assert first.endswith("@lid")


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("PATCH", "", {"name": "X"}),
        ("POST", "/participants", {"participants": [jid(CAROL)]}),
        ("DELETE", "/participants", {"participants": [jid(ALICE)]}),
        ("GET", "/invite-code", None),
    ],
)
def test_changes_need_an_admin_and_only_members_see_the_group(method: str, path: str, body: Any) -> None:
    with running() as api:
        group_id = api.world.create_group("Theirs", [ME, ALICE], owner=BOB)
        assert api.error(method, f"/groups/{group_id}{path}", body) == (403, "FORBIDDEN")
        api.world.set_admin(group_id, ME, True)
        assert api.call(method, f"/groups/{group_id}{path}", body).status_code == 200
        api.world.remove_participant(group_id, ME)
        assert api.error(method, f"/groups/{group_id}{path}", body) == (404, "NOT_FOUND")
        assert api.error(method, f"/groups/{UNKNOWN}{path}", body) == (404, "NOT_FOUND")


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("GET", f"/groups/{UNKNOWN}", None),
        ("GET", "/groups/..%2F..%2Fwebhooks", None),
        ("POST", f"/groups/{UNKNOWN}/leave", None),
        ("GET", f"/groups/{UNKNOWN}/participants", None),
        ("POST", "/groups/join", {"invite_code": "Unknown"}),
        ("POST", "/messages/send", {"chat_id": UNKNOWN, "type": "text", "text": "x"}),
        ("GET", "/groups/", None),
        ("GET", "/nothing", None),
    ],
)
def test_an_unknown_resource_is_a_404(method: str, path: str, body: Any) -> None:
    with running() as api:
        assert api.error(method, path, body) == (404, "NOT_FOUND")


def test_an_unknown_instance_has_an_error_code_of_its_own() -> None:
    with running() as api:
        answer = api.call("GET", f"{api.server.url}/instances/inst_other/groups")
        assert (answer.status_code, answer.json()["error"]["code"]) == (404, "INSTANCE_NOT_FOUND")


def test_a_wrong_method_is_a_405_with_the_allowed_methods() -> None:
    with running() as api:
        answer = api.call("PUT", "/groups", {})
        assert (answer.status_code, answer.headers["Allow"]) == (405, "GET, POST")
        assert answer.json()["error"]["code"] == "METHOD_NOT_ALLOWED"
        assert api.call("HEAD", "/groups").status_code == 405


def test_owners_cannot_be_removed_but_the_instance_can_remove_itself() -> None:
    with running() as api:
        group_id = api.world.create_group("Theirs", [ALICE], owner=BOB, admins=[ME])
        both = {"participants": [jid(ALICE), jid(BOB)]}
        assert api.error("DELETE", f"/groups/{group_id}/participants", both) == (403, "FORBIDDEN")
        assert api.members(group_id) == [ALICE, BOB]
        api.data("DELETE", f"/groups/{group_id}/participants", {"participants": [jid("12025550100")]})
        assert api.data("GET", "/groups") == []


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("POST", "/groups", {"name": "A"}),
        ("POST", "/groups", {"participants": []}),
        ("POST", "/groups", {"name": "", "participants": []}),
        ("POST", "/groups", {"name": " \n", "participants": []}),
        ("POST", "/groups", {"name": "x" * 101, "participants": []}),
        ("POST", "/groups", {"name": 1, "participants": []}),
        ("POST", "/groups", {"name": "A", "participants": jid(ALICE)}),
        ("POST", "/groups", {"name": "A", "participants": [1]}),
        ("POST", "/groups", {"name": "A", "participants": [jid(ALICE)] * 1025}),
        ("POST", "/groups", {"name": "A", "participants": [], "description": "no"}),
        ("POST", "/groups", {"name": "half \ud800", "participants": []}),
        ("POST", "/groups", []),
        ("PATCH", "/groups/{}", {}),
        ("PATCH", "/groups/{}", {"name": ""}),
        ("PATCH", "/groups/{}", {"description": "x" * 2049}),
        ("PATCH", "/groups/{}", {"subject": "A"}),
        ("POST", "/groups/{}/participants", {"participants": []}),
        ("DELETE", "/groups/{}/participants", {"participants": []}),
        ("DELETE", "/groups/{}/participants", None),
        ("POST", "/groups/{}/leave", {"now": True}),
        ("POST", "/groups/join", {"invite_code": "https://chat.whatsapp.com/AbCdEfGhIjKlMn"}),
        ("POST", "/groups/join", {"invite_code": ""}),
        ("POST", "/messages/send", {"chat_id": "{}", "type": "image", "text": "x"}),
        ("POST", "/messages/send", {"chat_id": "{}", "type": "text", "text": ""}),
        ("POST", "/messages/send", {"chat_id": "+1 202 555 0143", "type": "text", "text": "x"}),
        ("GET", "/contacts/check", None),
        ("GET", "/contacts/check?phone=nobody", None),
        ("GET", "/groups?limit=0", None),
        ("GET", "/groups?offset=-1", None),
        ("GET", "/groups?page=two", None),
    ],
)
def test_a_malformed_request_is_a_400_and_changes_nothing(method: str, path: str, body: Any) -> None:
    with running() as api:
        group_id = api.group()
        before = api.world.snapshot()
        assert api.error(method, path.format(group_id), body) == (400, "VALIDATION_ERROR")
        assert api.world.snapshot() == before


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (b'{"name": "A", "participants": []}', "text/plain"),
        (b'{"name": "A", "participants": []}', ""),
        (b'{"name": "A", "participants": [', "application/json"),
        (b'{"name": NaN, "participants": []}', "application/json"),
        (b'{"name": "\xff", "participants": []}', "application/json"),
        (b"[" * 100_000, "application/json"),
        (b'{"name": "A", "participants": ["' + b"x" * (1 << 20) + b'"]}', "application/json"),
    ],
)
def test_a_body_that_is_not_json_is_a_400(content: bytes, kind: str) -> None:
    with running() as api:
        answer = api.call("POST", "/groups", data=content, headers={"Content-Type": kind})
        assert (answer.status_code, answer.json()["error"]["code"]) == (400, "VALIDATION_ERROR")


def test_name_and_description_limits_count_characters() -> None:
    with running() as api:
        group_id = api.group()
        api.data("PATCH", f"/groups/{group_id}", {"name": "é" * 100, "description": "🙂" * 2048})
        assert api.world.group(group_id).name == "é" * 100


@pytest.mark.parametrize(("status", "kind"), [("disconnected", "waha"), ("connected", "cloud_api")])
def test_groups_work_only_on_a_connected_waha_instance(status: str, kind: str) -> None:
    with running() as api:
        group_id = api.group()
        api.world.set_instance_status(INSTANCE, status)
        api.world.set_instance_type(INSTANCE, kind)
        for method, path in (("GET", "/groups"), ("POST", f"/groups/{group_id}/leave")):
            answer = api.call(method, path)
            assert answer.status_code == 400
            assert INSTANCE in answer.json()["error"]["message"]
        assert api.data("GET", "")["status"] == status
        assert api.data("GET", "/contacts") == []


def test_a_full_group_takes_no_more_members() -> None:
    crowd = [f"1404555{number:04d}" for number in range(1022)]
    with running() as api:
        group_id = api.group(members=crowd, invite_code="Full")
        api.data("POST", f"/groups/{group_id}/participants", {"participants": [jid(BOB), jid(ALICE)]})
        assert BOB in api.members(group_id)
        assert len(api.world.group(group_id).members) == 1024
        assert api.data("GET", "/groups")[0]["participant_count"] == 1024
        api.world.remove_participant(group_id, ME)
        api.world.add_participant(group_id, DAVE)
        assert api.error("POST", "/groups/join", {"invite_code": "Full"}) == (403, "FORBIDDEN")


def test_create_reserves_a_place_for_the_creator_and_ignores_duplicates() -> None:
    crowd = [jid(f"1404555{number:04d}") for number in range(1023)]
    with running() as api:
        created = api.data("POST", "/groups", {"name": "Big", "participants": [jid("12025550100"), *crowd]})
        assert len(created["participants"]) == 1023
        twice = api.data("POST", "/groups", {"name": "Small", "participants": [jid(ALICE), jid(ALICE)]})
        assert len(twice["participants"]) == 1


def test_max_groups_limits_creates() -> None:
    with running(Settings(max_groups=1)) as api:
        body = {"name": "A", "participants": []}
        api.data("POST", "/groups", body)
        assert api.error("POST", "/groups", body) == (409, "PLAN_LIMIT_REACHED")
        assert len(api.world.groups()) == 1
