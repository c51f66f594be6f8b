"""`reconciler validate` in CI: paths are relative to the repository, wherever it runs and however PATH is spelled."""

from __future__ import annotations

import json
from pathlib import Path
from urllib.parse import unquote

import pytest

from tests.stage import Stage

BAD = "groups: {alpha: {nmae: Alpha}}"


@pytest.fixture
def repository(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Create a repository with a broken file in one of its folders, outside of CI."""
    monkeypatch.delenv("GITHUB_WORKSPACE", raising=False)
    root = stage.folder / "repository"
    (root / "sales" / "north").mkdir(parents=True)
    (root / ".git").mkdir()
    stage.file(BAD, "repository/sales/north/groups.yaml")
    return root


def files(stage: Stage, path: str) -> set[str]:
    """Return the files that both formats name."""
    github = stage.run("validate", path, "--format", "github")
    sarif = stage.run("validate", path, "--format", "sarif")
    assert (github.code, sarif.code, github.err, sarif.err) == (1, 1, "", "")
    named = {line.split("file=")[1].split(",")[0] for line in github.out.splitlines() if line.startswith("::")}
    results = json.loads(sarif.out)["runs"][0]["results"]
    uris = {result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] for result in results}
    assert named == {unquote(uri.removeprefix("file://")) for uri in uris}
    return named


@pytest.mark.parametrize(
    ("folder", "path"),
    [
        (".", "sales/north/groups.yaml"),
        (".", "sales"),
        ("sales", "north/groups.yaml"),
        ("sales/north", "groups.yaml"),
        ("sales/north", "../north/./groups.yaml"),
    ],
)
def test_a_file_is_named_relative_to_the_repository(
    stage: Stage, repository: Path, monkeypatch: pytest.MonkeyPatch, folder: str, path: str
) -> None:
    monkeypatch.chdir(repository / folder)
    assert files(stage, path) == {"sales/north/groups.yaml"}
    assert files(stage, str(repository / "sales")) == {"sales/north/groups.yaml"}


def test_without_git_paths_are_relative_to_the_workspace_or_working_folder(
    stage: Stage, repository: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (repository / ".git").rmdir()
    monkeypatch.chdir(repository / "sales")
    assert files(stage, "north/groups.yaml") == {"north/groups.yaml"}
    monkeypatch.setenv("GITHUB_WORKSPACE", str(repository))
    assert files(stage, "north/groups.yaml") == {"sales/north/groups.yaml"}
    monkeypatch.setenv("GITHUB_WORKSPACE", str(repository / "elsewhere"))
    assert files(stage, "north/groups.yaml") == {"north/groups.yaml"}


def test_a_file_outside_the_repository_has_its_absolute_path(
    stage: Stage, repository: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(repository / "sales")
    outside = stage.file(BAD, "outside.yaml")
    assert files(stage, "../../outside.yaml") == {str(outside)}


def test_a_link_keeps_its_own_name(stage: Stage, repository: Path) -> None:
    (repository / "linked.yaml").symlink_to(stage.file(BAD, "outside.yaml"))
    assert files(stage, str(repository / "linked.yaml")) == {"linked.yaml"}


def test_a_valid_file_has_no_result(stage: Stage) -> None:
    stage.file("groups: {alpha: {name: Alpha}}")
    assert stage.run("validate", "--format", "github").out == "groups.yaml: valid, 1 group\n"
    assert json.loads(stage.run("validate", "--format", "sarif").out)["runs"][0]["results"] == []


@pytest.mark.parametrize("command", ["plan", "drift", "show", "apply", "diff"])
def test_only_validate_has_the_github_format(stage: Stage, command: str) -> None:
    ran = stage.run(command, "--format", "github")
    assert ran.code == 1
    assert "is not one of" in ran.err
