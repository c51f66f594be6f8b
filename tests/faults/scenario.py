"""One scenario's place: the reference world behind a server, the file in a folder, and the rules of every matrix."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from functools import cache, partial
from pathlib import Path
from signal import SIGKILL
from tempfile import TemporaryDirectory
from threading import Event

import pytest

from reconciler.sandbox import Dialect, Fault, Settings
from reconciler.sandbox.records import Effect
from tests.faults import reference
from tests.faults.false_answers import distort
from tests.oracle.checks import apply_alone, created_twice, require
from tests.oracle.desired import GroupsFile
from tests.oracle.expected import Expectation
from tests.oracle.facts import Facts, read_facts
from tests.oracle.identity import KEY
from tests.oracle.run import Run
from tests.oracle.runner import CALM, Runner, Trouble, start_runner
from tests.oracle.sampling import every

DIALECTS = ("guide", "reference")
APPLY = ("--parallelism", "1", "--timeout", "10", "apply", "--yes", "--report", "report.json")


class Scenario(Runner):
    """A runner that knows its file and how the world was at the start."""

    file: GroupsFile = reference.FILE
    start: Expectation

    def apply(self, *faults: Fault, timeout: float = 10, amid: bool = False, parallelism: int = 1) -> Run:
        """Apply the file, asking nothing, with a report."""
        options = ("--parallelism", str(parallelism), "--timeout", str(timeout))
        return self.run(*options, *APPLY[4:], trouble=Trouble(faults), amid=amid)

    def plan(self) -> Run:
        """Plan as a pipeline does: exit code 2 when anything is pending."""
        return self.read("plan", "--detailed-exitcode", "--format", "json")

    def read(self, *arguments: str, trouble: Trouble = CALM, amid: bool = False) -> Run:
        """Run any command with one call at a time."""
        return self.run(*APPLY[:4], *arguments, trouble=trouble, amid=amid)

    def facts(self) -> Facts:
        """Read what is true now."""
        return read_facts(self.world, {}, names_creator=self.server.settings.dialect is Dialect.GUIDE)

    def expectation(self) -> Expectation:
        """Return what a run should do now."""
        return Expectation(self.facts(), self.file.on())

    def wait_until_handled(self, run: Run) -> Run:
        """Wait until the server is done with every call, also those that the program gave up; return all of them."""
        handled = Event()
        self.server.after_call = lambda *_: handled.set()
        while any(call.status is None for call in self.world.calls()):
            assert handled.wait(10)
            handled.clear()
        self.server.after_call = None
        return self.observe(run.arguments, run.code, run.out, run.err)

    def observe_fork(self, code: int, folder: Path, seqs: Collection[int] | None = None) -> Run:
        """Return what the program left behind in a process of its own, which ran in a folder."""
        out, err = ((folder / name).read_text(encoding="utf-8") for name in ("out.txt", "err.txt"))
        ended = None if code == -SIGKILL else code
        return self.observe(APPLY, ended, out, err, folder=folder, seqs=seqs, interrupted=code == 130)

    def pending(self) -> dict[str, bool]:
        """Return the keys with something left to be done, and whether steps can do it (else they are blocked)."""
        groups = json.loads(self.plan().out)["groups"]
        return {group["key"]: bool(group["steps"]) for group in groups if group["steps"] or group["blocked"]}

    def check(self, faults: Sequence[Fault], *, timeout: float = 10, parallelism: int = 1) -> list[str]:
        """Return what a faulty apply and a clean one after it break."""
        expectation = self.expectation()
        faulty = self.wait_until_handled(self.apply(*faults, timeout=timeout, parallelism=parallelism))
        false = any(callable(fault.body) for fault in faults) or Trouble(tuple(faults)).false_reads
        rules = apply_alone(faulty, expectation, self.facts(), false_answers=false)
        broken = [f"faulty: {text}" for text in rules]
        return [*broken, *self.check_clean_apply(faulty.effects)]

    def check_clean_apply(self, before: Sequence[Effect] = ()) -> list[str]:
        """One clean apply converges, whatever was `before`, and the world is as the file says."""
        expectation = self.expectation()
        clean = self.apply()
        broken = [f"clean: {text}" for text in apply_alone(clean, expectation, self.facts())]
        broken += created_twice((*before, *clean.effects), self.start)
        if clean.code != 0:
            broken.append(f"the clean apply ends with {clean.code}: {clean.out[-600:]}{clean.err[-400:]}")
        again = self.plan()
        if again.code != 0:
            broken.append(f"a plan after it ends with {again.code}")
        if (there := self.groups_by_name()) != reference.expected_world():
            broken.append(f"the world is not as the file says: {there}")
        return broken

    def groups_by_name(self) -> list[dict[str, object]]:
        """Return every group of the world, sorted by name."""
        return sorted(self.world.snapshot().values(), key=lambda group: str(group["name"]))


@contextmanager
def scenario(
    folder: Path, settings: Settings, text: str = reference.FILE.text(), *, filled: bool = True
) -> Iterator[Scenario]:
    """Start a fresh server for a file in a folder of its own; `filled`: with the reference world."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "groups.yaml").write_text(text, encoding="utf-8")
    with start_runner(settings, folder) as runner, pytest.MonkeyPatch.context() as patch:
        patch.setattr("reconciler.sandbox.app.apply_fault", distort)
        place = Scenario(runner.world, runner.server, folder, runner.signal_handled)
        if filled:
            reference.fill(place.world)
            place.start = place.expectation()
        yield place


def reference_scenario(dialect: str, folder: Path) -> AbstractContextManager[Scenario]:
    """Start the reference world in a dialect."""
    return scenario(folder, Settings(dialect, key=KEY, rate_limit=None))


def at_every_call(
    kind: str, name: str, dialect: str, folder: Path, one_in: int, play: Callable[[int, Path], list[str]]
) -> None:
    """Play a scenario at each call of the reference apply, or at a sample of them, in a folder for each."""
    calls = range(len(reference_run(dialect).calls))
    scenarios = {f"{name}, call {index}, {dialect}": partial(play, index, folder / str(index)) for index in calls}
    every(kind, scenarios, one_in)


@cache
def reference_run(dialect: str) -> Run:
    """Return the reference apply as it runs when nothing goes wrong; made once."""
    with TemporaryDirectory() as folder, reference_scenario(dialect, Path(folder)) as place:
        run = place.apply()
        require(run, apply_alone(run, place.start, place.facts()))
        assert run.code == 0, run
        assert place.groups_by_name() == reference.expected_world()
        assert place.plan().code == 0
        return run
