"""A roster that lost people throws nobody out by mistake: what plan, drift, apply and saved plans do about it."""

from __future__ import annotations

import pytest

from tests.repository import Repository
from tests.stage import INSTANCE, PHONE, Stage

YAML = f"""\
version: 1
instance: {{id: {INSTANCE}, phone: {PHONE}}}
policy: {{max_removals: 100%}}
people: {{tutor: +1 202 555 0170}}
sources:
  - {{csv: roster.csv, id: id, phone: mobile, teams: [class], team_prefix: class-, where: {{status: active}}}}
groups:
  five: {{name: Five, teams: [class-5]}}
  six: {{name: Six, teams: [class-6]}}
  staff: {{name: Staff, members: [tutor, "+1 202 555 0171"]}}
"""
HEAD = "id,mobile,class,status\n"


def row(number: int, class_: int = 5, status: str = "active", id_: str = "") -> str:
    """A pupil of a class, with a number of their own."""
    return f"{id_ or f'p{number}'},+1 202 555 01{number},{class_},{status}\n"


FIVE, SIX = [row(number) for number in range(10, 18)], [row(number, 6) for number in range(20, 28)]
FULL = HEAD + "".join(FIVE + SIX)
HALF = HEAD + "".join(FIVE[:4] + SIX[:4])


@pytest.fixture
def repository(guide: Stage, monkeypatch: pytest.MonkeyPatch) -> Repository:
    """A roster that was committed and applied; its tag is not set yet."""
    made = Repository(guide.folder, monkeypatch)
    made.write({".gitignore": "state/\n"})
    made.commit({"groups.yaml": YAML, "roster.csv": FULL})
    assert guide.run("apply", "--yes").code == 0
    guide.run("pin")
    made.commit()
    return made


@pytest.fixture
def tagged(repository: Repository) -> Repository:
    """The same, with the tag of what was applied."""
    repository.git("tag", "applied/main")
    return repository


def in_groups(stage: Stage) -> int:
    """How many memberships there are, without the account's."""
    return sum(len(stage.members(name)) - 1 for name in ("Five", "Six", "Staff"))


def test_half_a_roster_removes_nobody(guide: Stage, tagged: Repository) -> None:
    tagged.commit({"roster.csv": HALF})
    for command in ("plan", "drift", "apply"):
        told = guide.run(command, *(["--yes"] if command == "apply" else []))
        print(told.code, told.out, told.err)
    for f in ("markdown", "json", "html"):
        told = guide.run("plan", "--format", f)
        print(told.out if f != "html" else "")
    print(guide.run("plan", "--accept-source", "roster.csv").out)
    assert 0


def test_no_tag(guide: Stage, repository: Repository) -> None:
    repository.commit({"roster.csv": HALF})
    for command in ("plan", "drift", "apply"):
        told = guide.run(command, *(["--yes"] if command == "apply" else []))
        print(told.code, told.out, told.err)
    print(guide.run("plan", "--format", "markdown").out)
    print(guide.run("plan", "--accept-source", "roser.csv").err)
    print(guide.run("plan", "--accept-source", "roster.csv").out)
    assert 0
