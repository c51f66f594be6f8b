"""The list has everybody of the configuration once, with where they come from, their teams and their groups."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from reconciler.config import load
from reconciler.person.people_list import GroupEntry, PeopleList, list_people

ROSTER = "no,name,mobile,class\n7,Alice Moreno,+1 202 555 0143,5a\n8,Bob Marsh,+1 202 555 0144,5b\n"
FILE = """
version: 1
people: {carol: +1 303 555 0145, caz: +1 303 555 0145, dave: +1 404 555 0146}
teams:
  board: [carol, {person: dave, until: 2026-01-01}]
  everybody: {teams: [class-5a, board]}
sources:
  - {csv: roster.csv, id: no, phone: mobile, name: name, teams: [class], team_prefix: class-}
groups:
  alpha:
    name: Alpha
    members: [{person: person-7, until: 2026-12-31, reason: trainee, join: invite}, +1 512 555 0147]
    admins: [carol, +1 617 555 0148]
  beta: {name: Beta, teams: [everybody]}
  gamma: {name: Gamma, absent: [dave]}
"""


@pytest.fixture
def listed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> PeopleList:
    monkeypatch.chdir(tmp_path)
    Path("roster.csv").write_text(ROSTER, encoding="utf-8")
    Path("groups.yaml").write_text(FILE, encoding="utf-8")
    return list_people(load(Path("groups.yaml"), as_of=date(2026, 6, 15)))


def test_everybody_is_there_once_sorted_by_what_they_are_called(listed: PeopleList) -> None:
    assert [(entry.person.label, entry.person.identity) for entry in listed.people] == [
        ("Alice Moreno", "+12025550143"),
        ("Bob Marsh", "+12025550144"),
        ("carol", "+13035550145"),
        ("dave", "+14045550146"),
        (None, "+15125550147"),
        (None, "+16175550148"),
    ]


def test_each_alias_has_its_file_and_its_row(listed: PeopleList) -> None:
    sources = [[(each.file, each.row, each.alias) for each in entry.sources] for entry in listed.people]
    assert sources == [
        [("roster.csv", 2, "person-7")],
        [("roster.csv", 3, "person-8")],
        [("groups.yaml", None, "carol"), ("groups.yaml", None, "caz")],
        [("groups.yaml", None, "dave")],
        [],
        [],
    ]
    assert listed.by_file == {"": 2, "groups.yaml": 2, "roster.csv": 2}


def test_teams_are_those_that_a_person_is_in_whether_a_group_has_them_or_not(listed: PeopleList) -> None:
    teams = {entry.person.alias: entry.teams for entry in listed.people}
    assert teams == {
        "person-7": ("class-5a", "everybody"),
        "person-8": ("class-5b",),
        "carol": ("board", "everybody"),
        "dave": ("board", "everybody"),
        None: (),
    }


def test_groups_are_those_that_want_the_person_on_the_day_with_the_terms(listed: PeopleList) -> None:
    groups = {entry.person.identity: entry.groups for entry in listed.people}
    assert groups == {
        "+12025550143": (
            GroupEntry(key="alpha", until=date(2026, 12, 31), reason="trainee", by_invite=True),
            GroupEntry(key="beta", teams=("everybody/class-5a",)),
        ),
        "+12025550144": (),
        "+13035550145": (GroupEntry(key="alpha", admin=True), GroupEntry(key="beta", teams=("everybody/board",))),
        "+14045550146": (),
        "+15125550147": (GroupEntry(key="alpha"),),
        "+16175550148": (GroupEntry(key="alpha", admin=True),),
    }
