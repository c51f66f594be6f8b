"""Reading untrusted JSON values: each field knows its place, and says so when it is not what it should be."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from dataclasses import fields
from datetime import date
from enum import StrEnum
from typing import TYPE_CHECKING, NoReturn, TypeVar

from reconciler.errors import PlanFileError
from reconciler.hostile.escaping import safe

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

E = TypeVar("E", bound=StrEnum)
T = TypeVar("T")

_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", re.ASCII)
AGAIN = "make the plan again with `reconciler plan --out FILE`"


class Field:
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

    def members(self, *names: str, without: Mapping[str, object] | None = None) -> dict[str, Field]:
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
                self.fail(f"no member `{safe(str(name))[:40]}`")
        prefix = f"{self.path}." if self.path else ""
        return {name: Field(value[name], prefix + name, loose=self.loose) for name in names}

    def members_of(
        self, kind: type[DataclassInstance], without: Mapping[str, object] | None = None
    ) -> dict[str, Field]:
        """An object with exactly the fields of one of the model's values; `without` as for `members`."""
        return self.members(*(field.name for field in fields(kind)), without=without)

    def items(self) -> list[Field]:
        """A list."""
        if not isinstance(self.value, list):
            self.fail("a list")
        return [Field(item, f"{self.path}[{index}]", loose=self.loose) for index, item in enumerate(self.value)]

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

    def none_or(self, read: Callable[[Field], T]) -> T | None:
        """Null, or what `read` makes of it."""
        return None if self.value is None else read(self)
