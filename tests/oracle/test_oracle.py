"""The oracle finds every broken rule it looks for, and knows nothing of the program's own logic."""

from __future__ import annotations

import ast
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from reconciler.sandbox.records import Call, Effect
from tests.oracle import checks
from tests.oracle.desired import GroupsFile
from tests.oracle.expected import Expectation
from tests.oracle.facts import Facts, LiveGroup
from tests.oracle.identity import KEY, ME, OWNER
from tests.oracle.run import Run
from tests.stateful.people import IN_THE_FILE, PEOPLE

ALICE, BOB, CAROL, DAN = (PEOPLE[alias].digits for alias in ("alice", "bob", "carol", "dan"))
ALPHA, OTHER, NEW = "1@g.us", "2@g.us", "3@g.us"


def facts() -> Facts:
    """Alpha, in which alice is wanted and bob, dan and the owner are not; and a group that is not in the file."""
    alpha = {ME: "admin", ALICE: "member", BOB: "member", DAN: "member", OWNER: "owner"}
    return Facts(
        {
            ALPHA: LiveGroup("Alpha", "", OWNER, "code", alpha),
            OTHER: LiveGroup("Other", "", ME, "code2", {ME: "owner", BOB: "member"}),
        }
    )


def expectation() -> Expectation:
    """The file wants alice and carol in Alpha, protects dan, and wants a second group, Beta."""
    groups: dict[str, Any] = {"alpha": {"name": "Alpha", "members": ["alice", "carol"]}, "beta": {"name": "Beta"}}
    file = GroupsFile(IN_THE_FILE, groups, protected=["dan"], max_removals="100%")
    return Expectation(facts(), file.on())


def effect(kind: str, group_id: str = ALPHA, *people: str, detail: Any = None) -> Effect:
    """A change that took effect through the first call."""
    return Effect(1, 1, "POST", "/", kind, group_id, people, detail)


def call(method: str, path: str, *people: str) -> Call:
    """A call as the server logs it."""
    body = {"participants": [f"{digits}@s.whatsapp.net" for digits in people]} if people else {}
    return Call(1, 0.0, method, path, 403, json.dumps(body))


def remove_call(group_id: str, *people: str) -> Call:
    return call("DELETE", f"/groups/{group_id}/participants", *people)


def run(*effects: Effect, code: int | None = 3, out: str = "2 calls", **more: Any) -> Run:
    """An apply; unless `calls` are given, it made the call that removes bob from the group of its first effect."""
    calls = tuple(remove_call(each.group_id, BOB) for each in effects[:1])
    return Run(("apply",), code, out, "", **{"calls": calls, "effects": effects, "interrupted": code == 130, **more})


def found(broken: object) -> bool:
    return list(broken) != []  # type: ignore[call-overload,no-any-return]  # what a check yields


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
    wrong = run(*effects)
    assert found(checks.effects(wrong, expectation()))
    removes = [each for each in effects if each.kind == "remove"]
    assert found(checks.harmless(wrong, expectation())) == bool(removes)
    names = [each.detail["name"] for each in effects if each.kind == "create"]
    assert found(checks.created_twice(effects, expectation())) == (names in (["Beta", "Beta"], ["Alpha"]))


def test_an_expected_change_breaks_no_rule() -> None:
    right = [effect("add", ALPHA, CAROL), CREATED, effect("remove", ALPHA, BOB)]
    for rule in (checks.effects, checks.harmless, checks.attempts):
        assert list(rule(run(*right), expectation())) == []
    assert list(checks.created_twice(right, expectation())) == []


@pytest.mark.parametrize(
    "tried",
    [
        remove_call(ALPHA, BOB, OWNER),
        call("POST", f"/groups/{ALPHA}/participants/remove", ME),
        remove_call(ALPHA, ALICE),
        remove_call(OTHER, BOB),
        call("POST", f"/groups/{ALPHA}/participants", DAN),
    ],
)
def test_a_wrong_attempt_is_found_even_if_the_server_refused_it(tried: Call) -> None:
    assert found(checks.attempts(run(calls=(tried,)), expectation()))


