"""A server whose answers lack `meta`, and whose errors lack `code` and `details`, is served as well as any other."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from reconciler.sandbox import Dialect, Settings
from reconciler.sandbox.faults import Fault, FaultKind
from tests.stage import INSTANCE, PHONE, Stage, stage_with

ALICE, BOB, CAROL = "+1 202 555 0140", "+1 202 555 0141", "+1 202 555 0142"


@pytest.fixture(params=["guide", "reference"])
def bare(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Iterator[Stage]:
    settings = Settings(Dialect(request.param), rate_limit=10_000, bare=True)
    with stage_with(settings, tmp_path, monkeypatch, capsys) as stage:
        yield stage


def test_a_plan_of_every_kind_of_change_is_applied(bare: Stage) -> None:
    alpha = bare.world.create_group("Alpha", [ALICE, BOB], owner=PHONE)
    foreign = bare.world.create_group("Foreign", [PHONE, ALICE], owner="+1 617 555 0100")
    bare.file(
        f"groups:\n  alpha: {{id: {alpha}, name: Renamed, members: ['{ALICE}', '{CAROL}'], max_removals: 5}}\n"
        f"  beta: {{name: Beta, description: New, members: ['{BOB}']}}\n  foreign: {{id: {foreign}, state: left}}\n"
    )
    applied = bare.run("apply", "--yes")
    assert applied.code == 0, applied.out + applied.err
    assert bare.run("plan", "--detailed-exitcode").code == 0


def test_somebody_who_is_in_under_a_private_id_is_told_by_the_conflict(bare: Stage) -> None:
    bare.world.set_account(BOB, lid="76699677012110@lid", shows="lid")
    alpha = bare.world.create_group("Alpha", [ALICE, BOB], owner=PHONE)
    bare.file(f"groups: {{alpha: {{id: {alpha}, members: ['{ALICE}', '{BOB}']}}}}")
    applied = bare.run("apply", "--yes")
    assert applied.code == 0, applied.out + applied.err
    assert "76699677012110@lid" in applied.out


def test_a_group_that_is_gone_since_it_was_listed_is_blocked_and_the_others_go_on(bare: Stage) -> None:
    alpha = bare.world.create_group("Alpha", [ALICE], owner=PHONE)
    beta = bare.world.create_group("Beta", [ALICE], owner=PHONE)
    bare.file(
        f"groups:\n  alpha: {{id: {alpha}, name: New, members: ['{BOB}'], description: x, max_removals: 5}}\n"
        f"  beta: {{id: {beta}, members: ['{ALICE}', '{BOB}']}}\n"
    )
    bare.server.set_faults([Fault(FaultKind.STATUS, "GET", f"/groups/{alpha}", status=404, times=0)])
    applied = bare.run("apply", "--yes")
    assert applied.code == 3, applied.err
    assert "the group disappeared while the plan was being made" in applied.out
    assert len(bare.world.group(beta).members) == 3


def test_people_are_named_as_in_the_contacts_of_either_dialect(bare: Stage) -> None:
    bare.world.add_contact(INSTANCE, ALICE, name="Alice Marsh")
    bare.world.add_contact(INSTANCE, BOB, push_name="Bobby")
    bare.world.create_group("Alpha", [ALICE, BOB], owner=PHONE)
    imported = bare.run("import", "--people", "--instance-id", INSTANCE, "--phone", PHONE)
    assert imported.code == 0, imported.err
    assert "alice-marsh: {" in imported.out
    assert "bobby: {" in imported.out
