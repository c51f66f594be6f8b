"""Where a person is: wanted or not, in or not, and honest where that cannot be known."""

from __future__ import annotations

from datetime import date

import pytest

from reconciler.diff.match import match_groups
from reconciler.model.desired import Desired, Member, Membership, Person, State
from reconciler.model.live import LiveGroup
from reconciler.model.person_ref import PersonQuery, PersonRef
from reconciler.person.find import find_memberships
from reconciler.person.memberships import PersonMemberships, Presence
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
    sought = PersonQuery(PersonRef(who.identity, who.jid, who.alias, who.lid), who.identity, who.lid)
    return found_by(sought, wanted, *lives, gone=gone)


def found_by(sought: PersonQuery, wanted: Desired, *lives: LiveGroup, gone: tuple[str, ...] = ()) -> PersonMemberships:
    entries = [listed(one) for one in lives]
    read = {one.id: None if one.id in gone else one for one in lives}
    names = {one.id: one.name for one in lives}
    return find_memberships(sought, wanted, match_groups(wanted.groups, entries).values(), names, read, "inst_abc123")


def test_a_member_is_wanted_through_teams_until_a_day_for_a_reason_and_in() -> None:
    wanted = Member(ALICE, date(2026, 12, 31), "contractor", False, ("staff/board",))
    about = found(desired(group(members=[wanted], admins=[ALICE])), live(participant(ALICE, admin=True)))
    (one,) = about.groups
    assert (one.key, one.id, one.wanted, one.presence, one.is_admin) == ("alpha", ALPHA_ID, True, Presence.IN, True)
    assert one.in_file is not None
    assert one.in_file.member == wanted
    assert one.in_file.admin is True
    assert (about.wanted, about.live, about.unknown) == (1, 1, 0)


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
def test_whoever_the_file_names_is_told_with_what_is_known_of_the_live_group(
    wanted: object, there: LiveGroup | None, presence: Presence
) -> None:
    about = found(desired(wanted), *([there] if there else []))  # type: ignore[arg-type]
    (one,) = about.groups
    assert one.presence is presence
    assert bool(one.reasons) is (presence is Presence.UNKNOWN)
    assert about.unsure == ()


def test_a_group_without_the_person_is_told_only_where_they_may_be_in_it() -> None:
    wanted = desired(group(members=[BOB]), group("beta", id=BETA_ID, name="Beta", members=[BOB]))
    about = found(wanted, live(BOB), live(BOB, participant(LID), id=BETA_ID, name="Beta"))
    assert about.groups == ()
    (unsure,) = about.unsure
    assert (unsure.key, unsure.reasons) == ("beta", ("1 participant has no known number",))
    assert about.unknown == 1


def test_a_live_group_that_the_file_does_not_have_is_told_too() -> None:
    about = found(desired(group(members=[ALICE])), live(ALICE), live(ALICE, id=BETA_ID, name="Beta", owner=ALICE))
    assert [(one.key, one.name, one.is_owner) for one in about.groups] == [
        ("alpha", "Alpha", False),
        (None, "Beta", True),
    ]
    assert about.groups[1].in_file is None


def test_a_group_gone_between_list_and_read_is_not_known() -> None:
    about = found(desired(group(members=[ALICE])), live(ALICE), gone=(ALPHA_ID,))
    assert about.groups[0].reasons == ("was listed, but is gone when read",)


def test_two_groups_of_one_name_are_not_known_and_both_are_looked_through() -> None:
    wanted = desired(group(id=None, members=[ALICE]))
    about = found(wanted, live(ALICE), live(BOB, id=BETA_ID))
    assert [(one.key, one.presence) for one in about.groups] == [("alpha", Presence.UNKNOWN), (None, Presence.IN)]


def test_a_private_id_told_with_the_number_in_one_group_finds_the_person_in_another() -> None:
    wanted = desired(group(members=[ALICE]), group("beta", id=BETA_ID, name="Beta", members=[ALICE]))
    lives = live(participant(ALICE, lid=LID)), live(participant(LID), id=BETA_ID, name="Beta")
    assert [one.presence for one in found(wanted, *lives).groups] == [Presence.IN, Presence.IN]
    by_lid = found_by(PersonQuery(PersonRef(None, None, None, LID), None, LID), wanted, *lives)
    assert [one.presence for one in by_lid.groups] == [Presence.IN, Presence.IN]
    assert (by_lid.who.identity, by_lid.who.label, by_lid.who.lid) == (ALICE.identity, "alice", LID)


def test_who_has_a_known_private_id_is_not_one_of_those_with_others() -> None:
    known = person("12025550143", "alice", lid=LID)
    wanted = desired(group(members=[known]), people=[known])
    assert found(wanted, live(participant(OTHER_LID)), who=known).groups[0].presence is Presence.OUT
    assert found(wanted, live(participant(LID)), who=known).groups[0].presence is Presence.IN
    strange = live(participant("somebody"))
    assert found(wanted, strange, who=known).groups[0].presence is Presence.UNKNOWN


def test_a_private_id_that_nobody_knows_is_found_as_it_is() -> None:
    sought = PersonQuery(PersonRef(None, None, None, LID), None, LID)
    about = found_by(sought, desired(group(members=[BOB], admins=[BOB])), live(participant(LID, admin=True)))
    assert [(one.presence, one.is_admin, one.wanted) for one in about.groups] == [(Presence.IN, True, False)]
    assert about.who.identity is None


def test_protected_ignored_and_the_instance_itself_are_told() -> None:
    rules = policy(protected=[ALICE], ignored=[CAROL])
    wanted = desired(group(members=[]), policy=rules)
    flags = [
        (about.protected, about.ignored, about.is_instance)
        for about in (found(wanted, live(ALICE), who=who) for who in (ALICE, CAROL, ME, BOB))
    ]
    assert flags == [(True, False, False), (False, True, False), (False, False, True), (False, False, False)]


def test_a_group_whose_members_nobody_manages_says_so() -> None:
    wanted = desired(group(membership=Membership.ADDITIVE, name="Alpha"))
    (one,) = found(wanted, live(ALICE)).groups
    assert one.in_file is not None
    assert (one.in_file.managed, one.in_file.admin, one.wanted) == (False, None, False)


@pytest.mark.parametrize(
    ("there", "held"),
    [
        (live(ALICE), ()),
        (live(ALICE, count=7), ("doubtful read: the read shows 2 participants, the list counts 7",)),
        (live(ALICE, participant(ME), me=None), ("the instance is no admin of this group",)),
        (
            live(ALICE, participant(ME), me=None, count=7),
            ("the instance is no admin of this group", "doubtful read: "),
        ),
        (live(BOB, participant(ME), me=None), ("the instance is no admin of this group",)),
        (live(BOB), ()),
    ],
)
def test_what_keeps_a_plan_from_moving_a_person_is_told(there: LiveGroup, held: tuple[str, ...]) -> None:
    (one,) = found(desired(group(members=[CAROL], absent=[ALICE])), there).groups
    assert len(one.held) == len(held)
    assert all(told.startswith(words) for told, words in zip(one.held, held, strict=True))


def test_who_is_known_by_a_private_id_alone_cannot_be_removed() -> None:
    sought = PersonQuery(PersonRef(None, None, None, LID), None, LID)
    (one,) = found_by(sought, desired(group(members=[BOB])), live(BOB, participant(LID))).groups
    assert one.held == ("known here by a private id alone, so cannot be removed",)
