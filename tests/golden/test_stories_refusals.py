"""Whom the service refuses, and what an apply makes of it: the others go on, nothing is made up, nobody is pestered."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from reconciler.sandbox import Dialect, Fault, Settings
from tests.stage import INSTANCE, PHONE, Stage, stage_with

PEOPLE = [f"+1 202 555 01{number}" for number in range(40, 60)]
LIDS = [f"766996770121{number}@lid" for number in range(40, 60)]


def digits(*people: str) -> set[str]:
    return {"".join(filter(str.isdigit, person)) for person in (PHONE, *people)}


def listed(people: list[str]) -> str:
    return f"[{', '.join(people)}]"


def adds(stage: Stage) -> list[str]:
    """The calls that add people or create a group."""
    calls = stage.calls()
    return [call for call in calls if call.startswith("POST") and call.endswith(("/participants", "/groups"))]


@pytest.fixture(params=["guide", "reference"])
def telling(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Iterator[Stage]:
    """A server that answers a status for each person of an add."""
    settings = Settings(Dialect(request.param), rate_limit=10_000, answer_each_person=True)
    with stage_with(settings, tmp_path, monkeypatch, capsys) as stage:
        yield stage


@pytest.mark.parametrize("status", [400, 404, 406])
def test_one_person_whom_the_service_refuses_is_named_and_the_others_get_in(stage: Stage, status: int) -> None:
    stage.world.create_group("Alpha", PEOPLE[:2], owner=PHONE)
    stage.file(f"groups: {{alpha: {{name: Alpha, members: {listed(PEOPLE[:7])}}}}}")
    path = "/groups/*/participants"
    stage.server.set_faults(
        [Fault("status", "POST", path, body_contains="12025550145", status=status, message="bad-request", times=0)]
    )
    applied = stage.run("apply", "--yes", "--show-phones")
    assert applied.code == 3
    assert stage.members("Alpha") == digits(*PEOPLE[:5], PEOPLE[6])
    assert f'could not add +12025550145: the API refused them ({status}): "bad-request"' in applied.out
    assert "added 4 people" in applied.out


def test_a_newcomer_who_shows_as_a_new_private_id_is_in(stage: Stage) -> None:
    stage.world.set_account(PEOPLE[1], lid=LIDS[1], shows="lid")
    stage.world.create_group("Alpha", PEOPLE[:1], owner=PHONE)
    stage.file(
        f"groups: {{alpha: {{name: Alpha, members: {listed(PEOPLE[:2])}}}, "
        f"beta: {{name: Beta, members: {listed(PEOPLE[:2])}}}}}"
    )
    applied = stage.run("apply", "--yes")
    assert applied.code == 0, applied.out
    told = f"in the group under a new private id: set it as their `lid` under `people` ({LIDS[1]})"
    assert applied.out.count(told) == 2
    assert "invite-code" not in "".join(stage.calls())


def test_fewer_new_private_ids_than_missing_people_leave_open_who_is_in(stage: Stage) -> None:
    stage.world.set_account(PEOPLE[1], lid=LIDS[1], shows="lid")
    stage.world.set_privacy(PEOPLE[2], refuses=True)
    stage.world.create_group("Alpha", PEOPLE[:1], owner=PHONE)
    stage.file(f"groups: {{alpha: {{name: Alpha, members: {listed(PEOPLE[:3])}}}}}")
    applied = stage.run("apply", "--yes")
    assert applied.code == 3
    assert f"the group has 1 new private id ({LIDS[1]}) for 2 people like that" in applied.out
    assert "could not add" not in applied.out


def test_a_reason_that_nobody_gave_is_not_made_up(stage: Stage) -> None:
    stage.world.set_privacy(PEOPLE[1], refuses=True)
    stage.world.create_group("Alpha", PEOPLE[:1], owner=PHONE)
    stage.file(f"groups: {{alpha: {{name: Alpha, members: {listed(PEOPLE[:2])}}}}}")
    applied = stage.run("apply", "--yes")
    assert applied.code == 3
    assert "it is not known why (privacy settings, not on WhatsApp, left lately …)" in applied.out


def test_a_reason_that_the_service_gave_is_told(telling: Stage) -> None:
    telling.world.set_privacy(PEOPLE[1], refuses=True)
    telling.world.set_account(PEOPLE[2], exists=False)
    telling.world.create_group("Alpha", PEOPLE[:1], owner=PHONE)
    telling.file(f"groups: {{alpha: {{name: Alpha, members: {listed(PEOPLE[:4])}}}}}")
    applied = telling.run("apply", "--yes")
    assert applied.code == 3
    assert "this account may not add them (403)" in applied.out
    assert "no WhatsApp account has this number (404)" in applied.out
    assert "not known why" not in applied.out
    assert telling.members("Alpha") == digits(PEOPLE[0], PEOPLE[3])


@pytest.mark.parametrize("times", [1, 0])
def test_a_read_back_that_lacks_people_is_told_as_doubtful_not_as_a_refusal(stage: Stage, times: int) -> None:
    group_id = stage.world.create_group("Alpha", PEOPLE[:1], owner=PHONE)
    stage.file(f"groups: {{alpha: {{id: {group_id}, name: Alpha, members: {listed(PEOPLE[:3])}}}}}")
    plan_reads = 1 if stage.server.settings.dialect is Dialect.GUIDE else 0
    stage.server.set_faults([Fault("partial_group", path=f"/groups/{group_id}", skip=plan_reads, times=times)])
    applied = stage.run("apply", "--yes", "--show-phones")
    assert applied.code == 3
    assert (
        "not known: +12025550142: not seen when the group was read back, but the member list looks incomplete "
        "(3 participants in the group but 4 in the list)"
    ) in " ".join(applied.out.split())
    assert "could not add" not in applied.out
    assert "added 1 person: +12025550141" in applied.out


def test_hidden_people_whom_a_conflict_names_cost_one_add_and_the_plan_tells_what_it_may_cost(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    settings = Settings(rate_limit=10_000, name_bad_participants=True)
    with stage_with(settings, tmp_path, monkeypatch, capsys) as stage:
        for person, lid in zip(PEOPLE, LIDS, strict=True):
            stage.world.set_account(person, lid=lid, shows="lid")
        stage.world.create_group("Alpha", PEOPLE, owner=PHONE)
        stage.file(f"groups: {{alpha: {{name: Alpha, members: {listed(PEOPLE)}}}}}")
        planned = stage.run("plan")
        assert "finding that out takes up to 33 more calls" in " ".join(planned.out.split())
        stage.calls()
        applied = stage.run("apply", "--yes")
        assert applied.code == 0
        assert len(adds(stage)) == 1
        assert f"one of 20, such as {LIDS[0]}" in applied.out


def groups_of_one(people: list[str], *, extra: str = "") -> str:
    """A file with a group for each person, and their names changed."""
    lines = [f"  g{at:02}: {{name: Group {at:02}, members: [{person}]{extra}}}" for at, person in enumerate(people)]
    return "groups:\n" + "\n".join(lines) + "\n"


def test_after_three_refusals_in_a_row_nobody_else_is_added_and_the_rest_goes_on(stage: Stage) -> None:
    for person in PEOPLE[:3]:
        stage.world.set_privacy(person, refuses=True)
    for at in range(8):
        stage.world.create_group(f"Old {at:02}", [PEOPLE[19]], owner=PHONE)
    lines = [
        f"  g{at:02}: {{name: Group {at:02}, previously: [Old {at:02}], members: [{PEOPLE[at]}], "
        f"absent: [{PEOPLE[19]}], membership: additive}}"
        for at in range(8)
    ]
    # The first four want the one who is in, too; the others lose them.
    wanted = f", {PEOPLE[19]}]"
    lines[:4] = [line.replace(f"], absent: [{PEOPLE[19]}]", wanted) for line in lines[:4]]
    stage.file("groups:\n" + "\n".join(lines) + f"\n  new: {{name: New, members: [{PEOPLE[9]}]}}\n")
    applied = stage.run("--parallelism", "1", "apply", "--yes", "--max-removals", "100%")
    assert applied.code == 3
    assert "nobody is added and nothing is created any more in this run: 3 adds in a row were refused" in applied.out
    assert "Wait a day before the next apply" in applied.out
    calls = stage.calls()
    assert sum(call.endswith("/participants") and call.startswith("POST") for call in calls) == 3
    assert "POST /groups" not in calls
    assert sum(call.startswith("PATCH") for call in calls) == 8
    assert "then run `reconciler apply` again" not in applied.out
    assert "! skipped: new: nobody is added and nothing is created any more in this run" in applied.out
    assert "3 people could not be added" in applied.out
    assert applied.err.count("nobody is added and nothing is created any more") == 1
    names = {str(group["name"]): group["members"] for group in stage.world.snapshot().values()}
    assert set(names) == {f"Group {at:02}" for at in range(8)}
    assert sum("12025550159" in people for people in names.values()) == 4


def test_more_than_three_in_ten_refusals_stop_adding(stage: Stage) -> None:
    refusing = [PEOPLE[at] for at in (0, 1, 3, 4)]
    for person in refusing:
        stage.world.set_privacy(person, refuses=True)
    stage.file(
        f"groups: {{a: {{name: A, members: {listed([p for at, p in enumerate(PEOPLE[:10])])}}}, "
        f"b: {{name: B, members: {listed(PEOPLE[10:12])}}}}}"
    )
    applied = stage.run("--parallelism", "1", "apply", "--yes")
    assert applied.code == 3
    assert "in this run: 4 of 10 people were refused" in applied.out
    assert adds(stage) == ["POST /groups"]


def test_who_refused_is_not_tried_again_in_the_same_run(stage: Stage) -> None:
    stage.world.set_privacy(PEOPLE[0], refuses=True)
    stage.file(
        f"groups: {{a: {{name: A, members: {listed(PEOPLE[:3])}}}, b: {{name: B, members: {listed(PEOPLE[:3])}}}}}"
    )
    applied = stage.run("--parallelism", "1", "apply", "--yes")
    assert applied.code == 3
    assert "refused in another group of this run, so not tried again" in applied.out
    bodies = [call.body for call in stage.world.calls() if call.method == "POST"]
    assert ["12025550140" in body for body in bodies] == [True, False]


def test_a_create_that_is_too_much_for_the_account_is_the_last(stage: Stage) -> None:
    stage.world.create_group("Old", [], owner=PHONE)
    stage.file("groups: {a: {name: A}, b: {name: B}, c: {name: C, previously: [Old]}}")
    stage.server.set_faults([Fault("status", "POST", "/groups", status=500, message="rate-overlimit")])
    applied = stage.run("--parallelism", "1", "apply", "--yes")
    assert applied.code == 3
    assert "the account does too much in a short time" in applied.out
    assert {str(group["name"]) for group in stage.world.snapshot().values()} == {"C"}
    assert '"B"' not in " ".join(call.body for call in stage.world.calls())


def test_an_instance_that_is_disconnected_after_an_add_adds_nobody_else(guide: Stage) -> None:
    def disconnect(_seq: int, method: str, path: str) -> None:
        if method == "POST" and path.endswith("/participants"):
            guide.world.set_instance_status(INSTANCE, "disconnected")

    for name in ("A", "B"):
        guide.world.create_group(name, [], owner=PHONE)
    guide.file(f"groups: {{a: {{name: A, members: [{PEOPLE[0]}]}}, b: {{name: B, members: [{PEOPLE[1]}]}}}}")
    guide.server.after_call = disconnect
    applied = guide.run("--parallelism", "1", "apply", "--yes")
    assert applied.code == 3
    assert 'the instance is not connected any more: its status is "disconnected"' in applied.out
    assert len(adds(guide)) == 1


def test_who_is_held_back_from_a_new_group_stays_in_the_old_one(stage: Stage) -> None:
    for person in PEOPLE[:3]:
        stage.world.set_privacy(person, refuses=True)
    stage.world.create_group("Old", [PEOPLE[5], PEOPLE[6]], owner=PHONE)
    stage.file(
        f"groups: {{a: {{name: A, members: {listed(PEOPLE[:3])}}}, b: {{name: B, members: [{PEOPLE[5]}]}}, "
        "old: {name: Old, members: [], max_removals: 100%}}"
    )
    applied = stage.run("--parallelism", "1", "apply", "--yes")
    assert applied.code == 3
    assert "stays for now, because adding them to another group was not sent" in applied.out
    assert stage.members("Old") == digits(PEOPLE[5])


def test_a_plan_of_an_instance_that_is_not_connected_says_how_to_connect_it(stage: Stage) -> None:
    stage.file("groups: {a: {name: A}}")
    stage.world.set_instance_status(INSTANCE, "disconnected")
    planned = stage.run("plan")
    assert planned.code == 1
    assert "scan the QR code in Wappfy's dashboard" in planned.err


def add_calls(stage: Stage) -> int:
    return sum(call.method == "POST" and call.path.endswith("/participants") for call in stage.world.calls())


@pytest.mark.parametrize("size", [1, 5])
def test_a_server_that_fails_every_add_is_not_pestered(guide: Stage, size: int) -> None:
    for at in range(5):
        guide.world.create_group(f"G{at}", [], owner=PHONE)
    lines = [f"g{at}: {{name: G{at}, members: {listed(PEOPLE[4 * at : 4 * at + size])}}}" for at in range(4)]
    guide.file(f"groups: {{{', '.join(lines)}}}")
    guide.server.set_faults([Fault("status", "POST", "/groups/*/participants", status=500, message="oops", times=0)])
    applied = guide.run("--parallelism", "1", "apply", "--yes")
    assert applied.code == 3
    assert "adds in a row were refused" in applied.out
    assert "Wait a day before the next apply" in applied.out
    assert add_calls(guide) <= 10


def test_an_instance_that_is_gone_gets_no_part_of_a_refused_call(guide: Stage) -> None:
    def disconnect(_seq: int, method: str, path: str) -> None:
        if method == "POST" and path.endswith("/participants"):
            guide.world.set_instance_status(INSTANCE, "disconnected")

    guide.world.create_group("A", [], owner=PHONE)
    guide.file(f"groups: {{a: {{name: A, members: {listed(PEOPLE[:8])}}}}}")
    guide.server.set_faults([Fault("status", "POST", "/groups/*/participants", status=500, times=0)])
    guide.server.after_call = disconnect
    assert guide.run("apply", "--yes").code == 3
    assert add_calls(guide) <= 2


def test_the_connection_is_checked_where_somebody_is_missing_and_nobody_says_why(stage: Stage) -> None:
    for name in ("A", "B"):
        stage.world.create_group(name, [], owner=PHONE)
    stage.world.set_privacy(PEOPLE[0], refuses=True)
    stage.file(f"groups: {{a: {{name: A, members: [{PEOPLE[0]}]}}, b: {{name: B, members: [{PEOPLE[1]}]}}}}")
    gone = {"data": {"id": INSTANCE, "type": "waha", "status": "disconnected"}}
    stage.server.set_faults([Fault("garbage", "GET", "/", body=gone, skip=1, times=0)])
    applied = stage.run("--parallelism", "1", "apply", "--yes")
    assert 'its status is "disconnected"' in applied.out
    assert add_calls(stage) == 1


@pytest.mark.parametrize("minutes", [None, 500])
def test_a_429_of_a_create_that_no_window_explains_is_the_last_one(stage: Stage, minutes: int | None) -> None:
    budget = "" if minutes is None else f"policy: {{budget: {{minutes_between_groups: {minutes}}}}}\n"
    stage.file(f"{budget}groups: {{{', '.join(f'g{at}: {{name: G{at}}}' for at in range(6))}}}")
    stage.server.set_faults([Fault("status", "POST", "/groups", status=429, rate_headers=False, times=0)])
    applied = stage.run("--parallelism", "4", "apply", "--yes")
    assert applied.code == 3
    creates = sum(call == "POST /groups" for call in stage.calls())
    assert creates <= (4 if minutes is None else 1)
    assert "the account does too much in a short time" in applied.out
    assert "Wait a day before the next apply" in applied.out


def test_a_day_of_waiting_is_advised_even_if_no_step_was_left_to_hold(stage: Stage) -> None:
    stage.file("groups: {a: {name: A}}")
    stage.server.set_faults([Fault("status", "POST", "/groups", status=429, rate_headers=False, times=0)])
    assert "Wait a day before the next apply" in stage.run("apply", "--yes").out


def test_who_refuses_is_tried_in_one_group_however_many_are_changed_side_by_side(stage: Stage) -> None:
    for at in range(6):
        stage.world.create_group(f"G{at}", [], owner=PHONE)
    stage.world.set_privacy(PEOPLE[0], refuses=True)
    lines = [f"g{at}: {{name: G{at}, members: {listed([PEOPLE[0], PEOPLE[at + 1]])}}}" for at in range(6)]
    stage.file(f"groups: {{{', '.join(lines)}}}")
    assert stage.run("--parallelism", "4", "apply", "--yes").code == 3
    bodies = [call.body for call in stage.world.calls() if call.method == "POST"]
    assert sum("12025550140" in body for body in bodies) == 1
    assert [len(stage.members(f"G{at}")) for at in range(6)] == [2] * 6


def moving(stage: Stage, count: int) -> None:
    """So many groups that somebody leaves and one other person enters, who refuses."""
    for at in range(count):
        stage.world.create_group(f"G{at:02}", [PEOPLE[19]], owner=PHONE)
    lines = [f"g{at:02}: {{name: G{at:02}, members: [{PEOPLE[at]}], max_removals: 1}}" for at in range(count)]
    stage.file(f"groups: {{{', '.join(lines)}}}")


def test_silent_refusals_in_groups_that_lose_people_stop_the_adding_too(stage: Stage) -> None:
    for person in PEOPLE[:18]:
        stage.world.set_privacy(person, refuses=True)
    moving(stage, 18)
    applied = stage.run("--parallelism", "1", "apply", "--yes")
    assert applied.code == 3
    assert "adds in a row were refused" in applied.out
    assert add_calls(stage) == 10


def test_the_plan_counts_the_reads_between_adds_and_removals(stage: Stage) -> None:
    moving(stage, 12)
    planned = json.loads(stage.run("plan", "--format", "json").out)
    assert planned["summary"]["read_backs"] == 13
    stage.calls()
    applied = json.loads(stage.run("apply", "--yes", "--format", "json").out)
    assert applied["summary"]["read_backs"] == 13


def test_hidden_people_whom_no_answer_names_are_to_be_noted_and_no_further_apply_is_advised(guide: Stage) -> None:
    people = [f"+1 303 555 01{number:02}" for number in range(60)]
    for at, person in enumerate(people):
        guide.world.set_account(person, lid=f"7669967701{at:04}@lid", shows="lid")
    guide.world.create_group("Alpha", people, owner=PHONE)
    guide.file(f"groups: {{alpha: {{name: Alpha, members: {listed(people)}}}}}")
    applied = guide.run("apply", "--yes")
    assert applied.code == 3
    text = " ".join(applied.out.split())
    assert "perhaps in the group under a private id (one of 60, such as 76699677010000@lid" in text
    assert "Set the `lid` of the people who may be in a group under a private id" in text
    assert "then run `reconciler apply` again" not in text
