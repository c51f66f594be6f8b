"""One person is one identity, in whatever form either side spells them; somebody unidentified stays."""

from __future__ import annotations

import pytest

from reconciler.diff.change import AdviceKind
from reconciler.model.desired import DesiredGroup, Membership, Person
from reconciler.model.live import Participant
from tests.builders import (
    ALICE,
    BOB,
    CAROL,
    ME,
    PEOPLE,
    change_for,
    desired,
    group,
    labels,
    live,
    participant,
    person,
    told,
)

LID = "76699677012110@lid"

SPELLINGS = {
    "US": ["12025550143@s.whatsapp.net", "12025550143@c.us", "12025550143:7@s.whatsapp.net", "12025550143:7@c.us"],
    "BR": ["5531996348800@s.whatsapp.net", "553196348800@s.whatsapp.net", "553196348800@c.us"],
    "MX": ["525512345678@s.whatsapp.net", "5215512345678@s.whatsapp.net", "5215512345678:3@s.whatsapp.net"],
    "AR": ["5491123456789@s.whatsapp.net", "541123456789@s.whatsapp.net", "541123456789@c.us"],
    "CI": ["2250707000012@s.whatsapp.net", "22507000012@s.whatsapp.net", "22507000012:3@c.us"],
    "BJ": ["2290190123456@s.whatsapp.net", "22990123456@s.whatsapp.net", "22990123456@c.us"],
}
PAIRS = [
    pytest.param(one, other, id=f"{one} is {other}") for forms in SPELLINGS.values() for one in forms for other in forms
]


@pytest.mark.parametrize(("in_file", "on_server"), PAIRS)
def test_no_form_of_a_number_adds_and_removes_the_same_person(in_file: str, on_server: str) -> None:
    who = person(in_file.split("@")[0].split(":")[0], "rita")
    change = change_for(desired(group(members=[who]), people=[who]), live(participant(on_server)))
    assert (change.add, change.remove) == ((), ())


def test_a_lid_whose_phone_comes_with_it_is_that_phone() -> None:
    with_phone = Participant(id=LID, identity=ALICE.identity, jid=ALICE.jid, lid=LID)
    change = change_for(desired(group(members=[ALICE])), live(with_phone))
    assert (change.add, change.remove, change.advice) == ((), (), ())


def test_a_lid_that_the_file_notes_is_that_person() -> None:
    gina = person("12065550151", "gina", lid=LID)
    wanted = desired(group(members=[ALICE, gina]), people=[*PEOPLE, gina])
    change = change_for(wanted, live(ALICE, participant(LID)))
    assert (change.add, change.remove, change.advice) == ((), (), ())


def test_somebody_known_by_a_noted_lid_can_be_removed_by_their_number() -> None:
    gina = person("12065550151", "gina", lid=LID)
    wanted = desired(group(members=[ALICE]), people=[*PEOPLE, gina])
    (who,) = change_for(wanted, live(ALICE, participant(LID))).remove
    assert (who.label, who.jid, who.lid) == ("gina", "12065550151@s.whatsapp.net", LID)


@pytest.mark.parametrize("spelling", [LID, "76699677012110:4@lid", "76699677012110@hosted.lid"])
def test_a_lid_is_compared_by_its_digits(spelling: str) -> None:
    gina = person("12065550151", "gina", lid=LID)
    change = change_for(desired(group(members=[gina]), people=[gina]), live(participant(spelling)))
    assert (change.add, change.advice) == ((), ())


def test_a_person_without_a_readable_lid_is_found_by_number_only() -> None:
    odd = person("12065550151", "gina", lid="no lid at all")
    change = change_for(desired(group(members=[odd]), people=[odd]), live(participant(LID)))
    assert labels(change.add) == ["gina"]
    assert told(change.advice, AdviceKind.UNIDENTIFIED) == [LID]


