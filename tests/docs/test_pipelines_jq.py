"""Every jq program of the page about CI runs on the JSON of a real drift and prints what the page shows."""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import jq
import pytest

from reconciler.sandbox import Settings
from tests.docs.pages import DOCS, blocks
from tests.stage import Stage, stage_with

PAGE = (DOCS / "pipelines.md").read_text(encoding="utf-8")
BLOCKS = blocks(PAGE.partition("## Read the JSON with jq\n")[2].partition("\n## ")[0])
PROGRAMS = [(block, after) for block, after in pairwise([*BLOCKS, None]) if block and block.text.startswith("jq")]


@pytest.fixture
def stage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Iterator[Stage]:
    """Three groups as the file describes them; then one is renamed, and one loses a person and gains a stranger."""
    with stage_with(Settings(), tmp_path, monkeypatch, capsys) as ready:
        ready.file(
            """
            people: {ana: +1 202 555 0143, ben: +1 202 555 0144}
            groups:
              archive: {name: Archive, members: [ben]}
              coaches: {name: Coaches, members: [ana, ben]}
              parents: {name: Parents, members: [ana, ben]}
            """
        )
        assert ready.run("apply", "--yes").code == 0
        ids = {group.name: group.id for group in ready.world.groups()}
        assert ready.run("pin").code == 0
        ready.world.rename_group(ids["Coaches"], "Coaches (renamed)")
        ready.world.remove_participant(ids["Parents"], "+1 202 555 0143")
        ready.world.add_participant(ids["Parents"], "+1 617 555 0165")
        yield ready


def printed(command: str, document: Any) -> str:
    """Return what a `jq [-r|-e] PROGRAM FILE` prints."""
    program = next(word for word in shlex.split(command)[1:] if not word.startswith("-"))
    results = jq.compile(program).input_value(document).all()
    return "".join(f"{one if isinstance(one, str) else json.dumps(one)}\n" for one in results)


def test_every_jq_program_of_the_page_prints_what_the_page_shows(stage: Stage) -> None:
    ran = stage.run("drift", "--format", "json")
    assert ran.code == 2, ran.err
    shown = [(block, after) for block, after in PROGRAMS if after is not None and after.language == "text"]
    assert len(shown) == 3
    for block, after in shown:
        assert printed(block.text, json.loads(ran.out)) == after.text


def test_the_program_that_shortens_the_document_keeps_only_the_groups_that_differ(stage: Stage) -> None:
    ran = stage.run("drift", "--format", "json")
    (shortening,) = [block for block, _ in PROGRAMS if "del(.live)" in block.text]
    short = json.loads(printed(shortening.text, json.loads(ran.out)))
    assert [group["key"] for group in short["groups"]] == ["coaches", "parents"]
    assert not any("live" in group for group in short["groups"])
    assert len(json.dumps(short)) < len(ran.out)
