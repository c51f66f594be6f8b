"""Phone numbers: parsing, canonical form, masking."""

from __future__ import annotations

import pytest

from reconciler.sandbox import SandboxError
from reconciler.sandbox.phones import canonical, mask_phone, parse_phone


@pytest.mark.parametrize(
    ("text", "digits", "masked"),
    [
        ("+1 (202) 555-0143", "12025550143", "+1 202 ••• ••43"),
        ("12025550143@c.us", "12025550143", "+1 202 ••• ••43"),
        ("12025550143:7@s.whatsapp.net", "12025550143", "+1 202 ••• ••43"),
        ("+55 31 9 9634-8800", "5531996348800", "+55 319 ••• ••00"),
        ("+49 171 5550143", "491715550143", "+49 171 ••• ••43"),
        ("+52 55 1234 5678", "525512345678", "+52 551 ••• ••78"),
        ("+353 85 555 0143", "353855550143", "+353 855 ••• ••43"),
    ],
)
def test_phone_numbers_are_parsed_in_any_form_and_masked(text: str, digits: str, masked: str) -> None:
    assert parse_phone(text) == digits
    assert mask_phone(digits) == masked


@pytest.mark.parametrize("text", ["", "alice", "0171 5550143", "+1", "76699677012110@lid", "1234567890123456"])
def test_other_text_is_not_a_phone_number(text: str) -> None:
    with pytest.raises(SandboxError, match="is not a phone number"):
        parse_phone(text)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("553196348800", "5531996348800"),
        ("5215512345678", "525512345678"),
        ("541123456789", "5491123456789"),
    ],
)
def test_two_spellings_of_a_number_have_one_canonical_form(one: str, other: str) -> None:
    assert canonical(one) == canonical(other) == other
    assert canonical("553132345678") == "553132345678", "a Brazilian landline has no ninth digit"
    assert canonical("12025550143") == "12025550143"
    assert canonical("2250207000012") == "2250207000012", "02 belongs to no operator of Ivory Coast"


@pytest.mark.parametrize(
    ("one", "other"),
    [("22507000012", "2250707000012"), ("22520212345", "2252720212345"), ("22990123456", "2290190123456")],
)
def test_a_number_before_and_after_its_country_changed_the_plan_is_one_account(one: str, other: str) -> None:
    assert canonical(one) == canonical(other) != canonical(one[:-1] + "9")
