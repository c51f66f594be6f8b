"""The crash matrix: the real process is killed at every call boundary; then one clean apply puts all right."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from threading import Event

import pytest

from reconciler.sandbox import Fault
from tests.torture import invariants
from tests.torture.arena import Arena, Ran, arena
from tests.torture.sampling import every
from tests.torture.test_fault_matrix import DIALECTS, heal, reference_run
from tests.torture.zygote import Tripwire, Zygote, zygote

ONE_IN = 16
ARGUMENTS = ["--parallelism", "1", "--timeout", "10", "apply", "--yes", "--report", "report.json"]
SIGNALS = {"SIGKILL": signal.SIGKILL, "SIGTERM": signal.SIGTERM, "SIGINT": signal.SIGINT}
BOUNDARIES = (
    "before it is sent",
    "sent, before the effect",
    "sent, never handled",
    "after the effect",
    "after the effect, the answer is lost",
    "answered",
)
LOSSES = {"sent, never handled": "drop_before", "after the effect, the answer is lost": "drop_after"}
PATIENCE = 20.0


@pytest.fixture(scope="module")
def forks() -> Iterator[Zygote]:
    with zygote() as process:
        yield process


def crash(forks: Zygote, boundary: str, number: signal.Signals, index: int, dialect: str, folder: Path) -> list[str]:
    with arena(dialect, folder) as place:
        ran = stopped(place, forks, boundary, number, index)
        planned = {(call.method, call.path, call.body) for call in reference_run(dialect, folder.parent).writes}
        broken = [
            f"not in the plan: {call.method} {call.path} {call.body}"
            for call in ran.writes
            if (call.method, call.path, call.body) not in planned
        ]
        if number is not signal.SIGKILL:
            broken += _told(ran, place)
        elif ran.code != -signal.SIGKILL:
            broken.append(f"not killed: {ran.code}")
        return [*broken, *invariants.harmed(ran.effects), *heal(place, ran.effects)]


def _told(ran: Ran, place: Arena) -> list[str]:
    """What an interrupted run has to say of itself."""
    late = [] if ran.code in (0, 130) else [f"interrupted, and the exit code is {ran.code}: {ran.err}"]
    return [*late, *invariants.broken_by(ran, place.world)]


def stopped(place: Arena, forks: Zygote, boundary: str, number: signal.Signals, index: int) -> Ran:
    """Run the program and send it a signal at one boundary of its call number `index`."""
    place.world.clear_logs()
    inside = {"before it is sent": "before", "answered": "after"}.get(boundary)
    late = boundary.startswith("after the effect")
    started, handled = Event(), Event()
    pid = 0

    def shoot(seq: int, _method: str, _path: str) -> None:
        if seq == index + 1:
            assert started.wait(PATIENCE)
            os.kill(pid, number)

    def after(seq: int, method: str, path: str) -> None:
        if late:
            shoot(seq, method, path)
        if seq == index + 1:
            handled.set()

    if inside is None:
        place.server.on_call = None if late else shoot
        place.server.after_call = after
    if boundary in LOSSES:
        place.server.set_faults([Fault(LOSSES[boundary], path="**", skip=index)])
    pid = forks.fork(ARGUMENTS, place.folder, Tripwire(index, inside, number) if inside else None)
    started.set()
    code = forks.wait(pid)
    assert inside or handled.wait(PATIENCE)
    place.server.on_call = place.server.after_call = None
    place.server.set_faults([])
    out, err = ((place.folder / name).read_text(encoding="utf-8") for name in ("out.txt", "err.txt"))
    return place.seen(code, out, err)


@pytest.mark.parametrize("dialect", DIALECTS)
@pytest.mark.parametrize("name", SIGNALS)
@pytest.mark.parametrize("boundary", BOUNDARIES)
def test_a_run_stopped_at_any_call_leaves_nothing_that_one_clean_apply_does_not_mend(
    boundary: str, name: str, dialect: str, tmp_path: Path, forks: Zygote
) -> None:
    calls = len(reference_run(dialect, tmp_path).calls)
    every(
        "crashes",
        {
            f"{name}, {boundary}, call {index}, {dialect}": partial(
                crash, forks, boundary, SIGNALS[name], index, dialect, tmp_path / str(index)
            )
            for index in range(calls)
        },
        ONE_IN,
    )
