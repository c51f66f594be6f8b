"""Reading untrusted JSON values: each field knows its place, and says so when it is not what it should be.

People in a saved plan read back: a number and its address must be one person's."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from dataclasses import fields
from datetime import date
from enum import StrEnum
from typing import TYPE_CHECKING, NoReturn, TypeVar

from reconciler.errors import PlanFileError
from reconciler.model.identity import Identity, identity_of_digits, identity_of_jid, parse_jid
from reconciler.model.live import Participant
from reconciler.model.person_ref import PersonRef
from reconciler.sanitize.escape import mask_and_escape

if TYPE_CHECKING:
    from _typeshed import DataclassInstance


E = TypeVar("E", bound=StrEnum)


T = TypeVar("T")


_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", re.ASCII)


AGAIN = "make the plan again with `reconciler plan --out FILE`"


class UntrustedValue:
    """A value of a document and its place (`groups[0].steps[1].people`).

    Every method gives the value as one type or raises PlanFileError with the place; values are not quoted, they may
    be hostile or hold numbers. A `loose` one, and those in it, may be of another version of the format: members it
    does not know are passed over, and those that came to the format later may be missing.
    """

    def __init__(self, value: object, path: str = "", *, loose: bool = False) -> None:
        self.value = value
        self.path = path
        self.loose = loose

    def fail(self, expected: str) -> NoReturn:
        """Say what should have been here."""
        raise PlanFileError(f"the plan file is damaged at {self.path or 'its top'}: expected {expected}", AGAIN)

    def members(self, *names: str, without: Mapping[str, object] | None = None) -> dict[str, UntrustedValue]:
        """An object with exactly these members; `without` has what those stand for that a loose one may lack."""
        value = self.value
        if not isinstance(value, dict):
            self.fail("an object")
        if self.loose:
            value = {**(without or {}), **{name: value[name] for name in names if name in value}}
        for name in names:
            if name not in value:
                self.fail(f"a member `{name}`")
        for name in value:
            if name not in names:
                self.fail(f"no member `{mask_and_escape(str(name))[:40]}`")
        prefix = f"{self.path}." if self.path else ""
        return {name: UntrustedValue(value[name], prefix + name, loose=self.loose) for name in names}

    def members_of(
        self, kind: type[DataclassInstance], without: Mapping[str, object] | None = None
    ) -> dict[str, UntrustedValue]:
        """An object with exactly the fields of one of the model's values; `without` as for `members`."""
        return self.members(*(field.name for field in fields(kind)), without=without)

    def items(self) -> list[UntrustedValue]:
        """A list."""
        if not isinstance(self.value, list):
            self.fail("a list")
        return [
            UntrustedValue(item, f"{self.path}[{index}]", loose=self.loose) for index, item in enumerate(self.value)
        ]

    def text(self) -> str:
        """A string."""
        if not isinstance(self.value, str):
            self.fail("a string")
        return self.value

    def flag(self) -> bool:
        """True or false."""
        if not isinstance(self.value, bool):
            self.fail("true or false")
        return self.value

    def whole(self, least: int = 0) -> int:
        """A whole number."""
        if not isinstance(self.value, int) or isinstance(self.value, bool) or not least <= self.value < 2**53:
            self.fail(f"a whole number from {least} on")
        return self.value

    def number(self) -> float:
        """A number that is not negative."""
        value = self.value
        if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < 1e9:
            self.fail("a number that is not negative")
        return float(value)

    def positive(self) -> float:
        """A number greater than nothing: one that may be divided by."""
        number = self.number()
        if math.isclose(number, 0.0, abs_tol=1e-6):
            self.fail("a number greater than 0")
        return number

    def day(self) -> date:
        """A date as `2026-12-31`."""
        text = self.text()
        try:
            return date.fromisoformat(text if _DATE.fullmatch(text) else "")
        except ValueError:
            self.fail("a date (YYYY-MM-DD)")

    def choice(self, kind: type[E]) -> E:
        """One of an enumeration's words."""
        words = [item.value for item in kind]
        if self.value not in words:
            self.fail("one of " + ", ".join(words))
        return kind(self.text())

    def none_or(self, read: Callable[[UntrustedValue], T]) -> T | None:
        """Null, or what `read` makes of it."""
        return None if self.value is None else read(self)


_IDENTITY = re.compile(r"\+[1-9][0-9]{4,15}", re.ASCII)


def read_people(field: UntrustedValue) -> tuple[PersonRef, ...]:
    """A list of people."""
    return tuple(_who(item) for item in field.items())


def _who(field: UntrustedValue) -> PersonRef:
    part = field.members_of(PersonRef)
    identity, jid = _identity_and_jid(part)
    return PersonRef(
        identity=identity,
        jid=jid,
        label=part["label"].none_or(UntrustedValue.text),
        lid=part["lid"].none_or(UntrustedValue.text),
        until=part["until"].none_or(UntrustedValue.day),
        reason=part["reason"].none_or(UntrustedValue.text),
    )


def _identity_and_jid(part: dict[str, UntrustedValue]) -> tuple[Identity | None, str | None]:
    """A number and the address of the same person; a plan must not show one and send to another."""
    identity = part["identity"].none_or(read_identity)
    jid = part["jid"].none_or(_phone_jid)
    if jid is not None and identity_of_jid(jid) != identity:
        part["jid"].fail("the address of the person in `identity` beside it")
    return identity, jid


def read_identity(field: UntrustedValue) -> Identity:
    """A number in the one spelling by which people are compared."""
    text = field.text()
    if not _IDENTITY.fullmatch(text) or identity_of_digits(text[1:]) != text:
        field.fail("an international number as + and digits, in its long form")
    return Identity(text)


def _phone_jid(field: UntrustedValue) -> str:
    jid = parse_jid(field.text())
    if jid is None or jid.is_lid or jid.phone_jid != field.text():
        field.fail("a JID of the form {digits}@s.whatsapp.net")
    return jid.phone_jid


def read_participant(field: UntrustedValue) -> Participant:
    """Somebody in the live group as it was read."""
    part = field.members_of(Participant)
    identity, jid = _identity_and_jid(part)
    return Participant(
        id=part["id"].text(),
        identity=identity,
        jid=jid,
        lid=part["lid"].none_or(UntrustedValue.text),
        is_admin=part["is_admin"].flag(),
        is_owner=part["is_owner"].flag(),
    )
