"""What people copy from `examples/scale` has run: every line of the workflow and the pod's command, index by index."""

from __future__ import annotations

import gzip
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from reconciler import __version__
from reconciler.plan.shard import shard_number
from reconciler.sandbox import Server, Settings, World

ROOT = Path(__file__).parents[2]
EXAMPLES = ROOT / "examples" / "scale"
BIN = Path(sys.executable).parent
WORKFLOW: dict[str, Any] = yaml.safe_load((EXAMPLES / "github-matrix.yml").read_text(encoding="utf-8"))
JOB: dict[str, Any] = yaml.safe_load((EXAMPLES / "indexed-job.yaml").read_text(encoding="utf-8"))
POD: dict[str, Any] = JOB["spec"]["template"]["spec"]
(CONTAINER,) = POD["containers"]
ACCOUNTS = (1, 2, 3)
KEYS = tuple(yaml.safe_load((EXAMPLES / "groups" / "groups.yaml").read_text(encoding="utf-8"))["groups"])
INSTALLING = 'pip install "$RECONCILER_PACKAGE"'
"""The one line that is not run: this very program, of this version, is what it would install."""
assert WORKFLOW["env"] == {"RECONCILER_PACKAGE": f"wappfy-reconciler=={__version__}"}


Ran = subprocess.CompletedProcess[str]


@pytest.fixture
def server() -> Iterator[Server]:
    """Three accounts that are in no group yet, behind one API."""
    with World.open() as world:
        for account in ACCOUNTS:
            world.ensure_instance(f"inst_account_{account}", f"+1 202 555 010{account}")
        with Server(world, Settings(rate_limit=10_000)) as running:
            yield running


def shell(script: str, folder: Path, server: Server, environment: Mapping[str, str]) -> Ran:
    """Run a script as a job does: stopped at the first line that fails, in a clean environment."""
    clean = {
        "PATH": f"{BIN}:{os.environ['PATH']}",
        "HOME": str(folder),
        "WAPPFY_BASE_URL": server.url,
        **{name: os.environ[name] for name in os.environ if name.startswith("COVERAGE")},
    }
    return subprocess.run(
        ["bash", "-e", "-c", script], cwd=folder, env={**clean, **environment}, capture_output=True, text=True
    )


def groups_of(world: World, account: int) -> set[str]:
    return {group.name for group in world.groups(f"inst_account_{account}")}


def names_in_shard(account: int) -> set[str]:
    named = yaml.safe_load((EXAMPLES / "groups" / "groups.yaml").read_text(encoding="utf-8"))["groups"]
    return {group["name"] for key, group in named.items() if shard_number(key, len(ACCOUNTS)) == account}


# --- the matrix of a workflow --------------------------------------------------------------------------------------


def filled_in(text: str, account: int, server: Server) -> str:
    known = {"matrix.account": str(account), "secrets.WAPPFY_API_KEY": server.key}
    return re.sub(r"\$\{\{ (.*?) \}\}", lambda match: known[match[1]], text)


def run_job(name: str, account: int, folder: Path, server: Server) -> list[Ran]:
    """Every `run:` of one job in a fresh checkout, for one entry of its matrix."""
    for part in ("groups", "accounts"):
        shutil.copytree(EXAMPLES / part, folder / part)
    job = WORKFLOW["jobs"][name]
    runs = [step for step in job["steps"] if "run" in step and step["run"] != INSTALLING]
    assert len(runs) == len(job["steps"]) - 3
    return [
        shell(step["run"], folder, server, {k: filled_in(v, account, server) for k, v in environment.items()})
        for step in runs
        for environment in [{**job["env"], **step.get("env", {})}]
    ]


