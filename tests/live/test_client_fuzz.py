"""Any JSON for any endpoint, through the whole program: an error that names endpoint and field, or no harm at all.

The units behind it have their own fuzz in `test_decode`; here the question is what a run makes of it.
"""

from __future__ import annotations

import copy
import json
import os
from collections.abc import Iterator
from typing import Any

import pytest
import requests
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from reconciler.sandbox import Dialect, Fault, FaultKind, Settings
from tests.oracle.checks import leaks, require
from tests.oracle.identity import INSTANCE, KEY, ME, PHONE
from tests.oracle.run import Run
from tests.oracle.runner import Runner, Trouble, start_runner

PEOPLE = [f"+1 404 555 01{n:02}" for n in range(8)]
OWNED = f"{120363_400000_000001}@g.us"
FULL = os.environ.get("RECONCILER_TORTURE") == "full"
FUZZ = settings(
    max_examples=500 if FULL else 20,
    derandomize=not FULL,
    database=None,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=6),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(("data", "success", "error", "items", "total", "id", "group_id", "name", "participants"))
            | st.text(max_size=4),
            inner,
            max_size=4,
        )
    ),
    max_leaves=8,
)
FILE = f"""
version: 1
instance: {{id: {INSTANCE}, phone: {PHONE}}}
policy: {{max_removals: 100%}}
groups:
  alpha: {{id: {OWNED}, name: Alpha, description: New text, members: [{", ".join([*PEOPLE[:6], "+1 202 555 0143"])}]}}
"""
COMMANDS = ("plan", "apply --yes", "import", "pin", "drift")
READS = {"list": ("GET", "/groups"), "group": ("GET", "/groups/*"), "instance": ("GET", "/")}
WRITES = {
    "create": ("POST", "/groups"),
    "patch": ("PATCH", "/groups/*"),
    "add": ("POST", "/groups/*/participants"),
    "remove": ("*", "/groups/*/participants**"),
    "leave": ("POST", "/groups/*/leave"),
    "join": ("POST", "/groups/join"),
}


@pytest.fixture(scope="module", params=list(Dialect))
def runner(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Runner]:
    """A server in each dialect for the whole module; every example puts its world in order."""
    settings = Settings(request.param, key=KEY, rate_limit=None)
    with start_runner(settings, tmp_path_factory.mktemp("fuzz")) as runner:
        yield runner


def _world(runner: Runner, file: str = FILE) -> None:
    """One group, which the file wants otherwise in every way."""
    for group in runner.world.groups():
        runner.world.delete_group(group.id)
    runner.world.create_group("Old name", PEOPLE, owner=PHONE, description="Old text", group_id=OWNED)
    (runner.folder / "groups.yaml").write_text(file, encoding="utf-8")


def _run(runner: Runner, *arguments: str, fault: Fault | None = None) -> Run:
    run = runner.run(*arguments, trouble=Trouble((fault,) if fault else ()))
    require(run, leaks(run, phones=arguments[0] == "import"))
    assert run.code in (0, 1, 2, 3), run
    return run


def _garbage(endpoint: tuple[str, str], body: Any, *, effect: bool | None = None) -> Fault:
    return Fault(FaultKind.GARBAGE, *endpoint, times=0, body=body, effect=effect)


