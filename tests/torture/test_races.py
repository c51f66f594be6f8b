"""Races: the world is changed by hand between any two calls of the reference apply."""

from __future__ import annotations

import json
from functools import partial
from pathlib import Path

import pytest

from reconciler.sandbox.records import Effect
from tests.torture import invariants
from tests.torture.arena import Arena, Ran, arena
from tests.torture.hands import HANDS, Hand
from tests.torture.reference import INSTANCE
from tests.torture.sampling import every
from tests.torture.test_fault_matrix import DIALECTS, calls_of_reference

ONE_IN = 24


def race(hand: Hand, index: int, dialect: str, folder: Path) -> list[str]:
    """The change comes just before the server takes up the call with this index."""
    with arena(dialect, folder) as place:
        ran = racing(place, hand, index)
        place.world.set_instance_status(INSTANCE, "connected")
        broken = [*invariants.broken_by(ran, place.world, beside={hand.key}), *invariants.harmed(ran.effects)]
        broken += invariants.from_doubtful(ran)
        broken += told_too_well(ran, pending(place.plan()), hand, index)
        return [*broken, *settle(place, hand, ran.effects)]


def racing(place: Arena, hand: Hand, index: int) -> Ran:
    seen = 0

    def hook(_seq: int, _method: str, _path: str) -> None:
        nonlocal seen
        seen += 1
        if seen == index + 1:
            hand.move(place.world)

    place.server.on_call = hook
    ran = place.apply()
    place.server.on_call = None
    return ran


def pending(plan: Ran) -> dict[str, bool]:
    """The keys with something left to be done; whether steps can do it (else they are blocked)."""
    groups = json.loads(plan.out)["groups"]
    return {group["key"]: bool(group["steps"]) for group in groups if group["steps"] or group["blocked"]}


def told_too_well(ran: Ran, left: dict[str, bool], hand: Hand, index: int) -> list[str]:
    """Exit code 0 means converged: what is left then came after this run's last look at the group."""
    if ran.code != 0:
        return []
    steps = [step for step in invariants.steps_of(ran) if step["group"] == hand.key]
    where = "/groups" if hand.listed else f"/{steps[0]['group_id'] if steps else None}"
    looks = [at for at, call in enumerate(ran.calls) if call.method == "GET" and call.path.endswith(where)]
    # Before a create the list is read again; what the first list found by its name is gone on with by its id.
    found = hand.listed and not any(step["action"] == "create" for step in steps)
    last = looks[0 if found else -1] if looks else 0
    return [f"exit code 0 with {key} left to be done" for key in left if key != hand.key or index <= last]


def settle(place: Arena, hand: Hand, before: tuple[Effect, ...]) -> list[str]:
    """One clean apply does all that can be done; what is left is blocked, and named."""
    clean = place.apply()
    broken = [f"clean: {text}" for text in invariants.broken_by(clean, place.world)]
    broken += [*invariants.harmed(clean.effects), *invariants.from_doubtful(clean)]
    broken += [text for text in invariants.made_twice((*before, *clean.effects)) if text.split()[0] not in hand.creates]
    left = pending(place.plan())
    again = [key for key, steps in left.items() if steps and not (hand.for_good and key == hand.key)]
    broken += [f"a plan after the clean apply still has steps for {key}" for key in again]
    if clean.code != (3 if left else 0):
        broken.append(f"the clean apply ends with {clean.code}, left: {left}: {clean.out[-500:]}{clean.err[-500:]}")
    broken += [f"{key} is left as it is, and not named" for key in left if key not in clean.out]
    return broken


@pytest.mark.parametrize("dialect", DIALECTS)
@pytest.mark.parametrize("hand", HANDS)
def test_a_change_by_hand_between_any_two_calls_harms_nobody(hand: str, dialect: str, tmp_path: Path) -> None:
    calls = calls_of_reference(dialect, tmp_path)
    every(
        "races",
        {
            f"{hand}, call {index}, {dialect}": partial(race, HANDS[hand], index, dialect, tmp_path / str(index))
            for index in range(calls)
        },
        ONE_IN,
    )
