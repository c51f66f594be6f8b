"""Links have targets, YAML is valid, commands exist, and generated pages are up to date."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from datetime import date
from pathlib import Path
from typing import Any

import click
import pytest
import yaml

from reconciler.cli.command import LazyGroup
from reconciler.cli.main import cli
from reconciler.config import load
from tests.docs.pages import DOCS, ROOT, Block, anchors, blocks, prose

PAGES = sorted([*ROOT.glob("*.md"), *DOCS.glob("*.md")])
_LINK = re.compile(r"\]\((?P<to>[^)\s]+)\)|(?:src|srcset|href)=\"(?P<at>[^\"]+)\"")

EVERYBODY: dict[str, Any] = {
    "version": 1,
    "people": {
        "alice": "+1 202 555 0143",
        "bob": "+1 202 555 0144",
        "carol": "+1 303 555 0145",
        "dave": "+1 404 555 0146",
    },
    "teams": {"board": ["alice", "bob"]},
}
"""The people and teams that recipes refer to."""


def name_of(page: Path) -> str:
    return str(page.relative_to(ROOT))


_PATH = re.compile(r"`((?:[a-z_]+/)+(?:[a-z_]+\.[a-z]+)?|[a-z_]+\.py)`")


@pytest.mark.parametrize("page", [page for page in PAGES if page.name != "CHANGELOG.md"], ids=name_of)
def test_every_file_of_the_project_that_a_page_names_exists(page: Path) -> None:
    for path in _PATH.findall(prose(page.read_text(encoding="utf-8"))):
        if path.partition("/")[0] in {entry.name for entry in (*ROOT.iterdir(), *(ROOT / "reconciler").iterdir())}:
            assert (ROOT / path).exists() or (ROOT / "reconciler" / path).exists(), f"{path}: no such file"


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_every_link_within_the_project_has_a_target(page: Path) -> None:
    links = [match["to"] or match["at"] for match in _LINK.finditer(prose(page.read_text(encoding="utf-8")))]
    for link in links:
        if re.match(r"[a-z]+:", link):
            continue
        path, _, anchor = link.partition("#")
        target = (page.parent / path).resolve() if path else page
        assert target.exists(), f"{link}: no such file"
        assert not anchor or anchor in anchors(target.read_text(encoding="utf-8")), f"{link}: no such heading"


def yaml_blocks() -> list[Any]:
    """Return every YAML block that is a configuration, or a part of one."""
    found = []
    for page in PAGES:
        text = page.read_text(encoding="utf-8")
        found += [
            pytest.param(block, id=f"{name_of(page)}:{block.line}")
            for block in blocks(text)
            if block.language == "yaml" and re.search("^groups:", block.text, re.MULTILINE) and not in_folder(block)
        ]
    return found


def in_folder(block: Block) -> str:
    """Return the path in the first line of a block that is one file of a folder; "" for other blocks."""
    match = re.match(r"# (?P<path>[\w./-]+\.yaml)\b", block.text)
    return match["path"] if match else ""


@pytest.mark.parametrize("block", yaml_blocks())
def test_every_yaml_block_is_valid_together_with_the_people_it_refers_to(block: Block, tmp_path: Path) -> None:
    part = yaml.load(block.text, yaml.BaseLoader)
    whole = {**EVERYBODY, **part}
    for section in ("people", "teams"):
        whole[section] = {**EVERYBODY[section], **part.get(section, {})}
    file = tmp_path / "groups.yaml"
    file.write_text(yaml.safe_dump(whole, allow_unicode=True), encoding="utf-8")
    assert load(file, as_of=date(2026, 1, 1)).groups


WHOLE = [block for block in yaml_blocks() if block.values[0].text.startswith("version: 1\n")]


@pytest.mark.parametrize("block", WHOLE)
def test_a_block_that_begins_with_the_version_is_a_whole_file_that_breaks_no_rule(block: Block, tmp_path: Path) -> None:
    file = tmp_path / "groups.yaml"
    file.write_text(block.text, encoding="utf-8")
    desired = load(file, as_of=date(2026, 1, 1), check_rules=date(2026, 1, 1))
    assert [finding for finding in desired.findings if finding.refuses] == []


def test_the_files_of_the_folder_with_owners_are_valid_together(
    tmp_path: Path,
) -> None:
    page = (DOCS / "recipes.md").read_text(encoding="utf-8")
    files = {path: block.text for block in blocks(page) if block.language == "yaml" and (path := in_folder(block))}
    assert files.keys() == {"main.yaml", "people.yaml", "sales/groups.yaml"}
    for path, text in files.items():
        (tmp_path / path).parent.mkdir(exist_ok=True)
        (tmp_path / path).write_text(text, encoding="utf-8")
    assert [group.key for group in load(tmp_path, as_of=date(2026, 1, 1)).groups] == ["everybody", "sales-emea"]


def command_lines() -> list[Any]:
    """Return every line of a shell block that runs the reconciler."""
    found = []
    for page in PAGES:
        for block in blocks(page.read_text(encoding="utf-8")):
            lines = block.text.splitlines() if block.language in ("sh", "console") else []
            for line in lines:
                if match := re.match(r"(?:\$ )?(?:[A-Z_]+=\S+ )*reconciler (?P<rest>[^#&|>]*)", line):
                    found.append(pytest.param(match["rest"], id=f"{name_of(page)}: {match['rest'].strip()}"))
    return found


@pytest.mark.parametrize("line", command_lines())
def test_the_program_accepts_every_command_line(line: str) -> None:
    command: click.Command = cli
    arguments = shlex.split(re.sub(r"\$\(\(.*?\)\)", "1", line))
    while isinstance(command, LazyGroup):
        context = command.make_context("reconciler", list(arguments))
        rest = [*context._protected_args, *context.args]
        if command.invoke_without_command and not rest:
            return
        name, found, arguments = command.resolve_command(context, rest)
        assert found is not None, name
        command = found
    command.make_context(command.name, list(arguments))


def test_the_generated_pages_are_up_to_date() -> None:
    ran = subprocess.run([sys.executable, str(DOCS / "generate.py"), "--check"], capture_output=True, text=True)
    assert ran.returncode == 0, ran.stderr
