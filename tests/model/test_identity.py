"""One person, one identity, in every form that the API or a file may use."""

from __future__ import annotations

import pytest

from reconciler.model.identity import Jid, chat_id, identity_of_digits, identity_of_jid, is_group_id, parse_jid


@pytest.mark.parametrize(
    ("text", "identity"),
    [
        ("12025550143@s.whatsapp.net", "+12025550143"),
        ("12025550143@c.us", "+12025550143"),
        ("12025550143:7@s.whatsapp.net", "+12025550143"),
        ("12025550143.0:7@s.whatsapp.net", "+12025550143"),
        (" 12025550143@s.whatsapp.net\n", "+12025550143"),
        ("491715550143:12@s.whatsapp.net", "+491715550143"),
        # Brazil: mobiles with and without the ninth digit are one account.
        ("553196348800@s.whatsapp.net", "+5531996348800"),
        ("5531996348800@s.whatsapp.net", "+5531996348800"),
        ("553196348800@c.us", "+5531996348800"),
        # Brazil: a landline begins with 2 to 5 and has no ninth digit.
        ("553132345678@s.whatsapp.net", "+553132345678"),
        # Mexico: with and without the 1 of old mobiles.
        ("525512345678@s.whatsapp.net", "+525512345678"),
        ("5215512345678@s.whatsapp.net", "+525512345678"),
        # Argentina: with and without the 9 of mobiles.
        ("541123456789@s.whatsapp.net", "+5491123456789"),
        ("5491123456789@s.whatsapp.net", "+5491123456789"),
        # Ivory Coast: two digits more since 2021, by the operator; landlines too.
        ("22507000012@s.whatsapp.net", "+2250707000012"),
        ("2250707000012@s.whatsapp.net", "+2250707000012"),
        ("22545123456@c.us", "+2250545123456"),
        ("2250545123456@c.us", "+2250545123456"),
        ("22501020312@s.whatsapp.net", "+2250101020312"),
        ("22520212345@s.whatsapp.net", "+2252720212345"),
        ("22520012345@s.whatsapp.net", "+2252520012345"),
        ("22520812345:7@s.whatsapp.net", "+2252120812345"),
        # Benin: 01 in front of every number since 2024.
        ("22990123456@s.whatsapp.net", "+2290190123456"),
        ("2290190123456@s.whatsapp.net", "+2290190123456"),
    ],
)
def test_every_spelling_of_an_account_is_one_identity(text: str, identity: str) -> None:
    assert identity_of_jid(text) == identity


@pytest.mark.parametrize("old", ["00000012", "07000012", "45123456", "01020312", "20212345", "20012345", "30812345"])
@pytest.mark.parametrize("prefix", ["01", "05", "07", "21", "25", "27"])
def test_an_ivorian_number_is_one_person_with_and_without_any_two_digits_in_front(old: str, prefix: str) -> None:
    assert identity_of_digits(f"225{prefix}{old}") == identity_of_digits(f"225{old}")


@pytest.mark.parametrize("digits", ["2250207000012", "225070000", "229029012345", "2290290123456", "22607000012"])
def test_other_numbers_of_these_lengths_stay_as_they_are(digits: str) -> None:
    assert identity_of_digits(digits) == f"+{digits}"


@pytest.mark.parametrize(
    "text",
    [
        "76699677012110@lid",
        "76699677012110:3@lid",
        "76699677012110@hosted.lid",
        "120363012345678901@g.us",
        "status@broadcast",
        "12025550143",
        "+12025550143",
        "+12025550143@s.whatsapp.net",
        "1202555x143@s.whatsapp.net",
        "012025550143@s.whatsapp.net",
        "12@s.whatsapp.net",
        "1234567890123456@s.whatsapp.net",
        "١٢٠٢٥٥٥٠١٤٣@s.whatsapp.net",
        "12025550143@S.WHATSAPP.NET",
        "12025550143@s.whatsapp.net.example.com",
        "12025550143@s.whatsapp.net@lid",
        "@s.whatsapp.net",
        "",
    ],
)
def test_what_is_no_phone_has_no_identity(text: str) -> None:
    assert identity_of_jid(text) is None


@pytest.mark.parametrize("text", ["76699677012110@lid", "76699677012110:3@lid", "76699677012110@hosted.lid"])
def test_a_private_id_is_known_as_one(text: str) -> None:
    assert parse_jid(text) == Jid("76699677012110", is_lid=True)


def test_a_jid_is_sent_without_device_and_with_its_own_digits() -> None:
    jid = parse_jid("553196348800:12@c.us")
    assert jid == Jid("553196348800", is_lid=False)
    assert jid.phone_jid == "553196348800@s.whatsapp.net"


@pytest.mark.parametrize(
    ("digits", "identity"),
    [
        ("12025550143", "+12025550143"),
        ("553196348800", "+5531996348800"),
        ("5531996348800", "+5531996348800"),
        ("5215512345678", "+525512345678"),
        ("541123456789", "+5491123456789"),
    ],
)
def test_digits_and_jid_have_the_same_identity(digits: str, identity: str) -> None:
    assert identity_of_digits(digits) == identity_of_jid(f"{digits}@s.whatsapp.net") == identity


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("120363012345678901@g.us", True),
        ("12025550143-1398765432@g.us", True),
        ("120363012345678901@g.us\n", False),
        ("120363012345678901", False),
        ("@g.us", False),
        ("1-@g.us", False),
        ("12025550143@s.whatsapp.net", False),
        ("١٢@g.us", False),
    ],
)
def test_a_groups_id_is_digits_at_g_us(text: str, expected: bool) -> None:
    assert is_group_id(text) is expected


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("120363012345678901@g.us", "120363012345678901@g.us"),
        (" 12025550143-1600000000@g.us\n", "12025550143-1600000000@g.us"),
        ("12025550143@s.whatsapp.net", "12025550143@s.whatsapp.net"),
        (" 12025550143:7@c.us ", "12025550143@s.whatsapp.net"),
        ("76699677012110@lid", None),
        ("+1 202 555 0143", None),
        ("somebody", None),
        ("", None),
    ],
)
def test_a_message_goes_to_a_group_or_to_a_number_in_one_spelling_and_to_no_private_id(
    text: str, address: str | None
) -> None:
    assert chat_id(text) == address
