"""A year of one repository: requests, changes by hand, people who come, end and leave; what history tells of it."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

import pytest

from reconciler.cli.main import run as reconciler
from tests.pipelines.conftest import BOB, CAROL, Scene, yaml_of
from tests.pipelines.forge import GIT_ENV, git
from tests.pipelines.test_request import FORM, ask, body_of

SOURCE = "sources: [{csv: pupils.csv, id: no, name: '{name}', phone: phone, region: US, team: pupils}]\n"
PUPILS = {f"person-{no}": f"{no},Pupil {no},(404) 555-01{no}\n" for no in range(60, 70)}
MONTHS = [date(2025, month, 28) for month in range(1, 13)]


@dataclass
class Account:
    """What happened, as the test itself writes it down: each event, and the commit that brought somebody in."""

    told: list[tuple[str, str, str, str, str]] = field(default_factory=list)
    commits: dict[tuple[str, str], str] = field(default_factory=dict)

    def note(self, day: str, event: str, group: str, *people: str, author: str = "", commit: str = "") -> None:
        """Write down that people entered or left a group, or that their membership ended."""
        for person in people:
            self.told.append((day, event, group, person, author))
            self.commits[group, person] = commit

    def at(self, day: date) -> set[tuple[str, str]]:
        """Who was wanted where at the end of a day."""
        members: set[tuple[str, str]] = set()
        for when, event, group, person, _ in sorted(self.told):
            if date.fromisoformat(when) <= day:
                (members.add if event == "entered" else members.discard)((group, person))
        return members


@dataclass
class Calendar:
    """The day on which commits are made and `until` is evaluated, and the audit log with the days of its calls."""

    scene: Scene
    patch: pytest.MonkeyPatch
    log: Path
    day: str = ""
    lines: list[str] = field(default_factory=list)

    def turn(self, day: str) -> None:
        """Make it noon of another day."""
        self.day = day
        stamp = f"{day}T12:00:00+00:00"
        for name in ("GIT_AUTHOR_DATE", "GIT_COMMITTER_DATE"):
            self.patch.setitem(GIT_ENV, name, stamp)
            self.scene.forge.env[name] = stamp
        self.scene.forge.env.update(RECONCILER_AS_OF=day, RECONCILER_AUDIT_LOG=str(self.log))

    def commit_edit(self) -> str:
        """Commit what a command has changed in the file; the revision."""
        text = Path("groups.yaml").read_text(encoding="utf-8")
        git(self.scene.forge.clone, "checkout", "--", "groups.yaml")
        return self.scene.forge.commit({"groups.yaml": text})

    def merge(self, branch: str) -> str:
        """Merge a branch that a workflow made; the revision."""
        git(self.scene.forge.clone, "fetch", "--quiet", "origin", branch)
        return self.scene.forge.merge(self.scene.forge.tip(branch)).sha

    def date_calls(self) -> None:
        """Give the calls since the last time this day's evening."""
        text = self.log.read_text(encoding="utf-8")
        self.log.unlink()
        for second, line in enumerate(text.splitlines()):
            self.lines.append(json.dumps({**json.loads(line), "at": f"{self.day}T18:00:{second:02}+00:00"}))

    def apply(self) -> None:
        """Apply main in this process."""
        git(self.scene.forge.clone, "pull", "--quiet", "--rebase", "origin", "main")
        arguments = ("--yes", "--as-of", self.day, "--audit-log", str(self.log), "--base-url", self.scene.server.url)
        assert reconciler(["apply", str(self.scene.forge.clone / "groups.yaml"), *arguments]) == 0
        if self.log.exists():
            self.date_calls()


