"""The truth about the world, read past the API, as plain values on which the checks replay changes."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from reconciler.sandbox import World
from tests.oracle.identity import ME


@dataclass
class LiveGroup:
    """A group: its texts, and who is in as what ("owner", "admin" or "member")."""

    name: str = ""
    description: str = ""
    creator: str | None = None
    invite_code: str = ""
    members: dict[str, str] = field(default_factory=dict)


@dataclass
class Facts:
    """All groups by id, and what accounts allow.

    hidden: who shows as a bare LID; as_lid: who shows with a LID at all; never: who cannot be added. The server names a
    group's creator where `names_creator`.
    """

    groups: dict[str, LiveGroup]
    hidden: set[str] = field(default_factory=set)
    as_lid: set[str] = field(default_factory=set)
    never: set[str] = field(default_factory=set)
    names_creator: bool = True

    def copy(self) -> Facts:
        """Return a copy that may be changed."""
        return copy.deepcopy(self)

    def mine(self) -> dict[str, LiveGroup]:
        """Return the groups that the instance is in."""
        return {group_id: group for group_id, group in self.groups.items() if ME in group.members}


def read_facts(world: World, accounts: Mapping[str, Mapping[str, Any]], *, names_creator: bool) -> Facts:
    """Read what is true now. `accounts` holds the last `set_account` of each person; others show their phone."""
    groups = {
        group.id: LiveGroup(
            group.name,
            group.description,
            group.owner,
            group.invite_code,
            {m.digits: "owner" if m.is_owner else "admin" if m.is_admin else "member" for m in group.members},
        )
        for group in world.groups()
    }
    return Facts(
        groups,
        hidden={digits for digits, account in accounts.items() if account["shows"] == "lid"},
        as_lid={digits for digits, account in accounts.items() if account["shows"] != "phone"},
        never={digits for digits, account in accounts.items() if account["refuses_adds"] or not account["exists"]},
        names_creator=names_creator,
    )
