"""A school of 1,200 pupils in 48 classes: the parents are in the groups of their children's classes, and stay there.

New pupils, leavers, broken exports and a new school year, against the embedded server. What the groups are to have is
worked out from the school itself, not from its export.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from benchmarks.numbers import digits, number
from reconciler.sandbox import Settings
from tests.repository import Repository
from tests.sources.rosters import zipped
from tests.stage import PHONE, Stage, stage_with

GRADES, SECTIONS, PUPILS_IN_A_CLASS = range(5, 13), "abcdef", 25
OWN = digits(PHONE)
FIRST_PARENT = 100
"""The first hundred numbers are not theirs: one of them is the account's."""
MANIFEST = {"manifest.version": "1.0", "oneroster.version": "1.1", "file.academicSessions": "absent"}
MANIFEST |= {f"file.{table}": "bulk" for table in ("users", "classes", "enrollments")}


@dataclass(frozen=True)
class Pupil:
    id: str
    grade: int
    section: str
    parents: tuple[int, ...]

    @property
    def class_(self) -> str:
        return f"{self.grade}{self.section.upper()}"


@dataclass(frozen=True)
class School:
    """Its pupils, and who of them left; a parent is an index, which makes the number."""

    pupils: tuple[Pupil, ...]
    left: frozenset[str] = frozenset()
    first_parent: int = FIRST_PARENT

    @classmethod
    def founded(cls) -> School:
        """Every second family has a child in the lower grades and one in the upper ones; every third, one parent."""
        pupils = []
        for index in range(len(GRADES) * len(SECTIONS) * PUPILS_IN_A_CLASS):
            class_, _ = divmod(index, PUPILS_IN_A_CLASS)
            family = index - 600 if index >= 600 and index % 2 else index
            parents = (2 * family,) if family % 3 == 0 else (2 * family, 2 * family + 1)
            pupils.append(
                Pupil(f"p{index}", GRADES[class_ // len(SECTIONS)], SECTIONS[class_ % len(SECTIONS)], parents)
            )
        return cls(tuple(pupils))

    def without(self, leavers: Iterable[str]) -> School:
        return replace(self, left=self.left | frozenset(leavers))

    def joined_by(self, pupil: Pupil) -> School:
        return replace(self, pupils=(*self.pupils, pupil))

    def next_year(self) -> School:
        """The last grade has left, everybody else is a grade further, and there is a new fifth grade."""
        old = [replace(pupil, grade=pupil.grade + 1) for pupil in self.pupils if pupil.grade < GRADES[-1]]
        new = [
            Pupil(f"n{index}", GRADES[0], SECTIONS[index // PUPILS_IN_A_CLASS], (3000 + index,))
            for index in range(len(SECTIONS) * PUPILS_IN_A_CLASS)
        ]
        return replace(self, pupils=(*old, *new))

    def number(self, parent: int) -> str:
        return number(self.first_parent + parent)

    def digits(self, parent: int) -> str:
        return digits(self.number(parent))

    @property
    def classes(self) -> list[str]:
        return [f"{grade}{section.upper()}" for grade in GRADES for section in SECTIONS]

    def expected(self) -> dict[str, set[str]]:
        """The digits of everybody in the group of each class."""
        groups: dict[str, set[str]] = defaultdict(lambda: {OWN})
        for pupil in self.pupils:
            if pupil.id not in self.left:
                groups[f"Parents {pupil.class_}"] |= set(map(self.digits, pupil.parents))
        return dict(groups)

    def tables(self) -> dict[str, str]:
        """The export, as OneRoster 1.1 has it."""
        users = list(self._users())
        return {
            "manifest.csv": _csv("propertyName,value", (f"{name},{value}" for name, value in MANIFEST.items())),
            "classes.csv": _csv("sourcedId,title", (f"c-{name},{name}" for name in self.classes)),
            "users.csv": _csv("sourcedId,status,enabledUser,role,givenName,familyName,sms,agentSourcedIds", users),
            "enrollments.csv": _csv(
                "sourcedId,classSourcedId,userSourcedId,role",
                (f"e-{pupil.id},c-{pupil.class_},{pupil.id},student" for pupil in self.pupils),
            ),
        }

    def _users(self) -> Iterator[str]:
        for pupil in self.pupils:
            status = "tobedeleted" if pupil.id in self.left else ""
            agents = ",".join(f"g{parent}" for parent in pupil.parents)
            yield f'{pupil.id},{status},true,student,Pupil,{pupil.id},,"{agents}"'
        for parent in sorted({parent for pupil in self.pupils for parent in pupil.parents}):
            yield f"g{parent},,true,parent,Parent,{parent},{self.number(parent)},"


def _csv(header: str, rows: Iterable[str]) -> str:
    return "\n".join([header, *rows, ""])


def configuration(school: School) -> str:
    groups = "".join(
        f"  parents-{name.lower()}: {{name: Parents {name}, teams: [parents-{name.lower()}]}}\n"
        for name in school.classes
    )
    source = "{oneroster: roster.zip, people: guardians, team_prefix: parents-}"
    return f"sources: [{source}]\ngroups:\n{groups}"


def live(stage: Stage) -> dict[str, set[str]]:
    """The digits of everybody in each live group, by its name; no two groups have one name."""
    groups = [(group["name"], set(group["members"])) for group in stage.world.snapshot().values()]
    assert len(dict(groups)) == len(groups)
    return {name: {digits(member) for member in members} for name, members in groups}


def half_of(tables: dict[str, str]) -> dict[str, str]:
    """An export that somebody filtered: every second pupil, and nothing that names another one."""
    gone = tuple(f"{pupil}," for pupil in (f"p{index}" for index in range(0, 1200, 2)))
    users = [line for line in tables["users.csv"].splitlines(keepends=True) if not line.startswith(gone)]
    kept = tuple(f",{name}student\n" for name in gone)
    enrollments = [line for line in tables["enrollments.csv"].splitlines(keepends=True) if not line.endswith(kept)]
    return {**tables, "users.csv": "".join(users), "enrollments.csv": "".join(enrollments)}


def broken_exports(school: School) -> Iterator[tuple[str, bytes, str]]:
    """Exports that must change nothing: what they are, their bytes, and what the error is about."""
    whole = school.tables()
    data = zipped(whole)
    yield "cut off", data[: len(data) // 2], "the file is no ZIP archive, or a damaged one"
    yield "empty", b"", "the file is no ZIP archive, or a damaged one"
    delta = {**whole, "manifest.csv": whole["manifest.csv"].replace("file.users,bulk", "file.users,delta")}
    yield "delta", zipped(delta), "users.csv has only what changed (delta), not the whole roster"
    lines = whole["users.csv"].splitlines(keepends=True)
    half = {**whole, "users.csv": "".join(lines[: len(lines) // 2])}
    yield "half of the users", zipped(half), "is not in users.csv"
    lines = whole["enrollments.csv"].splitlines(keepends=True)
    cut = {**whole, "enrollments.csv": "".join(lines[:601])}
    yield "half of the enrollments", zipped(cut), "there is no team `parents-9a`"
    cut = {**whole, "enrollments.csv": "".join(lines[:601])[:-12]}
    yield "half of the enrollments, cut within a row", zipped(cut), "enrollments.csv, row 601: the file ends within"
    yield "renamed", zipped({**whole, "users.csv": whole["users.csv"].replace("sms", "mobile", 1)}), "no column sms"


@pytest.fixture
def stage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Iterator[Stage]:
    with stage_with(Settings(rate_limit=100_000), tmp_path, monkeypatch, capsys) as stage:
        yield stage


def test_a_school_lives_through_a_year_and_nobody_is_thrown_out_by_mistake(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    repository, school = Repository(stage.folder, monkeypatch), School.founded()
    repository.write({".gitignore": "state/\n"})
    stage.file(configuration(school))
    apply_and_tag(stage, repository, school)
    assert len(school.expected()) == 48

    # Pupils leave, and one is new: only parents without another child in the class leave its group.
    school = school.without(f"p{index}" for index in range(0, 1200, 60))
    school = school.joined_by(Pupil("new", 7, "c", (2900, 2901)))
    apply_and_tag(stage, repository, school)
    assert len([call for call in stage.calls() if not call.startswith("GET ")]) <= 48 + 2 * 21

    # No broken export changes anything, or even asks the server.
    for _, data, reason in broken_exports(school):
        repository.write({"roster.zip": data})
        refused = stage.run("apply", "--yes")
        assert (refused.code, stage.calls()) == (1, [])
        assert reason in refused.err
    # Half a roster in which everything fits together removes nobody, however many each group may lose.
    repository.commit({"roster.zip": zipped(half_of(school.tables()))})
    refused = stage.run("apply", "--yes", "--max-removals", "100%")
    assert refused.code == 1
    assert "roster.zip has lost" in refused.out + refused.err
    assert all(call.startswith("GET ") for call in stage.calls())
    assert live(stage) == school.expected()

    # A new school year moves nearly everybody: too many leave each group, unless somebody says that it is right.
    before, school = school.expected(), school.next_year()
    repository.commit({"roster.zip": zipped(school.tables())})
    assert stage.run("apply", "--yes").code != 0
    assert all(members >= before[name] for name, members in live(stage).items())
    apply_and_tag(stage, repository, school, "--max-removals", "100%")

    # With other parents altogether it is another school's roster, unless somebody says that it is right.
    before, other = school.expected(), replace(school, first_parent=8000)
    repository.commit({"roster.zip": zipped(other.tables())})
    assert stage.run("apply", "--yes", "--max-removals", "100%").code == 1
    assert live(stage) == before


def apply_and_tag(stage: Stage, repository: Repository, school: School, *options: str) -> None:
    """Commit the export of a school, apply it, and tag what was applied, as the workflow does."""
    repository.commit({"roster.zip": zipped(school.tables())})
    ran = stage.run("apply", "--yes", *options)
    assert ran.code == 0, ran.err
    assert live(stage) == school.expected()
    repository.git("tag", "--force", "applied/main")
