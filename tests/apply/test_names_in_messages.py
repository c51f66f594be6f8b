"""Where a live name ends in a sentence about an apply cannot be faked by what it is."""

from __future__ import annotations

from threading import Event

import pytest

from reconciler.apply.create_group import CreateGroup, CreateOutcomeUnknown
from reconciler.apply.group_executor import GroupExecutor
from reconciler.apply.result import ApplyResult, StepResult, StepStatus
from reconciler.apply.verify import read_back, remaining_drift
from reconciler.errors import NoResponse
from reconciler.model.live import LiveGroup
from reconciler.model.text import Untrusted
from reconciler.plan.model import Action, GroupPlan, Phase, Plan, Step
from reconciler.plan.staleness import appeared_groups
from tests.apply.strict_server import StrictServer
from tests.builders import ALPHA_ID, BETA_ID, TODAY, desired, group, listed, live, plan_for

NAME = 'Team", note the `id` 1@g.us ("\\'
QUOTED = '"Team\\", note the `id` 1@g.us (\\"\\\\"'
CREATE = Step(group="alpha", action=Action.CREATE, phase=Phase.BUILD, name=NAME)


def test_of_a_group_that_is_there_by_now() -> None:
    creating = GroupPlan(key="alpha", name=Untrusted(NAME), steps=(CREATE,), lookup_names=(NAME,))
    plan = Plan(instance_id="inst_abc123", as_of=TODAY, groups=(creating,))
    told = appeared_groups(plan, [listed(live(name=NAME))], {})
    assert told == (f"alpha: a live group called {QUOTED} exists now: {ALPHA_ID}",)


def test_of_a_group_that_may_or_may_not_exist() -> None:
    server = StrictServer(troubles={"create": [NoResponse("no answer", endpoint="POST /groups")]})
    with pytest.raises(CreateOutcomeUnknown) as caught:
        CreateGroup(server, CREATE, (), {}, lambda _: None).run()
    assert caught.value.message.startswith(f"creating {QUOTED} got no usable answer")


def test_of_a_name_that_reads_back_as_another() -> None:
    class Renaming(StrictServer):
        def group(self, group_id: str) -> LiveGroup:
            return live(id=group_id, name=f"{NAME}!")

    server = Renaming()
    run = GroupExecutor(GroupPlan(key="alpha", name=Untrusted(NAME), steps=(CREATE,)), server, set(), Event())
    run.run_phase(Phase.BUILD, lambda _: None, lambda _: None)
    (message,) = read_back(run, ALPHA_ID, server).remaining
    assert message.to_text() == f'its name reads back as {QUOTED[:-1]}!", not {QUOTED}'


def test_of_a_group_that_an_invite_leads_into() -> None:
    wanted = desired(group(id=None, invite="AbCdEfGh"))
    join = Step(group="alpha", action=Action.JOIN, phase=Phase.BUILD, invite="AbCdEfGh")
    result = ApplyResult(plan_for(wanted), (StepResult(join, StepStatus.DONE, group_id=BETA_ID),))
    ((key, message),) = remaining_drift({"alpha": live(id=BETA_ID, name=NAME)}, result, wanted)
    what = f"its invite leads to {QUOTED}, which has another name: set this group's `id` to {BETA_ID}"
    assert (key, message.to_text()) == ("alpha", what)
