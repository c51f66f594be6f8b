"""Every endpoint of both dialects, as the API's documents show them."""

from __future__ import annotations

from typing import Any

import pytest

from reconciler.sandbox import Settings
from tests.sandbox.running_server import ALICE, BOB, CAROL, INSTANCE, ME, Api, jid, running

REFERENCE = Settings(dialect="reference")


def test_guide_create_returns_the_added_people() -> None:
    with running() as api:
        answer = api.call("POST", "/groups", {"name": "Project Alpha", "participants": [jid(ALICE), jid(BOB)]})
        data = answer.json()["data"]
        assert answer.status_code == 201
        assert data == {
            "group_id": "120363400000000001@g.us",
            "name": "Project Alpha",
            "participants": [{"id": jid(ALICE), "is_admin": False}, {"id": jid(BOB), "is_admin": False}],
        }
        group = api.world.group(data["group_id"])
        assert [(each.digits, each.is_admin, each.is_owner) for each in group.members] == [
            ("12025550100", True, True),
            (ALICE, False, False),
            (BOB, False, False),
        ]


def test_reference_create_returns_the_complete_group() -> None:
    with running(REFERENCE) as api:
        data = api.data("POST", "/groups", {"name": "Project Alpha", "participants": [jid(ALICE)]})
        assert isinstance(data.pop("creation"), int)
        assert data == {
            "id": "120363400000000001@g.us",
            "subject": "Project Alpha",
            "participants": [{"id": jid("12025550100"), "admin": "superadmin"}, {"id": jid(ALICE), "admin": None}],
        }


def test_guide_list_and_get_have_the_documented_shapes() -> None:
    with running() as api:
        group_id = api.group(members=[ALICE], admins=[BOB], description="Team workspace")
        assert api.data("GET", "/groups") == [{"group_id": group_id, "name": "Project Alpha", "participant_count": 3}]
        data = api.data("GET", f"/groups/{group_id}")
        assert data.pop("created_at").endswith("Z")
        people = [
            {"id": jid("12025550100"), "is_admin": True, "is_super_admin": True},
            {"id": jid(BOB), "is_admin": True, "is_super_admin": False},
            {"id": jid(ALICE), "is_admin": False, "is_super_admin": False},
        ]
        assert data == {
            "group_id": group_id,
            "name": "Project Alpha",
            "description": "Team workspace",
            "owner": jid("12025550100"),
            "participants": people,
        }
        assert api.data("GET", f"/groups/{group_id}/participants") == people


def test_reference_list_has_complete_groups() -> None:
    with running(REFERENCE) as api:
        bare = api.group("Plain", [ALICE])
        described = api.group("Described", admins=[BOB], description="Hello")
        listed = api.data("GET", "/groups")
        assert [group["id"] for group in listed] == [bare, described]
        assert "description" not in listed[0]
        assert listed[1]["description"] == "Hello"
        assert [each["admin"] for each in listed[1]["participants"]] == ["superadmin", "admin", None]
        assert api.data("GET", f"/groups/{described}") == listed[1]
        assert api.data("GET", f"/groups/{described}/participants") == listed[1]["participants"]


@pytest.mark.parametrize("settings", [Settings(), REFERENCE])
def test_patch_changes_only_the_given_fields(settings: Settings) -> None:
    with running(settings) as api:
        group_id = api.group(description="old")
        api.data("PATCH", f"/groups/{group_id}", {"name": "Project Alpha v2"})
        assert api.world.snapshot()[group_id] == {
            "name": "Project Alpha v2",
            "description": "old",
            "members": ["12025550100", ALICE],
        }
        api.data("PATCH", f"/groups/{group_id}", {"description": ""})
        assert api.world.group(group_id).description == ""
        api.data("PATCH", f"/groups/{group_id}", {"description": ""})
        assert [(effect.kind, effect.detail) for effect in api.world.effects()] == [
            ("patch", {"name": "Project Alpha v2", "description": "old"}),
            ("patch", {"name": "Project Alpha v2", "description": ""}),
        ]


