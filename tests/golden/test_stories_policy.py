"""Policy from end to end: who is ignored, absent, only observed or soon to go, and what a refusal names."""

from __future__ import annotations

import re

import pytest

from tests.stage import PHONE, Stage

ALICE, BOB, CAROL, DAN, ERIN = (f"+1 202 555 01{n}" for n in (43, 44, 45, 46, 47))
PEOPLE = f"people: {{alice: {ALICE}, bob: {BOB}, carol: {CAROL}, dan: {DAN}, erin: {ERIN}}}\n"
DAY = ("--as-of", "2026-06-15")


def test_ignored_absent_observed_and_due_people_are_told_and_treated_as_the_file_says(stage: Stage) -> None:
    stage.world.create_group("Exact", [ALICE, BOB, CAROL], owner=PHONE)
    stage.world.create_group("Additive", [ALICE, BOB, DAN, ERIN], owner=PHONE)
    stage.world.create_group("Observed", [ALICE, BOB], owner=PHONE)
    stage.file(
        PEOPLE
        + """\
policy: {ignored: [bob], max_removals: 1}
groups:
  exact:
    name: Exact
    members: [{person: alice, until: 2026-06-29, reason: trainee}, {person: carol, until: 2026-06-30}]
  additive: {name: Additive, membership: additive, members: [alice], absent: [dan, bob]}
  observed: {name: Observed, description: D, membership: observe, members: [carol, erin]}
"""
    )
    planned = stage.run("plan", *DAY, "--detailed-exitcode")
    assert planned.code == 2
    told = re.sub(r"\d{18}@g\.us", "ID", planned.out)
    assert "bob" not in told
    assert 'exact  "Exact"  ID\n  i expires soon' in told
    assert "  i expires soon: alice (until 2026-06-29, trainee): last day is 2026-06-29\n" in told
    assert "2026-06-30" not in told
    assert 'additive  "Additive"  ID' in told
    assert "  - dan\n" in told
    assert told.count("\n  - ") == 1
    assert "  i observed only: carol, erin: in the configuration, but not in the group\n" in told
    assert "  i observed only: alice: in the group, but not in the configuration\n" in told
    assert "\n1 group is in sync, 1 group differs but is only observed.\n" in told
    assert stage.run("apply", "--yes", *DAY).code == 0
    assert stage.members("Additive") == {"12025550100", "12025550143", "12025550144", "12025550147"}
    assert stage.members("Observed") == {"12025550100", "12025550143", "12025550144"}
    assert stage.members("Exact") == {"12025550100", "12025550143", "12025550144", "12025550145"}
    drifted = stage.run("drift", *DAY)
    assert drifted.code == 0
    assert drifted.out.endswith(
        "\nNo drift to correct: 2 groups match the configuration, 1 group differs but is only observed.\n"
    )
    assert "- alice" in stage.run("drift", "--as-of", "2026-06-30").out


@pytest.mark.parametrize(
    ("head", "limit", "lifted_by"),
    [
        ("", "25% by the default", ("--max-removals", "2")),
        ("policy: {max_removals: 1}\n", "1 by policy.max_removals (groups.yaml:4)", ("--max-removals", "50%")),
        ("defaults: {max_removals: 0%}\n", "0% by defaults.max_removals (groups.yaml:4)", ("--max-removals", "2")),
    ],
)
def test_a_refusal_names_the_line_it_goes_by_and_the_flag_that_lifts_it(
    guide: Stage, head: str, limit: str, lifted_by: tuple[str, str]
) -> None:
    guide.world.create_group("Alpha", [ALICE, BOB, CAROL, DAN], owner=PHONE)
    guide.file(PEOPLE + head + "groups: {alpha: {name: Alpha, members: [alice, bob]}}\n")
    refused = guide.run("apply", "--yes")
    assert (refused.code, guide.world.effects()) == (1, ())
    allowed = 0 if limit.startswith("0%") else 1
    assert f"this removes 2 of 4 members; the limit is {allowed} ({limit.replace(' by ', ', ')})" in refused.err
    assert "pass --max-removals 2, or raise `max_removals`" in refused.err
    assert guide.run("apply", "--yes", *lifted_by).code == 0
