"""What files were in the last days: which versions there were, since which day, and where nobody can know."""

from __future__ import annotations

import os
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from fnmatch import fnmatch
from pathlib import Path

import pytest

from reconciler.errors import RevisionError
from reconciler.history.file_history import GitFileHistory
from reconciler.sources.model import FileVersion
from tests.repository import Repository

FIRST = date(2026, 1, 1)
TODAY = FIRST + timedelta(30)


def commit(repository: Repository, day: int, files: Mapping[str, str | bytes | None] | None = None) -> str:
    """Commit these files on the nth day."""
    repository.on(datetime(2026, 1, 1, 12, tzinfo=UTC) + timedelta(day))
    return repository.commit(files)


def versions(
    repository: Repository,
    name: str = "r.csv",
    *,
    days: int = 30,
    place: str | None = None,
    at: str = "",
    sub: str = "",
) -> dict[str, list[tuple[int, str | None]]]:
    """The versions of the files of a name: the day, and the text."""
    folder = repository.folder / sub
    current = {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and ".git" not in path.parts and fnmatch(path.relative_to(folder).as_posix(), name)
    }
    found = GitFileHistory(folder, at).versions(
        name if place is None else place,
        lambda below: fnmatch(below, name),
        current,
        since=TODAY - timedelta(days),
        today=TODAY,
    )
    return {file: [told(each) for each in several] for file, several in found.items()}


def told(version: FileVersion) -> tuple[int, str | None]:
    """A version, its day as a number."""
    return (version.day - FIRST).days, None if version.data is None else version.data.decode()


def test_a_file_has_a_version_for_each_commit_that_changed_it(repository: Repository) -> None:
    commit(repository, 0, {"r.csv": "a"})
    commit(repository, 10, {"r.csv": "b"})
    commit(repository, 12, {"other.csv": "x"})
    commit(repository, 20, {"r.csv": "c"})
    assert versions(repository) == {"r.csv": [(20, "c"), (10, "b"), (0, "a"), (0, None)]}


def test_what_was_there_when_the_first_day_began_is_the_last_version(repository: Repository) -> None:
    commit(repository, 0, {"r.csv": "a"})
    commit(repository, 10, {"r.csv": "b"})
    commit(repository, 20, {"r.csv": "c"})
    assert versions(repository, days=15) == {"r.csv": [(20, "c"), (15, "b")]}
    assert versions(repository, days=5) == {}


def test_what_is_not_committed_is_of_today(repository: Repository) -> None:
    commit(repository, 0, {"r.csv": "a", "s.csv": "s"})
    repository.write({"r.csv": "b", "s.csv": None})
    assert versions(repository, "?.csv", place="", days=3) == {
        "r.csv": [(30, "b"), (27, "a")],
        "s.csv": [(30, None), (27, "s")],
    }


def test_a_revision_knows_nothing_that_came_after_it(repository: Repository) -> None:
    first = commit(repository, 0, {"r.csv": "a"})
    second = commit(repository, 10, {"r.csv": "b"})
    commit(repository, 20, {"r.csv": "c"})
    repository.write({"r.csv": "d"})
    assert versions(repository, at=second) == {"r.csv": [(10, "b"), (0, "a"), (0, None)]}
    assert versions(repository, at=first) == {"r.csv": [(0, "a"), (0, None)]}


def test_a_commit_with_an_old_date_hides_none_before_it_and_is_of_their_day(repository: Repository) -> None:
    commit(repository, 0, {"r.csv": "a"})
    commit(repository, 25, {"r.csv": "b"})
    commit(repository, -300, {"r.csv": "c"})
    commit(repository, -299, {"x": "x"})
    assert versions(repository, days=14) == {"r.csv": [(25, "c"), (25, "b"), (16, "a")]}


def test_a_commit_with_a_date_in_the_future_is_of_today(repository: Repository) -> None:
    commit(repository, 0, {"r.csv": "a"})
    commit(repository, 4000, {"r.csv": "b"})
    commit(repository, 20, {"r.csv": "c"})
    assert versions(repository, days=14) == {"r.csv": [(30, "c"), (30, "b"), (16, "a")]}


def test_files_of_a_pattern_have_their_own_versions_also_when_they_are_gone(repository: Repository) -> None:
    commit(repository, 0, {"below/rosters/7a.csv": "a", "below/rosters/7b.csv": "b", "below/rosters/note.txt": "n"})
    commit(repository, 28, {"below/rosters/7a.csv": None, "below/rosters/7c.csv": "c", "below/rosters/note.txt": "m"})
    assert versions(repository, "rosters/*.csv", place="rosters", days=10, sub="below") == {
        "rosters/7a.csv": [(28, None), (20, "a")],
        "rosters/7c.csv": [(28, "c"), (20, None)],
    }


def test_a_merge_changed_what_it_brought_to_the_branch_on_its_own_day(repository: Repository) -> None:
    commit(repository, 0, {"r.csv": "a", "x": "x"})
    repository.git("checkout", "-q", "-b", "side")
    commit(repository, 10, {"r.csv": "b"})
    repository.git("checkout", "-q", "main")
    commit(repository, 12, {"x": "y"})
    repository.on(datetime(2026, 1, 21, 12, tzinfo=UTC))
    repository.git("merge", "-q", "--no-ff", "-m", "a merge", "side")
    assert versions(repository, days=25) == {"r.csv": [(20, "b"), (5, "a")]}


@pytest.mark.parametrize("name", ["r\nr.csv", "ä :(x) r.csv", "-r.csv"])
def test_any_name_of_a_file_is_read(repository: Repository, name: str) -> None:
    commit(repository, 0, {name: "a"})
    commit(repository, 10, {name: "b"})
    assert versions(repository, name, days=25) == {name: [(10, "b"), (5, "a")]}


def test_a_clone_that_does_not_reach_back_says_so(repository: Repository, tmp_path: Path) -> None:
    commit(repository, 0, {"r.csv": "a"})
    commit(repository, 10, {"r.csv": "b"})
    commit(repository, 20, {"r.csv": "c"})
    clone = tmp_path / "clone"
    repository.git("clone", "-q", "--depth=2", f"file://{repository.folder}", str(clone))
    shallow = GitFileHistory(clone)

    def found(days: int) -> list[tuple[int, str | None]]:
        since = TODAY - timedelta(days)
        several = shallow.versions("r.csv", "r.csv".__eq__, {"r.csv": b"c"}, since=since, today=TODAY)
        return [told(each) for each in several["r.csv"]]

    assert found(15) == [(20, "c"), (15, "b")]
    with pytest.raises(RevisionError, match="does not reach back to 2026-01-06") as caught:
        found(25)
    assert "fetch-depth: 0" in caught.value.hint


def test_a_file_that_git_does_not_have_is_not_known(repository: Repository) -> None:
    with pytest.raises(RevisionError, match="no commit yet"):
        versions(repository)
    commit(repository, 0, {".gitignore": "*.csv\n"})
    repository.write({"r.csv": "a"})
    with pytest.raises(RevisionError, match=r"r\.csv is not a file of the last commit"):
        versions(repository)


def test_a_link_is_not_known(repository: Repository) -> None:
    commit(repository, 0, {"real.csv": "a"})
    os.symlink("real.csv", repository.folder / "r.csv")
    commit(repository, 1)
    with pytest.raises(RevisionError, match=r"r\.csv is not a file of the last commit"):
        versions(repository)
