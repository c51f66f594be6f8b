"""`reconciler adopt`: manual changes in live groups go into the file, and a plan is empty afterwards."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from reconciler.sandbox import Dialect, Settings
from tests.repository import Repository
from tests.stage import INSTANCE, PHONE, Stage, stage_with

ALICE, BOB, CAROL = "+1 202 555 0143", "+1 202 555 0144", "+1 303 555 0145"
FILE = f"""
people:
  alice: {ALICE}
  bob: {BOB}
teams: {{board: [alice]}}
groups:
  alpha:
    id: %s
    name: Alpha   # the first
    teams: [board]
    members:
      - bob
  beta:
    id: %s
    name: Beta
    members: [alice, bob]
"""


NO_REVISION = "there is no applied revision to compare with, so every difference is adopted\n"


def report(stage: Stage, **fields: Any) -> None:
    """Write the report of an apply that had nothing to do, but for these fields."""
    document = {"format": "wappfy-reconciler/result", "masked": False, "calls": [], "steps": [], "people": []}
    text = json.dumps({**document, "summary": {"pending_adds": 0}, **fields})
    (stage.folder / "report.json").write_text(text, encoding="utf-8")


@pytest.mark.parametrize("dialect", list(Dialect))
def test_after_adopt_a_plan_finds_nothing_to_do(
    dialect: Dialect, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with stage_with(Settings(dialect, rate_limit=10_000), tmp_path, monkeypatch, capsys) as stage:
        alpha = stage.world.create_group("Alpha: new", [ALICE, BOB, CAROL], owner=PHONE)
        beta = stage.world.create_group("Beta", [BOB], owner=PHONE)
        path = stage.file(FILE % (alpha, beta))
        before = path.read_text()
        report(stage)

        dry = stage.run("adopt", "--dry-run", "--missing", "--report", "report.json")
        assert (dry.code, path.read_text()) == (0, before)
        assert "555 01" not in dry.out + dry.err
        kept = stage.run("adopt", "--target", "beta")
        assert kept.out == "Nothing to change in groups.yaml.\n"
        assert "beta: not adopted: 1 person of the configuration is not in it; --missing removes them" in kept.err
        assert all(call.startswith("GET ") for call in stage.calls())

        ran = stage.run("adopt", "--missing", "--report", "report.json")
        assert (ran.code, ran.out) == (0, dry.out)
        assert ran.out.endswith("\n+ alpha: +1 303 ••• ••45\n- beta: alice\n")
        assert path.read_text() == (
            before.replace("name: Alpha ", 'name: "Alpha: new" ')
            .replace("      - bob\n", "      - bob\n      - +1 303-555-0145\n")
            .replace("[alice, bob]", "[bob]")
        )
        assert stage.run("plan", "--detailed-exitcode").code == 0


def test_people_who_came_get_an_alias_by_their_contact_name_on_request(stage: Stage) -> None:
    alpha = stage.world.create_group("Alpha", [ALICE, BOB, CAROL, "+1 404 555 0147"], owner=PHONE)
    beta = stage.world.create_group("Beta", [ALICE, BOB, CAROL], owner=PHONE)
    stage.world.add_contact(INSTANCE, CAROL, name="Carol: O")
    path = stage.file(FILE % (alpha, beta))
    before = path.read_text()
    ran = stage.run("adopt", "--people")
    assert (ran.code, ran.err) == (0, NO_REVISION)
    assert path.read_text() == (
        before.replace(f"  bob: {BOB}\n", f'  bob: {BOB}\n  carol-o: {{phone: +1 303-555-0145, name: "Carol: O"}}\n')
        .replace("      - bob\n", "      - bob\n      - carol-o\n      - +1 404-555-0147\n")
        .replace("[alice, bob]\n", "[alice, bob, carol-o]\n")
    )
    assert stage.run("plan", "--detailed-exitcode").code == 0


@pytest.mark.parametrize("log", ["report.json", "audit.jsonl"])
def test_somebody_who_refused_is_not_gone_and_somebody_who_was_added_is(stage: Stage, log: str) -> None:
    alpha = stage.world.create_group("Alpha", [ALICE, BOB], owner=PHONE)
    beta = stage.world.create_group("Beta", [], owner=PHONE)
    stage.world.set_privacy(BOB, refuses=True)
    path = stage.file(FILE % (alpha, beta))
    applied = stage.run("apply", "--yes", "--report", "report.json", "--audit-log", "audit.jsonl")
    assert applied.code == 3, applied.err
    stage.world.remove_participant(beta, ALICE)
    before = path.read_text()
    ran = stage.run("adopt", "--missing", "--report", log)
    assert "beta: not adopted: bob stays in the configuration: no apply is known to have added them" in ran.err
    assert path.read_text() == before.replace("[alice, bob]", "[bob]")


@pytest.mark.parametrize("log", ["budget", "waiting"])
def test_where_somebody_had_to_wait_only_those_are_gone_who_were_added(stage: Stage, log: str) -> None:
    alpha = stage.world.create_group("Alpha", [ALICE, BOB], owner=PHONE)
    beta = stage.world.create_group("Beta", [ALICE], owner=PHONE)
    budget = "policy: {budget: {adds_per_day: 1}}\n" if log == "budget" else ""
    path = stage.file(FILE % (alpha, beta) + budget)
    before = path.read_bytes()
    report(stage, summary={"pending_adds": int(log == "waiting")})
    assert stage.run("adopt", "--missing", "--report", "report.json").code == 0
    assert path.read_bytes() == before


def test_only_manual_changes_since_the_applied_revision_are_adopted(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The file wants carol since, does not want alice any more, and has another name and description."""
    alpha = stage.world.create_group("Alpha", [ALICE, BOB], owner=PHONE)
    beta = stage.world.create_group("By hand", [ALICE, BOB, "+1 404 555 0147"], owner=PHONE)
    path = stage.file(FILE % (alpha, beta))
    repository = Repository(stage.folder, monkeypatch)
    repository.commit({"groups.yaml": path.read_text()})
    repository.git("tag", "applied/1")
    text = path.read_text().replace("name: Alpha", "name: Omega").replace("name: Beta", "name: Gamma")
    path.write_text(text.replace("[alice, bob]", f"[bob, {CAROL}]"), encoding="utf-8")
    before = path.read_text()
    report(stage)
    ran = stage.run("adopt", "--missing", "--report", "report.json")
    assert ran.code == 0, ran.err
    assert "beta: not adopted: its name was changed manually and, since applied/1, in the configuration" in ran.err
    assert path.read_text() == before.replace(CAROL, f"{CAROL}, +1 404-555-0147")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ("--only nam", "--only: 'nam' cannot be adopted"),
        ("--only name --missing", "--missing needs members in --only"),
        ("--target zeta", "zeta"),
        ("--missing", "--missing needs --report"),
        ("--report groups.yaml", "--report needs --missing"),
        ("--missing --report groups.yaml", "groups.yaml:1: this is not a line of an audit log"),
        ("--missing --report empty.jsonl", "there is no result of an apply in it"),
        ("--missing --report none.json", "cannot read none.json"),
        ("--since nothing", "not a git repository"),
    ],
)
def test_what_cannot_be_adopted_is_an_error(stage: Stage, arguments: str, words: str) -> None:
    stage.file(FILE % ("1@g.us", "2@g.us"))
    (stage.folder / "empty.jsonl").touch()
    ran = stage.run("adopt", *arguments.split())
    assert (ran.code, ran.out) == (1, "")
    assert words in ran.err
