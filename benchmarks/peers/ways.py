"""The programs that are compared, each as the commands that do one piece of the same work."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from benchmarks.peers.zones import CONFIG
from benchmarks.served import PROGRAM

HERE = Path(__file__).parent
BIN = Path(sys.executable).parent

OURS = "reconciler"
SCRIPT = "script, requests"


Command = Sequence[str | Path]


@dataclass(frozen=True, slots=True)
class Way:
    """One program. `plan` and `apply` bring a server from what it has to groups.yaml; `offline` compares two files.

    `served`: whether it talks to the server; octoDNS goes from YAML to YAML. `why` and `why_offline` say why it is not
    far behind, where it is not.
    """

    name: str
    plan: Command
    apply: Command
    offline: Command
    environment: Mapping[str, str]
    served: bool = True
    why: str = ""
    why_offline: str = ""


def ways() -> tuple[tuple[Way, ...], tuple[str, ...]]:
    """The programs that are installed, ours first; and of the others why they are left out."""
    script: Command = [sys.executable, HERE / "script.py"]
    found = [
        Way(
            OURS,
            [PROGRAM, "plan", "groups.yaml"],
            [PROGRAM, "apply", "--yes", "--max-removals", "50%", "groups.yaml"],
            [PROGRAM, "diff", "old.yaml", "new.yaml"],
            {},
        ),
        Way(
            SCRIPT,
            [*script, "plan", "groups.yaml"],
            [*script, "apply", "groups.yaml"],
            [*script, "offline", "old.yaml", "new.yaml"],
            {},
            why="it does less (nothing checked, nothing read back), and where a server on the same machine answers at "
            "once, both are mostly Python's start and one server's pace",
            why_offline="it reads and checks nothing but names, and a third of our time is Python's start",
        ),
    ]
    lacking = []
    for module, way in (("ansible", _ansible()), ("octodns", _octodns())):
        if find_spec(module) is None:
            lacking.append(f"{way.name} is left out: the package is not installed; `make bench` installs it")
        else:
            found.append(way)
    return tuple(found), tuple(lacking)


def _ansible() -> Way:
    playbook: Command = [BIN / "ansible-playbook", "-i", "localhost,"]
    run: Command = [*playbook, HERE / "playbook.yml", "-e", "file={folder}/groups.yaml"]
    offline: Command = [*playbook, HERE / "offline.yml", "-e", "old={folder}/old.yaml new={folder}/new.yaml"]
    environment = {
        "ANSIBLE_HOME": "{folder}/ansible",
        "ANSIBLE_LOCALHOST_WARNING": "false",
        "ANSIBLE_PYTHON_INTERPRETER": sys.executable,
        "LC_ALL": "C.UTF-8",
    }
    return Way("Ansible, uri", [*run, "--check"], run, offline, environment)


_NO_CALLS = "it makes no calls, so that both times are mostly Python's start; the like of its work is the one offline"


def _octodns() -> Way:
    plan: Command = [BIN / "octodns-sync", "--config-file", "{folder}/" + CONFIG]
    return Way("octoDNS, YAML", plan, [*plan, "--doit", "--force"], plan, {}, served=False, why=_NO_CALLS)
