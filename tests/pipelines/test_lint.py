"""What others have found out about bad pipelines, held against ours: actionlint with shellcheck, and zizmor."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path, PurePosixPath

import pytest
import yaml

from reconciler import __version__
from reconciler.starter.templates import REQUEST_FORMS, request_form, request_workflows, starter_files

ROOT = Path(__file__).parents[2]
PROGRAMS = Path(sys.executable).parent
OWN = sorted(ROOT.glob(".github/workflows/*.yml"))
ACTION = ROOT / "action.yml"
PINS = {
    "actions/checkout": ("3d3c42e5aac5ba805825da76410c181273ba90b1", "v7.0.1"),
    "actions/setup-python": ("5fda3b95a4ea91299a34e894583c3862153e4b97", "v7.0.0"),
    "actions/upload-artifact": ("043fb46d1a93c77aae656e7c1c64a875d1fc6a0a", "v7.0.1"),
    "actions/download-artifact": ("3e5f45b2cfb9172054b4087a40e8e0b5a5461e7c", "v8.0.1"),
}
"""The commits that these versions of the actions are, looked up once and for all."""


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A repository as `init` leaves it, with this repository's own workflows and action beside the starter's."""
    root = tmp_path_factory.mktemp("linted")
    subprocess.run(["git", "init", "--quiet", str(root)], check=True)
    pages = {root / place: text for place, text in starter_files("github", __version__).items()}
    pages |= {root / place: text for place, text in request_workflows("github", __version__).items()}
    pages[root / REQUEST_FORMS["github"]] = request_form("github", ["alpha", "on", "Родители-5б"])
    pages |= {root / path.relative_to(ROOT): path.read_text(encoding="utf-8") for path in (*OWN, ACTION)}
    for path, text in pages.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return root


def linted(*command: str, root: Path) -> str:
    """What a linter says; "" where it has nothing to say."""
    done = subprocess.run([PROGRAMS / command[0], *command[1:]], cwd=root, capture_output=True, text=True)
    return "" if done.returncode == 0 else done.stdout + done.stderr


def test_actionlint_finds_nothing_in_workflows_and_their_shell(repository: Path) -> None:
    assert linted("actionlint", "-shellcheck", str(PROGRAMS / "shellcheck"), "-pyflakes", "", root=repository) == ""


def test_zizmor_finds_nothing_in_workflows_and_action(repository: Path) -> None:
    assert linted("zizmor", "--offline", "--no-progress", "--persona=pedantic", ".", root=repository) == ""


def test_the_action_and_gitlabs_pipeline_have_their_published_form(tmp_path: Path) -> None:
    pipeline = tmp_path / ".gitlab-ci.yml"
    pipeline.write_text(starter_files("gitlab", __version__)[PurePosixPath(pipeline.name)])
    form = ("check-jsonschema", "--builtin-schema")
    transformed = ("vendor.gitlab-ci", "--data-transform", "gitlab-ci", str(pipeline))
    assert linted(*form, "vendor.github-actions", str(ACTION), root=tmp_path) == ""
    assert linted(*form, *transformed, root=tmp_path) == ""
    pipeline.write_text(pipeline.read_text().replace("resource_group", "resource_gruop"))
    assert "resource_gruop" in linted(*form, *transformed, root=tmp_path)


def test_the_form_of_requests_has_its_published_form(repository: Path) -> None:
    form = repository / REQUEST_FORMS["github"]
    assert linted("check-jsonschema", "--builtin-schema", "vendor.github-issue-forms", str(form), root=repository) == ""
    form.write_text(form.read_text().replace("multiple:", "several:"))
    assert "several" in linted(
        "check-jsonschema", "--builtin-schema", "vendor.github-issue-forms", str(form), root=repository
    )


