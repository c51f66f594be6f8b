"""The history of generated repositories, against an oracle that loads every commit as a whole and subtracts."""

from __future__ import annotations

import random
from collections import Counter
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import NamedTuple

import pytest

from reconciler.cli.timelines import record_history
from reconciler.config import FileContent, load_contents
from reconciler.errors import ConfigError
from reconciler.timeline.model import EventKind
from reconciler.timeline.selection import select_entries
from tests.timeline.conftest import FastRepository, git, seconds, yaml_of

BEGIN = date(2026, 1, 1)
ALIASES = ("ann", "ben", "cleo", "dan", "eve")
Members = dict[str, date | None]


class Event(NamedTuple):
    """What happened to one person in one group, by its key then."""

    day: date
    key: str
    kind: str
    identity: str


class World:
    """A configuration that changes at random. Every group has an id, by which the oracle knows it."""

    def __init__(self, chance: random.Random) -> None:
        self.chance = chance
        self.numbers = {alias: f"+1 202 555 01{10 + index}" for index, alias in enumerate(ALIASES)}
        self.spare = [f"+1 303 555 01{index}" for index in range(10, 60)]
        self.team = ["ann"]
        self.keys = {1: "alpha", 2: "beta"}
        self.members: dict[int, dict[str, date | None]] = {1: {"ann": None}, 2: {"ben": None}}
        self.excepted: dict[int, set[str]] = {}
        self.rolls: dict[str, list[str]] = {"a": ["1", "2"]}

    def change(self, day: date) -> None:
        """Change one thing, or a few."""
        for _ in range(self.chance.choice((1, 1, 2, 4))):
            self.chance.choice(
                (
                    *(self.join, self.join, self.leave, self.end, self.rename, self.move, self.drop, self.call),
                    *(self.spare_somebody, self.enrol, self.enrol),
                )
            )(day)

    def join(self, day: date) -> None:
        until = self.chance.choice((None, None, day + timedelta(days=self.chance.randint(-3, 9))))
        self.members[self.any_group()][self.chance.choice(ALIASES)] = until

    def leave(self, _: date) -> None:
        self.members[self.any_group()].pop(self.chance.choice(ALIASES), None)
        self.team = self.chance.sample(ALIASES, self.chance.randint(0, 2))

    def end(self, day: date) -> None:
        members = self.members[self.any_group()]
        for alias in members:
            members[alias] = day + timedelta(days=self.chance.randint(-1, 5))

    def rename(self, _: date) -> None:
        """Give a key to another group, the keys of two groups to one another, or a new key to one."""
        number = self.any_group()
        other = self.any_group()
        self.keys[number], self.keys[other] = self.keys[other], self.keys[number]
        free = sorted({"alpha", "beta", "gamma", "delta"} - set(self.keys.values()))
        if free:
            self.keys[number] = self.chance.choice(free)

    def move(self, _: date) -> None:
        if len(self.keys) < 4:
            number = max([*self.keys, *self.members]) + 1
            free = sorted({"alpha", "beta", "gamma", "delta"} - set(self.keys.values()))
            self.keys[number], self.members[number] = free[0], {"eve": None}

    def drop(self, _: date) -> None:
        if len(self.keys) > 1:
            del self.keys[self.any_group()]

    def spare_somebody(self, _: date) -> None:
        """Let somebody of the team stay out of a group, or nobody."""
        self.excepted[self.any_group()] = set(self.chance.sample(ALIASES, self.chance.randint(0, 2)))

    def enrol(self, _: date) -> None:
        """Change one people file: its rows, or whether it exists."""
        name = self.chance.choice("ab")
        if self.chance.random() < 0.2 and len(self.rolls) > 1:
            self.rolls.pop(name, None)
        else:
            mine = range(1, 5) if name == "a" else range(5, 9)
            self.rolls[name] = [str(number) for number in mine if self.chance.random() < 0.6]

    def roll_files(self, path: str) -> dict[str, str | None]:
        """The people files beside a YAML file; one of them cannot be read at times."""
        folder = path.rpartition("/")[0]
        files: dict[str, str | None] = {}
        for name in "ab":
            file = f"{folder}/rolls/{name}.csv".removeprefix("/")
            rows = [f"{number},(404) 555-01{number}{number}" for number in self.rolls.get(name, ())]
            broken = ["1,"] if self.chance.random() < 0.05 else []
            files[file] = "\n".join(["no,phone", *rows, *broken * 2]) + "\n" if name in self.rolls else None
        return files

    def call(self, _: date) -> None:
        """Give somebody a new number."""
        self.numbers[self.chance.choice(ALIASES)] = self.spare.pop()

    def any_group(self) -> int:
        return self.chance.choice(sorted(self.keys))

    def text(self) -> str:
        groups = {}
        for number, key in sorted(self.keys.items(), key=lambda each: each[1]):
            people = [
                alias if until is None else f"{{person: {alias}, until: {until}}}"
                for alias, until in self.members[number].items()
            ]
            excepted = ", ".join(sorted(self.excepted.get(number, set()) - self.members[number].keys()))
            teams = f", teams: [crew], except: [{excepted}]" if number % 2 else ", teams: [pupils]"
            groups[key] = f"id: 12036300000000000{number}@g.us, members: [{', '.join(people)}]{teams}"
        source = "sources: [{csv: 'rolls/*.csv', id: no, phone: phone, region: US, team: pupils}]"
        return yaml_of(self.numbers, groups, f"teams: {{crew: [{', '.join(self.team)}]}}\n{source}")


