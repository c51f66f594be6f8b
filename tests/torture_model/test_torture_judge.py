"""The judge would see it: every wrong the machine looks for is found when it is there."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from reconciler.sandbox.records import Call, Effect
from tests.torture_model import judge
from tests.torture_model.cast import KEY, ME, OWNER, PEOPLE
from tests.torture_model.facts import Facts, LiveGroup
from tests.torture_model.judge import Judge
from tests.torture_model.rig import Ran
from tests.torture_model.wishes import empty_wish, resolve

ALICE, BOB, CAROL, DAN = (PEOPLE[alias].digits for alias in ("alice", "bob", "carol", "dan"))
ALPHA, OTHER, NEW = "1@g.us", "2@g.us", "3@g.us"


def facts() -> Facts:
    """Alpha, in which alice is wanted and bob, dan, and the owner are not; and a group that is nobody's business."""
    alpha = {ME: "admin", ALICE: "member", BOB: "member", DAN: "member", OWNER: "owner"}
    return Facts(
        {
            ALPHA: LiveGroup("Alpha", "", OWNER, "code", alpha),
            OTHER: LiveGroup("Other", "", ME, "code2", {ME: "owner", BOB: "member"}),
        }
    )


def judging() -> Judge:
    """The file wants alice and carol in Alpha, protects dan, and wants a second group, Beta."""
    wish = empty_wish()
    wish["policy"] = {"protected": ["dan"], "ignored": [], "max_removals": "100%"}
    wish["groups"] = {"alpha": {"name": "Alpha", "members": ["alice", "carol"]}, "beta": {"name": "Beta"}}
    wanted = resolve(wish, "2026-01-15")
    return Judge(facts(), wanted, list(wanted.groups))


def effect(kind: str, group_id: str = ALPHA, *people: str, detail: Any = None) -> Effect:
    """A change that took effect."""
    return Effect(1, 1, "POST", "/", kind, group_id, people, detail)


def ran(*effects: Effect, code: int | None = 3, out: str = "", report: Any = None, calls: tuple[Call, ...] = ()) -> Ran:
    """A run as the rig tells of it."""
    return Ran(("apply",), code, out, "", calls, effects, report, code == 130)


CREATED = effect("create", NEW, detail={"name": "Beta"})


@pytest.mark.parametrize(
    "effects",
    [
        pytest.param([effect("remove", ALPHA, ALICE)], id="somebody wanted was removed"),
        pytest.param([effect("remove", ALPHA, DAN)], id="somebody protected was removed"),
        pytest.param([effect("remove", ALPHA, OWNER)], id="the owner was removed"),
        pytest.param([effect("remove", ALPHA, ME)], id="the instance was removed"),
        pytest.param([effect("remove", OTHER, BOB)], id="an unmanaged group was touched"),
        pytest.param([effect("add", ALPHA, OWNER)], id="somebody unwanted was added"),
        pytest.param([effect("leave", ALPHA, ME)], id="a group was left"),
        pytest.param(
            [effect("patch", ALPHA, detail={"name": "Omega", "description": ""})], id="another name was given"
        ),
        pytest.param([CREATED, effect("create", "4@g.us", detail={"name": "Beta"})], id="a group was made twice"),
        pytest.param([effect("create", NEW, detail={"name": "Alpha"})], id="a second Alpha was made"),
        pytest.param([effect("create", NEW, BOB, detail={"name": "Beta"})], id="made with somebody unwanted"),
        pytest.param([effect("join", OTHER, ME)], id="joined where nobody wanted to"),
    ],
)
def test_a_wrong_change_is_found(effects: list[Effect]) -> None:
    with pytest.raises(AssertionError):
        judging().effects(ran(*effects), lists_lie=False)


def test_what_is_due_is_no_wrong() -> None:
    right = [effect("add", ALPHA, CAROL), CREATED, effect("remove", ALPHA, BOB)]
    judging().effects(ran(*right), lists_lie=False)


