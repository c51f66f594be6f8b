"""The reference apply: a small world and a file whose plan uses every action, in either dialect.

alpha, beta  created (alpha described afterwards)      zeta   left
gamma        renamed, described, two come, one goes    eta    joined by invite
delta        one comes, three go, two of them to alpha theta  as it should be
epsilon      renamed by an earlier name                iota   not in the file
"""

from __future__ import annotations

from reconciler.sandbox import World

INSTANCE = "inst_torture"
PHONE = "+1 202 555 0100"
OWNER = "+1 617 555 0100"
STRANGER = "+1 512 555 0199"
CODE = "AbCdEfGhIjKlMn"

PEOPLE = {
    "ann": "+1 202 555 0111",
    "ben": "+1 202 555 0112",
    "cleo": "+1 202 555 0113",
    "dan": "+1 303 555 0114",
    "fay": "+1 303 555 0115",
    "gus": "+1 303 555 0116",
    "hal": "+1 404 555 0117",
    "ivy": "+1 404 555 0118",
    "kim": "+1 404 555 0119",
    "paula": "+1 206 555 0177",
}

GAMMA, DELTA, EPSILON, ZETA, ETA, THETA, IOTA = (f"12036330000000000{n}@g.us" for n in range(1, 8))
"""The ids of the groups that are there from the start."""

NAMES = {GAMMA: "Gamma early", DELTA: "Delta", EPSILON: "Epsilon early", ZETA: "Zeta", ETA: "Eta", THETA: "Theta"}

WANTED: dict[str, frozenset[str]] = {
    "Alpha": frozenset({"ann", "ben", "hal"}),
    "Beta": frozenset({"cleo"}),
    "Gamma": frozenset({"ann", "dan", "fay"}),
    "Delta": frozenset({"ann", "kim"}),
    "Epsilon": frozenset({"dan"}),
    "Theta": frozenset({"ann"}),
}
"""Whom the file wants, by the group's name; "Eta" and "Zeta" say nothing of people."""

PROTECTED = frozenset({"paula"})
KEYS = {name: name.lower() for name in WANTED}

_GROUPS = f"""
policy: {{protected: [paula]}}
defaults: {{max_removals: 10}}
groups:
  alpha: {{name: Alpha, description: Made from nothing, members: [ann, ben, hal]}}
  beta: {{name: Beta, members: [cleo]}}
  gamma: {{id: {GAMMA}, name: Gamma, description: New words, members: [ann, dan, fay]}}
  delta: {{name: Delta, members: [ann, kim]}}
  epsilon: {{name: Epsilon, previously: [Epsilon early], members: [dan]}}
  zeta: {{id: {ZETA}, state: left}}
  eta: {{name: Eta, invite: "https://chat.whatsapp.com/{CODE}"}}
  theta: {{name: Theta, members: [ann]}}
"""

FILE = (
    f"version: 1\ninstance: {{id: {INSTANCE}, phone: {PHONE}}}\npeople:\n"
    + "".join(f"  {alias}: {number}\n" for alias, number in PEOPLE.items())
    + _GROUPS
)


def digits(number: str) -> str:
    """A number as the sandbox writes it down."""
    return "".join(each for each in number if each.isdigit())


ALIASES = {digits(number): alias for alias, number in PEOPLE.items()}


def fill(world: World) -> None:
    """Put the groups of the reference world into an empty one."""

    def people(*aliases: str) -> list[str]:
        return [PEOPLE[alias] for alias in aliases]

    world.ensure_instance(INSTANCE, PHONE)
    world.create_group(
        "Gamma early", people("dan", "gus"), owner=OWNER, admins=[PHONE], description="Old words", group_id=GAMMA
    )
    world.create_group("Delta", people("ann", "ben", "hal", "ivy", "paula"), owner=PHONE, group_id=DELTA)
    world.create_group("Epsilon early", people("dan"), owner=PHONE, group_id=EPSILON)
    world.create_group("Zeta", people("fay"), owner=OWNER, admins=[PHONE], group_id=ZETA)
    world.create_group("Eta", people("gus"), owner=OWNER, group_id=ETA, invite_code=CODE)
    world.create_group("Theta", people("ann"), owner=PHONE, group_id=THETA)
    world.create_group("Iota", people("ivy"), owner=PHONE, group_id=IOTA)


def expected() -> dict[str, dict[str, object]]:
    """The world as it should be in the end: by name, everybody in it and the description."""
    everybody: dict[str, set[str]] = {
        name: {digits(PHONE), *(digits(PEOPLE[alias]) for alias in wanted)} for name, wanted in WANTED.items()
    }
    everybody["Gamma"] |= {digits(OWNER)}
    everybody["Delta"] |= {digits(PEOPLE["paula"])}
    everybody["Zeta"] = {digits(OWNER), digits(PEOPLE["fay"])}
    everybody["Eta"] = {digits(OWNER), digits(PEOPLE["gus"]), digits(PHONE)}
    everybody["Iota"] = {digits(PHONE), digits(PEOPLE["ivy"])}
    texts = {"Alpha": "Made from nothing", "Gamma": "New words"}
    return {
        name: {"name": name, "description": texts.get(name, ""), "members": sorted(members)}
        for name, members in sorted(everybody.items())
    }
