"""The first screen of the README is short, and its plan is what the program prints for its YAML."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from reconciler.sandbox import Server, World
from tests.docs.pages import ROOT, blocks
from tests.stage import UPDATE

README = ROOT / "README.md"
PROMPT = "$ reconciler plan\n"


def plan_of(text: str, folder: Path) -> str:
    """Return the output of a plan of the README's YAML, with a live group that has an old name and other people."""
    (folder / "groups.yaml").write_text(text, encoding="utf-8")
    with World.open() as world:
        world.ensure_instance("inst_readme", "+1 202 555 0100")
        people = ["+1 202 555 0143", "+1 206 555 0113"]
        world.create_group("Coaches", people, owner="+1 202 555 0100", group_id="120363400000000001@g.us")
        with Server(world) as server:
            environment = {
                "PATH": os.environ["PATH"],
                "WAPPFY_API_KEY": server.key,
                "WAPPFY_BASE_URL": server.url,
                "WAPPFY_INSTANCE_ID": "inst_readme",
                **{name: os.environ[name] for name in os.environ if name.startswith("COVERAGE")},
            }
            command = [sys.executable, "-m", "reconciler", "plan"]
            ran = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True)
    assert ran.returncode == 0, ran.stderr
    return ran.stdout


def test_the_first_screen_has_the_yaml_the_plan_and_the_links_in_35_lines() -> None:
    screen = README.read_text(encoding="utf-8").splitlines()[:35]
    links = ("docs/start.md", "docs/recipes.md", "docs/pipelines.md", "docs/safety.md", "docs/file.md")
    for part in ("```yaml", "```console", PROMPT.strip(), "make demo", *links):
        assert any(part in line for line in screen), part
    assert not any("docs/images/" in line for line in screen)


def test_the_plan_in_the_readme_is_what_the_program_prints_for_its_yaml(tmp_path: Path) -> None:
    page = README.read_text(encoding="utf-8")
    file, console = blocks(page)[:2]
    command, _, quoted = console.text.partition(PROMPT)
    printed = plan_of(file.text, tmp_path)
    if UPDATE:
        README.write_text(page[: console.start] + command + PROMPT + printed + page[console.end :], encoding="utf-8")
        quoted = printed
    assert quoted == printed