def test_the_linters_would_find_something(repository: Path, tmp_path: Path) -> None:
    workflow = tmp_path / ".github" / "workflows" / "bad.yml"
    workflow.parent.mkdir(parents=True)
    subprocess.run(["git", "init", "--quiet", str(tmp_path)], check=True)
    workflow.write_text(
        "on: pull_request\njobs:\n  a:\n    runs-on: ubuntu-latest\n    steps:\n"
        "      - run: cat $HOME; echo ${{ github.event.pull_request.title }} ${{ nothing.there }}\n"
    )
    said = linted("actionlint", "-shellcheck", str(PROGRAMS / "shellcheck"), root=tmp_path)
    assert "SC2086" in said
    assert "nothing" in said
    assert "template-injection" in linted("zizmor", "--offline", "--no-progress", ".", root=tmp_path)


def test_every_action_is_pinned_to_a_known_commit_with_its_version_beside_it(repository: Path) -> None:
    texts = [path.read_text(encoding="utf-8") for path in repository.rglob("*.yml")]
    uses = [line.split("uses:")[1].strip() for text in texts for line in text.splitlines() if "uses:" in line]
    assert uses
    known = {f"{name}@{commit} # {version}" for name, (commit, version) in PINS.items()}
    assert set(uses) <= known


def test_no_expression_stands_within_a_script(repository: Path) -> None:
    for path in repository.rglob("*.yml"):
        document = yaml.safe_load(path.read_text(encoding="utf-8"))
        jobs = [*document.get("jobs", {}).values(), document.get("runs", {})]
        scripts = [step["run"] for job in jobs for step in job.get("steps", ()) if "run" in step]
        assert not [script for script in scripts if "${{" in script], path


def test_only_jobs_that_write_may_write_and_no_workflow_is_given_more(repository: Path) -> None:
    granted: dict[str, dict[str, str]] = {}
    for path in repository.glob(".github/workflows/*.yml"):
        document = yaml.safe_load(path.read_text(encoding="utf-8"))
        assert document["permissions"] == {}
        assert "pull_request_target" not in path.read_text(encoding="utf-8")
        assert all("timeout-minutes" in job for job in document["jobs"].values())
        granted |= {f"{path.stem}/{name}": job["permissions"] for name, job in document["jobs"].items()}
    writing = {job: {k for k, v in given.items() if v == "write"} for job, given in granted.items()}
    assert {job: kinds for job, kinds in writing.items() if kinds} == {
        "reconciler-plan/live": {"pull-requests"},
        "reconciler-apply/record": {"contents", "pull-requests"},
        "reconciler-drift/drift": {"issues"},
        "reconciler-drift/adopt": {"contents", "pull-requests"},
        "reconciler-request/request": {"contents", "issues", "pull-requests"},
    }


def test_an_apply_is_never_cut_off_by_the_next_one(repository: Path) -> None:
    document = yaml.safe_load((repository / ".github" / "workflows" / "reconciler-apply.yml").read_text())
    assert "concurrency" not in document
    groups = {name: job["concurrency"] for name, job in document["jobs"].items() if "concurrency" in job}
    plan = {"group": "reconciler-merged-plan-${{ github.ref }}", "cancel-in-progress": True}
    assert groups == {
        "plan": plan,
        "apply": {"group": "reconciler-apply", "cancel-in-progress": False},
        "record": {"group": "reconciler-record", "cancel-in-progress": False},
    }
    (environment,) = [job["environment"] for job in document["jobs"].values() if "environment" in job]
    assert environment == document["jobs"]["apply"]["environment"] == "whatsapp"


def test_the_shell_of_gitlabs_jobs_is_sound(tmp_path: Path) -> None:
    document = yaml.safe_load(starter_files("gitlab", __version__)[PurePosixPath(".gitlab-ci.yml")])
    scripts = {name: job["script"] for name, job in document.items() if isinstance(job, dict) and "script" in job}
    assert len(scripts) == 7
    for name, lines in scripts.items():
        path = tmp_path / f"{name.replace(' ', '-')}.sh"
        path.write_text("#!/bin/bash\nset -eo pipefail\n" + "\n".join(lines) + "\n")
        # SC2016: what git's credential helper expands is to stay as it is until git runs it.
        assert linted("shellcheck", "--exclude=SC2016", str(path), root=tmp_path) == ""