@pytest.mark.parametrize(
    ("settings", "method", "path"),
    [(Settings(), "DELETE", "/participants"), (REFERENCE, "POST", "/participants/remove")],
)
def test_participants_are_added_and_removed(settings: Settings, method: str, path: str) -> None:
    with running(settings) as api:
        group_id = api.group(members=[ALICE])
        added = api.data("POST", f"/groups/{group_id}/participants", {"participants": [jid(BOB), jid(CAROL)]})
        assert added == {"participants": [jid(BOB), jid(CAROL)]}
        assert api.members(group_id) == [ALICE, BOB, CAROL]
        api.data(method, f"/groups/{group_id}{path}", {"participants": [jid(ALICE), jid(BOB)]})
        assert api.members(group_id) == [CAROL]
        assert [(each.kind, each.group_id, each.people) for each in api.world.effects()] == [
            ("add", group_id, (BOB, CAROL)),
            ("remove", group_id, (ALICE, BOB)),
        ]


@pytest.mark.parametrize(
    ("settings", "method", "path", "status"),
    [(REFERENCE, "DELETE", "/participants", 405), (Settings(), "POST", "/participants/remove", 404)],
)
def test_each_dialect_has_only_its_own_removal_endpoint(
    settings: Settings, method: str, path: str, status: int
) -> None:
    with running(settings) as api:
        group_id = api.group()
        assert api.call(method, f"/groups/{group_id}{path}", {"participants": [jid(ALICE)]}).status_code == status
        assert api.members(group_id) == [ALICE]


@pytest.mark.parametrize(("settings", "field"), [(Settings(), "group_id"), (REFERENCE, "id")])
def test_the_instance_leaves_and_rejoins_by_invite_code(settings: Settings, field: str) -> None:
    with running(settings) as api:
        group_id = api.group(invite_code="AbCdEfGhIjKlMn")
        link = api.data("GET", f"/groups/{group_id}/invite-code")["invite_code"]
        assert link == "https://chat.whatsapp.com/AbCdEfGhIjKlMn"
        assert api.data("POST", f"/groups/{group_id}/leave") == {field: group_id}
        assert api.data("GET", "/groups") == []
        request = {"code": link} if settings is REFERENCE else {"invite_code": "AbCdEfGhIjKlMn"}
        for _ in range(2):
            assert api.data("POST", "/groups/join", request)[field] == group_id
        me = api.world.group(group_id).member("12025550100")
        assert me is not None
        assert not me.is_admin
        assert [(effect.kind, effect.people) for effect in api.world.effects()] == [
            ("leave", ("12025550100",)),
            ("join", ("12025550100",)),
        ]


@pytest.mark.parametrize(
    ("settings", "path", "body"),
    [
        (Settings(), "/groups/join", {"code": "AbCdEfGhIjKlMn"}),
        (REFERENCE, "/groups/join", {"invite_code": "AbCdEfGhIjKlMn"}),
        (Settings(), "/messages/send", {"to": jid(ALICE), "type": "text", "body": "Hello"}),
        (REFERENCE, "/messages/send", {"chat_id": jid(ALICE), "type": "text", "text": "Hello"}),
    ],
)
def test_the_field_names_of_the_other_dialect_are_refused(settings: Settings, path: str, body: dict[str, str]) -> None:
    with running(settings) as api:
        api.group(invite_code="AbCdEfGhIjKlMn")
        assert api.error("POST", path, body) == (400, "VALIDATION_ERROR")
        assert api.world.effects() == ()


def test_a_message_in_the_reference_dialect_is_queued() -> None:
    with running(REFERENCE) as api:
        sent = api.data("POST", "/messages/send", {"to": jid(ALICE), "type": "text", "body": "Hello team!"})
        assert sent == {"message": "Message queued", "jobId": "job_000000000001"}
        assert [effect.detail for effect in api.world.effects()] == [{"text": "Hello team!"}]


@pytest.mark.parametrize("to_group", [True, False])
def test_a_message_is_logged_as_an_effect(to_group: bool) -> None:
    with running() as api:
        chat = api.group() if to_group else jid(ALICE)
        sent = api.data("POST", "/messages/send", {"chat_id": chat, "type": "text", "text": "Hello team!"})
        assert sent == {"message_id": "msg_000000000001", "status": "sent"}
        [effect] = api.world.effects()
        assert (effect.kind, effect.group_id, effect.detail) == ("message", chat, {"text": "Hello team!"})


