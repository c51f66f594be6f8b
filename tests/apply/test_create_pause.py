"""The pause between two groups that a run creates: how long it waits, what ends it, and what it looks at afterwards."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from threading import Event

import pytest

from reconciler.apply.create_pause import PausedCreates
from reconciler.errors import ApiError, Interrupted, ServerError, Unprocessable
from reconciler.model.live import ListedGroup, Listing
from reconciler.model.text import Untrusted


@dataclass
class Made:
    """The answer to a create."""

    id: str


@dataclass
class Api:
    """An API that creates groups, or raises; only what the pause calls."""

    listed: list[ListedGroup] = field(default_factory=list)
    error: ApiError | None = None
    created: list[str] = field(default_factory=list)
    lists: int = 0

    def create_group(self, name: str, jids: Sequence[str]) -> Made:
        if self.error is not None:
            raise self.error
        self.created.append(name)
        self.listed.append(ListedGroup(id=f"{len(self.created)}@g.us", name=Untrusted(name)))
        return Made(f"{len(self.created)}@g.us")

    def list_groups(self) -> Listing:
        self.lists += 1
        return Listing(tuple(self.listed))

    def leave_group(self, group_id: str) -> str:
        return f"left {group_id}"


class Clock:
    """A clock that only a wait moves."""

    def __init__(self, *, stops: bool = False) -> None:
        self.now, self.waits, self._stops = 1000.0, [], stops  # type: tuple[float, list[float], bool]

    def wait(self, seconds: float) -> bool:
        self.waits.append(seconds)
        self.now += seconds
        return self._stops


def paused(api: Api, clock: Clock, *, since_last: float | None = None) -> PausedCreates:
    return PausedCreates(
        api,  # type: ignore[arg-type]
        300.0,
        Event(),
        known_ids=(),
        since_last=since_last,
        clock=lambda: clock.now,
        wait=clock.wait,
    )


def test_the_first_group_is_created_at_once_and_each_later_one_after_the_pause() -> None:
    api, clock = Api(), Clock()
    creates = paused(api, clock)
    for name in ("a", "b", "c"):
        creates.create_group(name, [])
    assert (api.created, clock.waits, api.lists) == (["a", "b", "c"], [300.0, 300.0], 2)


@pytest.mark.parametrize(("since", "waits"), [(None, []), (100.0, [200.0]), (300.0, []), (9999.0, [])])
def test_a_create_of_an_earlier_run_counts(since: float | None, waits: list[float]) -> None:
    clock = Clock()
    paused(Api(), clock, since_last=since).create_group("a", [])
    assert clock.waits == waits


def test_a_stop_ends_the_wait_and_nothing_is_created() -> None:
    api, clock = Api(), Clock(stops=True)
    creates = paused(api, clock)
    creates.create_group("a", [])
    with pytest.raises(Interrupted):
        creates.create_group("b", [])
    assert api.created == ["a"]


def test_a_group_that_somebody_made_during_the_pause_is_not_made_again() -> None:
    api, clock = Api(), Clock()
    creates = paused(api, clock)
    creates.create_group("a", [])
    api.listed.append(ListedGroup(id="9@g.us", name=Untrusted("B ")))
    with pytest.raises(ApiError, match=r"exists now: 9@g\.us"):
        creates.create_group("B", [])
    assert api.created == ["a"]


@pytest.mark.parametrize(
    ("error", "waits"),
    [(Unprocessable("no", endpoint="POST /groups"), []), (ServerError("no", endpoint="POST /groups"), [300.0])],
)
def test_a_create_that_surely_failed_starts_no_pause_and_one_that_may_have_worked_does(
    error: ApiError, waits: list[float]
) -> None:
    api, clock = Api(error=error), Clock()
    creates = paused(api, clock)
    with pytest.raises(type(error)):
        creates.create_group("a", [])
    api.error = None
    creates.create_group("b", [])
    assert clock.waits == waits


def test_every_other_call_goes_on() -> None:
    assert paused(Api(), Clock()).leave_group("1@g.us") == "left 1@g.us"
