"""The truth about the world, read past the API, as plain values that the judge may replay changes on."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from reconciler.sandbox import World
from tests.torture_model.cast import ME, OWNER, PEOPLE, STRANGERS


@dataclass
class LiveGroup:
    """A group: who is in as what ("owner", "admin" or "member"), and how it is called."""

    name: str
    description: str
    creator: str | None
    code: str
    members: dict[str, str]


@dataclass
class Facts:
    """All groups by id; `hidden` are those who show as a bare private id, `never` those who cannot be added."""

    groups: dict[str, LiveGroup]
    hidden: set[str] = field(default_factory=set)
    as_lid: set[str] = field(default_factory=set)
    never: set[str] = field(default_factory=set)
    tells_creator: bool = True

    def copy(self) -> Facts:
        """The same, to be changed."""
        return copy.deepcopy(self)

    def mine(self) -> dict[str, LiveGroup]:
        """The groups the instance is in."""
        return {group_id: group for group_id, group in self.groups.items() if ME in group.members}


def facts_of(world: World, accounts: Mapping[str, Mapping[str, Any]], *, tells_creator: bool) -> Facts:
    """What is true now. `accounts` is what was last said of each person by `set_account`."""
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
        tells_creator=tells_creator,
    )


def everybody() -> dict[str, dict[str, Any]]:
    """How every account begins: visible, and willing to be added."""
    digits = {someone.digits: someone for someone in PEOPLE.values()}
    told = {
        number: {
            "jid": f"{someone.lives_under or number}@s.whatsapp.net",
            "lid": someone.lid,
            "shows": "phone",
            "refuses_adds": False,
            "exists": True,
            "spelling": "s.whatsapp.net",
        }
        for number, someone in digits.items()
    }
    others = {"jid": None, "lid": None, "shows": "phone", "refuses_adds": False, "exists": True}
    return {**told, **{number: {**others, "spelling": "s.whatsapp.net"} for number in (OWNER, *STRANGERS)}}
