"""The people of the world: instances and accounts, and the hand that changes them past the API."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from enum import StrEnum
from types import TracebackType
from typing import Self, TypeVar

import reconciler.sandbox.account_store as people
from reconciler.sandbox.database import Database
from reconciler.sandbox.errors import SandboxError
from reconciler.sandbox.phones import canonical, mask_phone, parse_phone
from reconciler.sandbox.records import Account, Contact, Instance, Kind, ShownAs, Spelling, Status

Word = TypeVar("Word", bound=StrEnum)

_LID = re.compile(r"[0-9]{5,32}(?:@lid)?", re.ASCII)


class Population:
    """Instances, accounts and address books over one database; `World` adds the groups."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def close(self) -> None:
        """Close the database; a world in memory is gone then."""
        self._database.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """All changes inside happen at once or, after an exception, not at all; nobody else gets in between."""
        with self._database.transaction() as db:
            yield db

    def ensure_instance(
        self, instance_id: str, phone: str, name: str = "Sandbox", kind: str = "waha", status: str = "connected"
    ) -> None:
        """Make the instance where it is missing; one that is there stays as it is.

        Raises SandboxError where it is there with another phone.
        """
        digits = parse_phone(phone)
        with self.transaction() as db:
            known = people.instance(db, instance_id)
            if known is None:
                made = Instance(instance_id, name, _kind(kind), _status(status), people.meet(db, digits).digits)
                people.put_instance(db, made)
            elif known.phone != canonical(digits):
                raise SandboxError(
                    f"the sandbox's instance {instance_id} has the phone {mask_phone(known.phone)}, "
                    f"not {mask_phone(digits)}; "
                    "use that phone, another instance id, or forget the state with `sandbox reset`"
                )

    def instance(self, instance_id: str) -> Instance:
        """An instance; raises SandboxError where there is none with this id."""
        with self.transaction() as db:
            known = people.instance(db, instance_id)
        if known is None:
            raise SandboxError(f"the sandbox has no instance {instance_id!r}")
        return known

    def instance_ids(self) -> tuple[str, ...]:
        """The ids of all instances, sorted."""
        with self.transaction() as db:
            return people.instance_ids(db)

    def set_instance_status(self, instance_id: str, status: str) -> None:
        """Connect or disconnect an instance: created, starting, scan_qr, connected, disconnected, failed."""
        with self.transaction() as db:
            people.put_instance(db, replace(self.instance(instance_id), status=_status(status)))

    def set_instance_type(self, instance_id: str, kind: str) -> None:
        """Turn an instance into a waha or a cloud_api one."""
        with self.transaction() as db:
            people.put_instance(db, replace(self.instance(instance_id), kind=_kind(kind)))

    def set_account(
        self,
        phone: str,
        *,
        jid: str | None = None,
        lid: str | None = None,
        shows: str = "phone",
        refuses_adds: bool = False,
        exists: bool = True,
        spelling: str = "s.whatsapp.net",
    ) -> None:
        """Add a person, or change one as a whole: under which `jid` the account lives (the short Brazilian one, say),
        whether and with which `lid` it shows, how its JID is spelled, whether it refuses adds, whether it exists.
        """
        digits = parse_phone(phone)
        lives_under = parse_phone(jid) if jid else digits
        if canonical(lives_under) != canonical(digits):
            raise SandboxError(f"{mask_phone(digits)} cannot live under the JID of {mask_phone(lives_under)}")
        shown = _choice(ShownAs, shows, "a way to show an account")
        spelled = _choice(Spelling, spelling, "a spelling of a JID")
        made = Account(canonical(digits), lives_under, _lid(lid), shown, refuses_adds, exists, spelled)
        with self.transaction() as db:
            people.put_account(db, made)

    def account(self, phone: str) -> Account:
        """The person of a number, who comes to life when nobody has met them yet."""
        with self.transaction() as db:
            return people.meet(db, parse_phone(phone))

    def set_privacy(self, phone: str, refuses: bool) -> None:
        """Say whether a person's privacy settings keep others from adding them."""
        with self.transaction() as db:
            people.put_account(db, replace(self.account(phone), refuses_adds=refuses))

    def add_contact(
        self,
        instance_id: str,
        phone: str,
        name: str | None = None,
        short_name: str = "",
        push_name: str = "",
        is_business: bool = False,
    ) -> None:
        """Put a person into an instance's address book, or change the entry."""
        self.instance(instance_id)
        with self.transaction() as db:
            digits = people.meet(db, parse_phone(phone)).digits
            people.put_contact(db, instance_id, Contact(digits, name, short_name, push_name, is_business))


def _kind(text: str) -> Kind:
    return _choice(Kind, text, "an instance's type")


def _status(text: str) -> Status:
    return _choice(Status, text, "an instance's status")


def _choice(words: type[Word], text: str, what: str) -> Word:
    try:
        return words(text)
    except ValueError:
        raise SandboxError(f"{text!r} is not {what}; choose one of {', '.join(words)}") from None


def _lid(text: str | None) -> str | None:
    if text is None:
        return None
    if not _LID.fullmatch(text):
        raise SandboxError(f"{text!r} is no LID; write it as 76699677012110@lid")
    return text if text.endswith("@lid") else f"{text}@lid"
