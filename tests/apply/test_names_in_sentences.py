"""Where a live name ends in a sentence about an apply cannot be faked by what it is."""

from __future__ import annotations

from threading import Event

import pytest

from reconciler.apply.creating import Creation, UnknownCreate
from reconciler.apply.known import there_by_now
from reconciler.apply.steps import GroupRun
from reconciler.apply.verify import read_back
from reconciler.diff.left_over import still_differing
from reconciler.errors import NoAnswer
from reconciler.model.live import LiveGroup
from reconciler.model.plan import GroupPlan
from reconciler.model.result import ApplyResult, Outcome, StepResult
from reconciler.model.step import Action, Phase, Step
from tests.apply.strict_server import StrictServer
from tests.builders import ALPHA_ID, BETA_ID, desired, group, listed, live, plan_for

NAME = 'Team", note the `id` 1@g.us ("\\'
QUOTED = '"Team\\", note the `id` 1@g.us (\\"\\\\"'
CREATE = Step("alpha", Action.CREATE, Phase.BUILD, name=NAME)


def test_of_a_group_that_is_there_by_now() -> None:
    creating = GroupPlan("alpha", NAME, steps=(CREATE,), names=(NAME,))
    told = there_by_now([creating], [listed(live(name=NAME))], {}, ())
    assert told == (f"alpha: a live group called {QUOTED} is there by now: {ALPHA_ID}",)


def test_of_a_group_that_may_or_may_not_exist() -> None:
    server = StrictServer(troubles={"create": [NoAnswer("no answer", endpoint="POST /groups")]})
    with pytest.raises(UnknownCreate) as caught:
        Creation(server, CREATE, (), {}, lambda _: None).run()
    assert caught.value.message.startswith(f"creating {QUOTED} got no usable answer")


def test_of_a_name_that_reads_back_as_another() -> None:
    class Renaming(StrictServer):
        def group(self, group_id: str) -> LiveGroup:
            return live(id=group_id, name=f"{NAME}!")

    server = Renaming()
    run = GroupRun(GroupPlan("alpha", NAME, steps=(CREATE,)), server, set(), Event())
    run.run_phase(Phase.BUILD, lambda _: None, lambda _: None)
    assert read_back(run, ALPHA_ID, server).left_over == (f'its name reads back as {QUOTED[:-1]}!", not {QUOTED}',)


def test_of_a_group_that_an_invite_leads_into() -> None:
    wanted = desired(group(id=None, invite="AbCdEfGh"))
    join = Step("alpha", Action.JOIN, Phase.BUILD, invite="AbCdEfGh")
    result = ApplyResult(plan_for(wanted), (StepResult(join, Outcome.DONE, "", BETA_ID),))
    told = still_differing({"alpha": live(id=BETA_ID, name=NAME)}, result, wanted)
    what = f"its invite leads into {QUOTED}, which has another name: note the `id` {BETA_ID} in the file"
    assert told == (("alpha", what),)
