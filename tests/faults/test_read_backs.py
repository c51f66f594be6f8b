"""What is said of groups that waited for the list when the run ended before it."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.faults.scenario import APPLY, DIALECTS, reference_run, reference_scenario
from tests.oracle.runner import Trouble


@pytest.mark.parametrize("dialect", DIALECTS)
def test_a_group_that_waits_for_the_list_is_not_taken_for_read_after_an_interrupt(dialect: str, tmp_path: Path) -> None:
    calls = reference_run(dialect).calls
    last_write = max(at for at, call in enumerate(calls, start=1) if call.method != "GET")
    with reference_scenario(dialect, tmp_path) as place:
        run = place.run(*APPLY, trouble=Trouble(end="interrupt after", at=last_write))
    assert (run.code, run.report is not None) == (130, True)
    drift = {(one["group"], one["code"]) for one in (run.report or {})["remaining_drift"]}
    assert drift == {("epsilon", "not-read-back"), ("kappa", "not-read-back")}
    assert not any(call.path.endswith("/groups") for call in run.calls[last_write:])
