"""JSON of both dialects becomes model values; anything else is an InvalidResponse."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from reconciler.errors import InvalidResponse
from reconciler.live import decode, decode_answers
from reconciler.live.decode import Dialect, JsonValue, dialect_of
from reconciler.live.paging import Paginator
from reconciler.model.identity import Identity
from reconciler.model.live import ListedGroup, OddEntry, Participant
from reconciler.model.text import Untrusted
from tests.live.transport_setup import ALICE, GROUP

ALICE_ID = Identity("+12025550143")
LID = "76699677012110@lid"
COUNTS: list[Any] = ["5", 5.0, True, -1, [], {}]
SERVERS = ("s.whatsapp.net", "c.us", "lid")
GOOD: dict[str, Any] = {"group_id": GROUP, "name": "x", "participants": [{"id": ALICE}]}


def _person(**fields: Any) -> Participant:
    """The person that these fields are, in a group in which somebody has a role."""
    others = {"id": "12025550199@s.whatsapp.net", "is_admin": True}
    person, _ = decode.live_group(JsonValue({**GOOD, "participants": [fields, others]}, "GET /x")).participants
    return person


@pytest.mark.parametrize(
    ("fields", "person"),
    [
        ({"id": ALICE}, Participant(id=ALICE, identity=ALICE_ID, jid=ALICE)),
        ({"id": "12025550143@c.us"}, Participant(id="12025550143@c.us", identity=ALICE_ID, jid=ALICE)),
        (
            {"id": "12025550143:7@s.whatsapp.net"},
            Participant(id="12025550143:7@s.whatsapp.net", identity=ALICE_ID, jid=ALICE),
        ),
        (
            {"id": "553196348800@s.whatsapp.net"},
            Participant(
                id="553196348800@s.whatsapp.net", identity=Identity("+5531996348800"), jid="553196348800@s.whatsapp.net"
            ),
        ),
        ({"id": {"_serialized": "12025550143@c.us"}}, Participant(id="12025550143@c.us", identity=ALICE_ID, jid=ALICE)),
        (
            {"id": {"user": "12025550143", "server": "s.whatsapp.net"}},
            Participant(id=ALICE, identity=ALICE_ID, jid=ALICE),
        ),
        ({"id": LID}, Participant(id=LID, lid=LID)),
        ({"id": "76699677012110:3@lid"}, Participant(id="76699677012110:3@lid", lid=LID)),
        *(
            ({"id": LID, field: phone}, Participant(id=LID, identity=ALICE_ID, jid=ALICE, lid=LID))
            for field in ("phoneNumber", "phone_number", "pn", "jid")
            for phone in (ALICE, "12025550143", "+12025550143", "+1 (202) 555-0143", "12025550143@c.us", 12025550143)
        ),
        ({"id": LID, "jid": {"_serialized": ALICE}}, Participant(id=LID, identity=ALICE_ID, jid=ALICE, lid=LID)),
        (
            {"id": LID, "phoneNumber": "+1∙∙∙43", "pn": ALICE},
            Participant(id=LID, identity=ALICE_ID, jid=ALICE, lid=LID),
        ),
        ({"id": LID, "phone_number": None}, Participant(id=LID, lid=LID)),
        ({"id": LID, "jid": LID}, Participant(id=LID, lid=LID)),
        ({"id": LID, "pn": "secret"}, Participant(id=LID, lid=LID)),
        ({"id": ALICE, "lid": LID}, Participant(id=ALICE, identity=ALICE_ID, jid=ALICE, lid=LID)),
        ({"id": ALICE, "lid": "nonsense"}, Participant(id=ALICE, identity=ALICE_ID, jid=ALICE)),
        ({"id": ALICE, "lid": ALICE}, Participant(id=ALICE, identity=ALICE_ID, jid=ALICE)),
        ({"id": ALICE, "pn": "+15125550100"}, Participant(id=ALICE, identity=ALICE_ID, jid=ALICE)),
        ({"id": "12025550143"}, Participant(id="12025550143")),
        ({"id": "somebody@newserver"}, Participant(id="somebody@newserver")),
        ({"id": "somebody@newserver", "pn": ALICE}, Participant(id="somebody@newserver", identity=ALICE_ID, jid=ALICE)),
        ({"id": "0@s.whatsapp.net"}, Participant(id="0@s.whatsapp.net")),
        ({"id": ""}, Participant(id="")),
    ],
)
def test_a_person_is_identified_by_any_form_of_a_phone_number(fields: dict[str, Any], person: Participant) -> None:
    assert _person(**fields) == person


@pytest.mark.parametrize("server", ["lid", "hosted.lid"])
@pytest.mark.parametrize("field", ["phoneNumber", "phone_number", "pn", "jid"])
@pytest.mark.parametrize(
    "echo", [123456789012345, "123456789012345", "+123456789012345", *(f"123456789012345@{s}" for s in SERVERS)]
)
def test_a_private_id_that_repeats_its_digits_as_the_phone_has_none(server: str, field: str, echo: Any) -> None:
    nobody = Participant(id=f"123456789012345@{server}", lid="123456789012345@lid")
    assert _person(id=nobody.id, **{field: echo}) == nobody
    assert _person(id={"user": "123456789012345", "server": server}, **{field: echo}) == nobody
    other_field = "jid" if field == "pn" else "pn"
    assert _person(id=nobody.id, **{field: echo, other_field: ALICE}).identity == ALICE_ID


@pytest.mark.parametrize(
    "lid", ["123456789012345@lid", "123456789012345", {"user": "123456789012345", "server": "lid"}]
)
@pytest.mark.parametrize("server", ["s.whatsapp.net", "c.us"])
def test_an_id_that_repeats_the_digits_of_the_lid_beside_it_is_no_phone(server: str, lid: Any) -> None:
    bare = Participant(id=f"123456789012345@{server}", lid="123456789012345@lid")
    assert _person(id=bare.id, lid=lid) == bare
    assert _person(id=bare.id, lid=lid, pn=ALICE).identity == ALICE_ID


@pytest.mark.parametrize(
    ("fields", "is_admin", "is_owner"),
    [
        ({}, False, False),
        ({"is_admin": False, "is_super_admin": False}, False, False),
        ({"is_admin": None, "is_super_admin": None}, False, False),
        ({"is_admin": True}, True, False),
        ({"is_admin": True, "is_super_admin": True}, True, True),
        ({"is_admin": False, "is_super_admin": True}, True, True),
        ({"isAdmin": True, "isSuperAdmin": False}, True, False),
        ({"isSuperAdmin": True}, True, True),
        ({"admin": None}, False, False),
        ({"admin": "admin"}, True, False),
        ({"admin": "superadmin"}, True, True),
    ],
)
def test_the_roles_of_both_dialects_are_decoded(fields: dict[str, Any], is_admin: bool, is_owner: bool) -> None:
    person = _person(id=ALICE, **fields)
    assert (person.is_admin, person.is_owner) == (is_admin, is_owner)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"group_id": None}, "data.group_id: expected text, found nothing"),
        ({"group_id": 5}, "data.group_id: expected text, found a number"),
        ({"group_id": "x"}, "data.group_id: expected a group's id, which ends in @g.us, found other text"),
        ({"group_id": ALICE}, "data.group_id: expected a group's id, which ends in @g.us, found other text"),
        ({"group_id": f"{GROUP}\n"}, "data.group_id: expected a group's id, which ends in @g.us, found other text"),
        ({"group_id": {"user": 1}}, "data.group_id.user: expected text, found a number"),
        ({"group_id": {"user": "1"}}, "data.group_id.server: expected text, found nothing"),
        ({"name": True}, "data.name: expected text, found true"),
        ({"name": False}, "data.name: expected text, found false"),
        ({"name": []}, "data.name: expected text, found an array"),
        ({"name": {}}, "data.name: expected text, found an object"),
        ({"description": 1.5}, "data.description: expected text, found a number"),
        ({"owner": 1}, "data.owner: expected text, found a number"),
        ({"participants": None}, "data.participants: expected an array, found nothing"),
        ({"participants": "none"}, "data.participants: expected an array, found other text"),
        ({"participants": ["x"]}, "data.participants[0]: expected an object, found other text"),
        ({"participants": [{"id": ALICE}, {}]}, "data.participants[1].id: expected text, found nothing"),
        ({"participants": [{"id": 12025550143}]}, "data.participants[0].id: expected text, found a number"),
        (
            {"participants": [{"id": ALICE, "is_admin": "yes"}]},
            "data.participants[0].is_admin: expected true or false, found other text",
        ),
        (
            {"participants": [{"id": ALICE, "admin": ""}]},
            'data.participants[0].admin: expected "admin", "superadmin" or null, found an empty text',
        ),
        (
            {"participants": [{"id": ALICE, "admin": ["admin"]}]},
            'data.participants[0].admin: expected "admin", "superadmin" or null, found an array',
        ),
        ({"participants": [{"id": LID, "pn": []}]}, "data.participants[0].pn: expected text, found an array"),
    ],
)
def test_the_error_for_an_unknown_shape_names_its_place(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(InvalidResponse) as caught:
        decode.live_group(JsonValue({**GOOD, **changes}, "GET /groups/x"))
    assert caught.value.message == message
    assert caught.value.endpoint == "GET /groups/x"


@pytest.mark.parametrize("data", [None, [], "x", 5, True])
def test_a_group_that_is_not_an_object_is_an_invalid_response(data: Any) -> None:
    with pytest.raises(InvalidResponse, match="data: expected an object"):
        decode.live_group(JsonValue(data, "GET /x"))


@pytest.mark.parametrize(
    ("fields", "owner"),
    [
        ({}, None),
        ({"owner": None}, None),
        ({"owner": ALICE}, ALICE_ID),
        ({"owner": "+12025550143"}, ALICE_ID),
        ({"owner": {"user": "12025550143", "server": "c.us"}}, ALICE_ID),
        ({"owner": LID}, None),
        ({"owner": ""}, None),
    ],
)
def test_the_owner_is_decoded_if_identifiable(fields: dict[str, Any], owner: Identity | None) -> None:
    assert decode.live_group(JsonValue({**GOOD, **fields}, "")).owner == owner


def test_a_missing_description_is_empty_in_a_group_and_unknown_in_a_list() -> None:
    for fields in ({}, {"description": None}):
        assert decode.live_group(JsonValue({**GOOD, **fields}, "")).description == Untrusted("")
        assert decode.listed_group(JsonValue({**GOOD, **fields}, "")).description is None
    assert decode.listed_group(JsonValue({**GOOD, "description": ""}, "")).description == Untrusted("")


def test_a_field_missing_from_a_list_is_unknown_not_empty() -> None:
    assert decode.listed_group(JsonValue({"group_id": GROUP, "name": "x"}, "")) == ListedGroup(
        id=GROUP, name=Untrusted("x")
    )
    counted = {"group_id": GROUP, "name": "x", "participant_count": 0, "participants": []}
    assert decode.listed_group(JsonValue(counted, "")) == ListedGroup(
        id=GROUP, name=Untrusted("x"), count=0, participants=()
    )
    assert decode.listed_group(JsonValue({**counted, "participant_count": None}, "")).count is None


@pytest.mark.parametrize(
    "person", [{"id": ALICE}, {"id": LID, "pn": ALICE}, {"id": LID}, {"id": ALICE, "role": "admin", "isBusiness": True}]
)
def test_where_nobody_of_a_read_has_a_role_field_the_roles_are_not_told(person: dict[str, Any]) -> None:
    group = {**GOOD, "participants": [person, {"id": "12025550199@s.whatsapp.net"}]}
    assert [one.is_admin for one in decode.live_group(JsonValue(group, "")).participants] == [None, None]


@pytest.mark.parametrize("told", [{"admin": None}, {"is_admin": False}, {"isAdmin": None}, {"isSuperAdmin": False}])
def test_one_role_field_in_a_read_tells_the_role_of_everybody(told: dict[str, Any]) -> None:
    group = {**GOOD, "participants": [{"id": ALICE}, {"id": "12025550199@s.whatsapp.net", **told}]}
    assert [one.is_admin for one in decode.live_group(JsonValue(group, "")).participants] == [False, False]


@pytest.mark.parametrize(
    ("odd", "fault"),
    [
        *(({"participant_count": n}, "data[3].participant_count: expected a whole number") for n in COUNTS),
        ({"name": 5}, "data[3].name: expected text, found a number"),
        ({"participants": [{"id": ALICE}, {}]}, "data[3].participants[1].id: expected text, found nothing"),
        ({"participants": "all"}, "data[3].participants: expected an array, found other text"),
        ({"description": []}, "data[3].description: expected text, found an array"),
        ({"owner": 5}, "data[3].owner: expected text, found a number"),
    ],
)
def test_what_cannot_be_read_of_an_entry_is_the_fault_of_that_group_alone(odd: dict[str, Any], fault: str) -> None:
    entry = decode.list_entry(JsonValue({"group_id": GROUP, "name": "x", **odd}, "GET /groups", "data[3]"))
    assert isinstance(entry, ListedGroup)
    assert entry == ListedGroup(id=GROUP, name=Untrusted("" if "name" in odd else "x"), fault=entry.fault)
    assert entry.fault is not None
    assert entry.fault.startswith(f"GET /groups: {fault}")


@pytest.mark.parametrize("raw", [None, "x", 5, {}, [], {"name": "x"}, {"group_id": "1@newsletter", "name": "x"}])
def test_an_entry_without_a_readable_id_is_odd_and_has_its_name_where_told(raw: Any) -> None:
    entry = decode.list_entry(JsonValue(raw, "GET /groups", "data[3]"))
    assert isinstance(entry, OddEntry)
    assert entry.name == Untrusted("x" if isinstance(raw, dict) and raw else "")
    assert entry.fault.startswith("GET /groups: data[3]")


@pytest.mark.parametrize("told", [{}, {"name": None}, {"name": ""}, {"name": " \u00a0\n"}, {"name": "\u200b"}])
@pytest.mark.parametrize("decoded", [decode.live_group, decode.listed_group])
def test_a_name_that_nobody_can_read_is_not_told(decoded: Callable[[JsonValue], Any], told: dict[str, Any]) -> None:
    bare = {"group_id": GROUP, "participants": [], **told}
    assert decoded(JsonValue(bare, "")).name == Untrusted("")
    assert decoded(JsonValue({**bare, "subject": "\u2800"}, "")).name == Untrusted("")
    assert decoded(JsonValue({**bare, "subject": "Alpha"}, "")).name == Untrusted("Alpha")


def test_half_a_character_becomes_the_replacement_character() -> None:
    assert decode.live_group(JsonValue({**GOOD, "name": "a\ud83d"}, "")).name == Untrusted("a\ufffd")
    assert decode.live_group(JsonValue({**GOOD, "name": "a\ud83d\ude00"}, "")).name == Untrusted("a😀")


@pytest.mark.parametrize(
    ("data", "dialect"),
    [
        ({"group_id": GROUP, "name": "x"}, Dialect.GUIDE),
        ([{"group_id": GROUP}], Dialect.GUIDE),
        ({"id": GROUP, "subject": "x"}, Dialect.REFERENCE),
        ([{"id": GROUP, "subject": "x"}], Dialect.REFERENCE),
        ({"id": GROUP, "name": "x"}, None),
        ([], None),
        (None, None),
        ("x", None),
    ],
)
def test_a_groups_fields_reveal_the_dialect(data: Any, dialect: Dialect | None) -> None:
    assert dialect_of(data) is dialect


FIELDS = st.sampled_from(
    [
        "id",
        "group_id",
        "name",
        "subject",
        "participants",
        "participant_count",
        "description",
        "owner",
        "admin",
        "is_admin",
        "is_super_admin",
        "pn",
        "jid",
        "lid",
        "phone_number",
        "_serialized",
        "user",
        "server",
        "invite_code",
        "message_id",
        "exists",
        "phone",
        "chat_id",
        "status",
        "type",
        "push_name",
        "items",
        "total",
        "page",
        "limit",
        "totalPages",
    ]
)
NASTY = st.sampled_from([GROUP, ALICE, LID, "admin", "connected", "https://chat.whatsapp.com/AbCdEfGhIjKlMn", "\ud800"])
SCALARS = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8) | NASTY
ANY_JSON = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(FIELDS, inner), max_leaves=20
)


def _listed(read: Callable[[JsonValue], Any], key: Callable[[Any], str]) -> Callable[[JsonValue], Any]:
    return lambda value: Paginator(lambda _query: value.raw, read, key, value.endpoint).read_all()


READERS: list[Callable[[JsonValue], Any]] = [
    decode.live_group,
    decode_answers.created_group,
    decode_answers.person_answers,
    decode_answers.invite_url,
    decode_answers.joined_id,
    decode_answers.sent_message,
    decode.contact_check,
    decode.instance,
    _listed(decode.listed_group, lambda group: group.id),
    _listed(decode.list_entry, lambda entry: entry.id),
    _listed(decode.contact, lambda contact: contact.id),
]


@given(ANY_JSON | st.dictionaries(FIELDS, ANY_JSON, min_size=3))
@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_any_json_for_any_endpoint_is_a_value_or_an_invalid_response(data: Any) -> None:
    for read in READERS:
        dialect_of(data)
        try:
            value = read(JsonValue(data, "GET /x"))
        except InvalidResponse as error:
            text = str(error)
        else:
            text = repr(value)
        assert text
