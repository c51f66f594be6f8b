"""Who left a people file stays for the days of `grace`, as the history of the file shows it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from functools import partial
from pathlib import Path

import pytest

from reconciler.cli.revisions import desired_at, resolve_revision
from reconciler.config import load
from reconciler.errors import RevisionError
from reconciler.history.file_history import history_of
from reconciler.model.desired import Desired
from tests.repository import Repository

FIRST = date(2026, 1, 1)
YAML = """\
version: 1
region: US
sources:
  - {csv: '*.csv', id: id, phone: mobile, teams: [class], team_prefix: class-, grace: 14d, MORE}
groups:
  five: {name: Five, teams: [class-5]}
"""
ANA, BEN, CID = "1a,202 555 0143,5,yes,active\n", "2b,202 555 0144,5,yes,active\n", "3c,202 555 0145,5,yes,active\n"
HEAD = "id,mobile,class,agreed,status\n"

Commit = Callable[..., str]


@pytest.fixture
def commit(repository: Repository) -> Commit:
    """Commits a roster of these rows on the nth day, with a source that has more keys."""

    def committed(day: int, *rows: str, more: str = "", file: str = "r.csv", head: str = HEAD) -> str:
        repository.on(datetime(2026, 1, 1, 12, tzinfo=UTC) + timedelta(day))
        text = YAML.replace(", MORE", more and f", {more}")
        return repository.commit({"groups.yaml": text, file: (head + "".join(rows)) if rows or head else None})

    return committed


def loaded(day: int) -> Desired:
    """The configuration in the working tree on the nth day."""
    return load(Path("groups.yaml"), as_of=FIRST + timedelta(day), history=partial(history_of, Path("groups.yaml")))


def members(desired: Desired) -> dict[str, int | None]:
    """Who is a member of the group, and until which day."""
    (group,) = desired.groups
    return {
        str(one.person.alias): None if one.until is None else (one.until - FIRST).days
        for one in group.listed_members.values()
    }


def test_who_leaves_stays_for_the_days_of_grace(commit: Commit) -> None:
    commit(0, ANA, BEN)
    commit(10, ANA)
    assert members(loaded(10)) == {"1a": None, "2b": 24}
    assert members(loaded(24)) == {"1a": None, "2b": 24}
    assert members(loaded(25)) == {"1a": None}
    (group,) = loaded(20).groups
    ben = next(one for one in group.listed_members.values() if one.until)
    assert (ben.reason, ben.teams) == ("left r.csv", ("class-5",))


def test_whom_the_yaml_lists_beside_the_team_that_they_left_is_a_member_like_any_other(
    commit: Commit, repository: Repository
) -> None:
    commit(0, ANA, BEN, CID)
    commit(10, ANA)
    text = (repository.folder / "groups.yaml").read_text()
    for_ben = (
        text.replace("teams: [class-5]}", "teams: [class-5, old], members: [2b]}")
        + "teams: {old: {teams: [class-5]}}\n"
    )
    repository.write({"groups.yaml": for_ben})
    (group,) = loaded(12).groups
    left = {str(one.person.alias): (one.left, one.until is None) for one in group.listed_members.values()}
    assert left == {"1a": (False, True), "2b": (False, True), "3c": (True, False)}


def test_who_was_taken_out_today_and_is_not_committed_stays_from_today(commit: Commit, repository: Repository) -> None:
    commit(0, ANA, BEN)
    repository.write({"r.csv": HEAD + ANA})
    assert members(loaded(20)) == {"1a": None, "2b": 34}


def test_who_leaves_by_a_column_stays_too(commit: Commit) -> None:
    commit(0, ANA, BEN, more="where: {status: active}")
    commit(10, ANA, BEN.replace("active", "gone"), more="where: {status: active}")
    assert members(loaded(12)) == {"1a": None, "2b": 24}


@pytest.mark.parametrize("status", ["active", "gone"])
def test_who_takes_consent_back_does_not_stay(commit: Commit, status: str) -> None:
    more = "where: {status: active}, consent: agreed"
    commit(0, ANA, BEN, more=more)
    commit(10, ANA, BEN.replace("yes", "no").replace("active", status), more=more)
    assert members(loaded(12)) == {"1a": None}


def test_who_never_agreed_does_not_stay(commit: Commit) -> None:
    commit(0, ANA, BEN.replace("yes", "no"), more="consent: agreed")
    commit(10, ANA, more="consent: agreed")
    assert members(loaded(12)) == {"1a": None}


def test_who_comes_back_is_a_member_again_and_who_leaves_twice_stays_from_the_last_time(commit: Commit) -> None:
    commit(0, ANA, BEN, CID)
    commit(2, ANA)
    commit(4, ANA, BEN, CID)
    commit(6, ANA, BEN)
    assert members(loaded(7)) == {"1a": None, "2b": None, "3c": 20}


def test_who_moves_to_another_file_of_the_source_or_gets_another_number_did_not_leave(commit: Commit) -> None:
    commit(0, ANA, BEN)
    commit(10, ANA)
    commit(10, BEN.replace("0144", "0177"), file="s.csv")
    assert members(loaded(12)) == {"1a": None, "2b": None}


def test_a_file_that_is_gone_leaves_its_people_for_the_days_of_grace(commit: Commit) -> None:
    commit(0, ANA)
    commit(0, BEN, file="s.csv")
    commit(10, file="s.csv", head="")
    assert members(loaded(12)) == {"1a": None, "2b": 24}


def test_a_class_that_is_dissolved_stays_a_team_as_long(commit: Commit) -> None:
    commit(0, ANA, BEN)
    commit(10, ANA.replace(",5,", ",6,"))
    assert members(loaded(12)) == {"2b": 24}


def test_a_last_day_of_the_row_itself_ends_before_the_grace(commit: Commit) -> None:
    head = HEAD.replace("status", "leaves")
    commit(0, ANA.replace("active", ""), BEN.replace("active", "2026-01-12"), more="until: leaves", head=head)
    commit(10, ANA.replace("active", ""), more="until: leaves", head=head)
    assert members(loaded(11)) == {"1a": None, "2b": 11}
    assert members(loaded(12)) == {"1a": None}


def test_a_broken_version_in_between_tells_nothing(commit: Commit) -> None:
    commit(0, ANA, BEN)
    commit(8, '"never closed\n')
    commit(10, ANA)
    assert members(loaded(12)) == {"1a": None, "2b": 24}


def test_a_revision_shows_the_grace_of_its_own_history(commit: Commit) -> None:
    commit(0, ANA, BEN)
    without_ben = commit(10, ANA)
    commit(12, ANA, BEN)
    old = desired_at(Path("groups.yaml"), resolve_revision(Path("groups.yaml"), without_ben), FIRST + timedelta(12))
    assert old is not None
    assert members(old) == {"1a": None, "2b": 24}
    assert members(loaded(12)) == {"1a": None, "2b": None}


def test_a_former_number_that_is_not_allowed_any_more_is_no_mistake(commit: Commit, repository: Repository) -> None:
    commit(0, ANA, BEN.replace("202 555 0144", "+44 7700 900123"))
    commit(10, ANA)
    text = (repository.folder / "groups.yaml").read_text()
    repository.write({"groups.yaml": text + "policy: {allowed_countries: [US]}\n"})
    assert members(loaded(12)) == {"1a": None}


def test_a_shared_number_and_a_name_that_the_yaml_has_now_are_no_mistake(
    commit: Commit, repository: Repository
) -> None:
    commit(0, ANA, BEN, CID.replace("0145", "0143"))
    commit(10, ANA)
    text = (repository.folder / "groups.yaml").read_text()
    repository.write({"groups.yaml": text + "people: {2b: +1 202 555 0144}\n"})
    assert members(loaded(12)) == {"1a": None, "2b": 24}
    assert [problem.message for problem in loaded(12).warnings] == []


def gap(desired: Desired) -> str:
    """Why it is not known who left."""
    (reason,) = {file.gap for file in desired.people_files}
    return reason


def test_without_a_history_nobody_stays_and_the_file_says_why(commit: Commit, repository: Repository) -> None:
    commit(0, ANA, BEN, head=HEAD.replace("mobile", "phone"), more="where: {status: x}")
    commit(10, ANA)
    assert "r.csv cannot be read as it was on 2026-01-01" not in gap(loaded(30))
    assert "r.csv cannot be read as it was on 2026-01-06" in gap(loaded(19))
    repository.git("checkout", "-q", "--orphan", "other")
    assert "has no commit yet" in gap(loaded(12))
    assert [problem.path for problem in loaded(12).warnings] == ["sources[0].grace"]


def test_the_days_before_the_first_commit_had_nobody(commit: Commit) -> None:
    commit(10, ANA, BEN)
    commit(11, ANA)
    assert members(loaded(12)) == {"1a": None, "2b": 25}
    with pytest.raises(RevisionError):
        history_of(Path("/")).versions("", bool, {}, since=FIRST, today=FIRST)
