"""What has to hold after any run, held against the server's own logs; every broken rule is a sentence.

The report is what the program says, `Ran.effects` what really happened.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Any

from reconciler.sandbox import SANDBOX_KEY, World
from reconciler.sandbox.records import Call, Effect
from tests.torture.arena import Ran
from tests.torture.reference import ALIASES, NAMES, OWNER, PHONE, PROTECTED, WANTED, digits

Snapshot = Mapping[str, Mapping[str, Any]]

MAY_STAND = frozenset({"done", "unknown"})
"""What the report may say of a step whose call took effect."""


def broken_by(run: Ran, world: World, beside: Collection[str] = ()) -> list[str]:
    """What one run of `apply` broke, where nobody else changed the world during it, save the groups `beside`."""
    undone = _done_is_done(run, world.snapshot(), beside)
    return [*always(run), *_planned_only(run), *_effects_are_reported(run), *undone]


def always(run: Ran) -> Iterator[str]:
    """What holds for a run of any command, whatever others do meanwhile."""
    if run.code not in (0, 1, 2, 3, 130):
        yield f"exit code {run.code}"
    if "Traceback" in run.err + run.out or "unexpected" in run.err:
        yield f"an unexpected error: {run.err}"
    if SANDBOX_KEY in run.out + run.err + json.dumps(run.report):
        yield "the key is in an output"
    if run.code in (1, 2) and run.effects:
        yield f"exit code {run.code} says that nothing was changed: {[e.kind for e in run.effects]}"
    if run.code == 0 and run.report is not None and not run.report["converged"]:
        yield "exit code 0, and the report says that it did not converge"


def _planned_only(run: Ran) -> Iterator[str]:
    """No call is made that the plan did not contain."""
    steps = steps_of(run)
    if steps and not re.search(rf"(?<![\d,]){len(steps)} calls?\b", run.out):
        yield f"the plan shown does not count {len(steps)} calls"
    for call in run.writes:
        if not any(_is_of(call, step) for step in steps):
            yield f"not in the plan: {call.method} {call.path} {call.body}"


def steps_of(run: Ran) -> list[dict[str, Any]]:
    """The steps that the report tells of."""
    return list(run.report["steps"]) if run.report is not None else []


def _is_of(call: Call, step: Mapping[str, Any]) -> bool:
    """Whether a call is this step's, or a part of it (the people that are still to come or go)."""
    sent: dict[str, Any] = json.loads(call.body) if call.body else {}
    people = {who["jid"] for who in step["people"]}
    within = call.path.partition("/groups")[2]
    group = f"/{step['group_id']}"
    match step["action"]:
        case "create":
            fits = within == "" and sent["name"] == step["name"] and set(sent["participants"]) <= people
            return fits or (within == f"{group}/participants" and set(sent["participants"]) <= people)
        case "join":
            return within == "/join"
        case "leave":
            return within == f"{group}/leave"
        case "patch":
            texts = {name: step[name] for name in ("name", "description") if step[name] is not None}
            return within == group and sent == texts
        case "add":
            return within == f"{group}/participants" and call.method == "POST" and set(sent["participants"]) <= people
        case _:
            removing = within == f"{group}/participants/remove" or call.method == "DELETE"
            return within.startswith(group) and removing and set(sent["participants"]) <= people


def _effects_are_reported(run: Ran) -> Iterator[str]:
    """Every call that took effect is reported as done or unknown."""
    calls = {call.seq: call for call in run.calls}
    steps = steps_of(run)
    for effect in run.effects:
        told = [step["status"] for step in steps if _is_of(calls[effect.call], step)]
        if not MAY_STAND & set(told):
            yield f"{effect.kind} of {effect.group_id} took effect, reported {told or 'nowhere'}"


def _done_is_done(run: Ran, world: Snapshot, beside: Collection[str]) -> Iterator[str]:
    """Nothing is reported as done that is not so; who is not where they should be is named."""
    named = {(p["group"], p["who"]["identity"]) for p in run.report["people"]} if run.report else set()
    for step in steps_of(run):
        if step["status"] == "done" and step["group"] not in beside:
            wrong = _not_so(step, world, run.effects, named)
            if wrong:
                yield f"{step['group']}: {step['action']} is reported as done, but {wrong}"


def _not_so(
    step: Mapping[str, Any], world: Snapshot, effects: Iterable[Effect], named: Collection[tuple[str, str]]
) -> str:
    group = world.get(step["group_id"] or "")
    if group is None:
        return f"there is no group {step['group_id']}"
    inside = set(group["members"])
    people = {digits(who["jid"]) for who in step["people"] if (step["group"], who["identity"]) not in named}
    me = digits(PHONE)
    match step["action"]:
        case "create":
            made = any(e.kind == "create" and e.group_id == step["group_id"] for e in effects)
            return "" if made and people <= inside else f"made: {made}, missing: {people - inside}"
        case "patch":
            differs = [n for n in ("name", "description") if step[n] is not None and step[n] != group[n]]
            return f"{differs} differ" if differs else ""
        case "add":
            return f"missing: {people - inside}" if people - inside else ""
        case "remove":
            return f"still in: {people & inside}" if people & inside else ""
        case "join":
            return "" if me in inside else "the instance is not in it"
        case _:
            return "the instance is in it" if me in inside else ""


def harmed(effects: Iterable[Effect]) -> Iterator[str]:
    """Whom no run may ever remove: somebody the file wants, the instance, an owner, a protected person."""
    for effect in effects:
        if effect.kind != "remove":
            continue
        untouchable = {digits(PHONE), digits(OWNER)}
        wanted = WANTED.get(_name(effect.group_id), frozenset())
        aliases = {ALIASES.get(each, each) for each in effect.people}
        if untouchable & set(effect.people) or aliases & (wanted | PROTECTED):
            yield f"removed from {_name(effect.group_id) or effect.group_id}: {sorted(aliases)}"


def _name(group_id: str) -> str:
    return NAMES.get(group_id, "").removesuffix(" early")


def made_twice(effects: Iterable[Effect]) -> Iterator[str]:
    """No group is created twice, nor one whose name a group of the instance has."""
    made = [effect.detail["name"] for effect in effects if effect.kind == "create"]
    for name in sorted(set(made)):
        if made.count(name) > 1:
            yield f"{name} was created {made.count(name)} times"
        if name in ("Gamma", "Delta", "Epsilon", "Theta"):
            yield f"{name} was created, though it is there"


def from_doubtful(run: Ran) -> Iterator[str]:
    """Nobody is removed from a group that the plan calls doubtful."""
    doubtful = {b["group"] for b in run.report["blocked"] if b["code"] == "removals-doubtful"} if run.report else set()
    for effect in run.effects:
        if effect.kind == "remove" and _name(effect.group_id).lower() in doubtful:
            yield f"somebody was removed from {_name(effect.group_id)}, which the plan calls doubtful"
