"""A live group whose configuration does not say who is a member: one line in each plan, so that no slip goes unseen."""

from __future__ import annotations

from dataclasses import replace

import pytest

from reconciler.diff.compare import members_not_managed
from reconciler.messages import Message
from reconciler.model.desired import UNMANAGED, DesiredGroup, Membership, State
from reconciler.model.text import Untrusted
from tests.builders import ALICE, changes_for, desired, group, live

OPEN = replace(group(members=[]), members=UNMANAGED)


def test_groups_without_members_are_named_in_one_piece_of_advice() -> None:
    (advice,) = members_not_managed(changes_for(desired(OPEN), live(ALICE)))
    assert (advice.message, advice.names) == (Message.of("members-not-managed", count=1), (Untrusted("alpha"),))


@pytest.mark.parametrize(
    "other",
    [
        group(members=[ALICE]),
        group(members=[]),
        replace(OPEN, membership=Membership.OBSERVE),
        replace(OPEN, state=State.LEFT),
        replace(OPEN, id=None, name="Elsewhere"),
    ],
    ids=["managed", "nobody", "only observed", "to be left", "not live"],
)
def test_no_other_group_is_named(other: DesiredGroup) -> None:
    assert members_not_managed(changes_for(desired(other), live(ALICE))) == ()