def make(repository: FastRepository, chance: random.Random) -> str:
    """Make a repository: invalid versions, merges, renamed paths, commits of people files alone. The last path."""
    world, day, path = World(chance), BEGIN, "old/groups.yaml"
    repository.commit(seconds(day), {path: world.text(), **world.roll_files(path)})
    for _ in range(chance.randint(5, 14)):
        day += timedelta(days=chance.randint(0, 6))
        if chance.random() < 0.12:
            repository.commit(seconds(day), {path: "version: 1\ngroups: {alpha: {nmae: x}}\n"})
        if chance.random() < 0.15:
            new = f"policy-{repository.marks}.yaml" if path.startswith("old") else f"old/{repository.marks}.yaml"
            # In another folder there are no people files, until a later commit has them.
            repository.commit(seconds(day), {}, renames={path: new})
            path = new
            if chance.random() < 0.7:
                repository.commit(seconds(day), world.roll_files(path))
        world.change(day)
        if chance.random() < 0.3:
            start = repository.marks
            side = repository.commit(seconds(day), {path: world.text() + "# side\n"}, branch="side", start=start)
            world.change(day)
            rolls = world.roll_files(path) if chance.random() < 0.5 else {}
            repository.commit(seconds(day) + 60, {path: world.text(), **rolls}, merge=side, start=start)
        elif chance.random() < 0.6:
            repository.commit(seconds(day), {path: world.text()})
        else:
            repository.commit(seconds(day), world.roll_files(path))
        if chance.random() < 0.2:
            repository.commit(seconds(day), {"README.md": f"{day}\n"})
    repository.make()
    return path


def versions(folder: Path) -> list[tuple[date, dict[str, tuple[str, Members]] | None]]:
    """Each commit of the first parents: its day, and by id the key and everybody who is listed; None: not valid."""
    found = []
    lines = git("rev-list", "--first-parent", "--reverse", "--timestamp", "HEAD", folder=folder).decode().splitlines()
    for when, oid in map(str.split, lines):
        day = datetime.fromtimestamp(int(when), UTC).date()
        names = git("ls-tree", "-r", "--name-only", oid, folder=folder).decode().split()
        wanted = [name for name in names if not name.endswith(".md")]
        data = {name: git("show", f"{oid}:{name}", folder=folder) for name in wanted}
        found.append((day, desired(data, day)))
    return found


def desired(files: dict[str, bytes], day: date) -> dict[str, tuple[str, Members]] | None:
    # There is one YAML file, under whatever name.
    (yaml,) = (name for name in files if name.endswith(".yaml"))
    rolls = f"{yaml.rpartition('/')[0]}/rolls/".removeprefix("/")

    def find(*_: str) -> dict[str, FileContent]:
        return {name: FileContent(name, data) for name, data in files.items() if name.startswith(rolls)}

    try:
        loaded = load_contents([FileContent("a.yaml", files[yaml])], as_of=day, folder=None, name="a.yaml", find=find)
    except ConfigError:
        return None
    return {
        str(group.id): (
            group.key,
            {one.person.identity: one.until for one in (*group.listed_members.values(), *group.expired)},
        )
        for group in loaded.groups
    }


def oracle(found: list[tuple[date, dict[str, tuple[str, Members]] | None]], last: date) -> Counter[Event]:
    """Every event, by subtracting what is wanted after each moment from what was wanted before."""
    events: Counter[Event] = Counter()
    state: dict[str, tuple[str, Members]] = {}
    before: set[tuple[str, str]] = set()
    today = found[0][0]
    for day, version in [*found, (last, None)]:
        while today < day:
            today += timedelta(days=1)
            now = wanted(state, today)
            events.update(Event(today, state[group][0], "ended", one) for group, one in before - now)
            before = now
        if version is not None:
            now = wanted(version, today)
            events.update(Event(today, version[group][0], "entered", one) for group, one in now - before)
            gone = before - now
            events.update(Event(today, version.get(group, state.get(group))[0], "left", one) for group, one in gone)  # type: ignore[index]
            state, before = version, now
    return events


def wanted(state: dict[str, tuple[str, Members]], day: date) -> set[tuple[str, str]]:
    return {
        (group, one)
        for group, (_, members) in state.items()
        for one, until in members.items()
        if until is None or until >= day
    }


@pytest.mark.parametrize("seed", range(10))
def test_events_and_days_are_those_of_loading_every_commit(repository: FastRepository, seed: int) -> None:
    path = make(repository, random.Random(seed))
    found = versions(repository.folder)
    last = found[-1][0] + timedelta(days=12)

    recorder = record_history(Path(path), to_end_of_day=last).recorder
    told = Counter(
        Event(entry.at.date(), group.key, event.kind.value, str(event.person.identity))
        for entry in select_entries(recorder)
        for group in entry.groups
        for event in group.people
        if event.kind is not EventKind.CHANGED
    )

    assert told == oracle(found, last)
    for day in random.Random(seed).sample([BEGIN + timedelta(days=each) for each in range((last - BEGIN).days)], 4):
        version = next((each for when, each in reversed(found) if when <= day and each is not None), {})
        at = record_history(Path(path), day).recorder.members()
        assert {(group.key, str(one.person.identity)) for group in at for one in group.members} == {
            (version[group][0], one) for group, one in wanted(version, day)
        }, day
