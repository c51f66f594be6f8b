"""Invented people: numbers of the form +1 AAA 555 01NN, which belong to nobody."""

from __future__ import annotations

from functools import cache

import phonenumbers

OWN = "+1 989 555 0199"
"""The instance's own number in every benchmark; no member has it."""

_EACH = 100
"""Fictional numbers of an area code: 555-0100 to 555-0199."""


@cache
def _areas() -> tuple[int, ...]:
    """The area codes of the United States, in order."""
    codes = (code for code in range(201, 989) if phonenumbers.is_valid_number(phonenumbers.parse(f"+1{code}5550123")))
    return tuple(c for c in codes if phonenumbers.region_code_for_number(phonenumbers.parse(f"+1{c}5550123")) == "US")


def number(index: int) -> str:
    """The number of the person with this index, from 0; there are some 38,000."""
    area, last = divmod(index, _EACH)
    return f"+1 {_areas()[area]} 555 01{last:02}"


def digits(phone: str) -> str:
    """A number's digits alone, as the embedded server keeps them."""
    return "".join(filter(str.isdigit, phone))