@pytest.fixture
def begun(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the repository begin with the year."""
    for name in ("GIT_AUTHOR_DATE", "GIT_COMMITTER_DATE"):
        monkeypatch.setitem(GIT_ENV, name, "2025-01-01T12:00:00+00:00")


@pytest.fixture
def calendar(begun: None, scene: Scene, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Calendar:
    monkeypatch.setenv("WAPPFY_API_KEY", scene.server.key)
    monkeypatch.chdir(scene.forge.clone)
    return Calendar(scene, monkeypatch, tmp_path / "audit.jsonl")


def test_history_tells_every_event_of_a_year(
    calendar: Calendar, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    scene, account = calendar.scene, Account()
    forge, world = scene.forge, scene.world
    account.note("2025-01-01", "entered", "alpha", "alice", "bob", author="Alice", commit=forge.tip())

    # January: a board with a guest, and a club whose people are in a roster.
    calendar.turn("2025-01-10")
    board = "name: Board, members: [alice, {person: carol, until: 2025-05-31, reason: guest}]"
    text = yaml_of(alpha="name: Alpha, members: [alice, bob]", board=board, club="name: Club, teams: [pupils]")
    assert reconciler(["init", str(forge.clone), "--requests"]) == 0
    pupils = sorted(PUPILS)[:9]
    born = forge.commit({"groups.yaml": text.replace("groups:\n", f"{SOURCE}groups:\n"), "pupils.csv": roll_of(pupils)})
    account.note("2025-01-10", "entered", "board", "alice", "carol", author="Alice", commit=born)
    account.note("2025-01-10", "entered", "club", *pupils, author="Alice", commit=born)
    calendar.apply()
    assert reconciler(["pin", "--base-url", scene.server.url]) == 0
    git(forge.clone, "push", "--quiet", "origin", f"{calendar.commit_edit()}:refs/tags/applied/main")
    ids = {group.name: group.id for group in world.groups()}

    # February: a form asks for somebody to stand in; the pull request is merged and applied.
    calendar.turn("2025-02-14")
    answers = {"action": "Add", "person": "dan", "groups": "board", "reason": "stands in"}
    assert ask(scene, body_of(forge.file(FORM), **answers)).results == {"request": "success"}
    merged = calendar.merge("reconciler/request-5")
    writer = git(forge.clone, "log", "-1", "--format=%an", f"{merged}^2")
    account.note("2025-02-14", "entered", "board", "dan", author=writer, commit=merged)
    calendar.apply()

    # March: somebody renames a group and adds somebody by hand; the pull request of the night keeps both.
    calendar.turn("2025-03-03")
    world.rename_group(ids["Alpha"], "Alpha Team")
    world.add_participant(ids["Alpha"], CAROL)
    assert scene.run("drift", forge.pushed("schedule")).results == {"drift": "success", "adopt": "success"}
    adopted = calendar.merge("reconciler/adopt")
    account.note("2025-03-03", "entered", "alpha", "carol", author=writer, commit=adopted)
    calendar.apply()
    assert world.group(ids["Alpha"]).name == "Alpha Team"

    # April: another change by hand is undone, which nobody has to remember.
    calendar.turn("2025-04-07")
    world.add_participant(ids["Board"], BOB)
    calendar.apply()
    assert world.group(ids["Board"]).member(BOB) is None

    # May: the school's office changes the roster alone. The workflow applies it. Then the guest's time is over.
    calendar.turn("2025-05-02")
    monkeypatch.setitem(GIT_ENV, "GIT_AUTHOR_NAME", "Office")
    left_school, pupils = pupils[0], [*pupils[1:], "person-69"]
    roll = forge.commit({"pupils.csv": roll_of(pupils)})
    monkeypatch.setitem(GIT_ENV, "GIT_AUTHOR_NAME", "Alice")
    account.note("2025-05-02", "left", "club", left_school, author="Office")
    account.note("2025-05-02", "entered", "club", "person-69", author="Office", commit=roll)
    assert scene.run("apply", forge.pushed()).results == {"plan": "success", "apply": "success", "record": "success"}
    calendar.date_calls()
    account.note("2025-06-01", "ended", "board", "carol")
    calendar.turn("2025-06-02")
    calendar.apply()

    # July: bob leaves, and it is known how long dan stays. In autumn his time is over; the file is broken for a day.
    calendar.turn("2025-07-15")
    assert reconciler(["edit", "remove", "bob", "--from", "alpha"]) == 0
    left = calendar.commit_edit()
    account.note("2025-07-15", "left", "alpha", "bob", author="Alice")
    forge.commit({"groups.yaml": forge.file("groups.yaml").replace("person: dan", "person: dan, until: 2025-08-31")})
    calendar.apply()
    account.note("2025-09-01", "ended", "board", "dan")
    calendar.turn("2025-09-03")
    calendar.apply()
    calendar.turn("2025-10-01")
    whole = forge.file("groups.yaml")
    broken = forge.commit({"groups.yaml": whole + "oops: [\n"})
    calendar.turn("2025-10-02")
    forge.commit({"groups.yaml": whole})

    # November: bob comes back to the board, but nobody applies it.
    calendar.turn("2025-11-20")
    assert reconciler(["edit", "add", "bob", "--to", "board"]) == 0
    back = calendar.commit_edit()
    account.note("2025-11-20", "entered", "board", "bob", author="Alice", commit=back)

    def ran(*arguments: str) -> str:
        capsys.readouterr()
        assert reconciler(list(arguments)) == 0, capsys.readouterr().err
        return capsys.readouterr().out

    calendar.log.write_text("\n".join(calendar.lines), encoding="utf-8")
    check_history(ran, account, str(calendar.log))
    events = rows(ran("history", "--format", "csv"))
    assert {row["commit"] for row in events if row["event"] == "invalid"} == {broken}
    assert [row["new"] for row in events if (row["commit"], row["field"]) == (adopted, "name")] == ["Alpha Team"]
    assert {row["reason"] for row in events if row["person"] == "dan"} == {"stands in"}
    assert [row["commit"] for row in events if row["event"] == "left" and row["person"] == "bob"] == [left]
    for person in ("alice", "bob", "carol", "dan", "person-61", "person-69"):
        document = json.loads(ran("who", person, "--why", "--format", "json", "--base-url", scene.server.url))
        since = {group["key"]: group["since"]["oid"] for group in document["groups"] if group["since"]}
        wanted = {group: commit for (group, who), commit in account.commits.items() if who == person and commit}
        assert wanted.items() <= since.items(), person


def roll_of(pupils: list[str]) -> str:
    return "no,name,phone\n" + "".join(PUPILS[pupil] for pupil in pupils)


def rows(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text)))


def check_history(ran: Callable[..., str], account: Account, log: str) -> None:
    """Hold events, days and effects against the account."""
    events = rows(ran("history", "--format", "csv", "--applied", log))
    people = [row for row in events if row["alias"] and row["event"] in ("entered", "left", "ended")]
    told = [(row["date"], row["event"], row["group"], row["alias"], row["author"]) for row in people]
    assert sorted(told) == sorted(account.told)
    for day in MONTHS:
        found = rows(ran("history", "--at", day.isoformat(), "--format", "csv"))
        members = {(row["group"], row["alias"]) for row in found if row["state"] == "member"}
        assert members == account.at(day), day
    effects = {(row["date"], row["event"], row["group"], row["alias"]): row["effect"] for row in people}
    never = {event for event, effect in effects.items() if effect == "never applied"}
    # These were in before anybody applied anything, or were added by hand.
    by_hand = {("2025-01-01", "entered", "alpha", one) for one in ("alice", "bob")}
    by_hand.add(("2025-03-03", "entered", "alpha", "carol"))
    assert never == {("2025-11-20", "entered", "board", "bob"), *by_hand}
    assert set(effects.values()) == {"applied", "never applied"}
