"""The real process is killed or interrupted at every call boundary; then one clean apply puts everything right."""

from __future__ import annotations

import os
import signal
from functools import partial
from pathlib import Path
from threading import Event

import pytest

from reconciler.sandbox import Fault
from tests.faults.forked_process import Breakpoint, Forks
from tests.faults.scenario import APPLY, DIALECTS, Scenario, at_every_call, reference_run, reference_scenario
from tests.oracle.checks import any_command, apply_alone, attempts, effects, harmless
from tests.oracle.run import Run

ONE_IN = 16
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
TIME_LIMIT = 20.0


def crash(forks: Forks, boundary: str, number: signal.Signals, dialect: str, index: int, folder: Path) -> list[str]:
    with reference_scenario(dialect, folder) as place:
        run = stopped_run(place, forks, boundary, number, index)
        planned = {(call.method, call.path, call.body) for call in reference_run(dialect).writes}
        broken = [
            f"not in the plan: {call.method} {call.path} {call.body}"
            for call in run.writes
            if (call.method, call.path, call.body) not in planned
        ]
        if number is signal.SIGKILL:
            rules = (
                any_command(run),
                attempts(run, place.start),
                effects(run, place.start),
                harmless(run, place.start),
            )
            broken += [text for rule in rules for text in rule]
            broken += [] if run.code is None else [f"not killed: {run.code}"]
        else:
            broken += apply_alone(run, place.start, place.facts())
            broken += [] if run.code in (0, 130) else [f"interrupted, and the exit code is {run.code}: {run.err}"]
        return [*broken, *place.check_clean_apply(run.effects)]


def stopped_run(place: Scenario, forks: Forks, boundary: str, number: signal.Signals, index: int) -> Run:
    """Run the program and send it a signal at one boundary of its call number `index`."""
    place.world.clear_logs()
    inside = {"before it is sent": "before", "answered": "after"}.get(boundary)
    late = boundary.startswith("after the effect")
    started, handled = Event(), Event()
    pid = 0

    def shoot(seq: int, _method: str, _path: str) -> None:
        if seq == index + 1:
            assert started.wait(TIME_LIMIT)
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
    pid = forks.fork(APPLY, place.folder, Breakpoint(index, inside, number) if inside else None)
    started.set()
    code = forks.wait(pid)
    assert inside or handled.wait(TIME_LIMIT)
    place.server.on_call = place.server.after_call = None
    place.server.set_faults([])
    return place.observe_fork(code, place.folder)


@pytest.mark.parametrize("dialect", DIALECTS)
@pytest.mark.parametrize("name", SIGNALS)
@pytest.mark.parametrize("boundary", BOUNDARIES)
def test_after_a_signal_at_any_call_one_clean_apply_mends_everything(
    boundary: str, name: str, dialect: str, tmp_path: Path, forks: Forks
) -> None:
    play = partial(crash, forks, boundary, SIGNALS[name], dialect)
    at_every_call("crashes", f"{name}, {boundary}", dialect, tmp_path, ONE_IN, play)
