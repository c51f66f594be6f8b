"""Stand-ins for the actions that the workflows use: real git, real files; an input that is not known is refused."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from tests.pipelines.expressions import Refused
from tests.pipelines.forge import git, python_in

if TYPE_CHECKING:
    from tests.pipelines.runner import Job, Run


def checkout(run: Run, job: Job, given: Mapping[str, str]) -> dict[str, str]:
    """A clone of the origin, as deep as asked, that can push where its credentials were kept and the job may write."""
    _only(given, "ref", "fetch-depth", "persist-credentials")
    where, ref = job.workspace, given.get("ref") or run.event.sha
    git(where, "init", "--quiet", "--initial-branch=main")
    git(where, "remote", "add", "origin", run.forge.url)
    depth = given.get("fetch-depth", "1")
    if depth == "0":
        git(where, "fetch", "--quiet", "origin", "+refs/heads/*:refs/remotes/origin/*", "+refs/tags/*:refs/tags/*")
    git(where, "fetch", "--quiet", *([] if depth == "0" else ["--depth", depth, "--no-tags"]), "origin", ref)
    branch = ["--detach"] if len(ref) == 40 else ["-B", ref]
    git(where, "checkout", "--quiet", *branch, "FETCH_HEAD")
    if given.get("persist-credentials") == "false" or job.permissions.get("contents") != "write":
        git(where, "remote", "set-url", "--push", "origin", "https://no-credentials.invalid/")
    return {}


def setup_python(run: Run, job: Job, given: Mapping[str, str]) -> dict[str, str]:
    """A Python of this job alone, first on its PATH."""
    _only(given, "python-version")
    folder = job.folder / "python"
    python_in(folder, run.forge.program)
    job.path.insert(0, str(folder))
    return {}


def upload_artifact(run: Run, job: Job, given: Mapping[str, str]) -> dict[str, str]:
    """Keep one file under a name; without an archive that is the file's own."""
    _only(given, "name", "path", "archive", "overwrite", "retention-days", "if-no-files-found")
    path = Path(given["path"])
    name = path.name if given.get("archive") == "false" else given["name"]
    kept = run.artifacts / name
    if not path.exists():
        if given["if-no-files-found"] == "error":
            raise Refused(f"{path} is not there to be kept")
        return {}
    if kept.exists() and given.get("overwrite") == "true":
        shutil.rmtree(kept)
    kept.mkdir(parents=True)
    shutil.copy(path, kept)
    return {"artifact-url": f"https://github.com/club/groups/actions/runs/4711/artifacts/{len(name)}"}


def download_artifact(run: Run, job: Job, given: Mapping[str, str]) -> dict[str, str]:
    """Bring back what an earlier job has kept."""
    _only(given, "name", "path")
    shutil.copytree(run.artifacts / given["name"], given["path"], dirs_exist_ok=True)
    return {}


ACTIONS: Mapping[str, Callable[[Run, Job, Mapping[str, str]], dict[str, str]]] = {
    "actions/checkout": checkout,
    "actions/setup-python": setup_python,
    "actions/upload-artifact": upload_artifact,
    "actions/download-artifact": download_artifact,
}


def _only(given: Mapping[str, str], *known: str) -> None:
    if given.keys() - set(known):
        raise Refused(f"{sorted(given.keys() - set(known))} is not stood in for")
