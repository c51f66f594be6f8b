"""The audit log answers what an auditor asks: who, what, when, to whom, from which configuration."""

from __future__ import annotations

import getpass
import hashlib
import json
import shutil
import stat
import subprocess
from typing import Any

import pytest

from reconciler.sandbox import Fault, FaultKind
from tests.stage import INSTANCE, PHONE, Stage

ALICE, BOB, CAROL = "+1 202 555 0143", "+1 202 555 0144", "+1 303 555 0101"
FILE = f"""
people: {{alice: {ALICE}}}
groups:
  alpha: {{name: Alpha, members: [alice, {BOB}]}}
  beta: {{name: Beta, members: [alice]}}
"""


@pytest.fixture(autouse=True)
def _outside_of_ci(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("GITHUB_ACTIONS", "GITLAB_CI", "RECONCILER_RUN_ID"):
        monkeypatch.delenv(name, raising=False)


def applied(stage: Stage, path: str = "groups.yaml") -> list[dict[str, Any]]:
    stage.world.create_group("Alpha", [ALICE, CAROL], owner=PHONE)
    stage.run("apply", path, "--yes", "--max-removals", "9", "--audit-log", "audit.jsonl")
    file = stage.folder / "audit.jsonl"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    return [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]


def commit(stage: Stage, path: str = "groups.yaml") -> str:
    git = shutil.which("git")
    assert git is not None
    options = ("-c", "user.name=x", "-c", "user.email=x@example.com")
    for arguments in (("init", "-q"), ("add", path), (*options, "commit", "-qm", "x")):
        subprocess.run([git, *arguments], cwd=stage.folder, check=True)
    head = subprocess.run([git, "rev-parse", "HEAD"], cwd=stage.folder, check=True, capture_output=True, text=True)
    return head.stdout.strip()


def test_each_line_tells_the_group_the_action_and_the_people(stage: Stage) -> None:
    stage.file(FILE)
    lines = applied(stage)
    what = {
        (line["group"], line["action"], tuple((one["jid"], one["label"]) for one in line["people"])) for line in lines
    }
    assert what == {
        ("beta", "create", (("12025550143@s.whatsapp.net", "alice"),)),
        ("alpha", "add", (("12025550144@s.whatsapp.net", None),)),
        ("alpha", "remove", (("13035550101@s.whatsapp.net", None),)),
    }


def test_a_call_that_is_split_names_only_the_people_that_it_sends(stage: Stage) -> None:
    stage.file(f"groups: {{alpha: {{name: Alpha, members: [{ALICE}, {BOB}, {CAROL}]}}}}")
    stage.world.create_group("Alpha", [], owner=PHONE)
    refused = Fault(FaultKind.STATUS, "POST", "/groups/*/participants", status=422, code="UNPROCESSABLE")
    stage.server.set_faults([refused])
    stage.run("apply", "--yes", "--audit-log", "audit.jsonl")
    lines = [json.loads(line) for line in (stage.folder / "audit.jsonl").read_text().splitlines()]
    assert len(lines) > 1
    assert all([one["jid"] for one in line["people"]] == line["body"]["participants"] for line in lines)
    assert {line["group"] for line in lines} == {"alpha"}


def test_outside_of_ci_the_actor_is_the_user_and_the_commit_the_checkout(stage: Stage) -> None:
    stage.file(FILE)
    head = commit(stage)
    lines = applied(stage)
    facts = {(line["actor"], line["commit"], line["ci_run"], line["plan"], line["instance"]) for line in lines}
    assert facts == {(getpass.getuser(), head, None, None, INSTANCE)}
    assert len({line["run_id"] for line in lines}) == 1


@pytest.mark.parametrize(
    ("file", "text", "is_dirty"),
    [
        ("groups.yaml", FILE + "# not committed\n", True),
        ("notes.yaml", "x: 1\n", False),
        ("README.md", "Hello\n", False),
    ],
)
def test_a_configuration_with_uncommitted_changes_marks_the_commit(
    stage: Stage, file: str, text: str, is_dirty: bool
) -> None:
    stage.file(FILE)
    head = commit(stage)
    (stage.folder / file).write_text((stage.folder / file).read_text() + "# more\n" if is_dirty else text)
    assert {line["commit"] for line in applied(stage)} == {f"{head}-dirty" if is_dirty else head}


@pytest.mark.parametrize("change", ["edited", "added", "deleted", "none"])
def test_a_folder_is_marked_for_any_yaml_file_in_it_also_with_a_saved_plan(stage: Stage, change: str) -> None:
    stage.file(FILE)
    folder = stage.folder / "all"
    folder.mkdir()
    (stage.folder / "groups.yaml").rename(folder / "groups.yaml")
    for name in ("more", "other"):
        (folder / f"{name}.yaml").write_text("groups: {}\n")
    head = commit(stage, "all")
    match change:
        case "edited":
            (folder / "more.yaml").write_text("groups: {}  # edited\n")
        case "added":
            (folder / "new.yaml").write_text("groups: {}\n")
        case "deleted":
            (folder / "more.yaml").unlink()
        case _:
            (folder / "notes.txt").write_text("notes")
    stage.world.create_group("Alpha", [ALICE, CAROL], owner=PHONE)
    planned = stage.run("plan", "all", "--max-removals", "9", "--out", "today.plan")
    assert planned.code == 0, planned.err
    ran = stage.run("apply", "today.plan", "--yes", "--audit-log", "audit.jsonl")
    assert ran.code == 0, ran.err
    lines = [json.loads(line) for line in (stage.folder / "audit.jsonl").read_text().splitlines()]
    assert {line["commit"] for line in lines} == {head if change == "none" else f"{head}-dirty"}


def test_in_ci_the_commit_of_a_report_is_marked_too(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    stage.file(FILE)
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    monkeypatch.setenv("GITHUB_SHA", "1a2b3c4d5e6f708192a3b4c5d6e7f8091a2b3c4d")
    commit(stage)
    for format_ in ("html", "markdown"):
        assert "-dirty" not in stage.run("plan", "--format", format_).out
    with (stage.folder / "groups.yaml").open("a") as file:
        file.write("# not committed\n")
    for format_ in ("html", "markdown"):
        report = stage.run("plan", "--format", format_).out.replace("<!-- -->", "")
        assert "commit 1a2b3c4d5-dirty" in report


def test_in_ci_the_actor_and_the_run_are_those_of_ci(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    stage.file(FILE)
    environment = {
        "GITHUB_ACTIONS": "true",
        "GITHUB_SERVER_URL": "https://github.com",
        "GITHUB_REPOSITORY": "club/groups",
        "GITHUB_SHA": "1a2b3c4d5e6f708192a3b4c5d6e7f8091a2b3c4d",
        "GITHUB_RUN_ID": "17234567890",
        "GITHUB_ACTOR": "octocat",
        "RECONCILER_RUN_ID": "17234567890-1",
    }
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    facts = {(line["actor"], line["commit"], line["ci_run"], line["run_id"]) for line in applied(stage)}
    run = "https://github.com/club/groups/actions/runs/17234567890"
    assert facts == {("octocat", environment["GITHUB_SHA"], run, "17234567890-1")}


def test_a_saved_plan_is_named_by_its_digest(stage: Stage) -> None:
    stage.file(FILE)
    assert stage.run("plan", "--out", "today.plan").code == 0
    digest = hashlib.sha256((stage.folder / "today.plan").read_bytes()).hexdigest()
    stage.run("apply", "today.plan", "--yes", "--audit-log", "audit.jsonl")
    lines = [json.loads(line) for line in (stage.folder / "audit.jsonl").read_text().splitlines()]
    assert {line["plan"] for line in lines} == {digest}
