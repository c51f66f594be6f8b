"""The embedded server in a process of its own, as `reconciler sandbox serve` runs it, and the world behind it.

The world is a file, so that this process can fill it before and read the log of calls after. What is measured shares
no interpreter with the server.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from benchmarks.files import INSTANCE, about, name_of
from benchmarks.numbers import OWN, number
from benchmarks.timing import Failed
from reconciler.sandbox import SANDBOX_KEY, World

PROGRAM = Path(sys.executable).with_name("reconciler")
NO_LIMIT = 10_000_000
"""Calls a minute that nothing here comes near."""


@dataclass(frozen=True, slots=True)
class Served:
    """A running server: its base URL, its world."""

    url: str
    world: World

    @property
    def environment(self) -> dict[str, str]:
        """What a client needs to be told, also that no proxy is on the way, which the reconciler knows by itself."""
        told = {"WAPPFY_BASE_URL": self.url, "WAPPFY_API_KEY": SANDBOX_KEY, "WAPPFY_INSTANCE_ID": INSTANCE}
        return {**told, "no_proxy": "127.0.0.1"}


@contextmanager
def serving(
    folder: Path, *, rate_limit: int = NO_LIMIT, window: float = 60.0, faults: str | None = None
) -> Iterator[Served]:
    """Serve a new world kept in the folder; `faults` is the text of a file of faults."""
    state = folder / "world.sqlite"
    for old in folder.glob("world.sqlite*"):
        old.unlink()
    command = [str(PROGRAM), "sandbox", "serve", "--port", "0", "--state", str(state)]
    command += ["--rate-limit", str(rate_limit), "--window", str(window)]
    if faults is not None:
        (folder / "faults.yaml").write_text(faults, encoding="utf-8")
        command += ["--faults", str(folder / "faults.yaml")]
    with World.open(state) as world:
        world.ensure_instance(INSTANCE, OWN)
        with subprocess.Popen(
            command, stdout=subprocess.PIPE, text=True, env={**os.environ, "PYTHONUNBUFFERED": "1"}
        ) as process:
            try:
                yield Served(_url(process), world)
            finally:
                process.terminate()
                process.wait()


def _url(process: subprocess.Popen[str]) -> str:
    line = process.stdout.readline() if process.stdout else ""
    words = line.split()
    if words[:1] != ["serving"]:
        raise Failed(f"the embedded server did not start: {line}")
    return words[1]


def fill(world: World, groups: Mapping[str, Sequence[int]]) -> None:
    """Replace whatever groups there are by these, which the instance owns; the log of calls begins anew."""
    with world.transaction():
        for there in world.groups():
            world.delete_group(there.id)
        for key, members in groups.items():
            world.create_group(name_of(key), map(number, members), owner=OWN, description=about(key))
        world.clear_logs()
