"""An instance in 3,000 groups, listed over pages, while groups appear and vanish between the pages."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path

import pytest

from reconciler.sandbox import SandboxError, Settings, World
from tests.faults.reference import PEOPLE
from tests.faults.scenario import DIALECTS, Scenario, scenario
from tests.oracle.checks import read_only
from tests.oracle.identity import INSTANCE, KEY, ME, OWNER, PHONE
from tests.oracle.run import Run
from tests.oracle.sampling import FULL, every

GROUPS = 3000
PAGE = 100 if FULL else 500
MANAGED = (0, 1, PAGE - 1, PAGE, PAGE + 1, GROUPS // 2, GROUPS - PAGE, GROUPS - 1)
"""The groups that the file manages: those at the ends of pages and lists, where one slips most easily."""

Change = Callable[[World, int], object]
ONE_IN = 8


def group_id(number: int) -> str:
    return f"1203633{number:011}@g.us"


def file() -> str:
    head = f"version: 1\ninstance: {{id: {INSTANCE}, phone: {PHONE}}}\ngroups:\n"
    return head + "".join(f"  g{n}: {{name: Group {n:04}, members: [+{PEOPLE['ann']}]}}\n" for n in MANAGED)


@contextmanager
def crowded(dialect: str, paging: str, folder: Path) -> Iterator[Scenario]:
    """Start a world of 3,000 groups, all as the file says."""
    settings = Settings(dialect, paging, page_size=PAGE, key=KEY, rate_limit=None)
    with scenario(folder, settings, file(), filled=False) as place:
        with place.world.transaction():
            for number in range(GROUPS):
                name = f"Group {number:04}"
                place.world.create_group(name, [PEOPLE["ann"]], owner=ME, group_id=group_id(number))
        yield place


def vanishes_before(world: World, page: int) -> None:
    """Delete a group of a page already read: all behind it move up, one of them past the reader."""
    world.delete_group(group_id(2 + page * 5))


def vanishes_behind(world: World, page: int) -> None:
    """Delete a group still to be read."""
    with suppress(SandboxError):
        world.delete_group(group_id(GROUPS - 2 - page % 50))


def appears(world: World, page: int) -> None:
    """Create a group, at the end or, if the clock has not moved, before it."""
    world.create_group(f"New {page}", [ME], owner=OWNER, group_id=f"1203639{page:011}@g.us")


def slips(world: World, page: int) -> None:
    """Delete one and create one: the total stays, and one that stays moves past the reader unseen."""
    vanishes_before(world, page)
    appears(world, page)


CHANGES: dict[str, Change] = {each.__name__: each for each in (vanishes_before, vanishes_behind, appears, slips)}


def changing(change: Change, at: int | None, dialect: str, paging: str, folder: Path) -> list[str]:
    """Make the change before one page of the first list, or (None) before every page of every list."""
    with crowded(dialect, paging, folder) as place:
        pages = 0

        def hook(_seq: int, _method: str, path: str) -> None:
            nonlocal pages
            if path.split("?")[0].endswith("/groups"):
                pages += 1
                if at is None or pages == at + 1:
                    change(place.world, pages)

        place.server.on_call = hook
        run = place.read("plan", "--detailed-exitcode", "--format", "json")
        place.server.on_call = None
        return [*read_only(run), *_bounded(run), *_nothing_missed(run, moving=at is None)]


def _bounded(run: Run) -> list[str]:
    """Three reads of a list, five lists until two agree, and one read of each managed group."""
    most = 5 * 3 * (GROUPS // PAGE + 2) + len(MANAGED) + 1
    return [f"{len(run.calls)} calls"] if len(run.calls) > most else []


def _nothing_missed(run: Run, *, moving: bool) -> list[str]:
    """All managed groups are found, each once; or, if the list never stops changing, the run says so."""
    if run.code == 1 and moving and "the list" in run.err and "try again" in run.err:
        return []
    if run.code != 0:
        return [f"exit code {run.code}: {run.out[:300]}{run.err[:300]}"]
    groups = json.loads(run.out)["groups"]
    found = [group["id"] for group in groups]
    return [] if found == [group_id(n) for n in sorted(MANAGED, key=lambda n: f"g{n}")] else [f"found: {found}"]


@pytest.mark.parametrize("dialect", DIALECTS)
@pytest.mark.parametrize("paging", ["offset", "page"])
def test_no_group_of_three_thousand_is_taken_for_absent(paging: str, dialect: str, tmp_path: Path) -> None:
    last = GROUPS // PAGE - 1
    moments: list[int | None] = [1, last // 2, last, None]
    scenarios = {
        f"{name}, page {at}, {paging}, {dialect}": partial(
            changing, change, at, dialect, paging, tmp_path / f"{name}-{at}"
        )
        for name, change in CHANGES.items()
        for at in moments
    }
    every("long lists", scenarios, ONE_IN)


@pytest.mark.parametrize("paging", ["offset", "page"])
def test_a_list_of_three_thousand_is_complete_and_has_no_duplicates(paging: str, tmp_path: Path) -> None:
    with crowded("guide", paging, tmp_path) as place:
        run = place.read("plan", "--detailed-exitcode", "--format", "json")
    assert run.code == 0, run.out
    (unmanaged,) = [advice for advice in json.loads(run.out)["advice"] if advice["kind"] == "unmanaged"]
    assert sorted(unmanaged["names"]) == [f"Group {number:04}" for number in range(GROUPS) if number not in MANAGED]
