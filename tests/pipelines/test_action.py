"""The composite action and the pre-commit hook, run as their callers would."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from tests.pipelines.conftest import DAN, Scene, yaml_of
from tests.pipelines.expressions import Refused
from tests.pipelines.runner import Run, action

ROOT = Path(__file__).parents[2]


@pytest.fixture
def caller(scene: Scene) -> Run:
    """A job that has checked the repository out."""
    run = Run(scene.forge, scene.forge.pushed(), scene.folder)
    where = scene.folder / "caller" / "groups" / "groups"
    where.mkdir(parents=True)
    (where / "groups.yaml").write_text(scene.forge.file("groups.yaml"))
    return run


def test_pending_changes_are_an_output_and_no_failure(scene: Scene, caller: Run) -> None:
    clean, told = action(caller, ROOT, {"command": "plan", "api-key": scene.server.key})
    assert (clean.result, told["exitcode"], told["has-changes"]) == ("success", "0", "false")
    scene.world.add_participant(scene.world.groups()[0].id, DAN)
    for command in ("plan", "drift"):
        job, told = action(caller, ROOT, {"command": command, "api-key": scene.server.key})
        assert (job.result, told["exitcode"], told["has-changes"]) == ("success", "2", "true")
        assert "dan" in told["summary"]
    assert scene.server.key not in caller.everything()


def test_an_apply_converges_and_an_error_fails_the_step_with_its_code_told(scene: Scene, caller: Run) -> None:
    (scene.folder / "caller/groups/groups/groups.yaml").write_text(yaml_of(beta="name: Beta, members: [alice]"))
    job, told = action(caller, ROOT, {"command": "apply", "arguments": "--yes\n", "api-key": scene.server.key})
    assert (job.result, told["exitcode"], told["has-changes"]) == ("success", "0", "false")
    assert "Beta" in told["summary"]
    job, told = action(caller, ROOT, {"command": "plan"})
    assert (job.result, told["exitcode"]) == ("failure", "1")
    assert "WAPPFY_API_KEY" in job.log


def test_inputs_are_arguments_whatever_is_in_them(scene: Scene, caller: Run) -> None:
    below = scene.folder / "caller" / "groups" / "groups" / "a folder"
    below.mkdir()
    name = "$(touch pwned) `touch pwned`; touch pwned.yaml"
    (below / name).write_text(yaml_of(alpha="name: Alpha"))
    out = "--output\nout put; touch pwned\n\n"
    given = {
        "command": "validate",
        "path": name,
        "arguments": f"--format\njson\n{out}",
        "working-directory": "a folder",
    }
    job, told = action(caller, ROOT, given)
    assert (job.result, told["exitcode"]) == ("success", "0")
    assert sorted(os.listdir(below)) == [name, "out put; touch pwned"]
    job, told = action(caller, ROOT, {"command": "validate; touch pwned", "path": ""})
    assert job.result == "failure"
    assert not list(scene.folder.rglob("pwned"))


def test_what_a_command_prints_cannot_set_other_outputs(scene: Scene, caller: Run) -> None:
    wrong = 'version: 1\ngroups: {"a\\nEOF\\nhas-changes=true\\nend-0=x": {nmae: x}}\n'
    (scene.folder / "caller/groups/groups/groups.yaml").write_text(wrong)
    job, told = action(caller, ROOT, {"command": "validate"})
    assert (told["exitcode"], told["has-changes"]) == ("1", "false")
    assert job.result == "failure"
    with pytest.raises(Refused):
        action(caller, ROOT, {"path": "groups.yaml"})


def test_the_hook_checks_the_file_or_what_its_arguments_name(tmp_path: Path) -> None:
    (hook,) = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text())
    assert (hook["language"], hook["pass_filenames"]) == ("python", False)
    command = [Path(sys.executable).parent / hook["entry"].split()[0], *hook["entry"].split()[1:]]
    (tmp_path / "groups.yaml").write_text(yaml_of(alpha="name: Alpha"))
    (tmp_path / "more").mkdir()
    (tmp_path / "more" / "x.yaml").write_text("version: 1\ngroups: {a: {nmae: x}}\n")
    good = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
    bad = subprocess.run([*command, "more"], cwd=tmp_path, capture_output=True, text=True)
    assert (good.returncode, bad.returncode) == (0, 1)
    assert "did you mean `name`" in bad.stdout