def test_the_workflow_checks_every_shard_then_applies_each_with_its_account(server: Server, tmp_path: Path) -> None:
    for account in WORKFLOW["jobs"]["check"]["strategy"]["matrix"]["account"]:
        ran = run_job("check", account, tmp_path / f"check-{account}", server)
        assert [one.returncode for one in ran] == [0] * len(ran), ran
    assert server.world.snapshot() == {}
    for account in WORKFLOW["jobs"]["apply"]["strategy"]["matrix"]["account"]:
        ran = run_job("apply", account, tmp_path / f"apply-{account}", server)
        assert [one.returncode for one in ran] == [0] * len(ran), ran
        assert "Plan:" in ran[-1].stdout
    assert all(groups_of(server.world, account) == names_in_shard(account) for account in ACCOUNTS)
    assert len(server.world.snapshot()) == len(KEYS)
    again = [run_job("apply", account, tmp_path / f"again-{account}", server)[-1] for account in ACCOUNTS]
    assert all("No changes" in ran.stdout for ran in again)


def test_the_ids_of_all_accounts_can_be_noted_in_the_one_file(server: Server, tmp_path: Path) -> None:
    for account in ACCOUNTS:
        run_job("apply", account, tmp_path / f"apply-{account}", server)
    shutil.copytree(EXAMPLES / "groups", tmp_path / "groups")
    for command in ("pin groups", "apply groups --yes --shard {account}/3"):
        for account in ACCOUNTS:
            shutil.copy(EXAMPLES / "accounts" / f"{account}.yaml", tmp_path / "groups" / "instance.yaml")
            line = f"reconciler {command.format(account=account)}"
            ran = shell(line, tmp_path, server, {"WAPPFY_API_KEY": server.key})
            assert ran.returncode == 0, ran.stderr
    assert "No changes" in ran.stdout
    pinned = yaml.safe_load((tmp_path / "groups" / "groups.yaml").read_text(encoding="utf-8"))["groups"]
    assert all(group["id"].endswith("@g.us") for group in pinned.values())
    assert len(server.world.snapshot()) == len(KEYS)


def test_a_refusal_in_one_shard_ends_the_check_before_anything_is_written(server: Server, tmp_path: Path) -> None:
    server.world.set_instance_status("inst_account_2", "disconnected")
    ran = run_job("check", 2, tmp_path / "check", server)
    assert ran[-1].returncode == 1
    assert "not connected" in ran[-1].stderr
    assert WORKFLOW["jobs"]["apply"]["needs"] == "check"
    assert server.world.snapshot() == {}


def test_every_job_of_the_workflow_has_the_least_rights_and_knows_how_many_shards_there_are() -> None:
    assert WORKFLOW["permissions"] == {}
    assert WORKFLOW["jobs"]["apply"]["concurrency"]["cancel-in-progress"] is False
    for job in WORKFLOW["jobs"].values():
        accounts = job["strategy"]["matrix"]["account"]
        assert accounts == list(ACCOUNTS)
        assert job["env"]["RECONCILER_SHARD"] == f"${{{{ matrix.account }}}}/{len(accounts)}"
        assert job["permissions"] == {"contents": "read"}
        assert not any("${{" in step.get("run", "") for step in job["steps"])
        assert all(re.fullmatch(r"[\w./-]+@[0-9a-f]{40}", step["uses"]) for step in job["steps"] if "uses" in step)
    assert WORKFLOW["jobs"]["apply"]["strategy"]["fail-fast"] is False


@pytest.mark.parametrize("tool", ["actionlint", "zizmor"])
def test_the_workflow_has_no_fault_that_a_linter_finds(tool: str) -> None:
    found = shutil.which(tool, path=f"{BIN}:{os.environ['PATH']}")
    if found is None:
        pytest.skip(f"{tool} is not installed")
    options = {"actionlint": ["-no-color"], "zizmor": ["--offline", "--no-progress"]}[tool]
    ran = subprocess.run([found, *options, str(EXAMPLES / "github-matrix.yml")], capture_output=True, text=True)
    assert ran.returncode == 0, ran.stdout + ran.stderr


# --- the Indexed Job -----------------------------------------------------------------------------------------------


