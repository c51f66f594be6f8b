"""A server that bans: what raises an account's score, what it costs, and what a budget is good for."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from threading import Event

import pytest

from reconciler.apply.result import ApplyResult, StepResult
from reconciler.config import load
from reconciler.engine import execute, make_plan
from reconciler.live.client import Client
from reconciler.live.throttle import Throttle
from reconciler.live.transport import Transport
from reconciler.model.desired import Desired
from reconciler.plan.model import Step
from reconciler.plan.selection import PlanOptions
from reconciler.sandbox import Dialect, Server, Settings, World
from reconciler.sandbox.reputation import Reputation
from tests.docs.pages import ROOT
from tests.stage import INSTANCE, PHONE, Stage, stage_with

BEGIN = date(2026, 11, 1)
AREAS = (201, 229, 203, 205, 206, 207, 208, 209, 210, 212, 213, 214, 215, 216, 217, 218, 219, 224, 225, 228)


class NoPause(Event):
    """A stop that waits for nothing, since the days of these runs are simulated; `interrupts` sets it at a pause."""

    def __init__(self, *, interrupts: bool = False) -> None:
        super().__init__()
        self.pauses: list[float | None] = []
        self._interrupts = interrupts

    def wait(self, timeout: float | None = None) -> bool:
        """Return at once."""
        self.pauses.append(timeout)
        if self._interrupts:
            self.set()
        return self.is_set()


class Silent:
    """Progress that nobody watches."""

    def started(self, step: Step) -> None:
        """Hear that a step starts."""

    def finished(self, result: StepResult) -> None:
        """Hear that a step ended."""

    def reading_back(self, key: str) -> None:
        """Hear that a group is read back."""


@contextmanager
def banning(ban_above: int) -> Iterator[tuple[Server, Client]]:
    """A server that bans, and a client of it; neither has a rate limit."""
    settings = Settings(dialect=Dialect.REFERENCE, rate_limit=None, ban_above=ban_above)
    with World.open() as world, Server(world, settings) as server:
        world.ensure_instance(INSTANCE, PHONE)
        throttle = Throttle(None, None, NoPause())
        with closing(Transport(server.url, server.key, throttle=throttle)) as transport:
            yield server, Client(transport, INSTANCE)


def one_day(server: Server, client: Client, wanted: Desired, day: date, stop: NoPause | None = None) -> ApplyResult:
    """Plan and apply on this day."""
    noon = datetime(day.year, day.month, day.day, 12, tzinfo=UTC).timestamp()
    server.clock = lambda: noon
    planned = make_plan(replace(wanted, as_of=day), client, PlanOptions(), parallelism=2, rate=lambda: 100.0)
    return execute(planned, client, desired=wanted, parallelism=2, stop=stop or NoPause(), progress=Silent())


def starter_with(groups: int, people: int, folder: Path) -> Desired:
    """The starter's budget, and so many people in so many groups."""
    text = (ROOT / "reconciler" / "starter" / "groups.yaml").read_text(encoding="utf-8")
    policy = text[text.index("policy:") : text.index("# The key (board)")].replace(
        "protected: [alice]", "protected: []"
    )
    size = people // groups
    numbers = [f"+1 {area} 555 01{line:02}" for area in AREAS for line in range(100)][:people]
    members = [numbers[at : at + size] for at in range(0, people, size)]
    body = {f"g{n:02}": {"name": f"Group {n}", "members": each} for n, each in enumerate(members)}
    path = folder / "groups.yaml"
    head = f"version: 1\ninstance: {{id: {INSTANCE}, phone: {PHONE}}}\n"
    path.write_text(f"{head}{policy}groups: {json.dumps(body)}\n", encoding="utf-8")
    return load(path, as_of=BEGIN)


