"""Groups and people as JSON in the two documented dialects.

guide: `group_id`, `name`; lists have `participant_count`, participants have `is_admin` and `is_super_admin`.
reference: `id`, `subject`, `creation`; lists have complete groups, participants have `admin`, contacts
only the names that they have, as `pushname` and `name`.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import reconciler.sandbox.store as store
from reconciler.sandbox.http_messages import format_timestamp
from reconciler.sandbox.records import Account, Contact, Group, GroupSummary, Member, ShownAs, Spelling
from reconciler.sandbox.settings import Dialect, Settings

_JID_FORMATS = {
    Spelling.NEW: "{}@s.whatsapp.net",
    Spelling.OLD: "{}@c.us",
    Spelling.DEVICE: "{}:7@s.whatsapp.net",
}


@dataclass(frozen=True, slots=True)
class Serializer:
    """Writes JSON in the server's dialect; takes from the world how each account appears in it."""

    db: sqlite3.Connection
    settings: Settings

    def group_summary(self, summary: GroupSummary) -> dict[str, Any]:
        """Return a group as it appears in the guide's list."""
        return {"group_id": summary.id, "name": summary.name, "participant_count": summary.participant_count}

    def group(self, group: Group) -> dict[str, Any]:
        """Return a complete group."""
        participants = self.participants(group.members)
        if self._is_reference:
            description = {"description": group.description} if group.description else {}
            return {
                "id": group.id,
                "subject": group.name,
                **description,
                "participants": participants,
                "creation": group.created_at,
            }
        return {
            "group_id": group.id,
            "name": group.name,
            "description": group.description,
            "owner": self._ids([group.owner])[group.owner]["id"] if group.owner else None,
            "created_at": format_timestamp(group.created_at),
            "participants": participants,
        }

    def created_group(self, group: Group, creator: str) -> dict[str, Any]:
        """Return the result of a create; the guide's example has the added people, but not the creator."""
        if self._is_reference:
            return self.group(group)
        added = [member for member in group.members if member.digits != creator]
        ids = self._ids(member.digits for member in added)
        participants = [{**ids[member.digits], "is_admin": member.is_admin} for member in added]
        return {"group_id": group.id, "name": group.name, "participants": participants}

    def group_reference(self, group_id: str) -> dict[str, Any]:
        """Return a result that only names the group."""
        return {"id" if self._is_reference else "group_id": group_id}

    def participants(self, members: Sequence[Member]) -> list[dict[str, Any]]:
        """Return the participants of a group."""
        ids = self._ids(member.digits for member in members)
        return [{**ids[member.digits], **self._rights(member)} for member in members]

    def contacts(self, contacts: Sequence[Contact]) -> list[dict[str, Any]]:
        """Return entries of the address book, always with the phone JID."""
        accounts = store.find_accounts(self.db, (contact.digits for contact in contacts))
        if self._is_reference:
            names = [{"pushname": contact.push_name, "name": contact.name} for contact in contacts]
            named = [{field: name for field, name in each.items() if name} for each in names]
            people = zip(contacts, named, strict=True)
            return [{"id": _phone_jid(accounts[contact.digits]), **each} for contact, each in people]
        fields = [asdict(contact) for contact in contacts]
        return [{"id": _phone_jid(accounts[each.pop("digits")]), **each} for each in fields]

    @property
    def _is_reference(self) -> bool:
        return self.settings.dialect == Dialect.REFERENCE

    def _rights(self, member: Member) -> dict[str, Any]:
        if self._is_reference:
            return {"admin": "superadmin" if member.is_owner else "admin" if member.is_admin else None}
        return {"is_admin": member.is_admin, "is_super_admin": member.is_owner}

    def _ids(self, people: Iterable[str]) -> dict[str, dict[str, Any]]:
        """Return the fields with the ids of these people, by canonical number."""
        return {digits: self._id_fields(account) for digits, account in store.find_accounts(self.db, people).items()}

    def _id_fields(self, account: Account) -> dict[str, Any]:
        if account.shows is ShownAs.PHONE:
            return {"id": _phone_jid(account)}
        if account.shows is ShownAs.LID:
            return {"id": account.lid}
        return {"id": account.lid, self.settings.phone_field: _phone_jid(account)}


def _phone_jid(account: Account) -> str:
    return _JID_FORMATS[account.spelling].format(account.jid_digits)
