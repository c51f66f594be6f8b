"""The Rego policy of the recipe, run by an implementation of Rego on plans as `plan --format json` prints them."""

from __future__ import annotations

import json
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from reconciler.sandbox import Settings
from tests.docs.pages import DOCS, blocks
from tests.stage import stage_with

pytestmark = pytest.mark.skipif(find_spec("regopy") is None, reason="regopy, which runs Rego, is not installed")
PAGE = (DOCS / "recipes.md").read_text(encoding="utf-8")
(POLICY,) = [block.text for block in blocks(PAGE) if block.language == "rego"]
RUN = """
import json, sys
from regopy import Interpreter
given = json.load(sys.stdin)
interpreter = Interpreter()
interpreter.add_module("groups", given["policy"])
interpreter.set_input(given["plan"])
print(json.dumps({rule: str(interpreter.query(f"data.main.{rule}")) for rule in ("deny", "warn")}))
"""


def results(plan: Any) -> dict[str, list[str]]:
    """Return the messages of each rule of the policy about a plan.

    In a process of its own: this library and the one for CEL cannot be loaded into the same one.
    """
    given = json.dumps({"policy": POLICY, "plan": plan})
    ran = subprocess.run([sys.executable, "-c", RUN], input=given, capture_output=True, text=True, check=True)
    found = {rule: json.loads(output) for rule, output in json.loads(ran.stdout).items()}
    return {rule: sorted(output["expressions"][0]) for rule, output in found.items()}


def test_the_policy_denies_what_it_is_about_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with stage_with(Settings(), tmp_path, monkeypatch, capsys) as stage:
        people = "people: {ana: +1 202 555 0143, ben: +1 202 555 0144, cy: +1 303 555 0145, dora: +1 404 555 0146}\n"
        everybody = "[ana, ben, cy, dora]"
        stage.file(f"{people}groups: {{kids-1: {{name: Club Kids, members: {everybody}}}}}\n")
        assert stage.run("apply", "--yes").code == 0

        stage.file(
            f"{people}policy: {{max_removals: 100%}}\ngroups:\n"
            "  kids-1: {name: Club Kids, members: [ana]}\n"
            "  guests: {name: Guests, members: [ana, {person: ben, until: 2099-12-31}]}\n"
        )
        plan = json.loads(stage.run("plan", "--format", "json").out)
        assert results(plan) == {
            "deny": [
                "guests: the name of a new group begins with Club",
                "kids-1: 3 people would leave, and 2 are allowed",
            ],
            "warn": ["guests: ana has no last day"],
        }

        stage.file(f"{people}groups: {{kids-1: {{name: Club Kids, members: [ana, ben, cy]}}}}\n")
        plan = json.loads(stage.run("plan", "--format", "json").out)
        assert results(plan) == {"deny": [], "warn": []}
