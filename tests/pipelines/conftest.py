"""A forge whose repository was started with `init`, and live groups behind an embedded server."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from reconciler.cli.main import run
from reconciler.sandbox import Server, Settings, World
from tests.pipelines.forge import Event, Forge
from tests.pipelines.loaded_programs import loaded_programs
from tests.pipelines.runner import Run
from tests.stage import INSTANCE, PHONE

ALICE, BOB, CAROL, DAN = (f"+1 404 555 01{n}" for n in range(43, 47))
HEAD = f"""\
version: 1
instance: {{id: {INSTANCE}, phone: {PHONE}}}
people:
  alice: {ALICE}
  bob: {BOB}
  carol: {CAROL}
  dan: {DAN}
groups:
"""


def yaml_of(**groups: str) -> str:
    """A file with these groups: key and what stands in its braces."""
    return HEAD + "".join(f"  {key}: {{{text}}}\n" for key, text in groups.items())


@dataclass
class Scene:
    """What a story plays with: the forge, the live world behind its server, and a folder for runs."""

    forge: Forge
    world: World
    server: Server
    folder: Path
    runs: int = 0

    def run(self, which: str, event: Event, *, jobs: Collection[str] = (), **before: object) -> Run:
        """Run one of the starter's workflows, or some of its jobs; `before` is called as a job of that name starts."""
        self.runs += 1
        run = Run(self.forge, event, self.folder / f"run-{self.runs}")
        run.run(f".github/workflows/reconciler-{which}.yml", before, jobs)  # type: ignore[arg-type]
        assert self.server.key not in run.everything()
        return run


@pytest.fixture(scope="session")
def programs() -> Iterator[Path]:
    """The folder of the programs that runs start."""
    with loaded_programs() as folder:
        yield folder


@pytest.fixture
def scene(
    tmp_path: Path, programs: Path, request: pytest.FixtureRequest, capsys: pytest.CaptureFixture[str]
) -> Iterator[Scene]:
    """One live group, Alpha with alice and bob, which the file on main has too, by its name."""
    with World.open() as world, Server(world, Settings(rate_limit=10_000)) as server:
        world.ensure_instance(INSTANCE, PHONE)
        world.create_group("Alpha", [ALICE, BOB], owner=PHONE)
        env = {"WAPPFY_BASE_URL": server.url, "XDG_STATE_HOME": str(tmp_path / "state")}
        forge = Forge(tmp_path / "forge", {"WAPPFY_API_KEY": server.key}, env, programs)
        assert run(["init", str(forge.clone), "--ci", getattr(request, "param", "github")]) == 0
        forge.commit({"groups.yaml": yaml_of(alpha="name: Alpha, members: [alice, bob]")})
        world.clear_logs()
        yield Scene(forge, world, server, tmp_path / "runs")
