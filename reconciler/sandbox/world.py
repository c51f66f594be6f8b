"""The world behind the server: accounts, instances, groups, and the hand that changes them past the API.

Everything here is what people do on their phones, or what a test wants to know; nothing of it is logged as an effect.
Phone numbers may be written in any usual way (`+1 202 555 0143`, digits, a phone JID), in either spelling of an
account.
"""

from __future__ import annotations

import re
import sqlite3
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import reconciler.sandbox.account_store as people
import reconciler.sandbox.group_store as groups
import reconciler.sandbox.history as history
from reconciler.sandbox.database import Database
from reconciler.sandbox.errors import SandboxError
from reconciler.sandbox.phones import canonical, mask_phone, parse_phone
from reconciler.sandbox.population import Population
from reconciler.sandbox.records import Call, Effect, Group, Member

_GROUP_ID = re.compile(r"[0-9]+(?:-[0-9]+)?@g\.us", re.ASCII)


class World(Population):
    """One world, in a file or in memory; threads may share the object, processes the file. Close it after use."""

    @classmethod
    def open(cls, path: Path | None = None) -> World:
        """The world kept at `path` (made where missing, folders too), or a new one in memory.

        Raises SandboxError where the file is no sandbox's state or cannot be used.
        """
        return cls(Database.open(path))

    # Groups, by hand

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
        """Make a group by hand and return its id. The owner and the admins are members without being listed."""
        with self.transaction() as db:
            made_id = group_id or groups.next_id(db)
            code = invite_code or groups.invite_code_for(made_id)
            _check_written(made_id, code)
            made_by = people.meet(db, parse_phone(owner)).digits if owner else None
            roles = {made_by: Member(made_by, is_admin=True, is_owner=True)} if made_by else {}
            for phone in admins:
                digits = people.meet(db, parse_phone(phone)).digits
                roles.setdefault(digits, Member(digits, is_admin=True))
            for phone in members:
                digits = people.meet(db, parse_phone(phone)).digits
                roles.setdefault(digits, Member(digits))
            made = Group(made_id, name, description, made_by, int(time.time()), code, tuple(roles.values()))
            try:
                groups.put_group(db, made)
            except sqlite3.IntegrityError as error:
                raise SandboxError(
                    f"a group with the id {made_id} or the invite code {code} is there already"
                ) from error
        return made_id

    def delete_group(self, group_id: str) -> None:
        """Let a group vanish for everybody."""
        with self.transaction() as db:
            self.group(group_id)
            groups.drop_group(db, group_id)

    def rename_group(self, group_id: str, name: str) -> None:
        """Give a group another name."""
        with self.transaction() as db:
            groups.set_text(db, group_id, name, self.group(group_id).description)

    def describe_group(self, group_id: str, description: str) -> None:
        """Give a group another description; "" clears it."""
        with self.transaction() as db:
            groups.set_text(db, group_id, self.group(group_id).name, description)

    def add_participant(self, group_id: str, phone: str, admin: bool = False, owner: bool = False) -> None:
        """Put somebody into a group, whatever their privacy settings; somebody who is in gets these rights."""
        with self.transaction() as db:
            self.group(group_id)
            digits = people.meet(db, parse_phone(phone)).digits
            groups.put_members(db, group_id, [Member(digits, admin or owner, owner)])

    def remove_participant(self, group_id: str, phone: str) -> None:
        """Take somebody out of a group, owners too; raises SandboxError for somebody who is not in."""
        with self.transaction() as db:
            groups.drop_members(db, group_id, [self._member(group_id, phone).digits])

    def set_admin(self, group_id: str, phone: str, admin: bool) -> None:
        """Promote a member to admin or demote one; an owner is demoted to nothing."""
        with self.transaction() as db:
            member = self._member(group_id, phone)
            groups.put_members(db, group_id, [Member(member.digits, admin, member.is_owner and admin)])

    def _member(self, group_id: str, phone: str) -> Member:
        member = self.group(group_id).member(canonical(parse_phone(phone)))
        if member is None:
            raise SandboxError(f"{mask_phone(parse_phone(phone))} is not in the group {group_id}")
        return member

    # What there is and what happened

    def group(self, group_id: str) -> Group:
        """A group whole; raises SandboxError where there is none with this id."""
        with self.transaction() as db:
            known = groups.group(db, group_id)
        if known is None:
            raise SandboxError(f"the sandbox has no group {group_id!r}")
        return known

    def groups(self, instance_id: str | None = None) -> tuple[Group, ...]:
        """All groups, or those an instance is in; by creation, then id."""
        with self.transaction() as db:
            known = [self.group(group_id) for group_id in groups.group_ids(db)]
            if instance_id is not None:
                phone = self.instance(instance_id).phone
                known = [group for group in known if group.member(phone)]
        return tuple(known)

    def snapshot(self) -> dict[str, dict[str, Any]]:
        """Every group by id with its name, description and members (canonical digits, sorted), fit for JSON."""
        return {
            group.id: {
                "name": group.name,
                "description": group.description,
                "members": sorted(member.digits for member in group.members),
            }
            for group in self.groups()
        }

    def effects(self) -> tuple[Effect, ...]:
        """Every change that took effect through the API since the logs were cleared, in order."""
        with self.transaction() as db:
            return tuple(history.effects(db))

    def calls(self) -> tuple[Call, ...]:
        """Every request since the logs were cleared, in order."""
        with self.transaction() as db:
            return tuple(history.calls(db))

    def clear_logs(self) -> None:
        """Forget calls and effects; numbering starts again at 1, and stale answers reach back no further."""
        with self.transaction() as db:
            history.clear(db)

    def webhooks(self) -> tuple[dict[str, Any], ...]:
        """The webhook subscriptions as they were asked for, in order."""
        with self.transaction() as db:
            return tuple(people.webhooks(db))


def _check_written(group_id: str, invite_code: str) -> None:
    if not _GROUP_ID.fullmatch(group_id):
        raise SandboxError(f"{group_id!r} is no group's id; write it as 120363012345678901@g.us")
    if not (invite_code.isascii() and invite_code.isalnum()):
        raise SandboxError(
            f"{invite_code!r} is no invite code; write the letters and digits behind the link's last slash"
        )
