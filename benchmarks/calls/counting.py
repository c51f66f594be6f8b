"""Runs the program in this process against a server in a thread and counts the calls at the server."""

from __future__ import annotations

import io
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass, field
from pathlib import Path
from unittest.mock import patch

from benchmarks.calls.minimum import Api, Live, Minimum, fewest
from benchmarks.calls.wanted import File
from benchmarks.files import INSTANCE
from benchmarks.numbers import OWN, digits
from benchmarks.served import NO_LIMIT
from benchmarks.timing import Failed
from reconciler.cli.main import run
from reconciler.sandbox import Dialect, Server, Settings, World


@dataclass(frozen=True, slots=True)
class Counted:
    """The calls of a plan, of an apply, and of the plan after it, beside the fewest for each."""

    plan: int
    apply: int
    again: int
    minimum: Minimum
    minimum_again: Minimum

    @property
    def ratios(self) -> tuple[float, float, float]:
        """Calls made ÷ fewest: of the plan, the apply, the plan after it."""
        least = (self.minimum.plan, self.minimum.apply, self.minimum_again.plan)
        one, two, three = (made / few for made, few in zip((self.plan, self.apply, self.again), least, strict=True))
        return one, two, three


@dataclass(frozen=True, slots=True)
class Counter:
    """A world behind a server of this kind, and the program run against it in a folder."""

    world: World
    api: Api
    folder: Path
    arguments: Sequence[str] = field(default=())

    def count(self, wanted: File, *, converges: bool = True) -> Counted:
        """Plan, apply and plan again. Raises Failed where a run ends otherwise than it should."""
        (self.folder / "groups.yaml").write_text(wanted.yaml(), encoding="utf-8")
        minimum = fewest(wanted.groups, truth(self.world), self.api)
        plan = self._calls(["plan"], 0)
        apply = self._calls(["apply", "--yes"], 0 if converges else 3)
        minimum_again = fewest(wanted.groups, truth(self.world), self.api)
        again = self._calls(["plan", "--detailed-exitcode"], 0 if converges else 2)
        return Counted(plan, apply, again, minimum, minimum_again)

    def _calls(self, arguments: Sequence[str], code: int) -> int:
        self.world.clear_logs()
        said = io.StringIO()
        with redirect_stdout(said), redirect_stderr(said):
            ended = run([*arguments, *self.arguments, str(self.folder / "groups.yaml")])
        if ended != code:
            raise Failed(f"{' '.join(arguments)} ended with {ended}, not {code}:\n{said.getvalue()[-2000:]}")
        calls = self.world.calls()
        if any(call.status == 429 for call in calls):
            raise Failed("a call was answered 429")
        return len(calls)


@contextmanager
def counting(api: Api, folder: Path, arguments: Sequence[str] = ()) -> Iterator[Counter]:
    """Serve an empty world in this kind; the environment points the program at it."""
    settings = Settings(Dialect.REFERENCE if api.whole_lists else Dialect.GUIDE, paging=api.paging, rate_limit=NO_LIMIT)
    with World.open() as world:
        world.ensure_instance(INSTANCE, OWN)
        with Server(world, settings) as server:
            environment = {
                "WAPPFY_API_KEY": server.key,
                "WAPPFY_BASE_URL": server.url,
                "XDG_STATE_HOME": str(folder / "state"),
            }
            with patch.dict(os.environ, environment):
                yield Counter(world, api, folder, arguments)


def truth(world: World) -> tuple[Live, ...]:
    """The groups that the instance is in, as they truly are."""
    own = digits(OWN)
    found = []
    for group in world.groups(INSTANCE):
        everybody = {member.digits: member for member in group.members}
        people = frozenset(everybody) - {own}
        found.append(Live(group.id, group.name, group.description, people, everybody[own].is_admin))
    return tuple(found)
