"""The files of the page on sources work, and mean what the page claims."""

from __future__ import annotations

import re
from datetime import date
from functools import partial
from pathlib import Path

import pytest

from reconciler.config import load
from reconciler.history.file_history import history_of
from reconciler.model.desired import Desired
from tests.docs.pages import DOCS, blocks
from tests.docs.test_pages import in_folder
from tests.repository import Repository

PAGE = blocks((DOCS / "sources.md").read_text(encoding="utf-8"))
FILES = {path: block.text for block in PAGE if block.language == "yaml" and (path := in_folder(block))}
ROSTER = next(block.text for block in PAGE if block.language == "csv")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "roster.csv").write_text(ROSTER, encoding="utf-8")
    for name, text in FILES.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    return tmp_path


def loaded(path: Path) -> Desired:
    return load(path, as_of=date(2026, 11, 30))


def test_the_first_file_means_what_is_written_by_hand_below_it(folder: Path) -> None:
    by_source, by_hand = loaded(folder / "groups.yaml"), loaded(folder / "by-hand.yaml")
    assert by_source.groups == by_hand.groups
    assert by_source.people == by_hand.people


def test_a_team_of_the_yaml_may_contain_that_of_a_source(folder: Path) -> None:
    (group,) = loaded(folder / "with-teacher.yaml").groups
    assert len(group.listed_members) == 5


def test_the_owner_of_a_roster_may_add_pupils_and_no_groups(folder: Path, tmp_path: Path) -> None:
    inside = tmp_path / "conf" / "groups"
    (inside / "rosters").mkdir(parents=True)
    (inside.parent / "main.yaml").write_text(FILES["main.yaml"], encoding="utf-8")
    text = FILES["groups.yaml"].replace("csv: roster.csv", "csv: rosters/5.csv")
    text = re.sub("instance: .*\n", "", text)
    (inside / "5.yaml").write_text(text, encoding="utf-8")
    (inside / "rosters" / "5.csv").write_text(ROSTER, encoding="utf-8")
    assert len(loaded(inside.parent).groups) == 2


def test_who_leaves_the_roster_stays_for_the_days_of_grace(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    repository = Repository(folder, monkeypatch)
    repository.commit()
    (folder / "roster.csv").write_text(re.sub("1002,.*\n", "", ROSTER), encoding="utf-8")
    path = folder / "with-grace.yaml"
    (group,) = load(path, as_of=date(2026, 11, 30), history=partial(history_of, path)).groups
    leaver = next(one for one in group.listed_members.values() if one.person.identity == "+12025550144" and one.until)
    assert (leaver.until, leaver.reason) == (date(2026, 12, 14), "left roster.csv")
