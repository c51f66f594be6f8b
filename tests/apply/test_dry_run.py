"""A dry run lists the calls that an apply then sends: the same methods, paths and bodies, in both dialects."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from reconciler.plan.model import Action
from reconciler.report.sections import KNOWN_AFTER_APPLY
from reconciler.sandbox import Dialect, Settings
from tests.stage import INSTANCE, PHONE, Stage, stage_with

PEOPLE = [f"+1 404 555 01{n:02}" for n in range(5)]
CODE = "AbCdEfGhIjKlMn"


@pytest.mark.parametrize(
    ("dialect", "removal"),
    [(Dialect.GUIDE, ("DELETE", "participants")), (Dialect.REFERENCE, ("POST", "remove"))],
)
def test_a_dry_run_lists_the_calls_that_the_server_receives_in_an_apply(
    dialect: Dialect,
    removal: tuple[str, str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    with stage_with(Settings(dialect), tmp_path, monkeypatch, capsys) as stage:
        _write_file_with_every_action(stage)
        document = json.loads(stage.run("apply", "--dry-run", "--show-phones", "--format", "json").out)
        actions = {step["action"] for group in document["groups"] for step in group["steps"]}
        assert actions == {action.value for action in Action}
        stage.calls()
        assert stage.run("apply", "--yes").code == 0
        received = _received_writes(stage)
    assert sorted(map(json.dumps, document["calls"])) == sorted(map(json.dumps, received))
    assert removal in {(call["method"], call["path"].rpartition("/")[2]) for call in received}


def _write_file_with_every_action(stage: Stage) -> None:
    changed = stage.world.create_group("Alpha", PEOPLE, owner=PHONE)
    left = stage.world.create_group("Gone", PEOPLE, owner=PEOPLE[0])
    stage.world.add_participant(left, PHONE)
    stage.world.create_group("Club", PEOPLE, owner=PEOPLE[0], invite_code=CODE)
    stage.file(f"""
        policy: {{max_removals: 100%}}
        groups:
          alpha: {{id: {changed}, name: Omega, members: [+1 202 555 0143, {", ".join(PEOPLE[1:])}]}}
          made: {{name: Made, description: New, members: [{", ".join(PEOPLE)}]}}
          club: {{name: Club, invite: https://chat.whatsapp.com/{CODE}}}
          gone: {{id: {left}, state: left}}
    """)


def _received_writes(stage: Stage) -> list[dict[str, Any]]:
    """Return the writes that the server received, with a dry run's placeholder for the id of the new group."""
    (made,) = [group.id for group in stage.world.groups() if group.name == "Made"]
    prefix = f"/api/instances/{INSTANCE}"
    return [
        {
            "method": call.method,
            "path": call.path.removeprefix(prefix).replace(made, KNOWN_AFTER_APPLY),
            "body": json.loads(call.body) if call.body else None,
        }
        for call in stage.world.calls()
        if call.method != "GET"
    ]
