"""Bugs that the matrices and reviews found, each rule as a test of its own that always runs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date
from pathlib import Path
from threading import Event

import pytest

from reconciler.apply.executor import Applied, apply_plan
from reconciler.apply.result import ApplyResult, PersonStatus, StepResult, StepStatus
from reconciler.errors import (
    ApiError,
    Conflict,
    Interrupted,
    InvalidResponse,
    NoResponse,
    NotFound,
    ServerError,
    UsageError,
)
from reconciler.model.identity import identity_of_jid
from reconciler.model.live import Instance, Listing, LiveGroup, Participant, PersonAnswer
from reconciler.model.person_ref import PersonRef
from reconciler.model.text import Untrusted
from reconciler.plan.model import Action, GroupPlan, Phase, Plan, Step
from reconciler.sandbox import Fault
from tests.builders import codes
from tests.faults.false_answers import Falsify, another_group, another_name, false_answer, half_the_list, nothing
from tests.faults.reference import DELTA, ETA, GAMMA, STRANGER, THETA, ZETA
from tests.faults.scenario import DIALECTS, Scenario, reference_run, reference_scenario
from tests.oracle.desired import GroupsFile
from tests.oracle.identity import INSTANCE, ME, OWNER
from tests.oracle.run import Run

GROUP = "120363012345678901@g.us"
ANN = "12025550111@s.whatsapp.net"


@pytest.fixture(params=DIALECTS)
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Scenario]:
    with reference_scenario(request.param, tmp_path / "scenario") as started:
        yield started


def status(run: Run, key: str, action: str) -> str:
    (step,) = [step for step in run.steps if (step["group"], step["action"]) == (key, action)]
    return str(step["status"])


def at(place: Scenario, method: str, path: str) -> int:
    """Return the index of the first such call of the reference apply."""
    calls = reference_run(str(place.server.settings.dialect)).calls
    return [(call.method, call.path.partition(INSTANCE)[2]) for call in calls].index((method, path))


@pytest.mark.parametrize("falsify", [another_name, half_the_list])
def test_a_list_that_is_false_once_creates_no_second_group(place: Scenario, falsify: Falsify) -> None:
    refused = place.apply(false_answer(falsify, 0))
    assert (refused.code, refused.effects) == (1, ())
    assert "exists now" in refused.err
    assert place.check_clean_apply() == []


def test_a_group_that_appears_after_the_plan_is_not_created_again(place: Scenario) -> None:
    def hook(seq: int, _method: str, _path: str) -> None:
        if seq == at(place, "GET", "") + 1:
            place.world.create_group("Alpha", [ME], owner=OWNER)

    at(place, "GET", "")
    place.server.on_call = hook
    refused = place.apply()
    assert (refused.code, refused.effects) == (1, ())
    assert 'alpha: a live group called "Alpha" exists now' in refused.err


def test_a_create_answered_with_another_groups_id_writes_nothing_there(place: Scenario) -> None:
    before = place.world.snapshot()[THETA]
    run = place.apply(false_answer(another_group, at(place, "POST", "/groups")))
    assert place.world.snapshot()[THETA] == before
    assert run.code == 0
    (made,) = [group_id for group_id, group in place.world.snapshot().items() if group["name"] == "Alpha"]
    assert f"/{made}" in "".join(call.path for call in run.writes)


def test_a_create_answered_with_another_name_is_looked_for(place: Scenario) -> None:
    assert place.apply(false_answer(another_name, at(place, "POST", "/groups"))).code == 0
    assert place.check_clean_apply() == []


@pytest.mark.parametrize(
    ("key", "action", "method", "path"),
    [
        ("alpha", "create", "POST", "/groups"),
        ("gamma", "patch", "PATCH", f"/groups/{GAMMA}"),
        ("eta", "join", "POST", "/groups/join"),
        ("zeta", "leave", "POST", f"/groups/{ZETA}/leave"),
    ],
)
def test_success_without_a_visible_effect_is_reported_as_unknown(
    place: Scenario, key: str, action: str, method: str, path: str
) -> None:
    run = place.apply(false_answer(nothing, at(place, method, path), effect=False))
    assert (run.code, status(run, key, action)) == (3, "unknown")


def test_a_removal_that_did_not_happen_is_reported_as_unknown(place: Scenario) -> None:
    removals = [
        n
        for n, call in enumerate(reference_run(str(place.server.settings.dialect)).calls)
        if call.method == "DELETE" or call.path.endswith("/remove")
    ]
    run = place.apply(false_answer(nothing, removals[0], effect=False))
    assert (run.code, status(run, "delta", "remove"), status(run, "gamma", "remove")) == (3, "unknown", "done")


def test_an_add_whose_answer_was_lost_reports_nobody_as_in_before(place: Scenario) -> None:
    run = place.apply(Fault("drop_after", path="**", skip=at(place, "POST", f"/groups/{GAMMA}/participants")))
    assert run.report is not None
    assert (run.code, status(run, "gamma", "add"), run.report["people"]) == (0, "done", [])


def test_an_add_without_a_clear_answer_reports_nobody_as_refusing(place: Scenario) -> None:
    path = f"/groups/{GAMMA}/participants"
    run = place.apply(Fault("status", "POST", path, status=503, times=0, effect=False))
    assert run.report is not None
    assert (run.code, status(run, "gamma", "add"), run.report["people"]) == (3, "unknown", [])
    assert run.report["summary"]["people_refused"] == 0
    assert "Send the invite link" not in run.out
    assert place.check_clean_apply(run.effects) == []


def test_somebody_who_joins_during_the_run_is_seen_and_reported(place: Scenario) -> None:
    def hook(_seq: int, method: str, path: str) -> None:
        if path.endswith(f"{DELTA}/participants") and method == "POST":
            place.world.add_participant(DELTA, STRANGER)

    place.server.on_call = hook
    run = place.apply()
    assert run.code == 3
    assert "somebody else changed" in run.out
    assert place.check_clean_apply(run.effects) == []


def test_an_invite_into_a_group_of_another_name_names_its_id(place: Scenario) -> None:
    place.world.rename_group(ETA, "By hand")
    run = place.apply()
    assert run.code == 3
    assert f"set this group's `id` to {ETA}" in run.out


class Scripted:
    """An API that follows a script: what each call raises or returns."""

    def __init__(self, **script: object) -> None:
        self.script = script

    def _play(self, name: str) -> object:
        scripted = self.script.get(name)
        if isinstance(scripted, Exception):
            raise scripted
        return scripted

    def patch_group(self, group_id: str, name: str | None = None, description: str | None = None) -> None:
        self._play("patch")

    def add_participants(self, group_id: str, jids: Sequence[str]) -> Sequence[PersonAnswer]:
        self._play("add")
        return ()

    def instance(self) -> Instance:
        return Instance("inst", "connected")

    def remove_participants(self, group_id: str, jids: Sequence[str]) -> None:
        self._play("remove")

    def leave_group(self, group_id: str) -> None:
        self._play("leave")

    def join_group(self, code: str) -> str | None:
        joined = self._play("join")
        return joined if isinstance(joined, str) else None

    def create_group(self, name: str, jids: Sequence[str]) -> LiveGroup:
        raise AssertionError("no create belongs here")

    def invite_link(self, group_id: str) -> str:
        raise ApiError("none", endpoint="GET")

    def list_groups(self) -> Listing:
        listed = self._play("list")
        assert isinstance(listed, Listing)
        return listed

    def group(self, group_id: str) -> LiveGroup:
        live = self._play("read")
        assert isinstance(live, LiveGroup)
        return live


class Silent:
    """A progress that shows nothing."""

    def started(self, step: Step) -> None: ...

    def finished(self, result: StepResult) -> None: ...

    def reading_back(self, key: str) -> None: ...


def applied(api: Scripted, action: Action, group_id: str | None = None) -> ApplyResult:
    """Apply one step of one group to a script; a group to join has an id only if it is passed."""
    return apply_step(api, action, group_id).result


def apply_step(api: Scripted, action: Action, group_id: str | None = None) -> Applied:
    ann = PersonRef(identity_of_jid(ANN), ANN, "ann")
    known = None if action is Action.JOIN else GROUP
    people = (ann,) if action in (Action.ADD, Action.REMOVE) else ()
    step = Step(group="alpha", action=action, phase=Phase.BUILD, group_id=known, people=people, invite="AbCdEfGh")
    group = GroupPlan(
        key="alpha", name=Untrusted("Alpha"), id=group_id or known, lookup_names=("Alpha",), steps=(step,)
    )
    plan = Plan(instance_id=INSTANCE, as_of=date(2026, 1, 1), groups=(group,))
    return apply_plan(plan, api, listed_ids=(), parallelism=1, stop=Event(), progress=Silent())


def after(earlier: ApiError, error: ApiError) -> ApiError:
    """Return the error of a later attempt, as the transport raises it."""
    error.__cause__ = earlier
    return error


LOST = NoResponse("lost", endpoint="POST")
CONFLICT = Conflict("conflict", endpoint="POST", status=409)
MEMBER = Participant(id=ANN, identity=identity_of_jid(ANN), jid=ANN)
OTHER = Participant(id="12025550155@s.whatsapp.net", identity=identity_of_jid("12025550155@s.whatsapp.net"))
STRANGE = Participant(id="76699677012110@lid", lid="76699677012110@lid")


def live(*participants: Participant) -> LiveGroup:
    return LiveGroup(id=GROUP, name=Untrusted("Alpha"), description=Untrusted(""), participants=participants)


@pytest.mark.parametrize(
    ("api", "action", "expected"),
    [
        pytest.param(
            Scripted(add=after(LOST, CONFLICT), read=Interrupted()),
            Action.ADD,
            StepStatus.UNKNOWN,
            id="interrupted while it looks whether its own lost add took effect",
        ),
        pytest.param(
            Scripted(join=LOST, list=Interrupted()),
            Action.JOIN,
            StepStatus.UNKNOWN,
            id="interrupted while it looks for the group it may have joined",
        ),
        pytest.param(
            Scripted(join=LOST, list=Listing(())),
            Action.JOIN,
            StepStatus.UNKNOWN,
            id="a join without an answer, and no group to be seen",
        ),
        pytest.param(
            Scripted(leave=NotFound("a proxy's page", endpoint="POST", status=404), read=live(MEMBER)),
            Action.LEAVE,
            StepStatus.FAILED,
            id="a 404 that is not the API's is no proof of having left",
        ),
        pytest.param(
            Scripted(leave=LOST, read=NotFound("a proxy's page", endpoint="GET", status=404)),
            Action.LEAVE,
            StepStatus.UNKNOWN,
            id="nor is it when the group is read afterwards",
        ),
        pytest.param(
            Scripted(leave=LOST, read=NotFound("gone", endpoint="GET", status=404, code="NOT_FOUND")),
            Action.LEAVE,
            StepStatus.DONE,
            id="the API's own 404 is",
        ),
        pytest.param(
            Scripted(join=UsageError("no code")),
            Action.JOIN,
            StepStatus.FAILED,
            id="an invite that is none fails alone",
        ),
        pytest.param(
            Scripted(join=Conflict("limit", endpoint="POST", status=409, code="PLAN_LIMIT_REACHED")),
            Action.JOIN,
            StepStatus.FAILED,
            id="a 409 of the subscription is no proof of being in",
        ),
    ],
)
def test_an_ambiguous_answer_decides_the_status_of_a_step(api: Scripted, action: Action, expected: StepStatus) -> None:
    (result,) = applied(api, action).steps
    assert result.status is expected, result.message


@pytest.mark.parametrize("answer", [LOST, GROUP, None, Conflict("in already", endpoint="POST", status=409)])
def test_a_group_joined_by_its_id_is_read_back_whatever_the_answer_was(answer: object) -> None:
    run = apply_step(Scripted(join=answer, read=live()), Action.JOIN, GROUP)
    assert ([step.status for step in run.result.steps], run.live) == ([StepStatus.DONE], {"alpha": live()})


def test_an_invite_into_another_group_than_the_pinned_one_is_not_done() -> None:
    (result,) = applied(Scripted(join="120363099999999999@g.us", read=live()), Action.JOIN, GROUP).steps
    assert (result.status, codes([result.message])) == (StepStatus.UNKNOWN, ["partly-done"])


def test_a_group_that_cannot_be_read_after_leaving_is_not_left() -> None:
    result = applied(Scripted(read=NotFound("a proxy's page", endpoint="GET", status=404)), Action.LEAVE)
    assert not result.converged


def test_a_failed_read_back_keeps_the_status_and_does_not_converge() -> None:
    result = applied(Scripted(read=InvalidResponse("no JSON", endpoint="GET")), Action.ADD)
    assert [step.status for step in result.steps] == [StepStatus.DONE]
    assert not result.converged


@pytest.mark.parametrize(
    ("action", "there", "state", "converged"),
    [
        (Action.ADD, (STRANGE,), PersonStatus.ALREADY_IN, True),
        (Action.ADD, (), PersonStatus.NOT_ADDED, False),
        (Action.REMOVE, (), PersonStatus.ALREADY_OUT, True),
    ],
)
def test_a_conflict_is_believed_only_while_the_read_back_allows_it(
    action: Action, there: tuple[Participant, ...], state: PersonStatus, *, converged: bool
) -> None:
    script = {action.value: Conflict("conflict", endpoint="POST", status=409), "read": live(*there)}
    result = applied(Scripted(**script), action)
    assert ([person.status for person in result.people], result.converged) == ([state], converged)


UNCLEAR = ServerError("the server failed", endpoint="POST", status=503)


@pytest.mark.parametrize(
    ("action", "trouble", "there", "state", "words"),
    [
        (Action.ADD, UNCLEAR, (), None, ""),
        (Action.REMOVE, UNCLEAR, (MEMBER,), None, ""),
        (Action.ADD, None, (), PersonStatus.NOT_KNOWN, "not-seen-in-doubtful-read"),
        (Action.ADD, None, (OTHER,), PersonStatus.NOT_ADDED, "not-there"),
        (Action.REMOVE, None, (MEMBER,), PersonStatus.STILL_IN, "removed-but-present"),
    ],
)
def test_only_an_answered_call_reports_anything_about_people(
    action: Action, trouble: ApiError | None, there: tuple[Participant, ...], state: PersonStatus | None, words: str
) -> None:
    result = applied(Scripted(**{action.value: trouble, "read": live(*there), "list": Listing(())}), action)
    assert [person.status for person in result.people] == ([] if state is None else [state])
    assert set(codes(person.message for person in result.people)) <= {words}
    assert not result.converged


def test_somebody_reported_as_out_who_is_read_back_is_still_in() -> None:
    class Late(Scripted):
        reads = 0

        def group(self, group_id: str) -> LiveGroup:
            self.reads += 1
            return live() if self.reads == 1 else live(MEMBER)

    result = applied(Late(remove=Conflict("conflict", endpoint="DELETE", status=409)), Action.REMOVE)
    assert [(person.status, codes([person.message])) for person in result.people] == [
        (PersonStatus.STILL_IN, ["counted-out-but-present"])
    ]
    assert not result.converged


def test_neither_is_left_of_two_groups_with_the_name_and_an_earlier_name(place: Scenario) -> None:
    group = {"name": "Was here", "previously": ["Was there"], "state": "left"}
    (place.folder / "groups.yaml").write_text(GroupsFile({}, {"alpha": group}).text(), encoding="utf-8")
    for name in ("Was here", "Was there"):
        place.world.create_group(name, [ANN], owner=ME)
    run = place.apply()
    assert (run.code, run.effects) == (3, ())
    assert 'called "Was here" or have one of its earlier names' in run.out
