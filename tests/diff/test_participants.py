"""Who is to come and to go, by membership mode, date and invite."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from reconciler.diff.change import AdviceKind
from reconciler.messages import Message
from reconciler.model.desired import UNMANAGED, DesiredGroup, Member, Membership, Person
from reconciler.model.text import Untrusted
from tests.builders import (
    ALICE,
    BOB,
    CAROL,
    DAVE,
    ERIN,
    TODAY,
    change_for,
    desired,
    group,
    labels,
    live,
    member,
    participant,
    person,
    told,
)

EXACT, ADDITIVE, OBSERVE = Membership.EXACT, Membership.ADDITIVE, Membership.OBSERVE


@pytest.mark.parametrize(
    ("wanted", "there", "add", "remove"),
    [
        pytest.param(group(members=[ALICE, BOB]), [ALICE], ["bob"], [], id="exact adds who is missing"),
        pytest.param(group(members=[ALICE]), [ALICE, BOB], [], ["bob"], id="exact removes who is not listed"),
        pytest.param(group(members=[]), [ALICE, BOB], [], ["alice", "bob"], id="an empty list is managed"),
        pytest.param(group(members=UNMANAGED), [ALICE, BOB], [], [], id="no list is not managed"),
        pytest.param(group(members=UNMANAGED, absent=[BOB]), [ALICE, BOB], [], ["bob"], id="absent without a list"),
        pytest.param(group(members=[ALICE], membership=ADDITIVE), [BOB], ["alice"], [], id="additive only adds"),
        pytest.param(
            group(members=[ALICE], absent=[BOB], membership=ADDITIVE),
            [BOB, CAROL],
            ["alice"],
            ["bob"],
            id="absent people go also where membership is additive",
        ),
        pytest.param(group(members=[ALICE], absent=[BOB]), [ALICE], [], [], id="absent people who are not in"),
        pytest.param(
            group(members=[ALICE], absent=[BOB], membership=OBSERVE), [BOB, CAROL], [], [], id="observe changes nothing"
        ),
        pytest.param(group(members=[ERIN, BOB, ALICE]), [], ["alice", "bob", "erin"], [], id="sorted by label"),
    ],
)
def test_the_membership_mode_says_who_comes_and_goes(
    wanted: DesiredGroup, there: list[Person], add: list[str], remove: list[str]
) -> None:
    change = change_for(desired(wanted), live(*there))
    assert (labels(change.add), labels(change.remove)) == (add, remove)


def test_observing_tells_every_difference_and_is_nothing_pending() -> None:
    wanted = group(name="Omega", description="New", members=[ALICE], membership=OBSERVE)
    change = change_for(desired(wanted), live(BOB, description="Old"))
    observed = [advice for advice in change.advice if advice.kind is AdviceKind.OBSERVED]
    assert [advice.message for advice in observed] == [
        Message.of("observed-text", field="name", live=Untrusted("Alpha"), desired=Untrusted("Omega")),
        Message.of("observed-text", field="description", live=Untrusted("Old"), desired=Untrusted("New")),
        Message.of("observed-missing"),
        Message.of("observed-surplus"),
    ]
    assert told(change.advice, AdviceKind.OBSERVED) == ["alice", "bob"]
    assert (change.needs_writes, change.blocked) == (False, ())


def test_observing_needs_no_admin() -> None:
    change = change_for(
        desired(group(members=[ALICE], membership=OBSERVE)), live(me=participant("12025550100@s.whatsapp.net"))
    )
    assert change.blocked == ()


def test_somebody_whose_time_ran_out_leaves_an_exact_group_with_date_and_reason() -> None:
    ended = member(BOB, TODAY - timedelta(days=1), "contractor")
    change = change_for(desired(group(members=[ALICE], expired=[ended])), live(ALICE, BOB))
    (who,) = change.remove
    assert (who.label, who.until, who.reason) == ("bob", TODAY - timedelta(days=1), "contractor")
    assert change.advice == ()


def test_somebody_whose_time_ran_out_stays_in_an_additive_group_and_is_told() -> None:
    ended = [member(BOB, TODAY - timedelta(days=1)), member(CAROL, TODAY - timedelta(days=1))]
    change = change_for(desired(group(members=[ALICE], expired=ended, membership=ADDITIVE)), live(ALICE, BOB))
    assert change.remove == ()
    assert told(change.advice, AdviceKind.EXPIRED) == ["bob"]
    assert change.advice[0].message == Message.of("expired-but-additive")


def test_somebody_expired_and_absent_leaves_an_additive_group() -> None:
    ended = member(BOB, TODAY - timedelta(days=1))
    change = change_for(desired(group(members=[], expired=[ended], absent=[BOB], membership=ADDITIVE)), live(BOB))
    assert labels(change.remove) == ["bob"]
    assert told(change.advice, AdviceKind.EXPIRED) == []


@pytest.mark.parametrize(
    ("until", "named"),
    [
        (TODAY, True),
        (TODAY + timedelta(days=14), True),
        (TODAY + timedelta(days=15), False),
        (None, False),
    ],
)
def test_what_falls_due_within_fourteen_days_is_named(until: date | None, named: bool) -> None:
    change = change_for(desired(group(members=[member(ALICE, until)])), live(ALICE))
    assert told(change.advice, AdviceKind.EXPIRES) == (["alice"] if named else [])
    assert not change.needs_writes


def test_what_falls_due_is_told_by_day_the_soonest_first() -> None:
    days = [(ALICE, 9), (BOB, 2), (CAROL, 9)]
    wanted = group(members=[member(who, TODAY + timedelta(days=count)) for who, count in days])
    change = change_for(desired(wanted), live(ALICE, BOB, CAROL))
    assert [(advice.message, labels(advice.people)) for advice in change.advice] == [
        (Message.of("last-day", day=date(2026, 6, 17)), ["bob"]),
        (Message.of("last-day", day=date(2026, 6, 24)), ["alice", "carol"]),
    ]


def test_the_last_days_of_the_calendar_are_days_like_others() -> None:
    wanted = desired(group(members=[member(ALICE, date.max)]), as_of=date(9999, 12, 25))
    assert told(change_for(wanted, live(ALICE)).advice, AdviceKind.EXPIRES) == ["alice"]


@pytest.mark.parametrize("mode", [EXACT, ADDITIVE])
def test_somebody_who_is_to_come_by_invite_is_pending_and_never_added(mode: Membership) -> None:
    wanted = desired(group(members=[ALICE, member(BOB, by_invite=True)], membership=mode))
    change = change_for(wanted, live(ALICE))
    assert (change.add, change.remove, change.needs_writes) == ((), (), False)
    assert told(change.advice, AdviceKind.PENDING) == ["bob"]


def test_somebody_who_came_by_invite_stays_and_is_no_longer_pending() -> None:
    change = change_for(desired(group(members=[ALICE, member(BOB, by_invite=True)])), live(ALICE, BOB))
    assert (change.remove, change.advice) == ((), ())


def test_a_plan_names_people_by_alias_then_by_name_then_by_number() -> None:
    named, nameless = person("12065550151", None, "Gina Hall"), person("12065550152")
    wanted: list[Person | Member] = [nameless, named, DAVE]
    change = change_for(desired(group(members=wanted)), live())
    assert labels(change.add) == ["dave", "Gina Hall", "+12065550152"]


def test_everybody_a_plan_names_is_sorted_those_with_a_label_first() -> None:
    gina, strangers = person("12065550151", None, "Gina Hall"), [person(f"1206555015{n}") for n in (4, 2, 3)]
    lids = [participant(f"{n}6699677012110@lid") for n in (9, 7, 8)]
    change = change_for(desired(group(members=[]), people=[gina, DAVE]), live(*strangers, DAVE, gina, *lids))
    assert labels(change.remove) == ["dave", "Gina Hall", "+12065550152", "+12065550153", "+12065550154"]
    assert told(change.advice, AdviceKind.UNIDENTIFIED) == [f"{n}6699677012110@lid" for n in (7, 8, 9)]


def test_somebody_who_leaves_is_addressed_as_the_server_spells_them() -> None:
    short = person("5531996348800", "rita")
    there = live(participant(short, shown_as="553196348800@c.us"))
    change = change_for(desired(group(members=[]), people=[short]), there)
    (who,) = change.remove
    assert (who.label, who.jid) == ("rita", "553196348800@s.whatsapp.net")


def test_somebody_who_comes_is_addressed_as_the_file_spells_them() -> None:
    short = person("553196348800", "rita")
    change = change_for(desired(group(members=[short]), people=[short]), live())
    assert [who.jid for who in change.add] == ["553196348800@s.whatsapp.net"]


def test_live_members_are_counted_without_the_instance() -> None:
    assert change_for(desired(group(members=[ALICE])), live(ALICE, BOB)).live_members == 2
