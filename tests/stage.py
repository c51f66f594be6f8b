"""A stage for stories: an embedded server over a socket, a folder with YAML, and the program run in this process."""

from __future__ import annotations

import os
import re
import textwrap
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from reconciler.cli.main import run
from reconciler.sandbox import Server, Settings, World

INSTANCE = "inst_story"
PHONE = "+1 202 555 0100"
UPDATE = os.environ.get("RECONCILER_UPDATE_GOLDEN") == "1"


@dataclass(frozen=True)
class Ran:
    """What a run of the program left behind."""

    code: int
    out: str
    err: str


class Stage:
    """One world, one server, one folder."""

    def __init__(self, world: World, server: Server, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.world = world
        self.server = server
        self.folder = folder
        self._capsys = capsys

    def file(self, text: str, name: str = "groups.yaml") -> Path:
        """Write a YAML file; the head with version and instance is put before it."""
        head = f"version: 1\ninstance: {{id: {INSTANCE}, phone: {PHONE}}}\n"
        path = self.folder / name
        path.write_text(head + textwrap.dedent(text), encoding="utf-8")
        return path

    def run(self, *arguments: str) -> Ran:
        """Run the program as the shell would."""
        self._capsys.readouterr()
        code = run(list(arguments))
        captured = self._capsys.readouterr()
        return Ran(code, captured.out, captured.err)

    def calls(self) -> list[str]:
        """The calls since the last look, as "METHOD /path" under the instance; then they are forgotten."""
        prefix = re.compile(rf"/api/instances/{INSTANCE}")
        seen = [f"{call.method} {prefix.sub('', call.path) or '/'}" for call in self.world.calls()]
        self.world.clear_logs()
        return seen

    def members(self, name: str) -> set[str]:
        """The digits of everybody in the one live group of this name, the instance too."""
        (group,) = [g for g in self.world.snapshot().values() if g["name"] == name]
        return {member["phone"] if isinstance(member, dict) else member for member in group["members"]}


@contextmanager
def stage_with(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Iterator[Stage]:
    """A stage whose server behaves as `settings` say; the environment points the program at it."""
    with World.open() as world:
        world.ensure_instance(INSTANCE, PHONE)
        with Server(world, settings) as server:
            point_program_at(server, tmp_path, monkeypatch)
            yield Stage(world, server, tmp_path, capsys)


def point_program_at(server: Server, folder: Path, patch: pytest.MonkeyPatch) -> None:
    """Let the program run in a folder, with this server's address and key, and keep its state there."""
    patch.chdir(folder)
    patch.setenv("WAPPFY_API_KEY", server.key)
    patch.setenv("WAPPFY_BASE_URL", server.url)
    patch.setenv("XDG_STATE_HOME", str(folder / "state"))


def same_as_golden(text: str, path: Path) -> None:
    """Compare with a golden file, or write it when RECONCILER_UPDATE_GOLDEN is 1."""
    if UPDATE:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    assert text == path.read_text(encoding="utf-8")


def converge(
    stage: Stage, golden: str, *, writes: list[str], arguments: tuple[str, ...] = (), by_list: bool = False
) -> None:
    """The shape of every story: plan, apply with the fewest calls, an empty second plan.

    `writes` are the writing calls that the change cannot do without, in order of text. Besides them an apply may
    list once (once more before it creates anything), read each managed group once before (the reference dialect's
    list carries them) and once after (one list for all of them if `by_list`), and look at the instance once; a plan the
    same without the writes and what follows them.
    """
    planned = stage.run("plan", "--detailed-exitcode", *arguments)
    assert planned.code == 2, planned.err
    same_as_golden(planned.out, Path(__file__).parent / "golden" / "plans" / f"{golden}.txt")
    plan_calls = stage.calls()
    assert plan_calls.count("GET /groups") == 1
    assert plan_calls.count("GET /") == 1
    assert all(call.startswith("GET ") for call in plan_calls)

    applied = stage.run("apply", "--yes", *arguments)
    assert applied.code == 0, applied.out + applied.err
    apply_calls = stage.calls()
    assert sorted(call for call in apply_calls if not call.startswith("GET ")) == sorted(writes)
    changed = {changed_group(call) for call in writes} - {None}
    created = sum(call == "POST /groups" for call in writes)
    assert len(apply_calls) == len(plan_calls) + len(writes) + (1 if by_list else len(changed)) + created + bool(
        created
    )

    again = stage.run("plan", "--detailed-exitcode", *arguments)
    assert again.code == 0, again.out
    assert "No changes" in again.out
    assert "GET /" not in stage.calls()


def changed_group(call: str) -> str | None:
    """The id of the group that a writing call changes; None for a create."""
    match = re.search(r"/groups/([^/]+@g\.us)", call)
    return match[1] if match else None
