"""The memberships of a person as text and as a document: every line, nothing hostile in it, numbers masked."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date

import jsonschema
import pytest

from reconciler.json_schemas import schema_text
from reconciler.model.desired import Membership
from reconciler.model.person_ref import PersonRef
from reconciler.person.memberships import DesiredMembership, GroupMembership, PersonMemberships, Presence
from reconciler.report.documents import mask_document
from reconciler.report.person import person_document, render_person
from reconciler.sanitize.escape import json_text
from tests.builders import ALICE, ALPHA_ID
from tests.report import report_samples as samples

SCHEMA = jsonschema.Draft202012Validator(json.loads(schema_text("who.schema.json")))
LID = "76699677012110@lid"
HOSTILE = "\x1b[2J\n::error::\u202e +1 202 555 0199"


def about(*groups: GroupMembership, uncertain: tuple[GroupMembership, ...] = (), holds: str = "") -> PersonMemberships:
    return PersonMemberships(
        instance_id="inst_abc123",
        as_of=date(2026, 6, 15),
        person=PersonRef(ALICE.identity, ALICE.jid, "alice", LID),
        groups=groups,
        uncertain=uncertain,
        protected=holds == "protected",
        ignored=holds == "ignored",
        is_instance=holds == "is_instance",
    )


def at(
    desired: DesiredMembership | None, live: Presence = Presence.IN, is_admin: bool = False, is_owner: bool = False
) -> GroupMembership:
    return GroupMembership(
        key="alpha" if desired else None,
        name="Alpha",
        id=ALPHA_ID,
        desired=desired,
        live=live,
        is_admin=is_admin,
        is_owner=is_owner,
    )


EXACT = DesiredMembership(members_managed=True)
MEMBER = replace(EXACT, member=True)


@pytest.mark.parametrize(
    ("group", "protected", "lines"),
    [
        (at(MEMBER), False, ["= desired, and in"]),
        (at(MEMBER, Presence.OUT), False, ["+ desired, not in"]),
        (at(MEMBER, Presence.NO_GROUP), False, ["+ desired, and the group is not live"]),
        (
            at(replace(MEMBER, by_invite=True), Presence.OUT),
            False,
            ["i desired, by invite, not in"],
        ),
        (
            at(replace(MEMBER, membership=Membership.OBSERVE), Presence.OUT),
            False,
            ["i desired, not in"],
        ),
        (at(MEMBER, Presence.UNKNOWN), False, ["! desired, not known to be in"]),
        (
            at(replace(MEMBER, teams=("staff/board", "crew"), by_invite=True)),
            False,
            ["= desired through staff/board and crew, by invite, and in"],
        ),
        (at(EXACT), False, ["- in, not desired: membership is exact"]),
        (at(EXACT), True, ["i in, not desired: membership is exact"]),
        (
            at(EXACT, is_admin=True, is_owner=True),
            False,
            ["i in, not desired: membership is exact", "i owner of the group, so cannot be removed"],
        ),
        (
            at(replace(EXACT, membership=Membership.OBSERVE, absent=True)),
            False,
            ["i in, not desired: listed under `absent`"],
        ),
        (
            at(DesiredMembership(absent=True, membership=Membership.ADDITIVE)),
            False,
            ["- in, not desired: listed under `absent`"],
        ),
        (
            replace(at(EXACT), blocked_because=("no admin", "doubtful")),
            False,
            ["i in, not desired: membership is exact", "i no admin", "i doubtful"],
        ),
        (
            replace(at(MEMBER, Presence.OUT), blocked_because=("no admin",)),
            False,
            ["i desired, not in", "i no admin"],
        ),
        (replace(at(MEMBER), blocked_because=("no admin",)), False, ["= desired, and in"]),
        (
            at(replace(MEMBER, leaving=True), Presence.NO_GROUP),
            False,
            ["i desired, and the group is not live", "i the instance is to leave this group"],
        ),
        (at(DesiredMembership(absent=True), Presence.OUT), False, ["i not desired, not in", "i listed under `absent`"]),
        (
            at(replace(EXACT, excepted_from=("staff/board",)), Presence.OUT),
            False,
            ["i not desired, not in", "i not desired through staff/board: listed under `except`"],
        ),
        (
            at(DesiredMembership(leaving=True)),
            False,
            ["i in; the members of this group are not managed", "i the instance is to leave this group"],
        ),
        (
            at(replace(MEMBER, admin=True), is_admin=True),
            False,
            ["= desired, and in", "i admin, as desired"],
        ),
        (
            at(replace(MEMBER, admin=True)),
            False,
            ["= desired, and in", "i desired as admin, but is not one"],
        ),
        (at(DesiredMembership(admin=True), Presence.OUT), False, ["i not desired, not in", "i desired as admin"]),
        (
            at(replace(MEMBER, admin=False), is_admin=True),
            False,
            ["= desired, and in", "i admin, but not listed under `admins`"],
        ),
        (at(MEMBER, is_admin=True), False, ["= desired, and in", "i admin"]),
        (at(None), False, ["i in; the configuration does not have this group"]),
        (at(None, is_admin=True), False, ["i in; the configuration does not have this group", "i admin"]),
        (
            at(None, is_admin=True, is_owner=True),
            False,
            ["i in; the configuration does not have this group", "i owner of the group"],
        ),
    ],
)
def test_each_group_shows_desired_live_and_what_else_matters(
    group: GroupMembership, protected: bool, lines: list[str]
) -> None:
    found = about(group, holds="protected" if protected else "")
    section = render_person(found, samples.MASKED).split("\n\n")[1]
    assert [line.strip() for line in section.splitlines()[1:]] == lines
    SCHEMA.validate(json.loads(json_text(mask_document(person_document(found), show_phones=False))))


@pytest.mark.parametrize(
    ("flag", "words"),
    [("is_instance", "the instance itself"), ("protected", "`policy.protected`"), ("ignored", "`policy.ignored`")],
)
def test_what_applies_to_the_person_in_every_group_comes_first(flag: str, words: str) -> None:
    head = render_person(about(holds=flag), samples.MASKED).split("\n\n")[0]
    assert head.startswith(f"alice  +1 202 ••• ••43  {LID}\n  i ")
    assert words in head


def test_untrusted_text_is_harmless_and_numbers_are_masked() -> None:
    terms = replace(MEMBER, until=date(2026, 12, 31), reason=HOSTILE, teams=(HOSTILE,))
    bad = replace(at(terms, Presence.UNKNOWN), name=HOSTILE, unknown_because=(HOSTILE,), blocked_because=(HOSTILE,))
    found = replace(about(bad, uncertain=(bad,)), person=PersonRef(ALICE.identity, ALICE.jid, HOSTILE, LID))
    text = render_person(found, samples.MASKED)
    document = json_text(mask_document(person_document(found), show_phones=False))
    for output in (text, document):
        assert "\x1b" not in output
        assert "\u202e" not in output
        assert "555 01" not in output
    assert not any(line.lstrip().startswith("::") for line in text.splitlines())
    assert "+1 202 555 0199" in render_person(found, samples.FULL)
    assert "\x1b[1m" in render_person(found, samples.COLORED)
    SCHEMA.validate(json.loads(document))


@pytest.mark.parametrize("holds", ["ignored", "is_instance"])
def test_ignored_people_and_the_instance_are_never_shown_as_added_or_removed(holds: str) -> None:
    there, not_there = at(EXACT), at(MEMBER, Presence.OUT)
    text = render_person(about(there, not_there, holds=holds), samples.MASKED)
    assert "  i in, not desired" in text
    assert "  i desired, not in" in text
