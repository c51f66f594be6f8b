"""The kinds of stories, each a world before and a file: what a run can have to do when nothing goes wrong."""

from __future__ import annotations

from dataclasses import dataclass, field

from benchmarks.calls.wanted import Wanted
from benchmarks.numbers import OWN, digits, number

STRANGER = number(37_000)
CODE = "AbCdEfGhIjKlMn"


@dataclass(frozen=True, slots=True)
class Seed:
    """A group that is there before. Without `member` the instance is not in; `owner` is a phone number."""

    name: str
    people: frozenset[str] = frozenset()
    description: str = ""
    owner: str = OWN
    invite: str | None = None
    member: bool = True


@dataclass(frozen=True, slots=True)
class Story:
    """`pinned` are the keys that get the id of the seed at the same place. `converges`: an apply ends with 0."""

    name: str
    seeds: tuple[Seed, ...]
    wanted: tuple[Wanted, ...]
    pinned: frozenset[str] = frozenset()
    paging: tuple[str, ...] = ("none",)
    converges: bool = True
    arguments: tuple[str, ...] = field(default=("--max-removals", "100%"))


def people(*ranges: range) -> frozenset[str]:
    """The people with these indexes, as digits."""
    return frozenset(digits(number(index)) for each in ranges for index in each)


def _moving() -> Story:
    before = [people(range(n * 10, n * 10 + 10)) for n in range(3)]
    after = [before[n] - people(range(n * 10, n * 10 + 3)) | people(_three((n + 1) % 3)) for n in range(3)]
    return Story(
        "people move between three groups",
        tuple(Seed(f"Team {n}", before[n]) for n in range(3)),
        tuple(Wanted(f"team-{n}", f"Team {n}", members=after[n]) for n in range(3)),
    )


def _three(team: int) -> range:
    return range(team * 10, team * 10 + 3)


def _leaving() -> Story:
    names = ("One", "Two", "Three")
    return Story(
        "somebody leaves every group",
        tuple(Seed(name, people(range(8))) for name in names),
        tuple(Wanted(name.lower(), name, members=people(range(1, 8))) for name in names),
    )


def _renamed(number_of: int) -> Story:
    """So many groups get a new name; somebody leaves one more, and somebody comes to another."""
    seeds = tuple(Seed(f"Old {n}", people(range(n, n + 3))) for n in range(number_of))
    shrinks, grows = people(range(500, 504)), people(range(600, 604))
    return Story(
        f"{number_of} new names, beside other changes",
        (*seeds, Seed("Less", shrinks), Seed("More", grows)),
        (
            *(Wanted(f"group-{n}", f"New {n}", previously=(seed.name,)) for n, seed in enumerate(seeds)),
            Wanted("less", "Less", members=people(range(500, 503))),
            Wanted("more", "More", members=people(range(600, 605))),
        ),
        paging=("none", "offset", "page"),
    )


def _many(number_of: int, *, one_more: bool) -> Story:
    """A list of so many groups, of which the file manages the names alone; and one that is not there yet."""
    seeds = tuple(Seed(f"Group {n}") for n in range(number_of))
    new = (Wanted("new", "New", members=people(range(2))),) if one_more else ()
    return Story(
        f"{number_of} groups by name{', and a new one' if one_more else ''}",
        seeds,
        (*(Wanted(f"group-{n}", seed.name) for n, seed in enumerate(seeds)), *new),
        paging=("none", "offset", "page"),
    )


STORIES: tuple[Story, ...] = (
    Story(
        "nothing to do",
        (Seed("One", people(range(5)), "About one"),),
        (Wanted("one", "One", description="About one", members=people(range(5))),),
    ),
    Story("only names are managed", (Seed("One"), Seed("Two")), (Wanted("one", "One"), Wanted("two", "Two"))),
    Story(
        "two groups from nothing",
        (),
        (
            Wanted("alpha", "Alpha", description="Team workspace", members=people(range(3))),
            Wanted("beta", "Beta", members=frozenset()),
        ),
    ),
    Story(
        "a new group, beside five that no key means",
        tuple(Seed(f"Club {n}", people(range(100, 104 + n))) for n in range(5)),
        (Wanted("team", "Team", members=people(range(12))), Wanted("one", "One", members=people(range(1)))),
    ),
    Story(
        "a group that was renamed by hand",
        (Seed("Team (renamed)", people(range(6))), Seed("Club", people(range(100, 103)))),
        (Wanted("team", "Team", members=people(range(6))), Wanted("new", "New", members=people(range(200, 202)))),
        converges=False,
    ),
    Story("a group of 600 from nothing", (), (Wanted("large", "Large", members=people(range(600))),)),
    Story(
        "a new name, found by id",
        (Seed("Old", people(range(1))),),
        (Wanted("alpha", "New", members=people(range(1))),),
        pinned=frozenset({"alpha"}),
    ),
    Story(
        "a new name, found by an earlier one",
        (Seed("Alfa"),),
        (Wanted("alpha", "Alpha", previously=("Alfa",)),),
    ),
    Story(
        "descriptions are set, changed and cleared",
        (Seed("One"), Seed("Two", description="Old"), Seed("Three", description="Old")),
        (
            Wanted("one", "One", description="New"),
            Wanted("two", "Two", description="New"),
            Wanted("three", "Three", description=""),
        ),
    ),
    _moving(),
    _leaving(),
    Story(
        "name, description, people come and go in one group",
        (Seed("Old", people(range(6)), "Old"),),
        (Wanted("all", "New", previously=("Old",), description="New", members=people(range(1, 8))),),
    ),
    Story(
        "600 people come, 300 go",
        (Seed("Large", people(range(400))),),
        (Wanted("large", "Large", members=people(range(300, 1000))),),
    ),
    Story(
        "a full group swaps",
        (Seed("Full", people(range(1023))),),
        (Wanted("full", "Full", members=people(range(10, 1033))),),
    ),
    Story(
        "only adding, with two who must not be in",
        (Seed("Open", people(range(5))),),
        (Wanted("open", "Open", members=people(range(6, 8)), absent=people(range(2)), membership="additive"),),
    ),
    Story(
        "observing",
        (Seed("Seen", people(range(5))),),
        (Wanted("seen", "Seen", members=people(range(2)), membership="observe"),),
    ),
    Story(
        "somebody is to come by the link",
        (Seed("Club", people(range(2))),),
        (Wanted("club", "Club", members=people(range(3)), by_link=people(range(2, 3))),),
    ),
    Story(
        "one is joined, one is left",
        (Seed("Invited", owner=STRANGER, invite=CODE, member=False), Seed("Left", people(range(2)))),
        (Wanted("invited", "Invited", invite=CODE), Wanted("left", "Left", left=True)),
    ),
    Story(
        "no admin in one of two",
        (Seed("Foreign", people(range(2)), owner=STRANGER), Seed("Own", people(range(1)))),
        (
            Wanted("foreign", "Foreign", members=people(range(3)), membership="additive"),
            Wanted("own", "Own", members=people(range(2))),
        ),
        converges=False,
    ),
    Story(
        "descriptions of three groups, one of them cleared",
        tuple(Seed(f"Team {n}", people(range(3)), f"About {n}") for n in range(3)),
        tuple(Wanted(f"team-{n}", f"Team {n}", description=f"New {n}" if n else "") for n in range(3)),
    ),
    *(_renamed(number_of) for number_of in (2, 5, 8, 60)),
    *(_many(number_of, one_more=more) for number_of in (20, 49, 50, 51, 120) for more in (False, True)),
)
