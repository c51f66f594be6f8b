"""Somebody changes the world by hand between any two calls of the reference apply."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path

import pytest

from reconciler.sandbox.records import Effect
from tests.faults.manual_edits import MANUAL_EDITS, ManualEdit
from tests.faults.scenario import DIALECTS, Scenario, at_every_call, reference_scenario
from tests.oracle.checks import any_command, created_twice, harmless, report
from tests.oracle.run import Run

ONE_IN = 24


def race(edit: ManualEdit, dialect: str, index: int, folder: Path) -> list[str]:
    """Let the change come just before the server takes up the call with this index."""
    with reference_scenario(dialect, folder) as place:
        run = racing_run(place, edit, index)
        broken = [*any_command(run), *harmless(run, place.start), *report(run, place.facts(), beside={edit.key})]
        broken += false_success(run, place.pending(), edit, index)
        return [*broken, *settle(place, edit, run.effects)]


def racing_run(place: Scenario, edit: ManualEdit, index: int) -> Run:
    seen = 0

    def hook(_seq: int, _method: str, _path: str) -> None:
        nonlocal seen
        seen += 1
        if seen == index + 1:
            edit.apply(place.world)

    place.server.on_call = hook
    run = place.apply()
    place.server.on_call = None
    return run


def false_success(run: Run, left: dict[str, bool], edit: ManualEdit, index: int) -> list[str]:
    """Exit code 0 means converged: what is left then came after this run's last look at the group."""
    if run.code != 0:
        return []
    steps = [step for step in run.steps if step["group"] == edit.key]
    where = "/groups" if edit.only_listed else f"/{steps[0]['group_id'] if steps else None}"
    lists, looks = (
        [at for at, call in enumerate(run.calls) if call.method == "GET" and call.path.endswith(end)]
        for end in ("/groups", where)
    )
    writes = [at for at, call in enumerate(run.calls) if call.method != "GET"]
    if edit.only_listed:
        looks = [at for at in lists if at < writes[0]] if writes else lists
    elif any(where in run.calls[at].path and at > max(looks, default=-1) for at in writes):
        looks = lists  # One of them read the group back.
    # Before a create the list is read again; the run goes on by its id with what the first list found by its name.
    found = edit.only_listed and not any(step["action"] == "create" for step in steps)
    last = looks[0 if found else -1] if looks else 0
    return [f"exit code 0 with {key} left to be done" for key in left if key != edit.key or index <= last]


def settle(place: Scenario, edit: ManualEdit, before: Sequence[Effect]) -> list[str]:
    """One clean apply does all that can be done; what is left is blocked, and named."""
    expectation = place.expectation()
    clean = place.apply()
    broken = [*any_command(clean), *harmless(clean, expectation), *report(clean, place.facts())]
    broken += created_twice((*before, *clean.effects), place.start, edit.may_create)
    left = place.pending()
    again = [key for key, steps in left.items() if steps and not (edit.permanent and key == edit.key)]
    broken += [f"a plan after the clean apply still has steps for {key}" for key in again]
    if clean.code != (3 if left else 0):
        broken.append(f"the clean apply ends with {clean.code}, left: {left}: {clean.out[-500:]}{clean.err[-500:]}")
    broken += [f"{key} is left as it is, and not named" for key in left if key not in clean.out]
    return broken


@pytest.mark.parametrize("dialect", DIALECTS)
@pytest.mark.parametrize("edit", MANUAL_EDITS)
def test_a_change_by_hand_between_any_two_calls_harms_nobody(edit: str, dialect: str, tmp_path: Path) -> None:
    play = partial(race, MANUAL_EDITS[edit], dialect)
    at_every_call("races", edit, dialect, tmp_path, ONE_IN, play)
