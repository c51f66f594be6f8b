"""Each call of the reference apply meets each fault, then one clean apply puts everything right."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from random import Random

import pytest

from reconciler.sandbox import Fault
from tests.faults import false_answers
from tests.faults.catalogue import FALSE_ANSWERS, FAULTS, IMPATIENT, OUTAGES, SILENCES, MakeFault
from tests.faults.scenario import DIALECTS, at_every_call, reference_run, reference_scenario
from tests.oracle.sampling import every

ONE_IN = 16
PAIRS = 100
"""A fourth of the pairs of faults."""


def scenario(
    dialect: str, folder: Path, faults: Sequence[Fault], *, timeout: float = 10, parallelism: int = 1
) -> list[str]:
    with reference_scenario(dialect, folder) as place:
        return place.check(faults, timeout=timeout, parallelism=parallelism)


def matrix(kind: str, dialect: str, folder: Path, name: str, fault: MakeFault, timeout: float = 10) -> None:
    """Play one fault at each call of the reference apply."""

    def play(index: int, here: Path) -> list[str]:
        return scenario(dialect, here, [fault(index)], timeout=timeout)

    at_every_call(kind, name, dialect, folder, ONE_IN, play)


@pytest.mark.parametrize("dialect", DIALECTS)
@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_at_any_call_is_reported_and_one_apply_mends_it(fault: str, dialect: str, tmp_path: Path) -> None:
    matrix("faults", dialect, tmp_path, fault, FAULTS[fault])


@pytest.mark.parametrize("dialect", DIALECTS)
@pytest.mark.parametrize("fault", OUTAGES)
def test_an_outage_from_any_call_on_is_reported_and_mended(fault: str, dialect: str, tmp_path: Path) -> None:
    matrix("outages", dialect, tmp_path, fault, OUTAGES[fault])


@pytest.mark.parametrize("dialect", DIALECTS)
@pytest.mark.parametrize("fault", SILENCES)
def test_silence_at_any_call_is_reported_and_mended(fault: str, dialect: str, tmp_path: Path) -> None:
    matrix("silences", dialect, tmp_path, fault, SILENCES[fault], IMPATIENT)


@pytest.mark.parametrize("dialect", DIALECTS)
@pytest.mark.parametrize("answer", FALSE_ANSWERS)
def test_a_false_answer_at_any_call_harms_nobody_and_is_mended(answer: str, dialect: str, tmp_path: Path) -> None:
    matrix("false answers", dialect, tmp_path, answer, FALSE_ANSWERS[answer])


@pytest.mark.parametrize("dialect", DIALECTS)
def test_success_that_did_not_happen_is_not_reported_as_done(dialect: str, tmp_path: Path) -> None:
    claim = partial(false_answers.false_answer, false_answers.nothing, effect=False)
    matrix("false answers", dialect, tmp_path, "claims success", claim)


@pytest.mark.parametrize("dialect", DIALECTS)
@pytest.mark.parametrize("part", range(4))
def test_two_faults_with_calls_side_by_side_are_reported_and_mended(part: int, dialect: str, tmp_path: Path) -> None:
    calls = len(reference_run(dialect).calls)
    scenarios = {}
    for number in range(part * PAIRS, (part + 1) * PAIRS):
        name, faults = _pair(Random(number), calls)
        scenarios[f"{name}, {dialect}"] = partial(scenario, dialect, tmp_path / str(number), faults, parallelism=4)
    every("pairs of faults", scenarios, ONE_IN)


def _pair(chance: Random, calls: int) -> tuple[str, list[Fault]]:
    """Draw two faults at two calls, at most one of them a false answer: nobody can see through two that agree."""
    first, second = chance.choice(list(FAULTS)), chance.choice([*FAULTS, *OUTAGES, *FALSE_ANSWERS])
    here, there = chance.randrange(calls), chance.randrange(calls)
    faults = [FAULTS[first](here), {**FALSE_ANSWERS, **FAULTS, **OUTAGES}[second](there)]
    return f"{first} at {here} and {second} at {there}", faults
