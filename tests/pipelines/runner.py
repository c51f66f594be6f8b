"""Runs a workflow file as a runner of GitHub would: its jobs in order, each step's own shell, real files between them.

What it does not know it refuses (keys, actions, expressions): a workflow that outgrows it fails its tests, it is not
half run.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from tests.pipelines.actions import ACTIONS
from tests.pipelines.expressions import Loose, Refused, as_text, condition, evaluate, filled
from tests.pipelines.forge import REPOSITORY, Event, Forge

WORKFLOW_KEYS = {"name", "permissions", "concurrency", "defaults", "env", "jobs", True}
JOB_KEYS = {
    *("name", "needs", "if", "runs-on", "timeout-minutes", "environment", "permissions", "outputs", "steps", "env"),
    "concurrency",
}
STEP_KEYS = {"id", "name", "if", "uses", "with", "run", "env", "shell", "working-directory"}
SHELL = ["bash", "--noprofile", "--norc", "-e", "-o", "pipefail"]


@dataclass
class Job:
    """One job as it runs, and what is left of it."""

    name: str
    permissions: Mapping[str, str]
    folder: Path
    steps: dict[str, Any] = field(default_factory=dict)
    path: list[str] = field(default_factory=list)
    env: dict[str, str] = field(default_factory=dict)
    result: str = "success"
    outputs: Loose = field(default_factory=Loose)
    log: str = ""
    ran: list[str] = field(default_factory=list)

    @property
    def workspace(self) -> Path:
        """Where the repository is checked out."""
        return self.folder / "groups" / "groups"

    @property
    def temp(self) -> Path:
        """A folder of this job, outside the checkout."""
        return self.folder / "_temp"

    @property
    def annotations(self) -> list[str]:
        """The workflow commands among the lines it printed."""
        return [line.strip() for line in self.log.splitlines() if line.strip().startswith("::") or "##[" in line]


class Run:
    """One run of a workflow."""

    def __init__(self, forge: Forge, event: Event, folder: Path) -> None:
        self.forge, self.event, self.folder = forge, event, folder
        self.jobs: dict[str, Job] = {}
        self.artifacts = folder / "artifacts"
        self.summary = ""
        self.before: Mapping[str, Callable[[], object]] = {}
        self.attempt = 1
        self.said: dict[str, str] = {}

    def run(
        self, path: str, before: Mapping[str, Callable[[], object]] | None = None, jobs: Collection[str] = ()
    ) -> Run:
        """Run the workflow at this path of the revision, calling `before[job]` as each job starts.

        Only `jobs` run, if they are given: a test of one job need not wait for the others.
        """
        document = yaml.safe_load(self.forge.file(path, self.event.sha))
        if document.keys() - WORKFLOW_KEYS or document["defaults"] != {"run": {"shell": "bash"}}:
            raise Refused(f"{path}: {sorted(map(str, document))}")
        if self.event.name not in document[True]:
            raise Refused(f"{path} does not run on {self.event.name}")
        self.before, self.document = before or {}, document
        for name in jobs or document["jobs"]:
            self._job(name)
        return self

    def again(self, job: str) -> Run:
        """Run a job and those that need it once more, as "re-run job" does: what others said and kept is as it was."""
        self.attempt += 1
        chosen = {job}
        for name, told in self.document["jobs"].items():
            if name in chosen or chosen & set(_list(told.get("needs", []))):
                chosen.add(name)
                self._job(name)
        return self

    def _job(self, name: str) -> None:
        told, env = self.document["jobs"][name], self.document.get("env", {})
        if told.keys() - JOB_KEYS:
            raise Refused(f"{name}: {sorted(told.keys() - JOB_KEYS)}")
        permitted = told["permissions"]
        if not self.event.trusted:
            permitted = {kind: "read" for kind, how in permitted.items() if how != "none"}
        job = self.jobs[name] = Job(name, permitted, self.folder / f"{name}-{self.attempt}")
        needed = [self.jobs[other] for other in _list(told.get("needs", []))]
        functions = {
            "success": lambda: all(other.result == "success" for other in needed),
            "always": lambda: True,
            "cancelled": lambda: False,
        }
        contexts = self._contexts(job)
        contexts["needs"] = {other.name: {"result": other.result, "outputs": other.outputs} for other in needed}
        if not condition(told.get("if"), contexts, functions):
            job.result = "skipped"
            return
        self.before.get(name, lambda: None)()
        for folder in (job.workspace, job.temp):
            folder.mkdir(parents=True)
        job.env = {key: filled(as_text(value), contexts, {}) for key, value in {**env, **told.get("env", {})}.items()}
        contexts["steps"] = {step["id"]: {"outputs": Loose()} for step in told["steps"] if "id" in step}
        self.steps(told["steps"], job, contexts)
        job.outputs = Loose({key: filled(value, contexts, {}) for key, value in told.get("outputs", {}).items()})

    def _contexts(self, job: Job) -> dict[str, Any]:
        # A schedule's payload has its cron line and no repository.
        scheduled = self.event.name == "schedule"
        of_every_other = {"repository": {"default_branch": "main", "full_name": REPOSITORY}, **self.event.payload}
        event = Loose(schedule="17 5 * * *") if scheduled else of_every_other
        token = json.dumps(dict(job.permissions))
        return {
            "github": {
                "event": event,
                "event_name": self.event.name,
                "repository": REPOSITORY,
                "ref": self.event.ref,
                "ref_name": self.event.ref_name,
                "sha": self.event.sha,
                "token": token,
                "server_url": "https://github.com",
                "run_id": 4711,
            },
            "secrets": Loose(self.forge.secrets if self.event.trusted else {}),
            "runner": {"temp": str(job.temp)},
        }

    def steps(self, steps: list[Mapping[str, Any]], job: Job, contexts: dict[str, Any]) -> None:
        """Run steps one after the other; the job's result is failure once one has failed."""
        functions = {
            "success": lambda: job.result == "success",
            "failure": lambda: job.result == "failure",
            "always": lambda: True,
            "cancelled": lambda: False,
        }
        for step in steps:
            if step.keys() - STEP_KEYS:
                raise Refused(f"{job.name}: {sorted(step.keys() - STEP_KEYS)}")
            if not condition(step.get("if"), contexts, functions):
                continue
            job.ran.append(step.get("name") or step["uses"].partition("@")[0])
            outputs = Loose()
            if job.ran[-1] in self.forge.broken:
                done, self.said = False, {}
            elif "uses" in step:
                done = self._uses(step, job, contexts, outputs)
            else:
                done = self._shell(step, job, contexts)
            if "id" in step:
                contexts["steps"][step["id"]]["outputs"].update(outputs if "uses" in step else self.said)
            if not done:
                job.result = "failure"

    def _uses(self, step: Mapping[str, Any], job: Job, contexts: Mapping[str, Any], outputs: Loose) -> bool:
        action = ACTIONS.get(step["uses"].partition("@")[0])
        if action is None:
            raise Refused(f"the action {step['uses']} is not stood in for")
        given = {key: filled(as_text(value), contexts, {}) for key, value in step.get("with", {}).items()}
        outputs.update(action(self, job, given))
        return True

    def _shell(self, step: Mapping[str, Any], job: Job, contexts: Mapping[str, Any]) -> bool:
        if step.get("shell", "bash") != "bash":
            raise Refused(f"the shell {step['shell']}")
        files = {kind: job.temp / f"_{kind}" for kind in ("OUTPUT", "ENV", "PATH", "STEP_SUMMARY")}
        for path in files.values():
            path.write_text("")
        own = {key: filled(as_text(value), contexts, {}) for key, value in step.get("env", {}).items()}
        script = job.temp / "_script.sh"
        script.write_text(step["run"])
        where = job.workspace / filled(step.get("working-directory", "."), contexts, {})
        done = subprocess.run(
            [*SHELL, str(script)],
            cwd=where,
            env={**self._env(job, files), **own},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=60,
        )
        job.log += done.stdout
        told = f"{job.name}: {job.ran[-1]}, exit code {done.returncode}"
        sys.stdout.write(f"--- {told}\n{done.stdout}\n")  # shown where a test fails
        self.said = pairs(files["OUTPUT"].read_text())
        job.env |= pairs(files["ENV"].read_text())
        job.path = [*files["PATH"].read_text().split(), *job.path]
        self.summary += files["STEP_SUMMARY"].read_text()
        return done.returncode == 0

    def _env(self, job: Job, files: Mapping[str, Path]) -> dict[str, str]:
        return {
            "PATH": ":".join([*job.path, str(self.forge.programs), "/usr/bin", "/bin"]),
            "HOME": str(job.folder),
            "LANG": "C.UTF-8",
            "CI": "true",
            "GIT_CONFIG_SYSTEM": "/dev/null",
            "RUNNER_TEMP": str(job.temp),
            "GITHUB_ACTIONS": "true",
            "GITHUB_WORKSPACE": str(job.workspace),
            "GITHUB_REPOSITORY": REPOSITORY,
            "GITHUB_REF": self.event.ref,
            "GITHUB_REF_NAME": self.event.ref_name,
            "GITHUB_SHA": self.event.sha,
            "GITHUB_EVENT_NAME": self.event.name,
            "GH_STAND_IN_STORE": str(self.forge.store_path),
            "GH_STAND_IN_ORIGIN": str(self.forge.origin),
            **{f"GITHUB_{kind}": str(path) for kind, path in files.items()},
            **self.forge.env,
            **job.env,
        }

    @property
    def results(self) -> dict[str, str]:
        """How each job ended."""
        return {name: job.result for name, job in self.jobs.items()}

    def everything(self) -> str:
        """All that others can see of the run: logs, summary, artifacts, comments and issues."""
        kept = [path.read_text() for path in sorted(self.artifacts.rglob("*")) if path.is_file()]
        return "\n".join([*(job.log for job in self.jobs.values()), self.summary, *kept, json.dumps(self.forge.store)])


