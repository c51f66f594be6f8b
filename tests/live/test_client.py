"""Every endpoint as exact HTTP: method, path, query and body of the request, and the value of the response."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from reconciler import __version__
from reconciler.errors import HttpError, InvalidResponse, UsageError
from reconciler.live.client import Client
from reconciler.live.decode_answers import CreatedGroup, SentMessage
from reconciler.model.identity import Identity
from reconciler.model.live import (
    Contact,
    ContactCheck,
    Instance,
    ListedGroup,
    Listing,
    LiveGroup,
    Participant,
    PersonAnswer,
    Webhook,
)
from reconciler.model.text import Untrusted
from tests.live.scripted_server import NO_BODY, Expect, ScriptedServer
from tests.live.transport_setup import ALICE, BASE, BOB, GROUP, KEY, OTHER, Setup, client_of

ALICE_OWNER = Participant(id=ALICE, identity=Identity("+12025550143"), jid=ALICE, is_admin=True, is_owner=True)
BOB_MEMBER = Participant(id=BOB, identity=Identity("+12025550144"), jid=BOB)
BOB_ADMIN = Participant(id=BOB, identity=Identity("+12025550144"), jid=BOB, is_admin=True)

GUIDE_GROUP = {
    "group_id": GROUP,
    "name": "Project Alpha",
    "description": "Team workspace",
    "owner": ALICE,
    "created_at": "2026-01-15T10:00:00Z",
    "participants": [
        {"id": ALICE, "is_admin": True, "is_super_admin": True},
        {"id": BOB, "is_admin": False, "is_super_admin": False},
    ],
}
REFERENCE_GROUP = {
    "id": GROUP,
    "subject": "Project Alpha",
    "creation": 1768471200,
    "participants": [{"id": ALICE, "admin": "superadmin"}, {"id": BOB, "admin": "admin"}],
}
REFERENCE_LIVE = LiveGroup(
    id=GROUP, name=Untrusted("Project Alpha"), description=Untrusted(""), participants=(ALICE_OWNER, BOB_ADMIN)
)

ODD: list[Any] = [None, True, 1.5, "", "none", "1@lid", [], {"a": 1}]
CASES: list[tuple[str, Callable[[Client], Any], Expect, Any]] = [
    (
        "instance",
        lambda c: c.instance(),
        Expect(
            "GET", BASE, data={"id": "inst_abc123", "name": "Team", "type": "waha", "status": "connected", "x": None}
        ),
        Instance("inst_abc123", "connected", "waha"),
    ),
    (
        "instance, the least",
        lambda c: c.instance(),
        Expect("GET", BASE, data={"id": "inst_abc123", "status": "scan_qr", "name": None}),
        Instance("inst_abc123", "scan_qr", "waha"),
    ),
    (
        "instance with its number",
        lambda c: c.instance(),
        Expect("GET", BASE, data={"id": "inst_abc123", "status": "connected", "phone_number": "+1 202 555 0100"}),
        Instance("inst_abc123", "connected", "waha", Identity("+12025550100")),
    ),
    *(
        (
            f"instance with a phone that is {odd!r}",
            lambda c: c.instance(),
            Expect("GET", BASE, data={"id": "inst_abc123", "status": "connected", "phone": odd, "jid": [odd]}),
            Instance("inst_abc123", "connected", "waha"),
        )
        for odd in ODD
    ),
    (
        "webhooks, without secrets",
        lambda c: c.webhooks(),
        Expect(
            "GET",
            "/webhooks",
            data=[
                {
                    "id": 7,
                    "url": "https://u:s3cr3t@example.com/s3cr3t?t=s3cr3t",
                    "secret": "s3cr3t",
                    "events": ["group.left"],
                },
                {"id": "wh_1", "url": "https://[", "events": [], "instance_id": "inst_abc123", "is_active": False},
            ],
        ),
        (
            Webhook(id="7", host=Untrusted("example.com"), events=("group.left",)),
            Webhook(id="wh_1", host=Untrusted(""), instance_id="inst_abc123", is_active=False),
        ),
    ),
    (
        "list, guide",
        lambda c: c.list_groups(),
        Expect(
            "GET",
            f"{BASE}/groups",
            data=[
                {"group_id": OTHER, "name": "Support", "participant_count": 12},
                {"group_id": GROUP, "name": "Project Alpha", "participant_count": 5},
            ],
        ),
        Listing(
            (
                ListedGroup(id=GROUP, name=Untrusted("Project Alpha"), count=5),
                ListedGroup(id=OTHER, name=Untrusted("Support"), count=12),
            )
        ),
    ),
    (
        "list, reference, without an envelope",
        lambda c: c.list_groups(),
        Expect("GET", f"{BASE}/groups", answer=[{**REFERENCE_GROUP, "description": "Hello"}]),
        Listing(
            (
                ListedGroup(
                    id=GROUP,
                    name=Untrusted("Project Alpha"),
                    count=None,
                    participants=(ALICE_OWNER, BOB_ADMIN),
                    description=Untrusted("Hello"),
                ),
            )
        ),
    ),
    ("list, empty", lambda c: c.list_groups(), Expect("GET", f"{BASE}/groups", data=[]), Listing(())),
    (
        "group, guide",
        lambda c: c.group(GROUP),
        Expect("GET", f"{BASE}/groups/{GROUP}", data=GUIDE_GROUP),
        LiveGroup(
            id=GROUP,
            name=Untrusted("Project Alpha"),
            description=Untrusted("Team workspace"),
            participants=(ALICE_OWNER, BOB_MEMBER),
            owner=Identity("+12025550143"),
        ),
    ),
    (
        "group, reference, full envelope",
        lambda c: c.group(GROUP),
        Expect(
            "GET",
            f"{BASE}/groups/{GROUP}",
            answer={"success": True, "data": REFERENCE_GROUP, "meta": {"requestId": "req_1"}},
        ),
        REFERENCE_LIVE,
    ),
    (
        "group, reference, without an envelope",
        lambda c: c.group(GROUP),
        Expect("GET", f"{BASE}/groups/{GROUP}", answer=REFERENCE_GROUP),
        REFERENCE_LIVE,
    ),
    (
        "create",
        lambda c: c.create_group("Project Alpha", (ALICE, BOB)),
        Expect(
            "POST",
            f"{BASE}/groups",
            {"name": "Project Alpha", "participants": [ALICE, BOB]},
            status=201,
            data={"group_id": GROUP, "name": "Project Alpha", "participants": [{"id": BOB, "is_admin": False}]},
        ),
        CreatedGroup(GROUP, "Project Alpha"),
    ),
    (
        "create, without people in the answer",
        lambda c: c.create_group("Ä", ()),
        Expect("POST", f"{BASE}/groups", {"name": "Ä", "participants": []}, data={"id": GROUP, "subject": "Ä"}),
        CreatedGroup(GROUP, name="Ä"),
    ),
    (
        "patch the name",
        lambda c: c.patch_group(GROUP, name="New"),
        Expect("PATCH", f"{BASE}/groups/{GROUP}", {"name": "New"}),
        None,
    ),
    (
        "patch the description away",
        lambda c: c.patch_group(GROUP, description=""),
        Expect("PATCH", f"{BASE}/groups/{GROUP}", {"description": ""}),
        None,
    ),
    (
        "add",
        lambda c: c.add_participants(GROUP, [ALICE, BOB]),
        Expect("POST", f"{BASE}/groups/{GROUP}/participants", {"participants": [ALICE, BOB]}),
        (),
    ),
    (
        "add, answered for each person",
        lambda c: c.add_participants(GROUP, [ALICE, BOB]),
        Expect(
            "POST",
            f"{BASE}/groups/{GROUP}/participants",
            {"participants": [ALICE, BOB]},
            data={"participants": [{"id": ALICE, "status": 200}, {"jid": BOB, "status": "403"}, {"status": 404}, "x"]},
        ),
        (
            PersonAnswer(Identity("+12025550143"), None, 200),
            PersonAnswer(Identity("+12025550144"), None, 403),
        ),
    ),
    (
        "remove",
        lambda c: c.remove_participants(GROUP, [BOB]),
        Expect("DELETE", f"{BASE}/groups/{GROUP}/participants", {"participants": [BOB]}),
        None,
    ),
    (
        "leave, answered with no content",
        lambda c: c.leave_group(GROUP),
        Expect("POST", f"{BASE}/groups/{GROUP}/leave", status=204, answer=b""),
        None,
    ),
    (
        "invite, a whole URL",
        lambda c: c.invite_link(GROUP),
        Expect(
            "GET",
            f"{BASE}/groups/{GROUP}/invite-code",
            data={"invite_code": "https://chat.whatsapp.com/AbCdEfGhIjKlMn"},
        ),
        "https://chat.whatsapp.com/AbCdEfGhIjKlMn",
    ),
    (
        "invite, a bare code",
        lambda c: c.invite_link(GROUP),
        Expect("GET", f"{BASE}/groups/{GROUP}/invite-code", data={"invite_code": "AbCdEfGhIjKlMn"}),
        "https://chat.whatsapp.com/AbCdEfGhIjKlMn",
    ),
    (
        "invite, nothing but the code",
        lambda c: c.invite_link(GROUP),
        Expect("GET", f"{BASE}/groups/{GROUP}/invite-code", data="AbCdEfGhIjKlMn"),
        "https://chat.whatsapp.com/AbCdEfGhIjKlMn",
    ),
    (
        "join by a URL sends the bare code",
        lambda c: c.join_group("https://chat.whatsapp.com/AbCdEfGhIjKlMn"),
        Expect("POST", f"{BASE}/groups/join", {"invite_code": "AbCdEfGhIjKlMn"}, data={"group_id": GROUP}),
        GROUP,
    ),
    (
        "join, reference",
        lambda c: c.join_group("AbCdEfGhIjKlMn"),
        Expect("POST", f"{BASE}/groups/join", {"invite_code": "AbCdEfGhIjKlMn"}, data={"id": GROUP}),
        GROUP,
    ),
    (
        "join, the group not told",
        lambda c: c.join_group("AbCdEfGhIjKlMn"),
        Expect("POST", f"{BASE}/groups/join", {"invite_code": "AbCdEfGhIjKlMn"}, answer={"success": True}),
        None,
    ),
    (
        "join, an object that tells nothing",
        lambda c: c.join_group("AbCdEfGhIjKlMn"),
        Expect("POST", f"{BASE}/groups/join", {"invite_code": "AbCdEfGhIjKlMn"}, data={"group_id": None}),
        None,
    ),
    (
        "send",
        lambda c: c.send_message(GROUP, "Hello team!"),
        Expect(
            "POST",
            f"{BASE}/messages/send",
            {"chat_id": GROUP, "type": "text", "text": "Hello team!"},
            data={"message_id": "msg_1", "status": "sent"},
        ),
        SentMessage("msg_1"),
    ),
    (
        "send, answered with a job that is to send it",
        lambda c: c.send_message(GROUP, "Hello team!"),
        Expect(
            "POST",
            f"{BASE}/messages/send",
            {"chat_id": GROUP, "type": "text", "text": "Hello team!"},
            data={"message": "Message queued", "jobId": 17},
        ),
        SentMessage(None),
    ),
    (
        "contacts",
        lambda c: c.contacts(),
        Expect(
            "GET",
            f"{BASE}/contacts",
            data=[
                {"id": BOB, "name": None, "short_name": "", "push_name": "bobby", "is_business": False},
                {"id": ALICE, "name": "Alice", "short_name": "Al", "push_name": "x"},
                {"id": "1@lid"},
            ],
        ),
        (
            Contact(ALICE, Identity("+12025550143"), "Alice"),
            Contact(BOB, Identity("+12025550144"), "bobby"),
            Contact("1@lid", None),
        ),
    ),
    (
        "check",
        lambda c: c.check_contact("+5531996348800"),
        Expect(
            "GET",
            f"{BASE}/contacts/check?phone=5531996348800",
            data={"exists": True, "phone": "5531996348800", "chat_id": "553196348800@s.whatsapp.net"},
        ),
        ContactCheck(True, "5531996348800", "553196348800@s.whatsapp.net"),
    ),
    (
        "check, nobody",
        lambda c: c.check_contact("12025550143"),
        Expect("GET", f"{BASE}/contacts/check?phone=12025550143", data={"exists": False, "chat_id": None}),
        ContactCheck(False, "", None),
    ),
]


@pytest.mark.parametrize(("call", "expect", "value"), [case[1:] for case in CASES], ids=[case[0] for case in CASES])
def test_every_endpoint_is_called_as_documented(call: Callable[[Client], Any], expect: Expect, value: Any) -> None:
    with ScriptedServer([expect]) as server, Setup(server.url).transport() as transport:
        assert call(client_of(transport)) == value
    headers = server.seen[0].headers
    assert headers["X-Api-Key"] == KEY
    assert headers["User-Agent"] == f"wappfy-reconciler/{__version__}"
    assert "Authorization" not in headers
    assert headers.get("Content-Type") == ("application/json" if expect.body is not NO_BODY else None)


@pytest.mark.parametrize(
    "first",
    [
        pytest.param(("GET", f"{BASE}/groups", [REFERENCE_GROUP], lambda c: c.list_groups()), id="list"),
        pytest.param(
            (
                "GET",
                f"{BASE}/groups",
                {"items": [REFERENCE_GROUP], "total": 1, "page": 1, "limit": 20, "totalPages": 1},
                lambda c: c.list_groups(),
            ),
            id="numbered list",
        ),
        pytest.param(("GET", f"{BASE}/groups/{GROUP}", REFERENCE_GROUP, lambda c: c.group(GROUP)), id="group"),
    ],
)
def test_after_a_read_in_the_reference_dialect_people_are_removed_by_post(
    first: tuple[str, str, Any, Callable[[Client], Any]],
) -> None:
    method, path, data, call = first
    script = [
        Expect(method, path, data=data),
        Expect("POST", f"{BASE}/groups/{GROUP}/participants/remove", {"participants": [BOB]}),
    ]
    with ScriptedServer(script) as server, Setup(server.url).transport() as transport:
        client = client_of(transport)
        call(client)
        client.remove_participants(GROUP, [BOB])


def test_after_a_read_in_the_guide_dialect_people_are_removed_by_delete_again() -> None:
    script = [
        Expect("GET", f"{BASE}/groups", data=[REFERENCE_GROUP]),
        Expect("GET", f"{BASE}/groups/{GROUP}", data=GUIDE_GROUP),
        Expect("GET", f"{BASE}/groups", data=[]),
        Expect("DELETE", f"{BASE}/groups/{GROUP}/participants", {"participants": [BOB]}),
    ]
    with ScriptedServer(script) as server, Setup(server.url).transport() as transport:
        client = client_of(transport)
        client.list_groups()
        client.group(GROUP)
        client.list_groups()
        client.remove_participants(GROUP, [BOB])


CODE = "AbCdEfGhIjKlMn"
JOIN, SEND = f"{BASE}/groups/join", f"{BASE}/messages/send"
GUIDE_JOIN, REFERENCE_JOIN = {"invite_code": CODE}, {"code": CODE}
GUIDE_SEND = {"chat_id": GROUP, "type": "text", "text": "Hello"}
REFERENCE_SEND = {"to": GROUP, "type": "text", "body": "Hello"}


def refusal(message: str, status: int = 400, path: str = JOIN, body: Any = GUIDE_JOIN) -> Expect:
    """Expect a request in the guide dialect, and refuse it."""
    error = {"success": False, "error": {"code": "VALIDATION_ERROR", "message": message}}
    return Expect("POST", path, body, status=status, answer=error)


def test_requests_follow_the_dialect_of_the_newest_read() -> None:
    script = [
        Expect("GET", f"{BASE}/groups", data=[REFERENCE_GROUP]),
        Expect("POST", JOIN, REFERENCE_JOIN, data=REFERENCE_GROUP),
        Expect("POST", SEND, REFERENCE_SEND, data={"message": "queued", "jobId": "1"}),
        Expect("GET", f"{BASE}/groups/{GROUP}", data=GUIDE_GROUP),
        Expect("POST", JOIN, GUIDE_JOIN, data={"group_id": GROUP}),
        Expect("POST", SEND, GUIDE_SEND, data={"message_id": "msg_1"}),
    ]
    with ScriptedServer(script) as server, Setup(server.url).transport() as transport:
        client = client_of(transport)
        client.list_groups()
        assert client.join_group(CODE) == GROUP
        assert client.send_message(GROUP, "Hello") == SentMessage(None)
        client.group(GROUP)
        client.join_group(CODE)
        client.send_message(GROUP, "Hello")


@pytest.mark.parametrize("status", [400, 422])
@pytest.mark.parametrize(
    "message", ["the field 'code' is missing", "code must be a string", "property invite_code should not exist"]
)
def test_a_refusal_that_asks_for_the_other_dialects_field_is_answered_with_it_once(message: str, status: int) -> None:
    script = [refusal(message, status), Expect("POST", JOIN, REFERENCE_JOIN, data={"id": GROUP})]
    with ScriptedServer(script) as server, Setup(server.url).transport() as transport:
        assert client_of(transport).join_group(CODE) == GROUP


def test_a_message_is_sent_in_the_other_dialect_only_after_a_refusal_that_asks_for_its_field() -> None:
    script = [
        refusal("body is required", path=SEND, body=GUIDE_SEND),
        Expect("POST", SEND, REFERENCE_SEND, data={"jobId": "1"}),
    ]
    with ScriptedServer(script) as server, Setup(server.url).transport() as transport:
        assert client_of(transport).send_message(GROUP, "Hello") == SentMessage(None)


@pytest.mark.parametrize(
    ("message", "status"),
    [
        ("no group has this invite", 400),
        ("invalid invite code", 400),
        ("code is missing", 403),
        ("code is missing", 500),
    ],
)
def test_another_refusal_is_no_reason_to_try_the_other_dialect(message: str, status: int) -> None:
    attempts = [refusal(message, status)] * (5 if status == 500 else 1)
    with ScriptedServer(attempts) as server, Setup(server.url).transport() as transport, pytest.raises(HttpError):
        client_of(transport).join_group(CODE)


def test_where_both_dialects_are_refused_the_first_refusal_is_told() -> None:
    script = [refusal("code is missing"), refusal("invite_code is missing", body=REFERENCE_JOIN)]
    with (
        ScriptedServer(script) as server,
        Setup(server.url).transport() as transport,
        pytest.raises(HttpError, match="400 VALIDATION_ERROR: code is missing"),
    ):
        client_of(transport).join_group(CODE)


def test_a_create_whose_response_has_another_name_is_rejected() -> None:
    body = {"name": "Alpha", "participants": []}
    script = [Expect("POST", f"{BASE}/groups", body, data={"group_id": GROUP, "name": "Beta"})]
    with (
        ScriptedServer(script) as server,
        Setup(server.url).transport() as transport,
        pytest.raises(InvalidResponse, match=f"with another name, {GROUP}"),
    ):
        client_of(transport).create_group("Alpha", [])


def test_a_response_about_another_group_is_rejected() -> None:
    script = [Expect("GET", f"{BASE}/groups/{OTHER}", data=GUIDE_GROUP)]
    with ScriptedServer(script) as server, Setup(server.url).transport() as transport:
        with pytest.raises(InvalidResponse) as caught:
            client_of(transport).group(OTHER)
        assert str(caught.value) == f"GET /groups/{OTHER}: the response is about another group, {GROUP}"


@pytest.mark.parametrize(
    "call",
    [
        lambda c: c.group("../../other"),
        lambda c: c.group(""),
        lambda c: c.patch_group("1@g.us/leave", name="x"),
        lambda c: c.remove_participants("120363012345678901", [BOB]),
        lambda c: c.leave_group("x@g.us?y"),
        lambda c: c.join_group("https://evil.example/AbCdEfGhIjKlMn"),
        lambda c: c.join_group("no code"),
        lambda c: c.check_contact("+1 202 555 0143"),
        lambda c: c.check_contact(""),
        lambda c: c.send_message("somebody", "x"),
        lambda c: c.send_message("76699677012110@lid", "x"),
    ],
)
def test_a_malformed_id_is_refused_before_anything_is_sent(call: Callable[[Client], Any]) -> None:
    with ScriptedServer([]) as server, Setup(server.url).transport() as transport, pytest.raises(UsageError):
        call(client_of(transport))


def test_the_error_for_a_mistyped_chat_masks_its_number() -> None:
    with Setup("http://127.0.0.1:1/api").transport() as transport, pytest.raises(UsageError) as caught:
        client_of(transport).send_message("12O2555O143@s.whatsapp.net", "x")
    assert caught.value.message == "'12O•••43@s.whatsapp.net' is not a chat's id"


def test_an_instance_id_is_quoted_into_one_path_segment() -> None:
    script = [Expect("GET", "/instances/a%2Fb%20c%3F", data={"id": "a", "status": "connected"})]
    with ScriptedServer(script) as server, Setup(server.url).transport() as transport:
        client = Client(transport, "a/b c?")
        assert client.instance_id == "a/b c?"
        client.instance()


@pytest.mark.parametrize("instance", ["", " ", ".", "..", "a\nb"])
def test_an_instance_id_that_would_change_the_path_is_refused(instance: str) -> None:
    with Setup("http://127.0.0.1:1/api").transport() as transport, pytest.raises(UsageError, match="instance id"):
        Client(transport, instance)


def test_a_message_can_go_to_a_person_as_well_as_to_a_group() -> None:
    body = {"chat_id": "12025550143@s.whatsapp.net", "type": "text", "text": "x"}
    script = [Expect("POST", f"{BASE}/messages/send", body, data={"id": {"_serialized": "m"}})]
    with ScriptedServer(script) as server, Setup(server.url).transport() as transport:
        assert client_of(transport).send_message(" 12025550143:7@c.us", "x") == SentMessage("m")
