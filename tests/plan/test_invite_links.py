"""Whoever is to come by the invite link is told it, or why it could not be had."""

from __future__ import annotations

import pytest

from reconciler.apply.result import PersonOutcome, PersonStatus
from reconciler.apply.verify import with_invite_link
from reconciler.diff.change import AdviceKind
from reconciler.errors import Forbidden, Interrupted, ReconcilerError
from reconciler.live.fetch import fetch_invite_links
from reconciler.messages import Message
from reconciler.model.desired import Desired
from reconciler.model.person_ref import PersonRef
from reconciler.plan.build import groups_awaiting_link, with_invite_links
from reconciler.plan.model import Plan
from tests.builders import ALICE, ALPHA_ID, BOB, ME, desired, group, live, member, participant, plan_for, saying

LINK = "https://chat.whatsapp.com/AbCdEfGhIjKlMn"
REFUSED = Forbidden("only an admin may", endpoint="GET /invite", status=403)
WAITING = desired(group(members=[ALICE, member(BOB, by_invite=True)]))


def plan_with_links(plan: Plan, client: Links, wanted: Desired) -> Plan:
    return with_invite_links(plan, fetch_invite_links(client, groups_awaiting_link(plan, wanted), 2))


class Links:
    """Gives the same link for every group, or fails; keeps which groups it was asked for."""

    def __init__(self, error: ReconcilerError | None = None) -> None:
        self._error = error
        self.asked: list[str] = []

    def invite_link(self, group_id: str) -> str:
        self.asked.append(group_id)
        if self._error is not None:
            raise self._error
        return LINK


@pytest.mark.parametrize(
    ("error", "said", "link"),
    [
        (None, "must join through the invite link", LINK),
        (
            REFUSED,
            "must join through the invite link, which could not be read: GET /invite: 403: only an admin may",
            None,
        ),
    ],
)
def test_a_plan_tells_whoever_is_to_come_the_link_or_why_there_is_none(
    error: Forbidden | None, said: str, link: str | None
) -> None:
    client = Links(error)
    plan = plan_with_links(plan_for(WAITING, live(ALICE)), client, WAITING)
    (advice,) = [one for one in plan.groups[0].advice if one.kind is AdviceKind.PENDING]
    assert (advice.message.to_text(), advice.link, [who.label for who in advice.people]) == (said, link, ["bob"])
    assert client.asked == [ALPHA_ID]


def test_a_link_that_only_an_admin_can_have_is_not_asked_for_by_a_mere_member() -> None:
    client = Links()
    plan = plan_with_links(plan_for(WAITING, live(ALICE, me=participant(ME))), client, WAITING)
    (advice,) = [one for one in plan.groups[0].advice if one.kind is AdviceKind.PENDING]
    assert advice.message == Message.of("link-needs-admin")
    assert (advice.link, client.asked) == (None, [])


NEW = desired(group(id=None, members=[ALICE, member(BOB, by_invite=True)]))


@pytest.mark.parametrize(
    ("plan", "wanted"),
    [
        pytest.param(plan_for(NEW), NEW, id="no live group yet"),
        pytest.param(plan_for(WAITING, live(ALICE, BOB)), WAITING, id="everybody is there"),
    ],
)
def test_a_plan_asks_for_no_link_that_nobody_needs_or_that_is_not_there_yet(plan: Plan, wanted: Desired) -> None:
    client = Links()
    assert plan_with_links(plan, client, wanted) == plan
    assert client.asked == []


def test_an_interrupt_ends_planning() -> None:
    with pytest.raises(Interrupted):
        plan_with_links(plan_for(WAITING, live(ALICE)), Links(Interrupted()), WAITING)


@pytest.mark.parametrize(
    ("error", "failure", "link"),
    [
        (None, None, LINK),
        (REFUSED, "the invite link could not be read: GET /invite: 403: only an admin may", None),
        (Interrupted(), "the invite link could not be read: interrupted", None),
    ],
)
def test_after_an_apply_only_whoever_is_to_come_gets_the_link_and_nothing_is_raised(
    error: ReconcilerError | None, failure: str | None, link: str | None
) -> None:
    waiting = PersonOutcome("alpha", PersonRef.of(BOB), PersonStatus.NOT_ADDED, saying("not there"))
    settled = PersonOutcome("alpha", PersonRef.of(ALICE), PersonStatus.ALREADY_IN, saying("was so before"))
    client = Links(error)
    outcome, other = with_invite_link((waiting, settled), client, ALPHA_ID)
    assert other == settled
    assert (outcome.status, outcome.link) == (PersonStatus.NOT_ADDED, link)
    assert outcome.message == waiting.message
    assert (outcome.link_failure.to_text() if outcome.link_failure else None) == failure
    assert with_invite_link((settled,), client, ALPHA_ID) == (settled,)
    assert client.asked == [ALPHA_ID]
