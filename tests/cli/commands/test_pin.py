"""`reconciler pin`: what it says of groups that it pins or not, and that no number shows in it."""

from __future__ import annotations

import pytest

from tests.stage import PHONE, Stage

EARLY, EARLIER = "12025550151-1612345699@g.us", "12025550152-1612345700@g.us"
NOTE = "--show-phones shows the masked ids in full\n"
TWO_BETAS = 'beta: not pinned: 2 live groups are called "Beta": %s, %s; set the right one as this group\'s `id`\n'


@pytest.fixture
def early(stage: Stage) -> Stage:
    """A world with an early group, whose id begins with its creator's number, under a key that is a number."""
    stage.world.create_group("Alpha", [], owner=PHONE, group_id=EARLY)
    stage.file("groups:\n  12025550143: {name: Alpha}\n")
    return stage


@pytest.mark.parametrize("word", ["pinned", "would pin"])
def test_pin_masks_ids_and_keys_that_have_a_number_unless_it_is_asked_for(early: Stage, word: str) -> None:
    options = ["--dry-run"] if word == "would pin" else []
    shown = early.run("pin", "--dry-run", "--show-phones")
    assert (shown.code, shown.out) == (0, f"would pin 12025550143: {EARLY}\n")
    ran = early.run("pin", *options)
    assert (ran.code, ran.out) == (0, f"{word} +1 202 ••• ••43: 1202•••••51-1612345699@g.us\n{NOTE}")
    assert (EARLY in (early.folder / "groups.yaml").read_text()) == (word == "pinned")


def test_pin_does_not_end_well_if_several_groups_have_the_name_and_shows_their_ids_on_request(stage: Stage) -> None:
    for group_id in (EARLY, EARLIER):
        stage.world.create_group("Beta", [], owner=PHONE, group_id=group_id)
    path = stage.file("groups:\n  beta: {name: Beta}\n")
    before = path.read_bytes()
    for options, ids, note in (
        ([], ("1202•••••51-1612345699@g.us", "1202•••••52-1612345700@g.us"), NOTE),
        (["--show-phones"], (EARLY, EARLIER), ""),
        (["--quiet", "--dry-run", "--show-phones"], (EARLY, EARLIER), ""),
    ):
        ran = stage.run("pin", *options)
        assert (ran.code, ran.out) == (1, TWO_BETAS % ids + note)
        assert "no id was written, because 1 group could not be matched for sure" in ran.err
    assert path.read_bytes() == before


def test_pin_names_what_it_leaves_beside_what_it_pins(stage: Stage) -> None:
    alpha = stage.world.create_group("Alpha", [], owner=PHONE)
    betas = sorted(stage.world.create_group("Beta", [], owner=PHONE) for _ in range(2))
    path = stage.file("groups:\n  alpha: {name: Alpha}\n  beta: {name: Beta}\n  gamma: {name: Gamma}\n")
    ran = stage.run("pin")
    assert (ran.code, ran.out) == (0, f"pinned alpha: {alpha}\n" + TWO_BETAS % tuple(betas))
    assert "gamma: not pinned: it is not live yet" in ran.err
    assert f"{{id: {alpha}, name: Alpha}}" in path.read_text()


@pytest.mark.parametrize("command", ["plan", "drift", "apply --dry-run", "who +12025550143"])
def test_a_report_says_how_to_see_an_id_that_is_to_be_copied(stage: Stage, command: str) -> None:
    for group_id in (EARLY, EARLIER):
        stage.world.create_group("Beta", [], owner=PHONE, group_id=group_id)
    stage.file("groups: {beta: {name: Beta}}")
    masked = stage.run(*command.split()).out
    full = stage.run(*command.split(), "--show-phones").out
    assert ("(--show-phones shows the ids in full)" in masked, EARLY in masked) == (True, False)
    assert ("--show-phones" in full, EARLY in full) == (False, True)
    invite = stage.run("invite", "beta")
    assert ("`reconciler plan --show-phones` shows the ids in full" in invite.err, EARLY in invite.err) == (True, False)
