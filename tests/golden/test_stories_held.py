"""A group whose id a key holds is that key's, also in a run that is not about the key: nothing else writes there."""

from __future__ import annotations

import pytest

from reconciler.sandbox import Fault, FaultKind
from reconciler.sandbox.context import Hook
from tests.stage import PHONE, Stage

HELD = "120363499999999999@g.us"
OWNER = "+1 303 555 0108"
FILE = f"""
groups:
  a: {{id: {HELD}, membership: additive, members: [+1 303 555 0109]}}
  b: {{name: Team, description: for b only, members: [+1 303 555 0101, +1 303 555 0102]%s}}
"""
A, B = "+1 303 555 0109", "+1 303 555 0101"


def staged(stage: Stage, more: str = "") -> None:
    """The instance is in neither group, and gets into the one that `a` holds while `b`'s call is on its way."""
    stage.world.create_group("Other", [B], owner=PHONE)
    stage.world.create_group("Team", [A], owner=OWNER, group_id=HELD)
    stage.file(FILE % more)


def joining(stage: Stage, path: str) -> Hook:
    def hook(_seq: int, method: str, called: str) -> None:
        if method == "POST" and called.endswith(path):
            stage.world.add_participant(HELD, PHONE, admin=True)

    return hook


@pytest.mark.parametrize("way", ["--target", "--shard", "saved"])
def test_a_create_without_an_answer_never_takes_a_group_that_another_key_holds(guide: Stage, way: str) -> None:
    staged(guide)
    arguments = {"--target": ["--target", "b"], "--shard": ["--shard", "3/3"], "saved": ["b.plan"]}[way]
    if way == "saved":
        assert guide.run("plan", "--target", "b", "--out", "b.plan").code == 0
    before = guide.world.snapshot()[HELD]
    guide.server.on_call = joining(guide, "/groups")
    guide.server.set_faults([Fault(FaultKind.STATUS, "POST", "/groups", status=500)])
    applied = guide.run("apply", "--yes", *arguments)
    assert applied.code == 3, applied.out + applied.err
    assert "no new group with that name can be found" in applied.out
    after = guide.world.snapshot()[HELD]
    assert (after["description"], set(after["members"]) - set(before["members"])) == ("", {"12025550100"})
    assert [call for call in guide.calls() if HELD in call] == []


def test_a_join_without_an_answer_never_takes_a_group_that_another_key_holds(guide: Stage) -> None:
    staged(guide, ", invite: AbCdEfGhIjKlMnOpQrStUv")
    guide.server.on_call = joining(guide, "/groups/join")
    guide.server.set_faults([Fault(FaultKind.GARBAGE, "POST", "/groups/join", effect=False, times=0)])
    applied = guide.run("apply", "--yes", "--target", "b")
    assert applied.code == 3, applied.out + applied.err
    assert guide.world.snapshot()[HELD]["description"] == ""
    assert [call for call in guide.calls() if HELD in call] == []


def test_a_held_group_that_comes_to_light_before_a_create_is_no_reason_against_it(guide: Stage) -> None:
    staged(guide)
    guide.server.on_call = lambda _seq, _method, path: (
        None if path.endswith("/groups") else guide.world.add_participant(HELD, PHONE, admin=True)
    )
    applied = guide.run("apply", "--yes", "--target", "b")
    assert applied.code == 0, applied.out + applied.err
    assert sorted(group["name"] for group in guide.world.snapshot().values()) == ["Other", "Team", "Team"]