def action(run: Run, path: Path, inputs: Mapping[str, str], env: Mapping[str, str] | None = None) -> tuple[Job, Loose]:
    """Run a composite action with these inputs, in a workspace that is there; the job, and the action's outputs."""
    document = yaml.safe_load((path / "action.yml").read_text())
    unknown = inputs.keys() - document["inputs"].keys()
    lacking = {name for name, told in document["inputs"].items() if told.get("required")} - inputs.keys()
    if unknown or lacking or document["runs"]["using"] != "composite":
        raise Refused(f"{path}: {unknown or lacking}")
    job = run.jobs.setdefault("caller", Job("caller", {"contents": "read"}, run.folder / "caller"))
    job.temp.mkdir(parents=True, exist_ok=True)
    job.workspace.mkdir(parents=True, exist_ok=True)
    job.env |= env or {}
    steps = document["runs"]["steps"]
    contexts = {
        **{key: value for key, value in run._contexts(job).items() if key in ("github", "runner")},
        "inputs": {name: inputs.get(name, told.get("default", "")) for name, told in document["inputs"].items()},
        "steps": {step["id"]: {"outputs": Loose()} for step in steps if "id" in step},
    }
    contexts["github"]["action_path"] = str(path)
    run.steps(steps, job, contexts)
    told = {name: evaluate(out["value"].strip("${} "), contexts, {}) for name, out in document["outputs"].items()}
    return job, Loose(told)


def _list(needs: str | list[str]) -> list[str]:
    return [needs] if isinstance(needs, str) else needs


def pairs(text: str) -> dict[str, str]:
    """What a step wrote into GITHUB_OUTPUT or GITHUB_ENV: `name=value`, or `name<<END`, lines, `END`."""
    found: dict[str, str] = {}
    lines = iter(text.splitlines())
    for line in lines:
        name, sign, value = line.partition("<<") if "<<" in line.partition("=")[0] else line.partition("=")
        if not sign:
            raise Refused(f"{line!r} is neither name=value nor name<<END")
        if sign == "<<":
            body = []
            for part in lines:
                if part == value:
                    break
                body.append(part)
            else:
                raise Refused(f"{name}: {value} never came")
            value = "\n".join(body)
        found[name] = value
    return found
