"""Random small worlds and the files that are held against them: six people, three groups, every mode."""

from __future__ import annotations

from dataclasses import dataclass, replace

from hypothesis import strategies as st

from reconciler.model.desired import UNMANAGED, Desired, DesiredGroup, Member, Membership, Person, State, UnmanagedType
from reconciler.model.identity import identity_of_digits
from reconciler.model.live import Participant
from tests.builders import ME, desired, group, participant, person, policy
from tests.plan.tiny_world import Room, TinyWorld

LIDA_LID = "76699677012110@lid"
STRANGER_LID = "88899677012110@lid"

FORMS: dict[str, tuple[str, ...]] = {
    "alice": ("12025550143",),
    "bob": ("12025550144",),
    "rita": ("5531996348800", "553196348800"),
    "max": ("525512345678", "5215512345678"),
    "arno": ("5491123456789", "541123456789"),
    "lida": ("13035550145",),
}
"""Everybody, in every form of their number."""

SLOTS = ((f"12036301234567890{n}@g.us", f"group-{n}", f"Group {n}", f"Old {n}", f"Code{n}Code{n}Co") for n in range(3))
GROUPS = tuple(SLOTS)
"""Id, key, name, earlier name and invite code of the three groups."""

Setting = tuple[TinyWorld, Desired]


@dataclass(frozen=True)
class Slot:
    """What one of the three groups is called in the file and outside."""

    group_id: str
    key: str
    name: str
    old_name: str
    code: str


# Strategies are made once: making them anew for every example costs more than drawing from them.
COIN = st.booleans()
ONE_IN_FOUR = st.sampled_from([False, False, False, True])
WRITTEN = {alias: st.sampled_from(forms) for alias, forms in FORMS.items()}
SUFFIX = st.sampled_from(["@s.whatsapp.net", "@c.us", ":7@s.whatsapp.net", ":12@c.us", "@lid"])
STANDING = st.sampled_from([(False, False), (False, False), (True, False), (True, True)])
SOME = st.sets(st.sampled_from(sorted(FORMS)))
FEW = st.lists(st.sampled_from(sorted(FORMS)), max_size=2, unique=True)
MISCOUNT = st.sampled_from([0, 0, 0, 1, -1])
LIVE_TEXT = st.sampled_from(["", "Text", "Text\r\n"])
WANTED_TEXT: st.SearchStrategy[str | UnmanagedType] = st.sampled_from([UNMANAGED, "", "Text", "New"])
PARTS = st.lists(
    st.sampled_from(["wanted", "wanted", "invited", "expired", "absent", "", ""]),
    min_size=len(FORMS),
    max_size=len(FORMS),
)
"""What the file says of each person in one group."""
MODE = st.sampled_from(Membership)
STATE = st.sampled_from([State.PRESENT, State.PRESENT, State.PRESENT, State.LEFT])
WHERE = st.sampled_from(["inside", "inside", "inside", "outside", "nowhere"])


def shown(draw: st.DrawFn, alias: str) -> Participant:
    """Somebody in a live group, in any form the server may show."""
    digits, suffix = draw(WRITTEN[alias]), draw(SUFFIX)
    admin, owner = draw(STANDING)
    if suffix == "@lid":
        jid = f"{digits}@s.whatsapp.net"
        return Participant(
            id="55599677012110@lid",
            identity=identity_of_digits(digits),
            jid=jid,
            lid="55599677012110@lid",
            is_admin=admin,
            is_owner=owner,
        )
    return participant(digits + suffix, admin, owner)


def written(draw: st.DrawFn) -> dict[str, Person]:
    """Everybody as the file writes them."""
    found = {alias: person(draw(WRITTEN[alias]), alias) for alias in FORMS}
    return {**found, "lida": replace(found["lida"], lid=LIDA_LID)}


def room(draw: st.DrawFn, slot: Slot) -> Room:
    """A live group: who is in it, what it is called, and what may be odd about its read."""
    inside = draw(SOME)
    people = {p.identity: p for p in (shown(draw, alias) for alias in sorted(inside)) if p.identity is not None}
    strangers = [STRANGER_LID] if draw(ONE_IN_FOUR) else []
    if "lida" not in inside and draw(COIN):
        strangers.append(LIDA_LID)
    # Whether a hidden instance is an admin cannot be known; here it is one, so that its writes are allowed.
    hides_me = draw(ONE_IN_FOUR)
    is_admin, becomes_admin = hides_me or not draw(ONE_IN_FOUR), hides_me or draw(COIN)
    owner = min(people, default=None) if draw(ONE_IN_FOUR) else None
    return Room(
        slot.old_name if draw(ONE_IN_FOUR) else slot.name,
        {ME.identity: participant(ME, admin=is_admin), **people},
        draw(LIVE_TEXT),
        tuple(participant(lid) for lid in strangers),
        owner,
        draw(MISCOUNT),
        hides_me,
        becomes_admin,
    )


def wanted_group(draw: st.DrawFn, slot: Slot, people: dict[str, Person]) -> DesiredGroup:
    """A group of the file in any membership mode, found by id or by name, to be in or to be left."""
    pinned, managed = draw(COIN), not draw(ONE_IN_FOUR)
    parts = dict(zip(people, draw(PARTS), strict=True))
    members = [Member(people[a], by_invite=p == "invited") for a, p in parts.items() if p in ("wanted", "invited")]
    expired = [Member(people[a]) for a, p in parts.items() if p == "expired"]
    return group(
        slot.key,
        id=slot.group_id if pinned else None,
        name=UNMANAGED if pinned and draw(ONE_IN_FOUR) else slot.name,
        previously=[slot.old_name],
        description=draw(WANTED_TEXT),
        members=members if managed else UNMANAGED,
        expired=expired if managed else (),
        absent=[people[a] for a, p in parts.items() if p == "absent"],
        admins=tuple(people.values())[:2] if draw(COIN) else UNMANAGED,
        membership=draw(MODE),
        invite=slot.code if draw(COIN) else None,
        state=draw(STATE),
    )


@st.composite
def settings_of_worlds(draw: st.DrawFn) -> Setting:
    """A world and a file: groups the instance is in, groups it may join, groups that are nowhere."""
    people = written(draw)
    world, groups = TinyWorld(), []
    for fields in GROUPS:
        slot = Slot(*fields)
        where, there = draw(WHERE), room(draw, slot)
        wanted = wanted_group(draw, slot, people)
        if where == "inside":
            world.rooms[slot.group_id] = there
        else:
            # An invite that leads nowhere is a failure of the apply, and no matter of the plan.
            wanted = wanted if where == "outside" else replace(wanted, invite=None)
            del there.people[ME.identity]
            world.outside[slot.code] = (slot.group_id, there)
        groups.append(wanted)
    rules = policy([people[alias] for alias in draw(FEW)], [people[alias] for alias in draw(FEW)])
    return world, desired(*groups, people=people.values(), policy=rules)
