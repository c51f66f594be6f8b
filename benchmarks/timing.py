"""Running programs and taking their time: whole processes, in turn, so that what disturbs one disturbs all."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median


class Failed(Exception):
    """A program that was to be measured did not do its work."""


@dataclass(frozen=True, slots=True)
class Ran:
    """A process that ended: how long it took from its start to its end, and what it wrote to stdout.

    `ended` is when, in Unix seconds.
    """

    seconds: float
    ended: float
    code: int
    out: str


def run(
    command: Sequence[str | Path],
    *,
    folder: Path,
    environment: Mapping[str, str] | None = None,
    codes: Sequence[int] = (0,),
) -> Ran:
    """Run a program to its end in a folder; `environment` is added to this process's own.

    Raises Failed, with the end of what it said, when its exit code is none of `codes`.
    """
    errors = folder / ".stderr"
    begun = time.perf_counter()
    with errors.open("w", encoding="utf-8") as sink:
        done = subprocess.run(
            [str(part) for part in command],
            cwd=folder,
            env={**_own_environment(), **(environment or {})},
            stdout=subprocess.PIPE,
            stderr=sink,
            text=True,
            check=False,
        )
    took, ended = time.perf_counter() - begun, time.time()
    if done.returncode not in codes:
        said = (errors.read_text(encoding="utf-8") + done.stdout)[-2000:]
        raise Failed(f"{' '.join(map(str, command))} ended with {done.returncode}:\n{said}")
    return Ran(took, ended, done.returncode, done.stdout)


def forget_settings() -> None:
    """Take what is set for the reconciler out of this process's environment: it would be measured, too."""
    for name in [name for name in os.environ if name.startswith(("RECONCILER_", "WAPPFY_"))]:
        del os.environ[name]


def in_turn(ways: Mapping[str, Callable[[], float]], rounds: int) -> dict[str, list[float]]:
    """The seconds of every way, `rounds` times, one after the other in each round."""
    found: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(rounds):
        for name, way in ways.items():
            found[name].append(way())
    return found


def ratio(one: Sequence[float], other: Sequence[float]) -> float:
    """How many times the other's time the one takes: the median over the rounds, each compared with itself."""
    return median(a / b for a, b in zip(one, other, strict=True))


def _own_environment() -> dict[str, str]:
    """This process's environment, with compiled modules kept: compiling them anew at each start is nobody's case."""
    return {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