@pytest.mark.parametrize("unidentified", [LID, "someone@example", "status@broadcast"])
@pytest.mark.parametrize(
    "wanted",
    [
        group(members=[ALICE]),
        group(members=[ALICE], absent=[BOB], membership=Membership.ADDITIVE),
        group(members=[ALICE], membership=Membership.OBSERVE),
        group(absent=[BOB]),
    ],
)
def test_somebody_unidentified_is_reported_and_never_removed(wanted: DesiredGroup, unidentified: str) -> None:
    change = change_for(desired(wanted), live(ALICE, participant(unidentified)))
    assert (change.add, change.remove, change.blocked) == ((), (), ())
    assert told(change.advice, AdviceKind.UNIDENTIFIED) == [unidentified]


def test_somebody_unidentified_is_named_as_the_file_would_note_them() -> None:
    change = change_for(desired(group(members=[])), live(participant("76699677012110:4@lid")))
    assert told(change.advice, AdviceKind.UNIDENTIFIED) == [LID]


def test_nobody_unidentified_is_reported_where_members_are_not_managed() -> None:
    assert change_for(desired(group(description="x")), live(participant(LID))).advice == ()


def test_unidentified_people_alone_make_no_doubt_and_the_others_are_handled_as_usual() -> None:
    change = change_for(desired(group(members=[ALICE])), live(BOB, participant(LID)))
    assert (labels(change.add), labels(change.remove)) == (["alice"], ["bob"])
    assert told(change.advice, AdviceKind.DOUBTFUL) == []


def test_a_wanted_person_who_may_be_there_under_a_bare_lid_is_added_all_the_same() -> None:
    change = change_for(desired(group(members=[ALICE])), live(participant(LID)))
    assert labels(change.add) == ["alice"]


def test_one_person_shown_twice_is_one_person() -> None:
    twice = live(participant(BOB, shown_as="12025550144@c.us"), participant(BOB, shown_as="12025550144:3@c.us"))
    change = change_for(desired(group(members=[ALICE])), twice)
    assert labels(change.remove) == ["bob"]


@pytest.mark.parametrize("owner_first", [True, False])
def test_one_person_shown_twice_keeps_the_higher_standing(owner_first: bool) -> None:
    shown = [participant(BOB, admin=True, owner=True), participant(BOB, shown_as="12025550144@c.us")]
    change = change_for(desired(group(members=[])), live(*(shown if owner_first else shown[::-1])))
    assert (change.remove, told(change.advice, AdviceKind.KEPT)) == ((), ["bob"])


def test_the_instance_is_itself_in_every_form() -> None:
    there = live(ALICE, me=participant(ME, admin=True, shown_as="12025550100:12@c.us"))
    change = change_for(desired(group(members=[ALICE])), there)
    assert (change.remove, change.advice, change.live_members) == ((), (), 1)


def test_protected_and_absent_people_count_by_identity() -> None:
    short, long = person("553196348800", "rita"), person("5531996348800", "rita")
    wanted = desired(group(absent=[long], membership=Membership.ADDITIVE), people=[long])
    assert labels(change_for(wanted, live(short, CAROL)).remove) == ["rita"]


NOTED = person("12025550149", "bob", lid=LID)
SHOWN = participant(BOB, lid=LID)


@pytest.mark.parametrize("wanted", [(), (NOTED,), (BOB,), (NOTED, BOB)], ids=["neither", "noted", "number", "both"])
def test_somebody_with_the_lid_of_one_person_and_the_number_of_another_is_neither_added_nor_removed(
    wanted: tuple[Person, ...],
) -> None:
    change = change_for(
        desired(group(members=[ALICE, *wanted]), people=[ALICE, CAROL, NOTED]),
        live(ME, ALICE, SHOWN),
    )
    assert (labels(change.add), labels(change.remove)) == ([], [])
    assert [advice.message.code for advice in change.advice] == ["lid-contradicted"]
    assert change.blocked == ()
