"""`reconciler init`: all files of a new repository, or none."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
from pathlib import Path, PurePosixPath

import pytest
import yaml

from reconciler import __version__
from reconciler.atomic_file import write_atomic
from reconciler.cli.main import run
from reconciler.json_schemas import schema_text
from reconciler.plan.guards import PLACEHOLDER
from reconciler.starter.templates import CI_SYSTEMS, CODEOWNERS_PLACES, VERSION, gitignore, starter_files

ALWAYS = {"groups.yaml", "groups.schema.json", ".gitignore"}
OWNERS = {"github": {".github/CODEOWNERS"}, "gitlab": {"CODEOWNERS"}, "none": set[str]()}
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
    names = ALWAYS | OWNERS[host] | PIPELINES[host]
    assert files_below(folder) == names
    assert set(re.findall(r"^wrote (.*)$", printed, re.M)) == {str(folder / name) for name in names}
    assert re.findall(r"^  (\d)\. ", printed, re.M) == (["1", "2", "3"] if host == "none" else ["1", "2", "3", "4"])
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
    files = starter_files(host, "9.8.7")
    assert VERSION not in "".join(files.values())
    for path in PIPELINES[host]:
        assert re.findall("wappfy-reconciler.*", files[PurePosixPath(path)]) == ["wappfy-reconciler==9.8.7"]


@pytest.mark.parametrize("host", CI_SYSTEMS)
def test_each_pipeline_names_what_pip_installs_in_one_variable_at_its_top(host: str) -> None:
    files = starter_files(host, __version__)
    for path in PIPELINES[host]:
        pipeline = yaml.safe_load(files[PurePosixPath(path)])
        variables = pipeline["variables" if host == "gitlab" else "env"]
        assert variables["RECONCILER_PACKAGE"] == f"wappfy-reconciler=={__version__}"
        installs = re.findall("pip install (.*)", files[PurePosixPath(path)])
        assert installs
        assert all('"$RECONCILER_PACKAGE"' in arguments for arguments in installs)


@pytest.mark.parametrize("kind", ["file", "folder", "dangling link"])
def test_init_lists_existing_files_and_writes_nothing(
    kind: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    workflows = tmp_path / ".github" / "workflows"
    workflows.mkdir(parents=True)
    existing = [tmp_path / "groups.schema.json", workflows / "reconciler-drift.yml"]
    if kind != "file":
        existing.append(tmp_path / "groups.yaml")
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


def test_init_keeps_the_configuration_that_import_wrote_and_adds_the_rest(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    config = tmp_path / "groups.yaml"
    config.write_text("version: 1\ngroups:\n  alpha: {name: Alpha}\n")
    before = config.read_bytes()
    assert run(["init", str(tmp_path)]) == 0
    printed = capsys.readouterr().out
    assert config.read_bytes() == before
    assert files_below(tmp_path) == ALWAYS | OWNERS["github"] | PIPELINES["github"]
    assert f"kept {config}: it exists already\n" in printed
    assert f"wrote {config}" not in printed
    assert f"  1. Run: reconciler validate {config}\n" in printed


def test_init_that_fails_leaves_nothing_behind(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / ".github").write_text("in the way of a folder\n")
    assert run(["init", str(tmp_path)]) == 1
    error = capsys.readouterr().err
    assert "nothing was left behind" in error
    assert os.listdir(tmp_path) == [".github"]
    assert run(["init", str(tmp_path / ".github" / "below" / "a" / "file")]) == 1
    assert os.listdir(tmp_path) == [".github"]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("nth", range(1, 8))
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


@pytest.mark.parametrize("host", ["github", "gitlab"])
def test_a_new_codeowners_file_asks_for_nobody_until_it_is_edited(host: str, tmp_path: Path) -> None:
    assert run(["init", str(tmp_path), "--ci", host]) == 0
    (name,) = OWNERS[host]
    lines = (tmp_path / name).read_text().splitlines()
    assert all(line.startswith("#") for line in lines)
    assert any(re.fullmatch(r"# \* +@[\w-]+/[\w-]+", line) for line in lines)


@pytest.mark.parametrize(
    ("host", "name"),
    [(host, str(place)) for host, places in CODEOWNERS_PLACES.items() for place in places],
)
def test_an_existing_codeowners_file_is_left_alone_wherever_the_host_looks_for_it(
    host: str, name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / name).parent.mkdir(exist_ok=True)
    (tmp_path / name).write_text("* @me\n")
    assert run(["init", str(tmp_path), "--ci", host]) == 0
    assert f"kept {tmp_path / name}: it exists already\n" in capsys.readouterr().out
    assert (tmp_path / name).read_text() == "* @me\n"
    assert {found for found in files_below(tmp_path) if found.endswith("CODEOWNERS")} == {name}


@pytest.mark.parametrize(
    ("existing", "expected"),
    [
        (b"", b"@COMMENT\n@ALL"),
        (b"build/\n", b"build/\n@COMMENT\n@ALL"),
        (b"no newline at the end", b"no newline at the end\n@COMMENT\n@ALL"),
        (b"on windows\r\n", b"on windows\r\n@COMMENT\r\n@ALL"),
        (b"\xff is no UTF-8\n", b"\xff is no UTF-8\n@COMMENT\n@ALL"),
    ],
)
def test_an_existing_gitignore_keeps_its_bytes_and_gets_every_line(
    existing: bytes, expected: bytes, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    comment, *patterns = gitignore().splitlines()
    newline = b"\r\n" if b"\r\n" in existing else b"\n"
    (tmp_path / ".gitignore").write_bytes(existing)
    assert run(["init", str(tmp_path)]) == 0
    assert f"added {len(patterns)} lines to {tmp_path / '.gitignore'}\n" in capsys.readouterr().out
    whole = expected.replace(b"@COMMENT", comment).replace(b"@ALL", b"".join(line + newline for line in patterns))
    assert (tmp_path / ".gitignore").read_bytes() == whole


def test_an_existing_gitignore_gets_only_the_lines_that_it_lacks(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    comment, first, *rest = gitignore().splitlines()
    (tmp_path / ".gitignore").write_bytes(b"\n".join([*rest, b"mine", b""]))
    assert run(["init", str(tmp_path)]) == 0
    assert f"added 1 line to {tmp_path / '.gitignore'}\n" in capsys.readouterr().out
    assert (tmp_path / ".gitignore").read_bytes() == b"\n".join([*rest, b"mine", comment, first, b""])


def test_a_gitignore_that_has_every_line_is_kept(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / ".gitignore").write_bytes(gitignore())
    assert run(["init", str(tmp_path)]) == 0
    assert f"kept {tmp_path / '.gitignore'}: it has every line already\n" in capsys.readouterr().out
    assert (tmp_path / ".gitignore").read_bytes() == gitignore()


def test_a_gitignore_that_cannot_be_read_stops_init_before_it_writes(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / ".gitignore").mkdir()
    assert run(["init", str(tmp_path)]) == 1
    assert "cannot read" in capsys.readouterr().err
    assert os.listdir(tmp_path) == [".gitignore"]


def test_an_init_that_fails_restores_the_gitignore(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / ".gitignore").write_text("mine\n")

    def full_after_the_gitignore(path: Path, data: bytes) -> None:
        if path.name == "CODEOWNERS":
            raise OSError(28, "No space left on device")
        write_atomic(path, data)

    monkeypatch.setattr("reconciler.cli.commands.init.write_atomic", full_after_the_gitignore)
    assert run(["init", str(tmp_path)]) == 1
    assert "nothing was left behind" in capsys.readouterr().err
    assert (files_below(tmp_path), (tmp_path / ".gitignore").read_text()) == ({".gitignore"}, "mine\n")


@pytest.mark.git
def test_git_ignores_what_the_pages_save_and_never_a_configuration(tmp_path: Path) -> None:
    assert run(["init", str(tmp_path)]) == 0
    subprocess.run(["git", "init", "--quiet", str(tmp_path)], check=True)
    saved = ["today.plan", "audit.jsonl", "report.json", "drift.json", "plan.html", ".reconciler/sandbox.sqlite"]
    kept = ["groups.yaml", "groups.schema.json", "groups/plan.yaml", "report.yaml", ".github/CODEOWNERS"]
    ignored = subprocess.run(
        ["git", "-C", str(tmp_path), "check-ignore", *saved, *kept], capture_output=True, text=True
    ).stdout
    assert ignored.splitlines() == saved


FORMS = {
    "github": ".github/ISSUE_TEMPLATE/reconciler-request.yml",
    "gitlab": ".gitlab/issue_templates/reconciler-request.md",
}
GROUPS = "groups:\n  {}: {{name: Alpha, members: []}}\n  watched: {{name: W, members: [], membership: observe}}\n"


@pytest.mark.parametrize("host", sorted(FORMS))
def test_requests_adds_the_form_with_the_groups_that_have_members(
    host: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "groups.yaml").write_text("version: 1\n" + GROUPS.format("on") + "  bare: {name: Bare}\n")
    assert run(["init", str(tmp_path), "--requests", "--ci", host]) == 0
    form = tmp_path / FORMS[host]
    if host == "github":
        assert [field["attributes"].get("options") for field in yaml.safe_load(form.read_text())["body"]][3] == ["on"]
    else:
        assert "- [ ] on\n" in form.read_text()
        assert "watched" not in form.read_text()
    assert run(["init", str(tmp_path), "--requests", "--ci", host]) == 1
    assert "--update" in capsys.readouterr().err


def test_update_writes_the_form_again_and_check_only_says_so(tmp_path: Path) -> None:
    config, form = tmp_path / "groups.yaml", tmp_path / FORMS["github"]
    config.write_text("version: 1\n" + GROUPS.format("alpha"))
    command = ["init", str(tmp_path), "--requests"]
    assert run([*command, "--update"]) == 1
    assert run(command) == 0
    before = form.read_bytes()
    config.write_text("version: 1\n" + GROUPS.format("beta"))
    assert run([*command, "--check"]) == 1
    assert form.read_bytes() == before
    assert run([*command, "--update"]) == 0
    assert b'"beta"' in form.read_bytes()
    assert run([*command, "--check"]) == 0
    form.unlink()
    assert run([*command, "--check"]) == 1
    assert run([*command, "--update"]) == 0
    assert b'"beta"' in form.read_bytes()


def test_the_workflow_of_requests_and_the_hint_have_the_path(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    config = tmp_path / "conf: 1" / "all.yaml"
    config.parent.mkdir()
    config.write_text("version: 1\n" + GROUPS.format("alpha"))
    command = ["init", str(tmp_path), "--requests", "--path", "conf: 1"]
    assert run(command) == 0
    workflow = yaml.safe_load((tmp_path / ".github/workflows/reconciler-request.yml").read_text())
    assert workflow["env"]["RECONCILER_PATH"] == "conf: 1"
    config.write_text("version: 1\n" + GROUPS.format("beta"))
    assert run([*command, "--check"]) == 1
    assert "--requests --update --path 'conf: 1'" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("text", "options"),
    [
        ("version: 1\n", []),
        ("version: 1\ngroups: {a: {name: A}}\n", []),
        ("version: 1\n" + GROUPS.format("None"), []),
        ("version: 2\n", []),
        ("version: 1\n" + GROUPS.format("a"), ["--ci", "none"]),
        ("version: 1\n" + GROUPS.format("a"), ["--update", "--check"]),
    ],
)
def test_requests_that_cannot_be_written_leave_no_file(text: str, options: list[str], tmp_path: Path) -> None:
    (tmp_path / "groups.yaml").write_text(text)
    assert run(["init", str(tmp_path), "--requests", *options]) == 1
    assert files_below(tmp_path) == {"groups.yaml"}


def test_update_and_check_need_requests(tmp_path: Path) -> None:
    assert run(["init", str(tmp_path), "--check"]) == 1
    assert files_below(tmp_path) == set()