@pytest.mark.parametrize(
    "wrong",
    [
        pytest.param(run(code=0), id="0, and not converged"),
        pytest.param(run(CREATED, code=1), id="1, and something was changed"),
        pytest.param(run(code=2), id="2 from an apply"),
        pytest.param(run(code=7), id="a code that does not exist"),
        pytest.param(run(code=130, interrupted=False), id="130, and nobody interrupted it"),
    ],
)
def test_a_wrong_exit_code_is_found(wrong: Run) -> None:
    assert found(checks.apply_alone(wrong, expectation(), facts()))


def reported(status: str, action: str = "remove", first: str = "", before: str = "add", **step: Any) -> dict[str, Any]:
    """A report with one step, about bob in Alpha; `first` is the status of a step `before` it."""
    who = {"identity": f"+{BOB}", "jid": f"{BOB}@s.whatsapp.net", "label": "bob", "lid": None}
    whole: dict[str, Any] = {"status": status, "action": action, "group": "alpha", "group_id": ALPHA, "people": [who]}
    whole |= {"name": None, "description": None, "invite": None, **step}
    earlier = [{**whole, "action": before, "people": [], "status": first}] if first else []
    ends = {"converged": False, "interrupted": False}
    return {"steps": [*earlier, whole], "people": [], "remaining_drift": [], "blocked": [], **ends}


REMOVED = effect("remove", ALPHA, BOB)
WITHOUT_BOB = facts()
del WITHOUT_BOB.groups[ALPHA].members[BOB]


@pytest.mark.parametrize(
    "wrong",
    [
        pytest.param(run(REMOVED), id="no report of a change"),
        pytest.param(run(REMOVED, report=reported("failed")), id="a change told as failed"),
        pytest.param(run(effect("remove", OTHER, BOB), report=reported("unknown")), id="a change in another group"),
        pytest.param(run(report=reported("done")), id="done, and he is still in"),
        pytest.param(run(report=reported("done", "patch", name="Omega")), id="done, and it is called otherwise"),
        pytest.param(run(report=reported("done", "leave")), id="done, and the instance is in"),
        pytest.param(run(report=reported("done", "create", name="Beta", group_id=NEW)), id="done, and it is not there"),
        pytest.param(run(out="2 calls", report=reported("unknown", first="failed")), id="taken away after a failure"),
        pytest.param(
            run(out="2 calls", report=reported("not run", "add", first="done", before="remove")),
            id="added after a removal",
        ),
        pytest.param(run(code=0, report=reported("unknown")), id="0, and the report says otherwise"),
        pytest.param(
            run(report=reported("unknown"), calls=(remove_call(ALPHA, DAN),)), id="a call that no step stands for"
        ),
        pytest.param(
            run(report=reported("unknown"), calls=(call("POST", f"/groups/{ALPHA}/participants", BOB),)),
            id="an add where the plan removes",
        ),
    ],
)
def test_an_untrue_report_is_found(wrong: Run) -> None:
    assert found(checks.report(wrong, facts()))


def test_a_true_report_breaks_no_rule() -> None:
    true = run(REMOVED, report=reported("done"))
    assert list(checks.apply_alone(true, expectation(), WITHOUT_BOB)) == []


@pytest.mark.parametrize(
    ("out", "right"),
    [("6 calls, about 6 s", True), ("· 6 calls", True), ("26 calls", False), ("1,006 calls", False), ("", False)],
)
def test_the_plan_shown_counts_the_calls_of_its_steps_and_the_read_back(out: str, right: bool) -> None:
    report = reported("not run")
    report |= {"steps": report["steps"] * 5, "converged": True}
    broken = list(checks.report(run(code=0, out=out, report=report), facts()))
    assert broken == ([] if right else ["the plan shown does not count 6 calls"])


