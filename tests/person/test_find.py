"""The memberships of a person: desired or not, in or not, and unknown where neither is sure."""

from __future__ import annotations

from datetime import date

import pytest

from reconciler.diff.match import match_groups
from reconciler.model.desired import Desired, Member, Membership, Person, State
from reconciler.model.live import LiveGroup
from reconciler.model.person_ref import PersonRef
from reconciler.person.find import find_memberships
from reconciler.person.memberships import DesiredMembership, MembershipSummary, PersonMemberships, Presence
from tests.builders import (
    ALICE,
    ALPHA_ID,
    BETA_ID,
    BOB,
    CAROL,
    ME,
    desired,
    group,
    listed,
    live,
    member,
    participant,
    person,
    policy,
)

LID = "76699677012110@lid"
OTHER_LID = "99999677012110@lid"


def found(wanted: Desired, *lives: LiveGroup, who: Person = ALICE, gone: tuple[str, ...] = ()) -> PersonMemberships:
    return found_by(PersonRef.of(who), wanted, *lives, gone=gone)


def found_by(who: PersonRef, wanted: Desired, *lives: LiveGroup, gone: tuple[str, ...] = ()) -> PersonMemberships:
    entries = [listed(one) for one in lives]
    read = {one.id: None if one.id in gone else one for one in lives}
    names = {one.id: one.name for one in lives}
    return find_memberships(who, wanted, match_groups(wanted.groups, entries).values(), names, read, "inst_abc123")


def test_a_membership_has_its_terms_and_the_live_side() -> None:
    wanted = Member(ALICE, date(2026, 12, 31), "contractor", False, ("staff/board",))
    about = found(desired(group(members=[wanted], admins=[ALICE])), live(participant(ALICE, admin=True)))
    (one,) = about.groups
    assert (one.key, one.id, one.is_desired, one.live, one.is_admin) == ("alpha", ALPHA_ID, True, Presence.IN, True)
    assert one.desired == DesiredMembership(
        member=True,
        teams=("staff/board",),
        until=date(2026, 12, 31),
        reason="contractor",
        admin=True,
        members_managed=True,
    )
    assert about.summary == MembershipSummary(desired=1, live=1, unknown=0)


@pytest.mark.parametrize(
    ("wanted", "there", "presence"),
    [
        (group(members=[ALICE]), live(BOB), Presence.OUT),
        (group(members=[ALICE], id=None), None, Presence.NO_GROUP),
        (group(members=[ALICE], invite="AbCdEfGh"), None, Presence.NO_GROUP),
        (group(members=[ALICE]), None, Presence.UNKNOWN),
        (group(members=[ALICE]), live(BOB, count=7), Presence.UNKNOWN),
        (group(members=[ALICE]), live(BOB, me=None), Presence.UNKNOWN),
        (group(members=[ALICE]), live(BOB, participant(LID)), Presence.UNKNOWN),
        (group(members=[ALICE]), live(participant(ALICE), count=7), Presence.IN),
        (group(absent=[ALICE]), live(BOB), Presence.OUT),
        (group(expired=[member(ALICE, date(2026, 1, 1))], members=[]), live(BOB), Presence.OUT),
        (group(admins=[ALICE]), live(BOB), Presence.OUT),
        (group(members=[BOB], state=State.LEFT), live(ALICE), Presence.IN),
    ],
)
def test_a_group_that_names_the_person_shows_what_is_known_of_the_live_one(
    wanted: object, there: LiveGroup | None, presence: Presence
) -> None:
    about = found(desired(wanted), *([there] if there else []))  # type: ignore[arg-type]
    (one,) = about.groups
    assert one.live is presence
    assert bool(one.unknown_because) is (presence is Presence.UNKNOWN)
    assert about.uncertain == ()


def test_a_group_without_the_person_is_uncertain_only_if_they_may_be_in() -> None:
    wanted = desired(group(members=[BOB]), group("beta", id=BETA_ID, name="Beta", members=[BOB]))
    about = found(wanted, live(BOB), live(BOB, participant(LID), id=BETA_ID, name="Beta"))
    assert about.groups == ()
    (uncertain,) = about.uncertain
    assert (uncertain.key, uncertain.unknown_because) == ("beta", ("1 participant has no known number",))
    assert about.summary.unknown == 1


def test_a_live_group_that_is_not_in_the_configuration_is_shown_too() -> None:
    about = found(desired(group(members=[ALICE])), live(ALICE), live(ALICE, id=BETA_ID, name="Beta", owner=ALICE))
    assert [(one.key, one.name, one.is_owner) for one in about.groups] == [
        ("alpha", "Alpha", False),
        (None, "Beta", True),
    ]
    assert about.groups[1].desired is None