def test_the_job_is_one_that_kubernetes_would_take() -> None:
    schema = json.loads(gzip.decompress((ROOT / "tests/data/kubernetes/job.schema.json.gz").read_bytes()))
    jsonschema.Draft202012Validator(schema).validate(JOB)
    damaged = {**JOB, "spec": {**JOB["spec"], "completion": 3}}
    assert not jsonschema.Draft202012Validator(schema).is_valid(damaged)


def test_the_job_runs_an_index_for_each_account_and_each_fails_on_its_own() -> None:
    spec = JOB["spec"]
    assert (spec["completionMode"], spec["completions"]) == ("Indexed", len(ACCOUNTS))
    assert spec["backoffLimitPerIndex"] == 1
    assert spec["maxFailedIndexes"] == spec["completions"]
    assert POD["restartPolicy"] == "Never"
    (rule,) = spec["podFailurePolicy"]["rules"]
    assert (rule["action"], rule["onExitCodes"]["values"]) == ("FailIndex", [1])
    assert rule["onExitCodes"]["containerName"] == CONTAINER["name"]


def test_the_pod_has_the_least_rights_and_its_secrets_from_secrets() -> None:
    assert POD["automountServiceAccountToken"] is False
    assert POD["securityContext"]["runAsNonRoot"] is True
    assert POD["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    assert CONTAINER["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }
    assert CONTAINER["image"].endswith(f"/reconciler:{__version__}")
    assert CONTAINER["resources"]["requests"].keys() == {"cpu", "memory"}
    assert "memory" in CONTAINER["resources"]["limits"]
    kinds = {volume["name"]: set(volume) - {"name"} for volume in POD["volumes"]}
    assert kinds == {"groups": {"secret"}, "keys": {"secret"}, "scratch": {"emptyDir"}}
    writable = [mount["mountPath"] for mount in CONTAINER["volumeMounts"] if not mount.get("readOnly")]
    assert writable == ["/tmp"]
    assert all(volume["secret"]["defaultMode"] == 0o440 for volume in POD["volumes"] if "secret" in volume)


def mounted(volumes: Path, server: Server) -> dict[str, Path]:
    """The pod's volumes as folders, filled as the file's head says."""
    for name in ("groups", "keys", "scratch"):
        (volumes / name).mkdir(parents=True)
    shutil.copy(EXAMPLES / "groups" / "groups.yaml", volumes / "groups")
    for account in ACCOUNTS:
        shutil.copy(EXAMPLES / "accounts" / f"{account}.yaml", volumes / "groups" / f"account-{account}.yaml")
        (volumes / "keys" / f"account-{account}").write_text(f"{server.key}\n", encoding="utf-8")
    return {mount["mountPath"]: volumes / mount["name"] for mount in CONTAINER["volumeMounts"]}


def run_pod(index: int, volumes: Path, server: Server) -> Ran:
    """The container's command with JOB_COMPLETION_INDEX as the job's controller sets it, its volumes put in place."""
    places = mounted(volumes, server)
    script = re.sub("|".join(places), lambda match: str(places[match[0]]), CONTAINER["command"][2])
    assert CONTAINER["command"][:2] == ["/bin/sh", "-euc"]
    given = {one["name"]: one["value"] for one in CONTAINER["env"]}
    return shell(f"exec /bin/sh -euc '{script}'", volumes, server, {**given, "JOB_COMPLETION_INDEX": str(index)})


def test_every_index_of_the_job_applies_the_shard_of_its_account(server: Server, tmp_path: Path) -> None:
    for index in range(JOB["spec"]["completions"]):
        ran = run_pod(index, tmp_path / f"pod-{index}", server)
        assert ran.returncode == 0, ran.stdout + ran.stderr
        assert f"Shard {index + 1}/3: " in ran.stdout
    assert all(groups_of(server.world, account) == names_in_shard(account) for account in ACCOUNTS)
    assert len(server.world.snapshot()) == len(KEYS)


def test_a_pod_ends_with_the_exit_code_of_its_apply(server: Server, tmp_path: Path) -> None:
    server.world.set_instance_status("inst_account_1", "disconnected")
    assert run_pod(0, tmp_path / "refused", server).returncode == 1