def days_until_done(groups: int, people: int, folder: Path) -> int:
    """How many days it takes until everybody is in their group, with nobody banned."""
    wanted = starter_with(groups, people, folder)
    with banning(ban_above=100) as (server, client):
        for days in range(1, 100):
            result = one_day(server, client, wanted, BEGIN + timedelta(days=days))
            assert client.instance().status == "connected"
            if result.converged:
                inside = [len(group.members) - 1 for group in server.world.groups()]
                assert inside == [people // groups] * groups
                return days
    raise AssertionError("not done in a hundred days")


def test_with_the_starters_budget_nobody_is_banned(tmp_path: Path) -> None:
    assert days_until_done(groups=8, people=240, folder=tmp_path) == 6


def test_with_the_starters_budget_two_thousand_people_get_into_forty_groups(tmp_path: Path) -> None:
    assert days_until_done(groups=40, people=2000, folder=tmp_path) == 50


def test_without_a_budget_the_same_account_is_banned_on_the_first_day(tmp_path: Path) -> None:
    wanted = starter_with(8, 240, tmp_path)
    wanted = replace(wanted, policy=replace(wanted.policy, budget=None))
    with banning(ban_above=100) as (server, client):
        assert not one_day(server, client, wanted, BEGIN).converged
        assert client.instance().status == "disconnected"


def test_where_everybody_refuses_nobody_is_tried_twice(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    settings = Settings(rate_limit=10_000, ban_above=100)
    with stage_with(settings, tmp_path, monkeypatch, capsys) as stage:
        numbers = [f"+1 202 555 01{number}" for number in range(40, 52)]
        for number in numbers:
            stage.world.set_account(number, refuses_adds=True)
        stage.world.create_group("Team", [], owner=PHONE)
        stage.file(
            f"policy: {{budget: {{adds_per_day: 5}}}}\ngroups: {{team: {{name: Team, members: {json.dumps(numbers)}}}}}"
        )
        for _ in range(6):
            assert stage.run("apply", "--yes", "--audit-log", "audit.jsonl").code == 3
            next_day(stage)
        posts = [json.loads(call.body) for call in stage.world.calls() if call.method == "POST"]
        tried = [jid for body in posts for jid in body["participants"]]
        assert sorted(tried) == sorted(set(tried))
        assert len(tried) == len(numbers)
        assert stage.world.instance(INSTANCE).status == "connected"


def next_day(stage: Stage) -> None:
    """Make the audit log 25 hours older."""
    path = stage.folder / "audit.jsonl"
    entries = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    for entry in entries:
        entry["at"] = (datetime.fromisoformat(entry["at"]) - timedelta(hours=25)).isoformat()
    path.write_text("".join(json.dumps(entry) + "\n" for entry in entries), encoding="utf-8")


def test_strangers_new_groups_and_second_tries_raise_the_score_of_a_day() -> None:
    reputation = Reputation(20)
    assert not reputation.note_call(0, strangers=3, refusing=["1"], creates=True)
    assert reputation.score(0) == 8
    assert not reputation.note_call(3600, strangers=1, refusing=["1"], creates=False)
    assert reputation.score(3600) == 19
    assert reputation.note_call(7200, strangers=2, refusing=[], creates=False)
    assert reputation.score(86_400) == 13
    assert reputation.score(200_000) == 0


def test_who_is_in_a_group_of_the_account_or_its_contact_is_no_stranger() -> None:
    with banning(ban_above=1000) as (server, client):
        world = server.world
        world.create_group("Old", ["+1 202 555 0143"], owner=PHONE)
        world.add_contact(INSTANCE, "+1 202 555 0144", "Bob")
        client.create_group("New", [f"120255501{number}@s.whatsapp.net" for number in (43, 44, 45, 46)])
        reputation = server.reputation(INSTANCE)
        assert reputation is not None
        assert reputation.score(server.now()) == 5 + 2


def test_a_run_pauses_between_the_groups_that_it_creates(tmp_path: Path) -> None:
    stop = NoPause()
    with banning(ban_above=100) as (server, client):
        one_day(server, client, starter_with(80, 160, tmp_path), BEGIN, stop)
        assert len(server.world.groups()) == 5
    pauses = [seconds or 0 for seconds in stop.pauses]
    assert len(pauses) == 4
    assert all(290 < seconds <= 300 for seconds in pauses)


def test_an_interrupt_ends_the_pause_and_the_group_is_not_created(tmp_path: Path) -> None:
    with banning(ban_above=100) as (server, client):
        result = one_day(server, client, starter_with(80, 160, tmp_path), BEGIN, NoPause(interrupts=True))
        assert len(server.world.groups()) == 1
    assert result.interrupted
    assert [step.status.value for step in result.steps] == ["done", "not run", "not run", "not run", "not run"]
