"""Runs the jobs of `.gitlab-ci.yml` as a runner of GitLab would: stages in order, rules, artifacts, real shell.

What it does not know it refuses.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Collection, Mapping
from pathlib import Path
from typing import Any

import yaml

from tests.pipelines.expressions import Refused
from tests.pipelines.forge import Forge, git, python_in

GLOBAL = {"stages", "variables", "workflow", "default"}
JOB = {"stage", "timeout", "rules", "script", "artifacts", "environment", "resource_group", "interruptible", "needs"}
_CLAUSE = re.compile(r'\$(\w+)(?:\s*(==|!=)\s*(?:"([^"]*)"|\$(\w+)))?')


class Pipeline:
    """One pipeline; `codes` has the exit code of every job that ran, `log` what all of them printed."""

    def __init__(self, forge: Forge, folder: Path, revision: str, variables: Mapping[str, str]) -> None:
        self.forge, self.folder, self.revision = forge, folder, revision
        self.codes: dict[str, int] = {}
        self.log = ""
        self.attempt = 1
        self.before: Mapping[str, Callable[[], object]] = {}
        self.artifacts = folder / "artifacts"
        self.variables = {
            "CI_COMMIT_SHA": revision,
            "CI_DEFAULT_BRANCH": "main",
            "CI_SERVER_HOST": "gitlab.example.com",
            "CI_PROJECT_URL": forge.url.removesuffix(".git"),
            **variables,
        }

    def run(self, started: Collection[str] = ()) -> Pipeline:
        """Run it; of the jobs that wait to be started by hand those that are named."""
        document = yaml.safe_load(self.forge.file(".gitlab-ci.yml", self.revision))
        self.variables |= document["variables"]
        if not self._rule(document["workflow"]["rules"]):
            return self
        jobs = {name: job for name, job in document.items() if name not in GLOBAL}
        for stage in document["stages"]:
            well = not any(self.codes.values())
            for name, job in jobs.items():
                if job["stage"] == stage:
                    self._job(name, job, document["default"]["before_script"], started, well)
        return self

    def again(self, name: str) -> Pipeline:
        """Run one job once more, with what the others kept."""
        document = yaml.safe_load(self.forge.file(".gitlab-ci.yml", self.revision))
        self.attempt += 1
        self._job(name, document[name], document["default"]["before_script"], [name], True)
        return self

    def _job(self, name: str, job: Mapping[str, Any], before: list[str], started: Collection[str], well: bool) -> None:
        if job.keys() - JOB:
            raise Refused(f"{name}: {sorted(job.keys() - JOB)}")
        rule = self._rule(job["rules"])
        when = "on_success" if rule is None else rule.get("when", "on_success")
        waits = (when == "manual" and name not in started) or (not well and when != "always")
        if rule is None or waits or any(needed not in self.codes for needed in job.get("needs", ())):
            return
        self.before.get(name, lambda: None)()
        home = self.folder / f"{name}-{self.attempt}"
        where = home / "project"
        python_in(home / "python", self.forge.program)
        git(self.folder, "clone", "--quiet", self.forge.url, str(where))
        git(where, "fetch", "--quiet", "origin", self.revision)
        git(where, "checkout", "--quiet", "--detach", self.revision)
        git(where, "remote", "set-url", "--push", "origin", "https://no-credentials.invalid/")
        if self.artifacts.exists():
            shutil.copytree(self.artifacts, where, dirs_exist_ok=True)
        done = subprocess.run(
            ["bash", "-e", "-o", "pipefail", "-c", "\n".join([*before, *job["script"]])],
            cwd=where,
            env={
                "PATH": f"{home / 'python'}:/usr/bin:/bin",
                "HOME": str(home),
                "LANG": "C.UTF-8",
                "CI_PROJECT_DIR": str(where),
                **self.variables,
                **self.forge.env,
            },
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=60,
        )
        self.codes[name] = done.returncode
        self.log += done.stdout
        sys.stdout.write(f"--- {name}, exit code {done.returncode}\n{done.stdout}\n")  # shown where a test fails
        self._keep(job, where, done.returncode == 0)

    def _keep(self, job: Mapping[str, Any], where: Path, well: bool) -> None:
        told = job.get("artifacts", {})
        for path in told.get("paths", ()):
            if (well or told.get("when") == "always") and (where / path).exists():
                (self.artifacts / path).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(where / path, self.artifacts / path)

    def _rule(self, rules: list[dict[str, str]]) -> dict[str, str] | None:
        return next((rule for rule in rules if all(map(self._holds, rule["if"].split("&&")))), None)

    def _holds(self, clause: str) -> bool:
        match = _CLAUSE.fullmatch(clause.strip())
        if match is None:
            raise Refused(f"the rule {clause!r}")
        name, sign, text, other = match.groups()
        value = self.variables.get(name)
        if sign is None:
            return bool(value)
        return (value == (text if other is None else self.variables.get(other))) is (sign == "==")