def test_a_group_that_disappears_before_it_is_read_is_unknown() -> None:
    about = found(desired(group(members=[ALICE])), live(ALICE), gone=(ALPHA_ID,))
    assert about.groups[0].unknown_because == ("the group disappeared while the groups were read",)


def test_two_groups_of_one_name_are_unknown_and_both_are_searched() -> None:
    wanted = desired(group(id=None, members=[ALICE]))
    about = found(wanted, live(ALICE), live(BOB, id=BETA_ID))
    assert [(one.key, one.live) for one in about.groups] == [("alpha", Presence.UNKNOWN), (None, Presence.IN)]


def test_a_private_id_shown_with_its_number_finds_the_person_elsewhere() -> None:
    wanted = desired(group(members=[ALICE]), group("beta", id=BETA_ID, name="Beta", members=[ALICE]))
    lives = live(participant(ALICE, lid=LID)), live(participant(LID), id=BETA_ID, name="Beta")
    assert [one.live for one in found(wanted, *lives).groups] == [Presence.IN, Presence.IN]
    by_lid = found_by(PersonRef(None, None, lid=LID), wanted, *lives)
    assert [one.live for one in by_lid.groups] == [Presence.IN, Presence.IN]
    assert (by_lid.person.identity, by_lid.person.label, by_lid.person.lid) == (ALICE.identity, "alice", LID)


def test_a_person_with_a_known_private_id_is_not_a_participant_with_another() -> None:
    known = person("12025550143", "alice", lid=LID)
    wanted = desired(group(members=[known]), people=[known])
    assert found(wanted, live(participant(OTHER_LID)), who=known).groups[0].live is Presence.OUT
    assert found(wanted, live(participant(LID)), who=known).groups[0].live is Presence.IN
    strange = live(participant("somebody"))
    assert found(wanted, strange, who=known).groups[0].live is Presence.UNKNOWN


def test_an_unknown_private_id_is_found_as_it_is() -> None:
    about = found_by(
        PersonRef(None, None, lid=LID), desired(group(members=[BOB], admins=[BOB])), live(participant(LID, admin=True))
    )
    assert [(one.live, one.is_admin, one.is_desired) for one in about.groups] == [(Presence.IN, True, False)]
    assert about.person.identity is None


def test_protected_and_ignored_people_and_the_instance_are_flagged() -> None:
    rules = policy(protected=[ALICE], ignored=[CAROL])
    wanted = desired(group(members=[]), policy=rules)
    flags = [
        (about.protected, about.ignored, about.is_instance)
        for about in (found(wanted, live(ALICE), who=who) for who in (ALICE, CAROL, ME, BOB))
    ]
    assert flags == [(True, False, False), (False, True, False), (False, False, True), (False, False, False)]


def test_a_group_with_unmanaged_members_says_so() -> None:
    wanted = desired(group(membership=Membership.ADDITIVE, name="Alpha"))
    (one,) = found(wanted, live(ALICE)).groups
    assert one.desired is not None
    assert (one.desired.members_managed, one.desired.admin, one.is_desired) == (False, None, False)


@pytest.mark.parametrize(
    ("there", "blocked"),
    [
        (live(ALICE), ()),
        (live(ALICE, count=7), ("the member list looks incomplete (2 participants in the group but 7 in the list)",)),
        (live(ALICE, participant(ME), me=None), ("the account is not an admin of this group",)),
        (
            live(ALICE, participant(ME), me=None, count=7),
            ("the account is not an admin of this group", "the member list looks incomplete"),
        ),
        (live(BOB, participant(ME), me=None), ("the account is not an admin of this group",)),
        (live(BOB), ()),
    ],
)
def test_what_blocks_a_plan_for_this_person_is_shown(there: LiveGroup, blocked: tuple[str, ...]) -> None:
    (one,) = found(desired(group(members=[CAROL], absent=[ALICE])), there).groups
    assert len(one.blocked_because) == len(blocked)
    assert all(found.startswith(start) for found, start in zip(one.blocked_because, blocked, strict=True))


def test_a_person_with_only_a_private_id_cannot_be_removed() -> None:
    (one,) = found_by(PersonRef(None, None, lid=LID), desired(group(members=[BOB])), live(BOB, participant(LID))).groups
    assert one.blocked_because == ("only a private id is known, so the person cannot be removed",)
