"""The reference apply: a small world and a file whose plan uses every action, in either dialect.

alpha, beta  created (alpha described afterwards)      zeta   left
gamma        renamed, described, two come, one goes    eta    joined by invite
delta        one comes, three go, two of them to alpha theta  as it should be
epsilon      renamed by an earlier name                iota   not in the file
kappa        renamed, so that one list reads both back
"""

from __future__ import annotations

from reconciler.sandbox import World
from tests.oracle.desired import GroupsFile
from tests.oracle.identity import ME, OWNER, STRANGERS, Person

STRANGER = STRANGERS[0]
CODE = "AbCdEfGhIjKlMn"

PEOPLE = {
    "ann": "12025550111",
    "ben": "12025550112",
    "cleo": "12025550113",
    "dan": "13035550114",
    "fay": "13035550115",
    "gus": "13035550116",
    "hal": "14045550117",
    "ivy": "14045550118",
    "kim": "14045550119",
    "paula": "12065550177",
}
"""Everybody's digits by alias."""

GAMMA, DELTA, EPSILON, ZETA, ETA, THETA, IOTA, KAPPA = (f"12036330000000000{n}@g.us" for n in range(1, 9))
"""The ids of the groups that are there from the start."""

FILE = GroupsFile(
    people={alias: Person(f"+{digits}", digits) for alias, digits in PEOPLE.items()},
    protected=["paula"],
    max_removals=10,
    groups={
        "alpha": {"name": "Alpha", "description": "Made from nothing", "members": ["ann", "ben", "hal"]},
        "beta": {"name": "Beta", "members": ["cleo"]},
        "gamma": {"id": GAMMA, "name": "Gamma", "description": "New words", "members": ["ann", "dan", "fay"]},
        "delta": {"name": "Delta", "members": ["ann", "kim"]},
        "epsilon": {"name": "Epsilon", "previously": ["Epsilon early"], "members": ["dan"]},
        "zeta": {"id": ZETA, "state": "left"},
        "eta": {"name": "Eta", "invite": f"https://chat.whatsapp.com/{CODE}"},
        "theta": {"name": "Theta", "members": ["ann"]},
        "kappa": {"id": KAPPA, "name": "Kappa", "members": ["ivy"]},
    },
)


def fill(world: World) -> None:
    """Put the groups of the reference world into an empty one."""

    def people(*aliases: str) -> list[str]:
        return [PEOPLE[alias] for alias in aliases]

    world.create_group(
        "Gamma early", people("dan", "gus"), owner=OWNER, admins=[ME], description="Old words", group_id=GAMMA
    )
    world.create_group("Delta", people("ann", "ben", "hal", "ivy", "paula"), owner=ME, group_id=DELTA)
    world.create_group("Epsilon early", people("dan"), owner=ME, group_id=EPSILON)
    world.create_group("Zeta", people("fay"), owner=OWNER, admins=[ME], group_id=ZETA)
    world.create_group("Eta", people("gus"), owner=OWNER, group_id=ETA, invite_code=CODE)
    world.create_group("Theta", people("ann"), owner=ME, group_id=THETA)
    world.create_group("Kappa early", people("ivy"), owner=ME, group_id=KAPPA)
    world.create_group("Iota", people("ivy"), owner=ME, group_id=IOTA)


def expected_world() -> list[dict[str, object]]:
    """Return the world as it should be in the end, by name: written by hand, so that it tests the oracle too."""
    others = {
        "Alpha": ("ann", "ben", "hal"),
        "Beta": ("cleo",),
        "Gamma": ("ann", "dan", "fay"),
        "Delta": ("ann", "kim", "paula"),
        "Epsilon": ("dan",),
        "Zeta": ("fay",),
        "Eta": ("gus",),
        "Theta": ("ann",),
        "Iota": ("ivy",),
        "Kappa": ("ivy",),
    }
    more = {"Gamma": [OWNER, ME], "Zeta": [OWNER], "Eta": [OWNER, ME]}
    texts = {"Alpha": "Made from nothing", "Gamma": "New words"}
    return [
        {
            "name": name,
            "description": texts.get(name, ""),
            "members": sorted([*(PEOPLE[alias] for alias in aliases), *more.get(name, [ME])]),
        }
        for name, aliases in sorted(others.items())
    ]
