"""An instance in 3,000 groups, listed over pages, while groups appear and vanish between the pages."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path

import pytest

from reconciler.sandbox import SandboxError, Server, Settings, World
from tests.torture import invariants
from tests.torture.arena import Arena, Ran
from tests.torture.reference import INSTANCE, OWNER, PEOPLE, PHONE
from tests.torture.sampling import FULL, every

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
    return head + "".join(f"  g{n}: {{name: Group {n:04}, members: [{PEOPLE['ann']}]}}\n" for n in MANAGED)


@contextmanager
def crowded(dialect: str, paging: str, folder: Path) -> Iterator[Arena]:
    """A world of 3,000 groups, all as the file says."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "groups.yaml").write_text(file(), encoding="utf-8")
    settings = Settings(dialect, paging, page_size=PAGE, rate_limit=None)
    with World.open() as world, Server(world, settings) as server, pytest.MonkeyPatch.context() as patch:
        world.ensure_instance(INSTANCE, PHONE)
        with world.transaction():
            for number in range(GROUPS):
                name = f"Group {number:04}"
                world.create_group(name, [PEOPLE["ann"]], owner=PHONE, group_id=group_id(number))
        patch.chdir(folder)
        patch.setenv("WAPPFY_API_KEY", server.key)
        patch.setenv("WAPPFY_BASE_URL", server.url)
        patch.setenv("XDG_STATE_HOME", str(folder / "state"))
        yield Arena(world, server, folder)


def vanishes_before(world: World, page: int) -> None:
    """A group of a page already read: all behind it move up, one of them past us."""
    world.delete_group(group_id(2 + page * 5))


def vanishes_behind(world: World, page: int) -> None:
    """A group still to be read."""
    with suppress(SandboxError):
        world.delete_group(group_id(GROUPS - 2 - page % 50))


def appears(world: World, page: int) -> None:
    """A new group, at the end or, where the clock stood still, before it."""
    world.create_group(f"New {page}", [PHONE], owner=OWNER, group_id=f"1203639{page:011}@g.us")


def slips(world: World, page: int) -> None:
    """One vanishes and one appears: the total stays, and one that stays has moved past us unseen."""
    vanishes_before(world, page)
    appears(world, page)


CHANGES: dict[str, Change] = {each.__name__: each for each in (vanishes_before, vanishes_behind, appears, slips)}


def changing(change: Change, at: int | None, dialect: str, paging: str, folder: Path) -> list[str]:
    """The change comes before one page of the first list, or (None) before every page of every list."""
    with crowded(dialect, paging, folder) as place:
        pages = 0

        def hook(_seq: int, _method: str, path: str) -> None:
            nonlocal pages
            if path.split("?")[0].endswith("/groups"):
                pages += 1
                if at is None or pages == at + 1:
                    change(place.world, pages)

        place.server.on_call = hook
        ran = place.run("plan", "--detailed-exitcode", "--format", "json")
        place.server.on_call = None
        return [*invariants.always(ran), *_bounded(ran), *_nothing_missed(ran, moved=at is None)]


def _bounded(ran: Ran) -> list[str]:
    """Three reads of a list, five lists until two agree, and one read of each managed group."""
    most = 5 * 3 * (GROUPS // PAGE + 2) + len(MANAGED) + 1
    return [f"{len(ran.calls)} calls"] if len(ran.calls) > most else []


def _nothing_missed(ran: Ran, *, moved: bool) -> list[str]:
    """All managed groups are found, each once; or, where the list never stands still, nothing is said of them."""
    if ran.code == 1 and moved and "the list" in ran.err and "try again" in ran.err:
        return []
    if ran.code != 0:
        return [f"exit code {ran.code}: {ran.out[:300]}{ran.err[:300]}"]
    groups = json.loads(ran.out)["groups"]
    found = [group["id"] for group in groups]
    return [] if found == [group_id(n) for n in sorted(MANAGED, key=lambda n: f"g{n}")] else [f"found: {found}"]


@pytest.mark.parametrize("dialect", ["guide", "reference"])
@pytest.mark.parametrize("paging", ["offset", "page"])
def test_a_group_of_three_thousand_is_never_taken_for_absent(paging: str, dialect: str, tmp_path: Path) -> None:
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
def test_a_list_of_three_thousand_is_whole_and_has_nothing_twice(paging: str, tmp_path: Path) -> None:
    with crowded("guide", paging, tmp_path) as place:
        ran = place.run("plan", "--detailed-exitcode")
    assert ran.code == 0, ran.out
    told = re.search(r"(\d+) live groups are not in the file", ran.out)
    assert told is not None
    assert int(told[1]) == GROUPS - len(MANAGED)
