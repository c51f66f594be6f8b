"""What nobody expected, a bug or a machine at its end: once something was written, the account tells of it."""

from __future__ import annotations

from threading import Event

import pytest

from reconciler.apply.executor import apply_plan
from reconciler.apply.result import ApplyResult, StepResult, StepStatus
from reconciler.errors import NoResponse
from reconciler.messages import Message
from reconciler.model.text import Untrusted
from reconciler.plan.model import Action, GroupPlan, Phase, Plan, Step
from tests.apply.strict_server import StrictServer, ids, whos
from tests.builders import ALPHA_ID, BETA_ID, TODAY

ANN, BOB, CAROL = whos(3)


class Silent:
    def started(self, step: Step) -> None: ...

    def finished(self, result: StepResult) -> None: ...

    def reading_back(self, key: str) -> None: ...


def applied(server: StrictServer) -> ApplyResult:
    """Somebody added to each of two groups (one world to this server), and somebody removed from the first."""
    alpha = (
        Step(group="alpha", action=Action.ADD, phase=Phase.BUILD, group_id=ALPHA_ID, people=(ANN,)),
        Step(group="alpha", action=Action.REMOVE, phase=Phase.REMOVE, group_id=ALPHA_ID, people=(BOB,)),
    )
    beta = (Step(group="beta", action=Action.ADD, phase=Phase.BUILD, group_id=BETA_ID, people=(CAROL,)),)
    groups = (
        GroupPlan(key="alpha", name=Untrusted("Alpha"), id=ALPHA_ID, steps=alpha),
        GroupPlan(key="beta", name=Untrusted("Beta"), id=BETA_ID, steps=beta),
    )
    plan = Plan(instance_id="inst", as_of=TODAY, groups=groups)
    return apply_plan(plan, server, listed_ids=(), parallelism=1, stop=Event(), progress=Silent()).result


@pytest.mark.parametrize("while_settling", [False, True])
def test_a_step_that_ends_as_nobody_expected_may_be_done_and_the_other_groups_go_on(*, while_settling: bool) -> None:
    bug = ZeroDivisionError("bug")
    server = StrictServer(inside=ids([BOB]), troubles={"add": [bug]})
    if while_settling:
        server.troubles = {"add": [NoResponse("lost", endpoint="POST")], "read": [bug]}
    result = applied(server)
    told = [(step.step.group, step.status) for step in result.steps]
    assert told == [("alpha", StepStatus.UNKNOWN), ("beta", StepStatus.DONE), ("alpha", StepStatus.SKIPPED)]
    assert result.steps[0].message == Message.of("unexpected-error", error="ZeroDivisionError")
    assert (result.unexpected, result.converged) == ((bug,), False)


def test_a_read_back_that_ends_as_nobody_expected_leaves_what_was_answered() -> None:
    bug = ZeroDivisionError("bug")
    result = applied(StrictServer(inside=ids([BOB]), troubles={"read": [bug]}))
    assert {step.status for step in result.steps} == {StepStatus.DONE}
    # beta has no removal to wait for, so it is read back first.
    assert result.remaining_drift == (("beta", Message.of("crashed-reading-back", error="ZeroDivisionError")),)
    assert (result.unexpected, result.converged) == ((bug,), False)