def call(method: str, path: str, *people: str) -> Call:
    """A call as the server logs it."""
    jids = ", ".join(f'"{digits}@s.whatsapp.net"' for digits in people)
    return Call(1, 0.0, method, path, 403, f'{{"participants": [{jids}]}}')


@pytest.mark.parametrize(
    "tried",
    [
        call("DELETE", f"/groups/{ALPHA}/participants", BOB, OWNER),
        call("POST", f"/groups/{ALPHA}/participants/remove", ME),
        call("DELETE", f"/groups/{ALPHA}/participants", ALICE),
        call("DELETE", f"/groups/{OTHER}/participants", BOB),
        call("POST", f"/groups/{ALPHA}/participants", DAN),
    ],
)
def test_a_wrong_attempt_is_found_even_where_the_server_refused_it(tried: Call) -> None:
    with pytest.raises(AssertionError):
        judging().attempts(ran(calls=(tried,)))


@pytest.mark.parametrize(
    "run",
    [
        pytest.param(ran(code=0), id="0, and not converged"),
        pytest.param(ran(CREATED, code=1), id="1, and something was changed"),
        pytest.param(ran(code=2), id="2 from an apply"),
    ],
)
def test_a_wrong_exit_code_is_found(run: Ran) -> None:
    with pytest.raises(AssertionError):
        judging().end(run, facts(), lies=False)


def told(outcome: str, action: str = "remove", first: str = "", **step: Any) -> dict[str, Any]:
    """A report with one step, about bob in Alpha; `first` is the outcome of a step before it."""
    who = {"identity": f"+{BOB}", "jid": None, "label": "bob", "lid": None}
    whole: dict[str, Any] = {"status": outcome, "action": action, "group": "alpha", "group_id": ALPHA, "people": [who]}
    whole |= {"name": None, "description": None, "invite": None, **step}
    before = [{**whole, "action": "add", "people": [], "status": first}] if first else []
    return {"steps": [*before, whole], "people": [], "remaining_drift": [], "converged": False, "interrupted": False}


@pytest.mark.parametrize(
    "run",
    [
        pytest.param(ran(effect("remove", ALPHA, BOB)), id="no report of a change"),
        pytest.param(ran(effect("remove", ALPHA, BOB), report=told("failed")), id="a change told as failed"),
        pytest.param(ran(effect("remove", OTHER, BOB), report=told("unknown")), id="a change in another group"),
        pytest.param(ran(report=told("done")), id="done, and he is still in"),
        pytest.param(ran(report=told("done", "patch", name="Omega")), id="done, and it is called otherwise"),
        pytest.param(ran(report=told("done", "leave")), id="done, and the instance is in"),
        pytest.param(ran(report=told("done", "create", name="Beta", group_id=NEW)), id="done, and it is not there"),
        pytest.param(
            ran(effect("remove", ALPHA, BOB), report=told("unknown", first="failed")), id="taken away after a failure"
        ),
        pytest.param(ran(code=0, report=told("unknown")), id="0, and the report says otherwise"),
        pytest.param(
            ran(report=told("unknown"), calls=(call("DELETE", f"/groups/{ALPHA}/participants", DAN),)),
            id="a call that no step stands for",
        ),
    ],
)
def test_an_untrue_report_is_found(run: Ran) -> None:
    with pytest.raises(AssertionError):
        judge.report(run, facts(), lies=False)


@pytest.mark.parametrize("said", [f"X-Api-Key: {KEY}", "Traceback (most recent call last)", "this is a bug", f"+{BOB}"])
def test_what_must_not_be_said_is_found(said: str) -> None:
    with pytest.raises(AssertionError):
        judge.secrets(ran(out=said), phones=False)


@pytest.mark.parametrize("change", [lambda f: f.groups.pop(ALPHA), lambda f: f.groups[ALPHA].members.pop(BOB)])
def test_the_oracle_follows_the_world(change: Callable[[Facts], object]) -> None:
    before = judging()
    change(before.before)
    assert Judge(before.before, before.wanted, before.targets).dues != before.dues
