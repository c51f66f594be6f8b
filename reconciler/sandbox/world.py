"""The world behind the server: accounts, instances and groups, and the ways to change them outside the API.

These methods do what people do on their phones, or answer a test's questions; they are not logged as effects. Phone
numbers may have any usual form (`+1 202 555 0143`, digits, a phone JID) and either spelling of an account.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterable
from contextlib import AbstractContextManager
from dataclasses import replace
from enum import StrEnum
from pathlib import Path
from typing import Any, Self, TypeVar

import reconciler.sandbox.store as store
from reconciler.sandbox.database import Database
from reconciler.sandbox.phones import canonical, check_group_id, mask_phone, parse_lid, parse_phone
from reconciler.sandbox.records import (
    Account,
    Call,
    Contact,
    Effect,
    Group,
    Instance,
    InstanceStatus,
    InstanceType,
    Member,
    SandboxError,
    ShownAs,
    Spelling,
)

Choice = TypeVar("Choice", bound=StrEnum)


class World:
    """One world, in a file or in memory; threads may share the object, processes the file. Close it after use."""

    def __init__(self, database: Database) -> None:
        self._database = database

    @classmethod
    def open(cls, path: Path | None = None) -> World:
        """Open the world stored at `path`, or a new one in memory; create the file and its folders if missing.

        Raises SandboxError if the file is not a sandbox state or cannot be used.
        """
        return cls(Database(path))

    def close(self) -> None:
        """Close the database; a world in memory is lost."""
        self._database.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def transaction(self) -> AbstractContextManager[sqlite3.Connection]:
        """Make all changes inside together or, after an exception, none; no other access happens in between."""
        return self._database.transaction()

    # Instances and accounts

    def ensure_instance(
        self, instance_id: str, phone: str, name: str = "Sandbox", kind: str = "waha", status: str = "connected"
    ) -> None:
        """Create the instance if it is missing; keep an existing one as it is.

        Raises SandboxError if it exists with another phone.
        """
        digits = parse_phone(phone)
        with self.transaction() as db:
            known = store.find_instance(db, instance_id)
            if known is None:
                instance_type = _choose(InstanceType, kind, "an instance type")
                instance_status = _choose(InstanceStatus, status, "an instance status")
                own_phone = self.account(phone).digits
                store.put_instance(db, Instance(instance_id, name, instance_type, instance_status, own_phone))
            elif known.phone != canonical(digits):
                raise SandboxError(
                    f"the sandbox instance {instance_id} has the phone {mask_phone(known.phone)}, not "
                    f"{mask_phone(digits)}; use that phone or another instance id, or run `sandbox reset`"
                )

    def instance(self, instance_id: str) -> Instance:
        """Return an instance; raise SandboxError if there is none with this id."""
        with self.transaction() as db:
            instance = store.find_instance(db, instance_id)
        if instance is None:
            raise SandboxError(f"the sandbox has no instance {instance_id!r}")
        return instance

    def instance_ids(self) -> tuple[str, ...]:
        """Return the ids of all instances, sorted."""
        with self.transaction() as db:
            return store.list_instance_ids(db)

    def set_instance_status(self, instance_id: str, status: str) -> None:
        """Set the status of an instance: created, starting, scan_qr, connected, disconnected or failed."""
        with self.transaction() as db:
            new_status = _choose(InstanceStatus, status, "an instance status")
            store.put_instance(db, replace(self.instance(instance_id), status=new_status))

    def set_instance_type(self, instance_id: str, kind: str) -> None:
        """Set the type of an instance: waha or cloud_api."""
        with self.transaction() as db:
            new_type = _choose(InstanceType, kind, "an instance type")
            store.put_instance(db, replace(self.instance(instance_id), kind=new_type))

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
        """Create a person's account, or replace it as a whole.

        `jid` is the number in its JID (such as the short Brazilian one), `shows` and `lid` its id in participant
        lists, `spelling` the form of its JID; `refuses_adds` and `exists` are those of `Account`.
        """
        digits = parse_phone(phone)
        jid_digits = parse_phone(jid) if jid else digits
        if canonical(jid_digits) != canonical(digits):
            raise SandboxError(f"{mask_phone(digits)} cannot have the JID of another number, {mask_phone(jid_digits)}")
        account = Account(
            canonical(digits),
            jid_digits,
            parse_lid(lid) if lid is not None else None,
            _choose(ShownAs, shows, "a way to show an account"),
            refuses_adds,
            exists,
            _choose(Spelling, spelling, "a spelling of a JID"),
        )
        with self.transaction() as db:
            store.put_account(db, account)

    def account(self, phone: str) -> Account:
        """Return the account of a number; create it if it is missing."""
        with self.transaction() as db:
            return store.get_or_create_account(db, parse_phone(phone))

    def set_privacy(self, phone: str, refuses: bool) -> None:
        """Set whether a person's privacy settings keep others from adding them to groups."""
        with self.transaction() as db:
            store.put_account(db, replace(self.account(phone), refuses_adds=refuses))

    def add_contact(
        self,
        instance_id: str,
        phone: str,
        name: str | None = None,
        short_name: str = "",
        push_name: str = "",
        is_business: bool = False,
    ) -> None:
        """Add a person to an instance's address book, or replace the entry."""
        self.instance(instance_id)
        with self.transaction() as db:
            contact = Contact(self.account(phone).digits, name, short_name, push_name, is_business)
            store.put_contact(db, instance_id, contact)

    # Groups

    def create_group(
        self,
        name: str,
        members: Iterable[str] = (),
        *,
        owner: str | None = None,
        admins: Iterable[str] = (),
        description: str = "",
        group_id: str | None = None,
        invite_code: str | None = None,
    ) -> str:
        """Create a group and return its id. The owner and the admins are members even if `members` omits them."""
        with self.transaction() as db:
            new_id = group_id or store.next_group_id(db)
            code = invite_code or store.invite_code_for(new_id)
            check_group_id(new_id)
            if not (code.isascii() and code.isalnum()):
                hint = "write only the letters and digits after the link's last slash"
                raise SandboxError(f"{code!r} is not an invite code; {hint}")
            creator = self.account(owner).digits if owner else None
            people = {creator: Member(creator, is_admin=True, is_owner=True)} if creator else {}
            for is_admin, phones in ((True, admins), (False, members)):
                for phone in phones:
                    digits = self.account(phone).digits
                    people.setdefault(digits, Member(digits, is_admin))
            group = Group(new_id, name, description, creator, int(time.time()), code, tuple(people.values()))
            try:
                store.insert_group(db, group)
            except sqlite3.IntegrityError as error:
                raise SandboxError(f"a group with the id {new_id} or the invite code {code} already exists") from error
        return new_id

    def delete_group(self, group_id: str) -> None:
        """Delete a group for everybody."""
        with self.transaction() as db:
            self.group(group_id)
            store.delete_group(db, group_id)

    def rename_group(self, group_id: str, name: str) -> None:
        """Set the name of a group."""
        with self.transaction() as db:
            store.set_group_text(db, group_id, name, self.group(group_id).description)

    def describe_group(self, group_id: str, description: str) -> None:
        """Set the description of a group; "" clears it."""
        with self.transaction() as db:
            store.set_group_text(db, group_id, self.group(group_id).name, description)

    def add_participant(self, group_id: str, phone: str, admin: bool = False, owner: bool = False) -> None:
        """Add a person to a group, whatever their privacy settings, or set the rights of a member."""
        with self.transaction() as db:
            self.group(group_id)
            store.put_members(db, group_id, [Member(self.account(phone).digits, admin or owner, owner)])

    def remove_participant(self, group_id: str, phone: str) -> None:
        """Remove a member from a group, even an owner; raise SandboxError if the person is not a member."""
        with self.transaction() as db:
            store.delete_members(db, group_id, [self._member(group_id, phone).digits])

    def set_admin(self, group_id: str, phone: str, admin: bool) -> None:
        """Make a member an admin or an ordinary member; an owner who is demoted is an owner no more."""
        with self.transaction() as db:
            member = self._member(group_id, phone)
            store.put_members(db, group_id, [Member(member.digits, admin, member.is_owner and admin)])

    def _member(self, group_id: str, phone: str) -> Member:
        member = self.group(group_id).member(canonical(parse_phone(phone)))
        if member is None:
            raise SandboxError(f"{mask_phone(parse_phone(phone))} is not in the group {group_id}")
        return member

    # State and logs

    def group(self, group_id: str) -> Group:
        """Return a group with its members; raise SandboxError if there is none with this id."""
        with self.transaction() as db:
            group = store.find_group(db, group_id)
        if group is None:
            raise SandboxError(f"the sandbox has no group {group_id!r}")
        return group

    def groups(self, instance_id: str | None = None) -> tuple[Group, ...]:
        """Return all groups, or those an instance is in, sorted by creation, then id."""
        with self.transaction() as db:
            phone = self.instance(instance_id).phone if instance_id is not None else None
            groups = [self.group(group_id) for group_id in store.list_group_ids(db)]
        return tuple(group for group in groups if phone is None or group.member(phone))

    def snapshot(self) -> dict[str, dict[str, Any]]:
        """Return every group's name, description and members (canonical digits, sorted) by id, ready for JSON."""
        return {
            group.id: {
                "name": group.name,
                "description": group.description,
                "members": sorted(member.digits for member in group.members),
            }
            for group in self.groups()
        }

    def effects(self) -> tuple[Effect, ...]:
        """Return every change made through the API since the logs were cleared, in order."""
        with self.transaction() as db:
            return tuple(store.list_effects(db))

    def calls(self) -> tuple[Call, ...]:
        """Return every request since the logs were cleared, in order."""
        with self.transaction() as db:
            return tuple(store.list_calls(db))

    def clear_logs(self) -> None:
        """Delete the logs of calls and effects; numbering restarts at 1, and stale answers reach back no further."""
        with self.transaction() as db:
            store.clear_logs(db)

    def webhooks(self) -> tuple[dict[str, Any], ...]:
        """Return the stored webhook subscriptions, in order."""
        with self.transaction() as db:
            return tuple(store.list_webhooks(db))


def _choose(choices: type[Choice], text: str, description: str) -> Choice:
    try:
        return choices(text)
    except ValueError:
        raise SandboxError(f"{text!r} is not {description}; choose one of {', '.join(choices)}") from None