def test_contacts_have_the_jid_of_their_account() -> None:
    with running() as api:
        api.world.set_account("+55 31 9 9634-8800", jid="553196348800@c.us")
        api.world.add_contact(INSTANCE, "5531996348800", name="Ana", push_name="ana", is_business=True)
        api.world.add_contact(INSTANCE, BOB, short_name="Bob")
        assert api.data("GET", "/contacts") == [
            {"id": jid(BOB), "name": None, "short_name": "Bob", "push_name": "", "is_business": False},
            {"id": jid("553196348800"), "name": "Ana", "short_name": "", "push_name": "ana", "is_business": True},
        ]


@pytest.mark.parametrize(
    ("phone", "expected"),
    [
        ("12025550143", {"exists": True, "phone": "12025550143", "chat_id": jid("12025550143")}),
        ("%2B12025550143", {"exists": True, "phone": "12025550143", "chat_id": jid("12025550143")}),
        ("5531996348800", {"exists": True, "phone": "5531996348800", "chat_id": jid("553196348800")}),
        ("12025550199", {"exists": False, "phone": "12025550199", "chat_id": None}),
    ],
)
def test_contact_check_finds_existing_numbers(phone: str, expected: dict[str, Any]) -> None:
    with running() as api:
        api.world.set_account("5531996348800", jid="553196348800")
        api.world.set_account("12025550199", exists=False)
        assert api.data("GET", f"/contacts/check?phone={phone}") == expected


def test_get_instance_returns_type_and_status() -> None:
    with running() as api:
        expected = {"id": INSTANCE, "name": "Sandbox", "type": "waha", "status": "connected"}
        assert api.data("GET", "") == expected


def test_a_webhook_is_stored_and_its_secret_is_not_returned() -> None:
    with running() as api:
        url = f"{api.server.url}/webhooks"
        body = {"url": "https://example.com/hook", "events": ["group.joined"], "secret": "s3", "instance_id": INSTANCE}
        answer = api.call("POST", url, body)
        assert answer.status_code == 201
        assert answer.json()["data"] == {
            "id": "wh_00000001",
            "url": "https://example.com/hook",
            "events": ["group.joined"],
            "instance_id": INSTANCE,
            "retry_count": 3,
            "timeout_ms": 10000,
            "is_active": True,
        }
        assert api.world.webhooks()[0]["secret"] == "s3"
        assert api.call("GET", url).json()["data"] == [answer.json()["data"]]


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"url": "ftp://example.com"}, 400),
        ({"url": "http://[broken"}, 400),
        ({"events": []}, 400),
        ({"events": ["nonsense"]}, 400),
        ({"events": [1]}, 400),
        ({"retry_count": 6}, 400),
        ({"retry_count": True}, 400),
        ({"timeout_ms": 0}, 400),
        ({"instance_id": "inst_other"}, 404),
    ],
)
def test_an_invalid_webhook_is_rejected(change: dict[str, Any], status: int) -> None:
    with running() as api:
        body = {"url": "https://example.com/hook", "events": ["group.joined"], **change}
        assert api.call("POST", f"{api.server.url}/webhooks", body).status_code == status
        assert api.world.webhooks() == ()


def test_the_key_may_be_a_header_or_a_bearer_token() -> None:
    with running() as api:
        del api.session.headers["X-Api-Key"]
        assert api.call("GET", "", headers={"Authorization": f"Bearer {api.server.key}"}).status_code == 200
        for headers in ({}, {"X-Api-Key": "wrong"}, {"Authorization": f"Basic {api.server.key}"}):
            answer = api.call("GET", "", headers=headers)
            assert (answer.status_code, answer.json()["error"]["code"]) == (401, "UNAUTHORIZED")


def test_the_openapi_document_needs_no_key() -> None:
    with running() as api:
        del api.session.headers["X-Api-Key"]
        assert api.call("GET", f"{api.server.url}/openapi.json").json()["openapi"] == "3.1.0"


def group_names(api: Api) -> list[str]:
    return [group["name"] for group in api.data("GET", "/groups")]


def test_an_instance_lists_only_its_own_groups_in_a_stable_order() -> None:
    with running() as api:
        api.group("First")
        api.world.create_group("Foreign", [ALICE], owner=BOB)
        api.group("Second")
        assert group_names(api) == ["First", "Second"]
        assert len(api.world.groups()) == 3
        assert [group.name for group in api.world.groups(INSTANCE)] == ["First", "Second"]
        assert api.world.account(ME).jid == jid("12025550100")
