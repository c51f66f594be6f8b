"""`reconciler init`: all files of a new repository, or none."""

from __future__ import annotations

import json
import os
import re
import signal
from pathlib import Path

import pytest

from reconciler import __version__
from reconciler.atomic_file import write_atomic
from reconciler.cli.main import run
from reconciler.json_schemas import schema_text
from reconciler.plan.guards import PLACEHOLDER
from reconciler.starter.templates import CI_SYSTEMS, VERSION, starter_files

ALWAYS = {"groups.yaml", "groups.schema.json"}
PIPELINES = {
    "github": {f".github/workflows/reconciler-{name}.yml" for name in ("plan", "apply", "drift")},
    "gitlab": {".gitlab-ci.yml"},
    "none": set[str](),
}


def files_below(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*") if not path.is_dir()}


@pytest.mark.parametrize("host", CI_SYSTEMS)
def test_init_lists_its_files_and_they_are_valid(host: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = tmp_path / "new" / "repository"
    assert run(["init", str(folder), "--ci", host]) == 0
    printed = capsys.readouterr().out
    assert files_below(folder) == ALWAYS | PIPELINES[host]
    assert set(re.findall(r"^wrote (.*)$", printed, re.M)) == {str(folder / name) for name in ALWAYS | PIPELINES[host]}
    assert re.findall(r"^  (\d)\. ", printed, re.M) == ["1", "2", "3"]
    assert run(["validate", str(folder / "groups.yaml")]) == 0
    assert capsys.readouterr().out.endswith("groups.yaml: valid, 2 groups\n")


def test_the_starter_cannot_be_applied_before_it_is_edited(tmp_path: Path) -> None:
    text = starter_files("none", __version__)
    (page,) = text.values()
    assert f"id: {PLACEHOLDER} " in page
    numbers = re.findall(r"\+[\d ]{8,}\d", page)
    assert numbers
    assert all(re.fullmatch(r"\+1 \d{3} 555 01\d\d", number) for number in numbers)


def test_the_editors_line_leads_to_the_schema_beside_the_file(tmp_path: Path) -> None:
    assert run(["init", str(tmp_path)]) == 0
    first, _, _ = (tmp_path / "groups.yaml").read_text().partition("\n")
    _, _, schema = first.partition("$schema=")
    assert json.loads((tmp_path / schema).read_text()) == json.loads(schema_text("groups.schema.json"))


@pytest.mark.parametrize("host", CI_SYSTEMS)
def test_the_pipelines_install_the_version_that_wrote_them(host: str) -> None:
    for text in starter_files(host, "9.8.7").values():
        assert VERSION not in text
        assert set(re.findall(r'"wappfy-reconciler==(.*?)"', text)) <= {"9.8.7"}
    assert any("wappfy-reconciler==9.8.7" in text for text in starter_files(host, "9.8.7").values()) is (host != "none")


@pytest.mark.parametrize("kind", ["file", "folder", "dangling link"])
def test_init_lists_existing_files_and_writes_nothing(
    kind: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    workflows = tmp_path / ".github" / "workflows"
    workflows.mkdir(parents=True)
    existing = [tmp_path / "groups.yaml", workflows / "reconciler-drift.yml"]
    for path in existing:
        if kind == "file":
            path.write_text("mine\n")
        elif kind == "folder":
            path.mkdir()
        else:
            path.symlink_to(tmp_path / "nowhere")
    before = files_below(tmp_path)
    assert run(["init", str(tmp_path)]) == 1
    error = capsys.readouterr().err
    assert files_below(tmp_path) == before
    assert all(str(path) in error for path in existing)
    assert "reconciler-plan.yml" not in error


def test_init_that_fails_leaves_nothing_behind(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / ".github").write_text("in the way of a folder\n")
    assert run(["init", str(tmp_path)]) == 1
    error = capsys.readouterr().err
    assert "nothing was left behind" in error
    assert os.listdir(tmp_path) == [".github"]
    assert run(["init", str(tmp_path / ".github" / "below" / "a" / "file")]) == 1
    assert os.listdir(tmp_path) == [".github"]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("nth", range(1, 6))
def test_an_interrupted_init_leaves_nothing_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], nth: int, number: int
) -> None:
    written: list[Path] = []

    def interrupted(path: Path, data: bytes) -> None:
        write_atomic(path, data)
        written.append(path)
        if len(written) == nth:
            os.kill(os.getpid(), number)

    monkeypatch.setattr("reconciler.cli.commands.init.write_atomic", interrupted)
    assert run(["init", str(tmp_path / "new" / "repository")]) == 130
    assert "nothing was changed" in capsys.readouterr().err
    assert len(written) == nth
    assert os.listdir(tmp_path) == []


def test_init_reads_its_arguments_from_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RECONCILER_FOLDER", str(tmp_path / "there"))
    monkeypatch.setenv("RECONCILER_CI", "none")
    assert run(["init"]) == 0
    assert files_below(tmp_path) == {f"there/{name}" for name in ALWAYS}