@given(command=st.sampled_from(COMMANDS), endpoint=st.sampled_from(sorted(READS)), body=JSON)
@example(command="apply --yes", endpoint="list", body={"data": []})
@example(command="apply --yes", endpoint="group", body={"data": [{"group_id": "1/../2@g.us", "name": "x"}]})
@example(command="plan", endpoint="list", body={"data": [{"group_id": "1/../2@g.us", "name": "x"}]})
@example(command="pin", endpoint="list", body={"data": {"items": [], "total": 10**30, "page": 1, "limit": 1}})
@FUZZ
def test_any_json_for_a_read_is_an_error_or_blocks_its_group_and_names_the_endpoint(
    runner: Runner, command: str, endpoint: str, body: Any
) -> None:
    _world(runner)
    options = ("--instance-id", INSTANCE) if command == "import" else ()
    run = _run(runner, *command.split(), *options, fault=_garbage(READS[endpoint], body))
    asked = [call.seq for call in run.calls if call.method == "GET" and _is(call.path, endpoint)]
    if not asked or (command == "import" and endpoint == "list" and _is_empty(body)):
        return
    # The reference dialect's list carries all that a plan needs: the group itself is read back only.
    afterwards = any(call.seq < asked[0] for call in run.writes)
    # An answer of the API about one group that cannot be read is that group's problem.
    is_blocked = endpoint == "group" and "cannot be read (GET /groups/" in run.out
    assert run.code in ((0, 2, 3) if is_blocked else (3,) if afterwards else (1,)), run
    assert afterwards or run.effects == (), run
    assert f"GET {_shown(endpoint)}" in run.out + run.err, run


def _is(path: str, endpoint: str) -> bool:
    inside = path.partition(INSTANCE)[2].partition("?")[0]
    return {"list": inside == "/groups", "group": "@g.us" in inside, "instance": inside == ""}[endpoint]


def _shown(endpoint: str) -> str:
    return {"list": "/groups", "group": f"/groups/{OWNED}", "instance": "/instances"}[endpoint]


def _is_empty(body: Any) -> bool:
    """Whether this is an honest list without groups, which an import may take for what it says."""
    data = body.get("data", body) if isinstance(body, dict) else body
    return data == [] or (isinstance(data, dict) and data.get("items") == [])


def _names_nobody(body: Any) -> bool:
    """Whether this is a list of contacts none of whom anybody could be known by."""
    data = body.get("data", body) if isinstance(body, dict) else body
    entries = data.get("items") if isinstance(data, dict) else data
    return isinstance(entries, list) and all(isinstance(entry, dict) and "id" in entry for entry in entries)


def _spoilt(told: Any, draw: st.DataObject) -> tuple[str, Any]:
    """The right answer with one value of another type, or one field less; and the field's name."""
    places = list(_places(told["data"], ("data",)))
    place = draw.draw(st.sampled_from(places))
    spoilt = copy.deepcopy(told)
    inside = spoilt
    for step in place[:-1]:
        inside = inside[step]
    was = inside[place[-1]]
    others: list[Any] = [None, 7, -1, True, "x", [], [[]], {}, {"id": 3}]
    wrong = [other for other in others if type(other) is not type(was)]
    chosen = draw.draw(st.sampled_from([*wrong, "delete"]))
    if chosen == "delete" and isinstance(inside, dict):
        del inside[place[-1]]
    else:
        inside[place[-1]] = None if chosen == "delete" else chosen
    return str(place[-1]), spoilt


def _places(value: Any, place: tuple[Any, ...]) -> Iterator[tuple[Any, ...]]:
    yield place
    for name, inner in (
        value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    ):
        yield from _places(inner, (*place, name))


def _writes(run: Run) -> set[str]:
    """Every single thing that was changed, as text that two runs can be compared by."""
    return {
        f"{effect.kind} {effect.group_id} {one}"
        for effect in run.effects
        for one in (effect.people or [json.dumps(effect.detail)])
    }


@given(endpoint=st.sampled_from(sorted(READS)), draw=st.data())
@FUZZ
def test_one_wrong_value_in_a_right_answer_never_makes_a_run_do_more(
    runner: Runner, endpoint: str, draw: st.DataObject
) -> None:
    _world(runner)
    path = {"list": "/groups", "group": f"/groups/{OWNED}", "instance": ""}[endpoint]
    url = f"{runner.server.url}/instances/{INSTANCE}{path}"
    told = requests.get(url, headers={"X-Api-Key": KEY}, timeout=5).json()
    field, spoilt = _spoilt(told, draw)
    right = _run(runner, "apply", "--yes")
    assert right.code == 0, right
    _world(runner)
    method, where = READS[endpoint]
    run = _run(runner, "apply", "--yes", fault=Fault(FaultKind.GARBAGE, method, where, times=1, body=spoilt))
    run = run if run.code != 1 else _run(runner, "apply", "--yes", fault=_garbage(READS[endpoint], spoilt))
    assert _writes(run) <= _writes(right), run
    if run.code == 1:
        assert f"GET {_shown(endpoint)}" in run.err or "refused" in run.err, run
        assert field in run.err or "data" in run.err or "refused" in run.err, run
    if run.code == 0:
        again = _run(runner, "plan", "--detailed-exitcode")
        assert again.code == 0, f"{run}\n{again}"


