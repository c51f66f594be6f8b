"""The files for contributors have the form that the code host, the editor and pre-commit expect."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.docs.pages import ROOT

FORMS = sorted((ROOT / ".github" / "ISSUE_TEMPLATE").glob("*.yml"))
HOOKS: list[dict[str, Any]] = [
    hook
    for repository in yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text(encoding="utf-8"))["repos"]
    for hook in repository["hooks"]
]


@pytest.mark.parametrize("form", FORMS, ids=lambda form: form.name)
def test_every_issue_form_has_the_published_form(form: Path) -> None:
    schema = "vendor.github-issue-config" if form.name == "config.yml" else "vendor.github-issue-forms"
    checker = Path(sys.executable).with_name("check-jsonschema")
    ran = subprocess.run([checker, "--builtin-schema", schema, str(form)], capture_output=True, text=True)
    assert ran.returncode == 0, ran.stdout + ran.stderr


def test_the_devcontainer_prepares_itself_with_files_of_this_repository() -> None:
    container = json.loads((ROOT / ".devcontainer" / "devcontainer.json").read_text(encoding="utf-8"))
    script, _, target = container["postCreateCommand"].partition(" && make ")
    assert (ROOT / script).is_file()
    assert target == ".venv/.installed"
    assert "INSTALLED := $(VENV)/.installed" in (ROOT / "Makefile").read_text(encoding="utf-8")


@pytest.mark.parametrize("hook", HOOKS, ids=lambda hook: hook["id"])
def test_every_hook_of_this_repository_runs_a_program_that_the_project_installs(hook: dict[str, Any]) -> None:
    program = hook["entry"].split()[0]
    assert hook["language"] == "system"
    assert program.startswith(".venv/bin/")
    assert Path(sys.executable).with_name(Path(program).name).exists()
