"""Rosters and contacts as sources: one person in several of them, places of mistakes, and other revisions."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from reconciler.cli.revisions import compare_arguments
from reconciler.config import load
from reconciler.errors import ConfigError
from reconciler.model.desired import Desired
from reconciler.report.config_diff import render_config_diff
from reconciler.report.options import RenderOptions
from tests.repository import Repository
from tests.sources.rosters import changed

DAY = date(2026, 10, 5)
STAFF_AND_GUARDIANS = """
version: 1
sources:
  - {oneroster: export.zip, people: staff, team_prefix: staff-}
  - {oneroster: export.zip, people: guardians, team_prefix: parents-}
groups:
  staff: {name: Staff, teams: [staff-math-m-1]}
  parents: {name: Parents, teams: [parents-math-m-1]}
"""


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def loaded(text: str, day: date = DAY) -> Desired:
    Path("groups.yaml").write_text(text, encoding="utf-8")
    return load(Path("groups.yaml"), as_of=day)


def problems(text: str) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        loaded(text)
    return [str(problem) for problem in caught.value.problems]


def test_a_teacher_who_is_a_parent_is_one_person_in_the_teams_of_both() -> None:
    Path("export.zip").write_bytes(changed("v1.2"))
    desired = loaded(STAFF_AND_GUARDIANS)
    members = {group.key: {member.person.alias for member in group.listed_members.values()} for group in desired.groups}
    assert members == {"staff": {"u3"}, "parents": {"u3"}}
    assert [person.aliases for person in desired.people.values()] == [("u3",)]
    assert desired.warnings == ()


def test_two_sources_that_read_one_row_in_different_ways_are_an_error() -> None:
    Path("export.zip").write_bytes(changed("v1.2", ("users.csv", "+12025550158,,", "+12025550158,+12025550199,")))
    text = STAFF_AND_GUARDIANS.replace("people: guardians", "people: guardians, phone: {label: phone}")
    assert problems(text) == [
        "export.zip: users.csv, row 4, column phone: two sources read this row, and not in the same way: `u3`; write "
        "the same `phone`, `name` and `region` in both"
    ]


def test_a_wrong_number_in_a_roster_is_an_error_at_its_file_row_and_column() -> None:
    Path("export.zip").write_bytes(changed("v1.2", ("users.csv", "+12025550158", "+1202")))
    assert "export.zip: users.csv, row 4, column sms: `+1202` is not a" in problems(STAFF_AND_GUARDIANS)[0]


def test_the_day_of_the_run_decides_who_is_in_a_class() -> None:
    Path("export.zip").write_bytes(changed("v1.2"))
    last, after = (loaded(STAFF_AND_GUARDIANS.partition("groups:")[0], day) for day in (date(2027, 3, 31), date.max))
    assert set(last.teams) == {"staff-math-m-1", "parents-math-m-1"}
    assert set(after.teams) == set()


def test_a_revision_is_compared_with_the_roster_of_that_revision(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    repository = Repository(tmp_path, monkeypatch)
    repository.commit({"groups.yaml": STAFF_AND_GUARDIANS, "export.zip": changed("v1.2")})
    second_parent = (
        ("users.csv", "+12025550148,,u3,", '+12025550148,,"u3,u4",'),
        ("roles.csv", "ext:volunteer", "parent"),
    )
    repository.write({"export.zip": changed("v1.2", *second_parent)})
    compared = compare_arguments("HEAD", "groups.yaml", None, Path("groups.yaml"), DAY)
    assert compared.differs
    assert "Vera Fox" in render_config_diff(compared, RenderOptions())
