"""Two applies at once: on one machine the second is sent away, on two machines neither does harm."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterator
from functools import partial
from pathlib import Path
from select import select

import pytest

from tests.torture import invariants
from tests.torture.arena import Arena, Ran, arena
from tests.torture.sampling import every
from tests.torture.test_crash_matrix import ARGUMENTS
from tests.torture.test_fault_matrix import DIALECTS, reference_run
from tests.torture.test_races import pending
from tests.torture.zygote import PATIENCE, Tripwire, Zygote, zygote

ONE_IN = 8


@pytest.fixture(scope="module")
def forks() -> Iterator[Zygote]:
    with zygote() as process:
        yield process


class Paused:
    """A run of another process that stands still before its call number `at`."""

    def __init__(self, place: Arena, forks: Zygote, at: int) -> None:
        self._forks = forks
        self._place = place
        self.folder = place.folder / "other"
        self.folder.mkdir()
        (self.folder / "groups.yaml").write_bytes((place.folder / "groups.yaml").read_bytes())
        self._go = str(self.folder / "go")
        told = str(self.folder / "told")
        for pipe in (told, self._go):
            os.mkfifo(pipe)
        # Opened first, and without waiting for a writer, who may never come.
        ear = os.open(told, os.O_RDONLY | os.O_NONBLOCK)
        self.pid = forks.fork(ARGUMENTS, self.folder, Tripwire(at, "before", told=told, go=self._go))
        heard = os.read(ear, 1) if select([ear], [], [], PATIENCE)[0] else b""
        os.close(ear)
        assert heard, f"ended before its call {at}: {(self.folder / 'err.txt').read_text(encoding='utf-8')}"

    def finish(self, others: Collection[int] = ()) -> Ran:
        """Let it go on to its end; what the server saw, without the calls of others."""
        Path(self._go).write_bytes(b".")
        code = self._forks.wait(self.pid)
        out, err = ((self.folder / name).read_text(encoding="utf-8") for name in ("out.txt", "err.txt"))
        own = [call.seq for call in self._place.world.calls() if call.seq not in others]
        return self._place.seen(code, out, err, folder=self.folder, seqs=own)


def test_a_run_that_never_makes_the_call_it_is_to_stand_still_before_fails_and_hangs_nothing(
    tmp_path: Path, forks: Zygote
) -> None:
    with arena(DIALECTS[0], tmp_path) as place, pytest.raises(AssertionError, match=r"call 999: (.|\n)*alpha"):
        Paused(place, forks, 999)


def locked_out(forks: Zygote, index: int, dialect: str, folder: Path) -> list[str]:
    """The second apply on the same machine."""
    with arena(dialect, folder) as place:
        first = Paused(place, forks, index)
        second = place.run("apply", "--yes", amid=True)
        broken = [] if second.code == 1 and f"process {first.pid} " in second.err else [f"not sent away: {second.err}"]
        broken += [f"{len(second.calls)} calls were made"] if second.calls else []
        ran = first.finish()
        broken += [*invariants.broken_by(ran, place.world), *([] if ran.code == 0 else [f"{ran.code}: {ran.err}"])]
        return broken + [f"pending: {key}" for key in pending(place.plan())]


def two_machines(forks: Zygote, index: int, dialect: str, folder: Path) -> list[str]:
    """A whole apply from another machine, which knows nothing of the lock, before one call of the first."""
    planned = reference_run(dialect, folder.parent)
    lists, creates = (
        [at for at, call in enumerate(planned.calls) if call.method == method and call.path.endswith("/groups")]
        for method in ("GET", "POST")
    )
    with arena(dialect, folder) as place:
        first = Paused(place, forks, index)
        with pytest.MonkeyPatch.context() as elsewhere:
            elsewhere.setattr("reconciler.apply.lock.FOLDER", folder / "elsewhere")
            second = place.apply(amid=True)
        broken = [*invariants.broken_by(second, place.world), *invariants.harmed(second.effects)]
        ran = first.finish({call.seq for call in second.calls})
        broken += [f"first: {text}" for text in invariants.broken_by(ran, place.world)]
        broken += invariants.harmed(ran.effects)
        twice = list(invariants.made_twice((*second.effects, *ran.effects)))
        # Between its last look at the list and its creates nothing tells the first of what the second makes.
        blind = lists[-1] < index <= creates[-1]
        broken += [] if blind else twice
        clean = place.apply()
        left = pending(place.plan())
        broken += [f"pending for good: {key}" for key, steps in left.items() if steps]
        broken += [f"left, and nothing was made twice: {key}" for key in left if not twice]
        broken += [f"{key} is left, and not named" for key in left if key not in clean.out]
        return [*broken, *([] if clean.code == (3 if left else 0) else [f"clean: {clean.code}: {clean.out}"])]


WHERE = {"one machine": locked_out, "two machines": two_machines}


@pytest.mark.parametrize("dialect", DIALECTS)
@pytest.mark.parametrize("where", WHERE)
def test_two_applies_at_once_do_no_harm(where: str, dialect: str, tmp_path: Path, forks: Zygote) -> None:
    calls = len(reference_run(dialect, tmp_path).calls)
    every(
        "two applies",
        {
            f"{where}, call {index}, {dialect}": partial(WHERE[where], forks, index, dialect, tmp_path / str(index))
            for index in range(calls)
        },
        ONE_IN,
    )