@pytest.mark.parametrize(("whole_lists", "count"), [(False, 9), (True, 7)])
def test_the_plan_shown_counts_one_list_for_all_groups_that_it_proves(count: int, *, whole_lists: bool) -> None:
    texts: dict[str, Any] = {"name": "New", "description": None, "people": []}
    renames = [{**reported("not run")["steps"][0], **texts, "group": key, "action": "patch"} for key in "abc"]
    removes = [{**reported("not run")["steps"][0], "group": key} for key in "de"]
    report = reported("not run") | {"steps": [*renames, *removes], "converged": True}
    lists = (call("GET", "/groups"), call("GET", "/groups?limit=50&offset=49"))
    for shown in (count - 1, count, count + 1):
        applied = run(code=0, out=f"{shown} calls", report=report, calls=lists, whole_lists=whole_lists)
        assert bool(list(checks.report(applied, facts()))) == (shown != count)


def test_a_removal_from_a_doubtful_group_is_found() -> None:
    report = reported("done") | {"blocked": [{"group": "alpha", "code": "removals-doubtful", "reason": "doubtful"}]}
    assert found(checks.harmless(run(REMOVED, report=report), expectation()))


def test_the_codes_that_the_oracle_looks_for_are_those_of_messages() -> None:
    codes = (Path(__file__).parents[1] / "golden" / "messages.txt").read_text(encoding="utf-8").splitlines()
    assert {checks.DOUBTFUL, *checks.NOT_READ_BACK} <= set(codes)


def test_a_read_that_writes_is_found() -> None:
    for wrong in (run(code=0, calls=(remove_call(ALPHA, BOB),)), run(REMOVED, code=0, calls=())):
        assert found(checks.read_only(wrong))


@pytest.mark.parametrize("out", [f"X-Api-Key: {KEY}", "Traceback (most recent call last)", "this is a bug", f"+{BOB}"])
def test_a_leak_in_the_output_is_found(out: str) -> None:
    assert found(checks.leaks(run(out=out)))


@pytest.mark.parametrize("person", PEOPLE.values())
def test_every_number_of_the_stories_is_known_for_one(person: Any) -> None:
    for digits in {person.digits, person.jid_digits or person.digits}:
        assert found(checks.leaks(run(out=f"{digits}@s.whatsapp.net")))


@pytest.mark.parametrize("change", [lambda f: f.groups.pop(ALPHA), lambda f: f.groups[ALPHA].members.pop(BOB)])
def test_the_expectation_follows_the_world(change: Callable[[Facts], object]) -> None:
    before = expectation()
    change(before.before)
    assert Expectation(before.before, before.desired).changes != before.changes


@pytest.mark.parametrize("module", [path for path in Path(__file__).parent.glob("*.py") if path.stem != "runner"])
def test_the_oracle_uses_nothing_of_the_program_but_the_sandbox(module: Path) -> None:
    imported = [
        name
        for node in ast.walk(ast.parse(module.read_text(encoding="utf-8")))
        if isinstance(node, ast.Import | ast.ImportFrom)
        for name in ([node.module or ""] if isinstance(node, ast.ImportFrom) else [each.name for each in node.names])
    ]
    program = [name for name in imported if name.split(".")[0] == "reconciler"]
    assert [name for name in program if name.split(".")[1:2] != ["sandbox"]] == []


@pytest.mark.parametrize(
    ("fields", "kind"),
    [
        ({"name": "Beta", "members": ["bob", "carol"]}, "create"),
        ({"name": "Beta", "members": ["bob", "dan"]}, "blocked"),
        ({"name": "Beta", "members": ["bob", "dan"], "lookalikes": "allow"}, "create"),
        ({"name": "other!"}, "blocked"),
        ({"name": "Beta", "members": ["bob"]}, "create"),
    ],
)
def test_a_group_that_nobody_manages_may_be_the_one_to_be_created(fields: dict[str, Any], kind: str) -> None:
    world = facts()
    world.groups[OTHER].members[DAN] = "member"
    file = GroupsFile(IN_THE_FILE, {"alpha": {"name": "Alpha"}, "beta": fields})
    assert Expectation(world, file.on()).changes["beta"].kind == kind
    world.groups[OTHER].members[CAROL] = "member"
    world.hidden = {CAROL}
    unsure = "blocked" if fields.get("members") == ["bob", "carol"] else kind
    assert Expectation(world, file.on()).changes["beta"].kind == unsure
