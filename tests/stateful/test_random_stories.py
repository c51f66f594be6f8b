"""The state machine in both dialects: a few hundred steps each time, thousands with RECONCILER_TORTURE=full."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import HealthCheck, settings
from hypothesis.stateful import run_state_machine_as_test

from reconciler.sandbox import Dialect
from tests.oracle.sampling import FULL, counts
from tests.stateful.machine import Machine

EXAMPLES, STEPS = (100, 50) if FULL else (8, 25)
PROFILE = settings(
    max_examples=EXAMPLES,
    stateful_step_count=STEPS,
    # The same steps in every run of `make test`; new ones every night.
    derandomize=not FULL,
    database=None,
    deadline=None,
    print_blob=True,
    suppress_health_check=list(HealthCheck),
)


class GuideMachine(Machine):
    dialect = Dialect.GUIDE


class ReferenceMachine(Machine):
    dialect = Dialect.REFERENCE


@pytest.mark.parametrize("machine", [GuideMachine, ReferenceMachine])
def test_the_five_promises_hold_in_every_story(machine: type[Machine]) -> None:
    machine.counts = Counter()
    run_state_machine_as_test(machine, settings=PROFILE)
    for what in ("steps", "runs", "runs in trouble"):
        # Fewer would mean that the preconditions of the rules keep the machine from running the program.
        assert machine.counts[what] >= EXAMPLES
        counts[f"stories: {what}"] += machine.counts[what]
