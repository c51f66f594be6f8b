"""The fault matrix: each call of the reference apply meets each fault, then one clean apply puts all right."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from random import Random

import pytest

from reconciler.sandbox import Fault
from reconciler.sandbox.records import Effect
from tests.torture import invariants, lies
from tests.torture.arena import Arena, Ran, arena
from tests.torture.reference import expected
from tests.torture.sampling import every

DIALECTS = ("guide", "reference")
ONE_IN = 16

IMPATIENT = 0.3
"""Seconds a call may take where the server says nothing: what 30 s are to somebody who waits."""

PAIRS = 100
"""A fourth of the pairs of faults that are tried."""

Making = Callable[[int], Fault]


def of_kind(kind: str, *, times: int = 1, effect: bool | None = None, **more: object) -> Making:
    return lambda index: Fault(kind, path="**", skip=index, times=times, effect=effect, **more)  # type: ignore[arg-type]  # by name


def status(number: int, *, effect: bool = False, times: int = 1) -> Making:
    return of_kind("status", status=number, effect=effect, times=times)


def limited(index: int) -> Fault:
    """A 429 that says when the window ends, as the API documents it."""
    told = {"x-ratelimit-limit": "100", "x-ratelimit-remaining": "0", "x-ratelimit-reset": str(int(time.time()) + 40)}
    return Fault("status", path="**", skip=index, status=429, headers=told)


FAULTS: dict[str, Making] = {
    "connection closed before the effect": of_kind("drop_before"),
    "answer lost after the effect": of_kind("drop_after"),
    "answer broken off after the effect": of_kind("drop_mid"),
    "429 with headers": limited,
    "429 with Retry-After": of_kind("status", status=429, headers={"retry-after": "7"}),
    "429 without headers": status(429),
    "500": status(500),
    "500 after the effect": status(500, effect=True),
    "502": status(502),
    "502 after the effect": status(502, effect=True),
    "503": status(503),
    "503 after the effect": status(503, effect=True),
    "404 of nobody": of_kind("status", status=404, code="NOT_FOUND"),
    "403 of nobody": status(403),
    "409 of nobody": status(409),
    "422 of nobody": status(422),
    "HTML": of_kind("html"),
    "HTML after the effect": of_kind("html", effect=True),
    "truncated JSON": of_kind("truncated"),
    "JSON of no known shape": of_kind("garbage", body={"data": {"ok": 1}}),
    "null": of_kind("garbage", body={"data": None}),
    "redirect": of_kind("redirect", location="http://192.0.2.1/api", status=307),
    "stale list": of_kind("stale_list", amount=1),
    "stale group": of_kind("stale_group", amount=1),
}

OUTAGES: dict[str, Making] = {
    "no connection any more": of_kind("drop_before", times=0),
    "no answer any more": of_kind("drop_after", times=0),
    "429 for ever": status(429, times=0),
    "500 for ever": status(500, times=0),
    "503 after the effect for ever": status(503, times=0, effect=True),
    "HTML for ever": of_kind("html", times=0),
    "truncated for ever": of_kind("truncated", times=0),
}

SILENCES: dict[str, Making] = {
    "silence": of_kind("silence"),
    "silence after the effect": of_kind("silence", effect=True),
    "effect after everybody has given up": of_kind("latency", seconds=2 * IMPATIENT),
}

LIES: dict[str, lies.Lie] = {
    told.__name__: told
    for told in (
        lies.another_group,
        lies.another_name,
        lies.nobody,
        lies.fewer_people,
        lies.strangers,
        lies.no_rights,
        lies.all_rights,
        lies.half_the_list,
        lies.nothing,
        lies.disconnected,
    )
}


_REFERENCE: dict[str, Ran] = {}


def reference_run(dialect: str, folder: Path) -> Ran:
    """The reference apply as it runs when nothing goes wrong, and what it sent."""
    if dialect not in _REFERENCE:
        _REFERENCE[dialect] = _reference(dialect, folder)
    return _REFERENCE[dialect]


def calls_of_reference(dialect: str, folder: Path) -> int:
    """How many calls the reference apply makes."""
    return len(reference_run(dialect, folder).calls)


def _reference(dialect: str, folder: Path) -> Ran:
    with arena(dialect, folder / "reference") as place:
        ran = place.apply()
        assert (ran.code, list(invariants.broken_by(ran, place.world))) == (0, []), ran.err
        assert sorted(place.world.snapshot().values(), key=lambda group: str(group["name"])) == list(
            expected().values()
        )
        assert place.plan().code == 0
        return ran


def check(place: Arena, faults: list[Fault], *, timeout: float = 10.0, side_by_side: int = 1) -> list[str]:
    """One faulty apply and one clean one."""
    place.server.set_faults(faults)
    ran = place.apply(timeout, side_by_side=side_by_side)
    place.server.set_faults([])
    place.all_handled()
    faulty = place.seen(ran.code, ran.out, ran.err)
    broken = [f"faulty: {text}" for text in (*invariants.broken_by(faulty, place.world), *_of_one(faulty))]
    return [*broken, *heal(place, faulty.effects)]


def _of_one(run: Ran) -> list[str]:
    return [*invariants.harmed(run.effects), *invariants.from_doubtful(run)]


def heal(place: Arena, before: tuple[Effect, ...]) -> list[str]:
    """One clean apply converges, whatever was before, and the world is as the file says."""
    clean = place.apply()
    broken = [f"clean: {text}" for text in (*invariants.broken_by(clean, place.world), *_of_one(clean))]
    broken += list(invariants.made_twice((*before, *clean.effects)))
    if clean.code != 0:
        broken.append(f"the clean apply ends with {clean.code}: {clean.out[-600:]}{clean.err[-400:]}")
    again = place.plan()
    if again.code != 0:
        broken.append(f"a plan after it ends with {again.code}")
    there = sorted(place.world.snapshot().values(), key=lambda group: str(group["name"]))
    if there != list(expected().values()):
        broken.append(f"the world is not as the file says: {there}")
    return broken


def scenario(
    dialect: str, folder: Path, faults: list[Fault], *, timeout: float = 10.0, side_by_side: int = 1
) -> list[str]:
    with arena(dialect, folder) as place:
        return check(place, faults, timeout=timeout, side_by_side=side_by_side)


def matrix(kind: str, dialect: str, folder: Path, name: str, making: Making, timeout: float = 10.0) -> None:
    """One fault at each call of the reference apply."""
    calls = calls_of_reference(dialect, folder)
    scenarios = {
        f"{name}, call {index}, {dialect}": partial(
            scenario, dialect, folder / str(index), [making(index)], timeout=timeout
        )
        for index in range(calls)
    }
    every(kind, scenarios, ONE_IN)


@pytest.mark.parametrize("dialect", DIALECTS)
@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_at_any_call_is_told_truly_and_mended_by_one_clean_apply(
    fault: str, dialect: str, tmp_path: Path
) -> None:
    matrix("faults", dialect, tmp_path, fault, FAULTS[fault])


@pytest.mark.parametrize("dialect", DIALECTS)
@pytest.mark.parametrize("fault", OUTAGES)
def test_an_outage_from_any_call_on_is_told_truly_and_mended(fault: str, dialect: str, tmp_path: Path) -> None:
    matrix("outages", dialect, tmp_path, fault, OUTAGES[fault])


@pytest.mark.parametrize("dialect", DIALECTS)
@pytest.mark.parametrize("fault", SILENCES)
def test_silence_at_any_call_is_told_truly_and_mended(fault: str, dialect: str, tmp_path: Path) -> None:
    matrix("silences", dialect, tmp_path, fault, SILENCES[fault], IMPATIENT)


@pytest.mark.parametrize("dialect", DIALECTS)
@pytest.mark.parametrize("told", LIES)
def test_a_lie_at_any_call_harms_nobody_and_is_mended(told: str, dialect: str, tmp_path: Path) -> None:
    matrix("lies", dialect, tmp_path, told, partial(lies.lie, LIES[told]))


@pytest.mark.parametrize("dialect", DIALECTS)
def test_success_that_did_not_happen_is_not_reported_as_done(dialect: str, tmp_path: Path) -> None:
    matrix("lies", dialect, tmp_path, "claims success", partial(lies.lie, lies.nothing, effect=False))


@pytest.mark.parametrize("dialect", DIALECTS)
@pytest.mark.parametrize("part", range(4))
def test_two_faults_in_one_run_with_calls_side_by_side_are_told_truly_and_mended(
    part: int, dialect: str, tmp_path: Path
) -> None:
    calls = calls_of_reference(dialect, tmp_path)
    scenarios = {}
    for number in range(part * PAIRS, (part + 1) * PAIRS):
        name, faults = _pair(Random(number), calls)
        folder = tmp_path / str(number)
        scenarios[f"{name}, {dialect}"] = partial(scenario, dialect, folder, faults, side_by_side=4)
    every("pairs of faults", scenarios, ONE_IN)


def _pair(chance: Random, calls: int) -> tuple[str, list[Fault]]:
    """Two faults at two calls, one of them a lie at times: two lies that agree are a truth nobody can look behind."""
    first, second = chance.choice(list(FAULTS)), chance.choice([*FAULTS, *OUTAGES, *LIES])
    making = {**FAULTS, **OUTAGES}.get(second) or partial(lies.lie, LIES[second])
    here, there = chance.randrange(calls), chance.randrange(calls)
    return f"{first} at {here} and {second} at {there}", [FAULTS[first](here), making(there)]
