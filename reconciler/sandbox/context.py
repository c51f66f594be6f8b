"""One call on one instance: who acts, what they can see, which rights they need, what they leave in the log."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import reconciler.sandbox.account_store as people
import reconciler.sandbox.history as history
from reconciler.sandbox.errors import ApiFailure, forbidden, invalid, not_found
from reconciler.sandbox.http_messages import ApiRequest
from reconciler.sandbox.records import Effect, Group, Instance, Kind, Member, Status
from reconciler.sandbox.serializers import Serializer
from reconciler.sandbox.settings import Settings


@dataclass(frozen=True, slots=True)
class RequestContext:
    """A call inside an open transaction."""

    db: sqlite3.Connection
    instance: Instance
    incoming: ApiRequest
    settings: Settings

    def require_groups(self) -> None:
        """A 400 unless groups work on this instance: a waha one, and connected."""
        if self.instance.kind is not Kind.WAHA:
            raise invalid(f"groups work only on waha instances; {self.instance.id} is of type {self.instance.kind}")
        if self.instance.status is not Status.CONNECTED:
            raise invalid(f"the instance {self.instance.id} is not connected; its status is {self.instance.status}")

    def group(self, group_id: str) -> Group:
        """A group the instance is in, as old as a fault wants it; else a 404."""
        group = history.group_then(self.db, group_id, self.incoming.effects_ago)
        if group is None or group.member(self.instance.phone) is None:
            raise not_found("group not found, or the instance is not a member of it")
        return group

    def administered(self, group_id: str) -> Group:
        """A group the instance is an admin of; else a 404 or a 403."""
        group = self.group(group_id)
        me = group.member(self.instance.phone)
        if me is None or not me.is_admin:
            raise forbidden("the instance is not an admin of this group")
        return group

    def shapes(self, digits: Iterable[str]) -> Serializer:
        """The server's dialect, able to write these accounts."""
        return Serializer(self.settings.dialect, self.settings.phone_field, people.accounts(self.db, digits))

    def shapes_of(self, group: Group) -> Serializer:
        """The server's dialect, able to write this group's people."""
        owner = [group.owner] if group.owner else []
        return self.shapes([*(member.digits for member in group.members), *owner])

    def log(
        self, kind: str, group_id: str, earlier: Group | None, people: Iterable[str] = (), detail: Any = None
    ) -> None:
        """Note that something took effect; `earlier` is the group as it was before."""
        incoming = self.incoming
        effect = Effect(0, incoming.seq, incoming.method, incoming.path, kind, group_id, tuple(people), detail)
        history.log_effect(self.db, effect, earlier)

    def refuse(self, status: int, code: str, message: str, jids: Iterable[str]) -> ApiFailure:
        """An error about some participants, who are named where the server is set to name them."""
        details = {"participants": list(jids)} if self.settings.name_bad_participants else {}
        return ApiFailure(status, code, message, details)

    def as_member(self, is_admin: bool) -> Member:
        """The instance's own membership; whoever makes a group owns it."""
        return Member(self.instance.phone, is_admin=is_admin, is_owner=is_admin)
