"""Groups and people as JSON, in the two documented dialects.

The guide's: `group_id`, `name`, `participant_count` in lists, `is_admin` and `is_super_admin` per participant.
The reference's: `id`, `subject`, `creation`, and whole groups in lists, `admin` per participant.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from reconciler.sandbox.http_messages import timestamp
from reconciler.sandbox.records import Account, Contact, Group, GroupSummary, Member, ShownAs, Spelling
from reconciler.sandbox.settings import Dialect

_SHOWN = {
    Spelling.NEW: "{}@s.whatsapp.net",
    Spelling.OLD: "{}@c.us",
    Spelling.DEVICE: "{}:7@s.whatsapp.net",
}


@dataclass(frozen=True, slots=True)
class Serializer:
    """One dialect's way to write things; `accounts` has everybody who is to be written."""

    dialect: Dialect | str
    phone_field: str
    accounts: Mapping[str, Account]

    def head(self, head: GroupSummary) -> dict[str, Any]:
        """A group in the guide's list."""
        return {"group_id": head.id, "name": head.name, "participant_count": head.count}

    def group(self, group: Group) -> dict[str, Any]:
        """A group whole."""
        people = self.participants(group.members)
        if self.dialect == Dialect.REFERENCE:
            described = {"description": group.description} if group.description else {}
            return {
                "id": group.id,
                "subject": group.name,
                **described,
                "participants": people,
                "creation": group.created_at,
            }
        return {
            "group_id": group.id,
            "name": group.name,
            "description": group.description,
            "owner": self._shown(self.accounts[group.owner])["id"] if group.owner else None,
            "created_at": timestamp(group.created_at),
            "participants": people,
        }

    def created(self, group: Group, creator: str) -> dict[str, Any]:
        """The answer to a create; the guide's example shows the added people only, without their maker."""
        if self.dialect == Dialect.REFERENCE:
            return self.group(group)
        added = [member for member in group.members if member.digits != creator]
        people = [{**self._account(member), "is_admin": member.is_admin} for member in added]
        return {"group_id": group.id, "name": group.name, "participants": people}

    def group_reference(self, group_id: str) -> dict[str, Any]:
        """An answer that says no more than which group it is about."""
        return {"id" if self.dialect == Dialect.REFERENCE else "group_id": group_id}

    def participants(self, members: Sequence[Member]) -> list[dict[str, Any]]:
        """The people of a group."""
        return [{**self._account(member), **self._rights(member)} for member in members]

    def contact(self, contact: Contact) -> dict[str, Any]:
        """An entry of the address book, always under the phone JID."""
        account = self.accounts[contact.digits]
        return {
            "id": _SHOWN[account.spelling].format(account.jid_digits),
            "name": contact.name,
            "short_name": contact.short_name,
            "push_name": contact.push_name,
            "is_business": contact.is_business,
        }

    def _rights(self, member: Member) -> dict[str, Any]:
        if self.dialect == Dialect.REFERENCE:
            return {"admin": "superadmin" if member.is_owner else "admin" if member.is_admin else None}
        return {"is_admin": member.is_admin, "is_super_admin": member.is_owner}

    def _account(self, member: Member) -> dict[str, Any]:
        return self._shown(self.accounts[member.digits])

    def _shown(self, account: Account) -> dict[str, Any]:
        phone = _SHOWN[account.spelling].format(account.jid_digits)
        if account.shows is ShownAs.PHONE:
            return {"id": phone}
        if account.shows is ShownAs.LID:
            return {"id": account.lid}
        return {"id": account.lid, self.phone_field: phone}
