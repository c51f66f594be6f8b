"""Two applies at once: on one machine the second is sent away, on two machines neither does harm."""

from __future__ import annotations

import os
from collections.abc import Collection
from functools import partial
from pathlib import Path
from select import select

import pytest

from tests.faults.forked_process import TIME_LIMIT, Breakpoint, Forks
from tests.faults.scenario import APPLY, DIALECTS, Scenario, at_every_call, reference_run, reference_scenario
from tests.oracle.checks import any_command, apply_alone, created_twice, harmless, report
from tests.oracle.run import Run

ONE_IN = 8


class PausedRun:
    """A run of another process that pauses before its call number `at`."""

    def __init__(self, place: Scenario, forks: Forks, at: int) -> None:
        self._forks = forks
        self._place = place
        self.folder = place.folder / "other"
        self.folder.mkdir()
        (self.folder / "groups.yaml").write_bytes((place.folder / "groups.yaml").read_bytes())
        self._go = str(self.folder / "go")
        paused = str(self.folder / "paused")
        for pipe in (paused, self._go):
            os.mkfifo(pipe)
        # Opened first, and without waiting for a writer, who may never come.
        reader = os.open(paused, os.O_RDONLY | os.O_NONBLOCK)
        self.pid = forks.fork(APPLY, self.folder, Breakpoint(at, "before", paused=paused, go=self._go))
        signalled = os.read(reader, 1) if select([reader], [], [], TIME_LIMIT)[0] else b""
        os.close(reader)
        assert signalled, f"ended before its call {at}: {(self.folder / 'err.txt').read_text(encoding='utf-8')}"

    def finish(self, others: Collection[int] = ()) -> Run:
        """Let it run to its end; return what the server saw, without the calls of others."""
        Path(self._go).write_bytes(b".")
        code = self._forks.wait(self.pid)
        own = [call.seq for call in self._place.world.calls() if call.seq not in others]
        return self._place.observe_fork(code, self.folder, seqs=own)


def test_a_run_that_never_reaches_its_breakpoint_fails_and_hangs_nothing(tmp_path: Path, forks: Forks) -> None:
    with (
        reference_scenario(DIALECTS[0], tmp_path) as place,
        pytest.raises(AssertionError, match=r"call 999: (.|\n)*alpha"),
    ):
        PausedRun(place, forks, 999)


def locked_out(forks: Forks, dialect: str, index: int, folder: Path) -> list[str]:
    """Start the second apply on the same machine."""
    with reference_scenario(dialect, folder) as place:
        first = PausedRun(place, forks, index)
        second = place.read("apply", "--yes", amid=True)
        broken = [] if second.code == 1 and f"process {first.pid} " in second.err else [f"not sent away: {second.err}"]
        broken += [f"{len(second.calls)} calls were made"] if second.calls else []
        run = first.finish()
        broken += [
            *apply_alone(run, place.start, place.facts()),
            *([] if run.code == 0 else [f"{run.code}: {run.err}"]),
        ]
        return broken + [f"pending: {key}" for key in place.pending()]


def two_machines(forks: Forks, dialect: str, index: int, folder: Path) -> list[str]:
    """Run a whole apply from another machine, which knows nothing of the lock, before one call of the first."""
    lists, creates = (
        [
            n
            for n, call in enumerate(reference_run(dialect).calls)
            if call.method == method and call.path.endswith("/groups")
        ]
        for method in ("GET", "POST")
    )
    with reference_scenario(dialect, folder) as place:
        first = PausedRun(place, forks, index)
        expectation = place.expectation()
        with pytest.MonkeyPatch.context() as elsewhere:
            elsewhere.setattr("reconciler.apply.lock.FOLDER", folder / "elsewhere")
            second = place.apply(amid=True)
        broken = list(apply_alone(second, expectation, place.facts()))
        run = first.finish({call.seq for call in second.calls})
        broken += [*any_command(run), *harmless(run, place.start)]
        broken += [f"first: {text}" for text in report(run, place.facts())]
        twice = list(created_twice((*second.effects, *run.effects), place.start))
        # Between its last look at the list and its creates nothing tells the first of what the second creates.
        blind = max(n for n in lists if n < creates[0]) < index <= creates[-1]
        broken += [] if blind else twice
        clean = place.apply()
        left = place.pending()
        broken += [f"pending for good: {key}" for key, steps in left.items() if steps]
        broken += [f"left, and nothing was created twice: {key}" for key in left if not twice]
        broken += [f"{key} is left, and not named" for key in left if key not in clean.out]
        return [*broken, *([] if clean.code == (3 if left else 0) else [f"clean: {clean.code}: {clean.out}"])]


WHERE = {"one machine": locked_out, "two machines": two_machines}


@pytest.mark.parametrize("dialect", DIALECTS)
@pytest.mark.parametrize("where", WHERE)
def test_two_applies_at_once_do_no_harm(where: str, dialect: str, tmp_path: Path, forks: Forks) -> None:
    play = partial(WHERE[where], forks, dialect)
    at_every_call("two applies", where, dialect, tmp_path, ONE_IN, play)
