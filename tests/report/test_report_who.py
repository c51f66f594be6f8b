"""Where a person is, as text and as a document: every line, nothing hostile in it, numbers masked."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date

import jsonschema
import pytest

from reconciler.json_schemas import schema_text
from reconciler.model.desired import Member, Membership
from reconciler.model.person_ref import PersonRef
from reconciler.person.memberships import DesiredMembership, GroupMembership, PersonMemberships, Presence
from reconciler.report.documents import mask_document
from reconciler.report.person import person_document, render_person
from reconciler.sanitize.escape import json_text
from tests.builders import ALICE, ALPHA_ID

SCHEMA = jsonschema.Draft202012Validator(json.loads(schema_text("who.schema.json")))
MEMBER = Member(ALICE)
LID = "76699677012110@lid"
HOSTILE = "\x1b[2J\n::error::\u202e +1 202 555 0199"


def about(*groups: GroupMembership, unsure: tuple[GroupMembership, ...] = (), holds: str = "") -> PersonMemberships:
    who = PersonRef(ALICE.identity, ALICE.jid, "alice", LID)
    return PersonMemberships(
        "inst_abc123",
        date(2026, 6, 15),
        who,
        groups=groups,
        unsure=unsure,
        protected=holds == "protected",
        ignored=holds == "ignored",
        is_instance=holds == "is_instance",
    )


def at(
    in_file: DesiredMembership | None, presence: Presence = Presence.IN, is_admin: bool = False, is_owner: bool = False
) -> GroupMembership:
    return GroupMembership("alpha" if in_file else None, "Alpha", ALPHA_ID, in_file, presence, is_admin, is_owner)


EXACT = DesiredMembership(managed=True)


@pytest.mark.parametrize(
    ("group", "spared", "lines"),
    [
        (at(replace(EXACT, member=MEMBER)), False, ["= wanted, and in"]),
        (at(replace(EXACT, member=MEMBER), Presence.OUT), False, ["+ wanted, not in"]),
        (at(replace(EXACT, member=MEMBER), Presence.NO_GROUP), False, ["+ wanted, and the group is not live"]),
        (
            at(replace(EXACT, member=replace(MEMBER, by_invite=True)), Presence.OUT),
            False,
            ["i wanted, by invite, not in"],
        ),
        (
            at(replace(EXACT, member=MEMBER, membership=Membership.OBSERVE), Presence.OUT),
            False,
            ["i wanted, not in"],
        ),
        (at(replace(EXACT, member=MEMBER), Presence.UNKNOWN), False, ["! wanted, not known to be in"]),
        (
            at(replace(EXACT, member=replace(MEMBER, teams=("staff/board", "crew"), by_invite=True))),
            False,
            ["= wanted through staff/board and crew, by invite, and in"],
        ),
        (at(EXACT), False, ["- in, not wanted: membership is exact"]),
        (at(EXACT), True, ["i in, not wanted: membership is exact"]),
        (
            at(EXACT, is_admin=True, is_owner=True),
            False,
            ["i in, not wanted: membership is exact", "i owns the group, so cannot be removed"],
        ),
        (
            at(replace(EXACT, membership=Membership.OBSERVE, absent=True)),
            False,
            ["i in, not wanted: listed under `absent`"],
        ),
        (
            at(DesiredMembership(absent=True, membership=Membership.ADDITIVE)),
            False,
            ["- in, not wanted: listed under `absent`"],
        ),
        (
            replace(at(EXACT), held=("no admin", "doubtful")),
            False,
            ["i in, not wanted: membership is exact", "i no admin", "i doubtful"],
        ),
        (
            replace(at(replace(EXACT, member=MEMBER), Presence.OUT), held=("no admin",)),
            False,
            ["i wanted, not in", "i no admin"],
        ),
        (replace(at(replace(EXACT, member=MEMBER)), held=("no admin",)), False, ["= wanted, and in"]),
        (
            at(replace(EXACT, member=MEMBER, leaving=True), Presence.NO_GROUP),
            False,
            ["i wanted, and the group is not live", "i the file says to leave this group"],
        ),
        (at(DesiredMembership(absent=True), Presence.OUT), False, ["i not wanted, not in", "i listed under `absent`"]),
        (
            at(DesiredMembership(leaving=True)),
            False,
            ["i in; the file does not manage this group's members", "i the file says to leave this group"],
        ),
        (
            at(replace(EXACT, member=MEMBER, admin=True), is_admin=True),
            False,
            ["= wanted, and in", "i an admin, as the file says"],
        ),
        (
            at(replace(EXACT, member=MEMBER, admin=True)),
            False,
            ["= wanted, and in", "i should be an admin and is none"],
        ),
        (at(DesiredMembership(admin=True), Presence.OUT), False, ["i not wanted, not in", "i should be an admin"]),
        (
            at(replace(EXACT, member=MEMBER, admin=False), is_admin=True),
            False,
            ["= wanted, and in", "i an admin, but not listed under `admins`"],
        ),
        (at(replace(EXACT, member=MEMBER), is_admin=True), False, ["= wanted, and in", "i an admin"]),
        (at(None), False, ["i in; the file does not have this group"]),
        (at(None, is_admin=True), False, ["i in; the file does not have this group", "i an admin"]),
        (
            at(None, is_admin=True, is_owner=True),
            False,
            ["i in; the file does not have this group", "i owns the group"],
        ),
    ],
)
def test_each_group_says_wanted_or_not_in_or_not_and_what_else_matters(
    group: GroupMembership, spared: bool, lines: list[str]
) -> None:
    found = about(group, holds="protected" if spared else "")
    section = render_person(found, show_phones=False, color=False).split("\n\n")[1]
    assert [line.strip() for line in section.splitlines()[1:]] == lines
    SCHEMA.validate(json.loads(json_text(mask_document(person_document(found), show_phones=False))))


@pytest.mark.parametrize(
    ("flag", "words"),
    [("is_instance", "the instance itself"), ("protected", "`policy.protected`"), ("ignored", "`policy.ignored`")],
)
def test_what_holds_for_the_person_everywhere_stands_at_the_top(flag: str, words: str) -> None:
    head = render_person(about(holds=flag), show_phones=False, color=False).split("\n\n")[0]
    assert head.startswith(f"alice  +1 202 ••• ••43  {LID}\n  i ")
    assert words in head


def test_strangers_text_is_harmless_and_numbers_are_masked_in_both_forms() -> None:
    member = Member(ALICE, date(2026, 12, 31), HOSTILE)
    bad = GroupMembership(
        "alpha", HOSTILE, ALPHA_ID, replace(EXACT, member=member), Presence.UNKNOWN, reasons=(HOSTILE,)
    )
    found = replace(about(bad, unsure=(bad,)), who=PersonRef(ALICE.identity, ALICE.jid, HOSTILE, LID))
    text = render_person(found, show_phones=False, color=False)
    document = json_text(mask_document(person_document(found), show_phones=False))
    for shown in (text, document):
        assert "\x1b" not in shown
        assert "\u202e" not in shown
        assert "555 01" not in shown
    assert not any(line.lstrip().startswith("::") for line in text.splitlines())
    assert "+1 202 555 0199" in render_person(found, show_phones=True, color=False)
    assert "\x1b[1m" in render_person(found, show_phones=False, color=True)
    SCHEMA.validate(json.loads(document))


@pytest.mark.parametrize("holds", ["ignored", "is_instance"])
def test_whoever_is_left_alone_everywhere_is_not_shown_as_coming_or_going(holds: str) -> None:
    there, not_there = at(EXACT), at(replace(EXACT, member=MEMBER), Presence.OUT)
    text = render_person(about(there, not_there, holds=holds), show_phones=False, color=False)
    assert "  i in, not wanted" in text
    assert "  i wanted, not in" in text
