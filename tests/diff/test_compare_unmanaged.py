"""Live groups that are not in the file."""

from __future__ import annotations

import pytest

from reconciler.diff.change import Advice, AdviceKind
from reconciler.diff.compare import unmanaged
from reconciler.diff.match import match_groups
from reconciler.messages import Message
from reconciler.model.desired import DesiredGroup, State
from reconciler.model.live import ListedGroup
from reconciler.model.text import Untrusted
from tests.builders import ALPHA_ID, BETA_ID, GAMMA_ID, group

LISTED = [
    ListedGroup(id=ALPHA_ID, name=Untrusted("Alpha")),
    ListedGroup(id=BETA_ID, name=Untrusted("Beta")),
    ListedGroup(id=GAMMA_ID, name=Untrusted("Beta")),
]


@pytest.mark.parametrize(
    ("groups", "names"),
    [
        ([], ("Alpha", "Beta", "Beta")),
        ([group()], ("Beta", "Beta")),
        ([group(), group("b", id=BETA_ID)], ("Beta",)),
        ([group(state=State.LEFT)], ("Beta", "Beta")),
        ([group("b", id=None, name="Beta")], ("Alpha",)),
    ],
    ids=["no key", "one key", "two keys", "a group to leave", "candidates of a blocked key"],
)
def test_live_groups_that_no_key_may_mean_are_told_and_left_alone(
    groups: list[DesiredGroup], names: tuple[str, ...]
) -> None:
    advice = unmanaged(match_groups(groups, LISTED).values(), LISTED)
    message = Message.of("unmanaged-groups", count=len(names))
    assert advice == (Advice(AdviceKind.UNMANAGED, message, names=tuple(map(Untrusted, names))),)


def test_where_every_live_group_may_be_meant_nothing_is_told() -> None:
    groups = [group(), group("b", id=None, name="Beta")]
    assert unmanaged(match_groups(groups, LISTED).values(), LISTED) == ()
