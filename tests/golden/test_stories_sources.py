"""People from a roster, from the first plan to the last day: live groups follow the file, and each revision its own."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from reconciler.config.names import named_people_files
from reconciler.config.source_files import is_config_file
from reconciler.history.git import is_dirty
from tests.repository import Repository
from tests.stage import Ran, Stage

YAML = """\
sources: [{csv: rosters/*.csv, id: no, phone: mobile, name: '{name}', teams: [class]}]
groups:
  five-a: {name: Five A, teams: [5a], max_removals: 5}
  five-b: {name: Five B, teams: [5b], max_removals: 5}
"""
HEADER = "no,name,mobile,class\n"
ALICE = "1,Alice,+1 202 555 0143,5a\n"
BOB = "2,Bob,+1 202 555 0144,5a\n"
CAROL = "3,Carol,+1 303 555 0145,5b\n"
DAVE = "4,Dave,+1 404 555 0146,5b\n"


@pytest.fixture
def roster(guide: Stage) -> Path:
    """The roster, live as it is."""
    (guide.folder / "rosters").mkdir()
    path = guide.folder / "rosters" / "all.csv"
    path.write_text(HEADER + ALICE + BOB + CAROL, encoding="utf-8")
    guide.file(YAML)
    applied = guide.run("apply", "--yes")
    assert applied.code == 0, applied.err
    return path


def planned(guide: Stage) -> Ran:
    ran = guide.run("plan", "--out", "today.plan")
    assert ran.code == 0, ran.err
    return ran


def test_who_comes_into_the_roster_joins_and_who_leaves_it_is_removed(guide: Stage, roster: Path) -> None:
    assert guide.members("Five A") == {"12025550100", "12025550143", "12025550144"}
    roster.write_text(HEADER + ALICE + BOB.replace("5a", "5b") + DAVE, encoding="utf-8")
    assert guide.run("apply", "--yes", "--accept-source", "rosters/all.csv").code == 0
    assert guide.members("Five A") == {"12025550100", "12025550143"}
    assert guide.members("Five B") == {"12025550100", "12025550144", "14045550146"}


@pytest.mark.parametrize("damage", [b"", HEADER.encode(), (HEADER + ALICE + BOB + "3,Car").encode(), b"\xff\xfe\x00"])
def test_a_broken_export_changes_nothing(guide: Stage, roster: Path, damage: bytes) -> None:
    roster.write_bytes(damage)
    guide.calls()
    applied = guide.run("apply", "--yes")
    assert (applied.code, guide.calls()) == (1, [])
    assert "rosters/all.csv" in applied.err


def test_a_saved_plan_is_refused_when_a_roster_changed_is_new_or_gone(guide: Stage, roster: Path) -> None:
    roster.write_text(HEADER + ALICE + BOB + CAROL + DAVE, encoding="utf-8")
    planned(guide)
    sources = json.loads((guide.folder / "today.plan").read_text())["sources"]
    assert [(source["path"], source["people_file"]) for source in sources] == [
        ("groups.yaml", False),
        ("rosters/all.csv", True),
    ]
    more = roster.with_name("more.csv")
    more.write_text(HEADER + "5,Erin,+1 505 555 0147,5b\n", encoding="utf-8")
    refused = guide.run("apply", "today.plan", "--yes")
    assert (refused.code, "a people file changed since the plan was made: rosters/more.csv" in refused.err) == (1, True)
    more.unlink()
    text = roster.read_text()
    roster.write_text(HEADER + ALICE, encoding="utf-8")
    refused = guide.run("apply", "today.plan", "--yes")
    assert (refused.code, "a people file changed since the plan was made: rosters/all.csv" in refused.err) == (1, True)
    roster.unlink()
    refused = guide.run("apply", "today.plan", "--yes")
    assert (refused.code, "a people file changed since the plan was made: rosters/all.csv" in refused.err) == (1, True)
    lines = text.splitlines(keepends=True)
    roster.write_text("".join([lines[0], *reversed(lines[1:])]), encoding="utf-8")
    applied = guide.run("apply", "today.plan", "--yes")
    assert "a people file changed since the plan was made, but means the same: rosters/all.csv" in applied.err
    assert guide.members("Five B") == {"12025550100", "13035550145", "14045550146"}


def test_a_revision_has_the_roster_of_its_commit(guide: Stage, roster: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    repository = Repository(guide.folder, monkeypatch)
    repository.commit()
    repository.commit({"rosters/more.csv": HEADER + DAVE})
    roster.write_text(HEADER + ALICE + BOB, encoding="utf-8")
    differs = guide.run("diff", "HEAD~1", "HEAD")
    assert "+ Dave (person-4) (through 5b)" in differs.out
    assert "Carol" not in differs.out
    working = guide.run("diff", "HEAD", "groups.yaml")
    assert "- Carol (person-3)" in working.out
    since = guide.run("plan", "--changed-since", "HEAD")
    assert "five-b" in since.out
    assert "skipped 1 unchanged group: five-a" in since.out


def test_a_revision_without_the_roster_is_an_error_that_names_it(
    guide: Stage, roster: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    repository = Repository(guide.folder, monkeypatch)
    roster.rename(guide.folder / "all.csv")
    repository.commit()
    (guide.folder / "all.csv").rename(roster)
    differs = guide.run("diff", "HEAD", "groups.yaml")
    assert differs.code == 1
    assert "HEAD:groups.yaml:3:17: sources[0].csv: there is no file `rosters/*.csv` in the folder" in differs.err


def test_a_roster_that_is_not_committed_marks_the_commit_as_changed(
    guide: Stage, roster: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    Repository(guide.folder, monkeypatch).commit()
    path = Path("groups.yaml")

    def is_changed() -> bool:
        return is_dirty(path, is_config_file, named_people_files(path))

    assert not is_changed()
    (guide.folder / "notes.csv").write_text("", encoding="utf-8")
    assert not is_changed()
    roster.write_text(HEADER + ALICE, encoding="utf-8")
    assert is_changed()


def test_who_shows_file_and_row(guide: Stage, roster: Path) -> None:
    shown = guide.run("who", "alice")
    assert "i from rosters/all.csv, row 2, as person-1" in shown.out
    document = json.loads(guide.run("who", "alice", "--format", "json").out)
    assert document["rows"] == [{"file": "rosters/all.csv", "row": 2, "alias": "person-1", "line": None}]


def test_pin_and_a_result_leave_the_roster_as_it_is(guide: Stage, roster: Path) -> None:
    before = roster.read_bytes()
    assert guide.run("pin").code == 0
    assert guide.run("plan", "--format", "json", "--output", "rosters/all.csv").code == 1
    assert roster.read_bytes() == before


def test_a_folder_has_the_rosters_of_its_files(guide: Stage) -> None:
    inside = guide.folder / "conf" / "school"
    inside.mkdir(parents=True)
    guide.file("groups: {}\n", "conf/main.yaml")
    (inside / "groups.yaml").write_text(YAML.replace("rosters/*.csv", "all.csv"), encoding="utf-8")
    (inside / "all.csv").write_text(HEADER + ALICE + BOB + CAROL, encoding="utf-8")
    ran = guide.run("plan", "conf", "--out", "today.plan")
    assert ran.code == 0, ran.err
    assert guide.run("apply", "today.plan", "--yes").code == 0
    assert guide.run("drift", "conf").code == 0
