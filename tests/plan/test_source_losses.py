"""A source that lost people: what counts as lost, whose removal is refused, and what waits where nobody can look."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import date

import pytest

from reconciler.model.desired import Desired, DesiredGroup, Limit, Member, PeopleFile, Person, SourcedPerson
from reconciler.plan.model import SourceLoss
from reconciler.plan.selection import PlanOptions
from reconciler.plan.source_losses import AppliedConfig, SourceComparison, compare_sources, with_held_removals
from tests.builders import (
    ALICE,
    BETA_ID,
    BOB,
    CAROL,
    DAVE,
    ERIN,
    FRANK,
    PEOPLE,
    changes_for,
    codes,
    desired,
    group,
    live,
    plan_for,
)

YESTERDAY = date(2026, 6, 14)


def people_file(
    people: Iterable[Person] | Mapping[Person, SourcedPerson], name: str = "r.csv", teams: tuple[str, ...] = ("class",)
) -> PeopleFile:
    """A file that gives these people, each in these teams."""
    given = people if isinstance(people, Mapping) else {one: SourcedPerson(one.identity, 2, teams) for one in people}
    return PeopleFile(
        path=name, name=name, format="csv", entry="groups.yaml:3", people={str(p.alias): s for p, s in given.items()}
    )


def version(*files: PeopleFile, groups: Iterable[DesiredGroup] | None = None, limit: Limit | None = None) -> Desired:
    """A configuration whose one group has everybody whom the files put into a team."""
    by_alias = {one.alias: one for one in PEOPLE}
    members = [
        Member(by_alias[alias], teams=given.teams)
        for file in files
        for alias, given in file.people.items()
        if given.teams
    ]
    made = desired(*([group(members=members)] if groups is None else groups))
    return replace(made, people_files=files, policy=replace(made.policy, max_source_loss=limit))


def losses(before: Desired | None, now: Desired, *accepted: str) -> list[tuple[str, int | None, int]]:
    """What each file lost."""
    compared = compare_sources(AppliedConfig("applied/1", before), now, accepted)
    return [(loss.file, loss.people_before, loss.lost) for loss in compared.losses]


def refused(before: Desired, now: Desired, *there: Person, accepted: Iterable[str] = ()) -> list[str]:
    """The codes of the refusals about sources, where these people are in the group."""
    compared = compare_sources(AppliedConfig("applied/1", before), now, tuple(accepted))
    generous = Limit("--max-removals", percent=100.0)
    plan = plan_for(now, live(*there), choices=PlanOptions(sources=compared, max_removals=generous))
    return codes(refusal.message for refusal in plan.refusals)


FULL = [ALICE, BOB, CAROL, DAVE]
LOST = ["source-lost-people"]


def test_the_team_of_everybody_does_not_make_up_for_the_teams_of_columns() -> None:
    full, partly = (
        people_file({one: SourcedPerson(one.identity, 2, ("all", *own)) for one, own in given})
        for given in (
            [(one, ["class"]) for one in FULL],
            [(ALICE, ["class"]), (BOB, ["other"]), (CAROL, []), (DAVE, [])],
        )
    )
    shared, nobody = (replace(file, shared_team="all") for file in (partly, people_file(FULL, teams=("all",))))
    before = version(replace(full, shared_team="all"))
    assert losses(before, version(shared)) == [("r.csv", 4, 2)]
    assert losses(version(nobody), version(nobody)) == [("r.csv", 4, 0)]


@pytest.mark.parametrize(
    ("files", "lost"),
    [
        ([people_file(FULL)], 0),
        ([people_file([*FULL, ERIN])], 0),
        ([people_file([DAVE, ALICE, CAROL])], 1),
        ([people_file([ERIN, FRANK])], 4),
        ([people_file(FULL, teams=("another",))], 0),
        ([people_file(FULL, teams=())], 4),
        ([people_file([ALICE, BOB]), people_file([CAROL, DAVE])], 0),
        ([people_file(FULL, "renamed.csv")], 0),
        ([people_file([ALICE], "renamed.csv")], 3),
        ([people_file([ERIN]), people_file(FULL, "other.csv")], 4),
        ([], 4),
    ],
    ids=[
        "the same",
        "grown",
        "one fewer",
        "others",
        "moved",
        "without teams",
        "two entries",
        "renamed",
        "renamed and less",
        "swapped",
        "removed",
    ],
)
def test_people_are_lost_whom_the_file_does_not_give_or_gives_no_team(files: list[PeopleFile], lost: int) -> None:
    other = [people_file([FRANK], "other.csv")] if any(file.name == "other.csv" for file in files) else []
    found = {file: (given, gone) for file, given, gone in losses(version(people_file(FULL), *other), version(*files))}
    assert found["r.csv"] == (4, lost)


def test_each_entry_is_judged_by_the_people_whom_it_gave() -> None:
    before = version(people_file([ALICE, BOB, CAROL, DAVE, ERIN]), people_file([FRANK], teams=("staff",)))
    assert losses(before, version(people_file([ALICE, BOB, CAROL, DAVE, ERIN]))) == [("r.csv", 1, 1)]


def test_whose_last_day_was_known_is_not_lost() -> None:
    ended = {one: SourcedPerson(one.identity, 2, ("class",), until=YESTERDAY) for one in (CAROL, DAVE)}
    given = {one: SourcedPerson(one.identity, 2, ("class",)) for one in (ALICE, BOB)}
    assert losses(version(people_file({**given, **ended})), version(people_file([ALICE, BOB]))) == [("r.csv", 2, 0)]


def test_who_was_in_grace_was_still_given() -> None:
    left = {one: SourcedPerson(one.identity, 2, ("class",), until=YESTERDAY, left=True) for one in (CAROL, DAVE)}
    given = {one: SourcedPerson(one.identity, 2, ("class",)) for one in (ALICE, BOB)}
    before, now = version(people_file({**given, **left})), version(people_file([ALICE, BOB]))
    assert losses(before, now) == [("r.csv", 4, 2)]


def test_a_source_that_lost_too_many_refuses_to_remove_whom_it_gave() -> None:
    before, now = version(people_file(FULL)), version(people_file([ALICE, BOB]))
    assert refused(before, now, ALICE, BOB, CAROL, DAVE) == LOST
    assert refused(before, now, ALICE, BOB) == []
    assert refused(before, now, ALICE, BOB, FRANK) == []
    assert refused(before, now, ALICE, BOB, CAROL, DAVE, accepted=["r.csv"]) == []


@pytest.mark.parametrize(
    ("limit", "left", "expected"),
    [
        (None, 1, []),
        (None, 2, LOST),
        (Limit("policy", count=2), 2, []),
        (Limit("policy", count=0), 1, LOST),
        (Limit("policy", percent=50.0), 2, []),
        (Limit("policy", percent=0.0), 1, LOST),
    ],
)
def test_the_limit_is_a_count_or_a_share(limit: Limit | None, left: int, expected: list[str]) -> None:
    before, now = version(people_file(FULL)), version(people_file(FULL[left:]), limit=limit)
    assert refused(before, now, *FULL) == expected


def test_somebody_who_moved_stays_too_while_the_source_is_doubtful() -> None:
    moved = people_file({ALICE: SourcedPerson(ALICE.identity, 2, ("other",))})
    before = version(people_file(FULL))
    assert refused(before, version(moved, groups=[group(members=[])]), ALICE) == LOST


def test_who_was_not_wanted_in_the_group_or_is_absent_is_removed() -> None:
    file, half = people_file(FULL), people_file([ALICE])
    before = version(file, groups=[group(members=[ALICE])])
    assert refused(before, version(half), ALICE, DAVE) == []
    absent = version(half, groups=[group(members=[ALICE], absent=[DAVE])])
    assert refused(version(file), absent, ALICE, DAVE) == []


def test_a_group_that_is_new_may_have_been_another_key() -> None:
    before = version(people_file(FULL), groups=[group("old", id=BETA_ID, members=FULL)])
    assert refused(before, version(people_file([ALICE])), ALICE, DAVE) == LOST


UNKNOWN = {"r.csv": "no tag"}


def held(now: Desired, *there: Person) -> tuple[list[str], list[str | None], list[str | None]]:
    """Why a group is blocked where nobody knows who was in the file, who is held, and who is removed."""
    (change,) = with_held_removals(changes_for(now, live(*there)), now, UNKNOWN)
    kept = [one for one in change.advice if one.message.code == "removal-not-compared"]
    return codes(change.blocked), [p.alias for one in kept for p in one.people], [p.alias for p in change.remove]


def test_without_an_earlier_revision_nobody_is_removed_from_a_group_of_the_source() -> None:
    assert held(version(people_file([ALICE])), ALICE, BOB) == (["source-not-compared"], ["bob"], [])
    assert held(version(people_file([ALICE])), ALICE) == ([], [], [])


def test_without_an_earlier_revision_other_groups_go_on() -> None:
    by_yaml = version(people_file([ALICE], teams=("unused",)), groups=[group(members=[CAROL])])
    assert held(by_yaml, CAROL, BOB) == ([], [], ["bob"])


def test_whose_membership_ended_or_who_is_absent_does_not_wait() -> None:
    file = people_file([ALICE])
    member = Member(ALICE, teams=("class",))
    ended = Member(BOB, until=YESTERDAY)
    now = version(file, groups=[group(members=[member], expired=[ended], absent=[CAROL])])
    assert held(now, ALICE, BOB, CAROL, DAVE) == (["source-not-compared"], ["dave"], ["bob", "carol"])


def test_a_team_within_a_team_draws_on_the_source_too() -> None:
    nested = version(people_file([ALICE]), groups=[group(members=[Member(ALICE, teams=("school/class",))])])
    assert held(nested, ALICE, BOB)[0] == ["source-not-compared"]


def test_somebody_whom_only_the_file_names_makes_a_group_draw_on_it() -> None:
    named = version(people_file([ALICE], teams=()), groups=[group(members=[ALICE])])
    assert held(named, ALICE, BOB)[0] == ["source-not-compared"]


def test_a_file_that_the_revision_does_not_have_is_not_known() -> None:
    before, now = version(people_file(FULL)), version(people_file(FULL), people_file([ERIN], "new.csv"))
    compared = compare_sources(AppliedConfig("applied/1", before), now)
    assert compared.unknown == {"new.csv": "applied/1 does not have it"}
    assert compare_sources(AppliedConfig("applied/1", before), now, ["new.csv"]).unknown == {}


def test_a_gap_in_the_days_of_grace_makes_a_file_unknown_although_its_loss_is_known() -> None:
    now = version(replace(people_file([ALICE]), gap="no commits"))
    compared = compare_sources(AppliedConfig("applied/1", version(people_file(FULL))), now)
    assert compared.losses == (SourceLoss(file="r.csv", people_before=4, lost=3, reason="no commits"),)


def test_a_removal_that_a_saved_plan_compared_is_refused_where_it_cannot_be_compared() -> None:
    now = version(people_file([ALICE]))
    lost = SourceComparison(losses=(SourceLoss(file="r.csv", reason="no tag"),))
    plan = plan_for(now, live(ALICE, BOB), choices=PlanOptions(sources=lost))
    assert codes(refusal.message for refusal in plan.refusals) == ["source-not-comparable"]


def test_nothing_is_lost_where_nothing_was_given() -> None:
    assert refused(version(people_file([])), version(people_file([ALICE])), ALICE, BOB) == []