def _wanting(what: str) -> str:
    """A file for which an apply makes this call."""
    head = f"version: 1\ninstance: {{id: {INSTANCE}, phone: {PHONE}}}\npolicy: {{max_removals: 100%}}\n"
    group = {
        "create": "{name: Made}",
        "patch": f"{{id: {OWNED}, name: New}}",
        "add": f"{{id: {OWNED}, membership: additive, members: [+1 202 555 0143]}}",
        "remove": f"{{id: {OWNED}, members: [{', '.join(PEOPLE[1:])}]}}",
        "leave": f"{{id: {OWNED}, state: left}}",
        "join": "{name: Joined, invite: AbCdEfGhIjKlMn}",
    }[what]
    return f"{head}groups: {{alpha: {group}}}\n"


@given(what=st.sampled_from(sorted(WRITES)), effect=st.booleans(), body=JSON)
@example(what="create", effect=True, body={"data": {"group_id": OWNED, "name": "Made", "participants": []}})
@example(what="create", effect=False, body={"data": {"group_id": OWNED, "name": "Made", "participants": []}})
@example(what="create", effect=False, body={"data": {"group_id": "120363000000000000@g.us"}})
@example(what="join", effect=True, body={"data": {"group_id": OWNED}})
@example(what="patch", effect=False, body={"success": False, "error": {"message": f"\x1b[2J::error::{KEY}"}})
@FUZZ
def test_any_json_for_a_write_is_no_word_for_what_was_done(runner: Runner, what: str, effect: bool, body: Any) -> None:
    _world(runner, _wanting(what))
    if what == "join":
        runner.world.create_group("Joined", [], owner=PEOPLE[0], invite_code="AbCdEfGhIjKlMn")
    run = _run(runner, "apply", "--yes", "--report", "report.json", fault=_garbage(WRITES[what], body, effect=effect))
    assert bool(run.effects) == effect, run
    assert run.code in ((0, 3) if effect else (3,)), run
    if run.code == 0:
        again = _run(runner, "plan", "--detailed-exitcode")
        assert again.code == 0, f"{run}\n{again}"
    names = [group.name for group in runner.world.groups()]
    assert names.count("Made") <= 1
    assert all(group.member(ME) for group in runner.world.groups(INSTANCE))


@given(body=JSON)
@example(body=[{"id": ""}])
@example(body={"data": {"items": [{"id": "nobody"}], "total": 1, "page": 1, "limit": 50}})
@FUZZ
def test_any_json_for_the_contacts_is_no_traceback(runner: Runner, body: Any) -> None:
    _world(runner)
    fault = _garbage(("GET", "/contacts"), body)
    run = _run(runner, "import", "--people", "--instance-id", INSTANCE, "--phone", PHONE, fault=fault)
    assert run.code == 1 or (run.code == 0 and _names_nobody(body)), run
    assert run.code == 0 or "GET /contacts" in run.err, run


@given(body=JSON)
@FUZZ
def test_any_json_for_an_invite_link_costs_no_more_than_the_link(runner: Runner, body: Any) -> None:
    _world(runner, _wanting("add").replace("[+1 202 555 0143]", "[{person: +1 202 555 0143, join: invite}]"))
    run = _run(runner, "plan", "--detailed-exitcode", fault=_garbage(("GET", "/groups/*/invite-code"), body))
    assert run.code == 0, run
    assert "pending" in run.out, run
