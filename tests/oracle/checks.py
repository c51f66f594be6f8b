"""What has to hold after a run, held against the server's own logs; every broken rule is a sentence.

The report is what the program says, `Run.effects` is what really happened. Nothing here knows what went wrong in a run.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any

from reconciler.sandbox.records import Call, Effect
from tests.oracle.expected import Expectation, expected_changes, matching_groups, never_removed, remaining_changes
from tests.oracle.facts import Facts, LiveGroup
from tests.oracle.identity import KEY, ME, canonical, same_text
from tests.oracle.run import Run, body_of

Step = Mapping[str, Any]

NUMBERS = re.compile(rf"(?!{ME})1[2-9]\d\d555\d{{4}}|55\d{{2}}9?9634\d{{4}}|521?55\d{{8}}")
"""The numbers that these tests use, the instance's own aside."""

DOUBTFUL = {"removals-doubtful", "removals-wrong-account"}
"""The codes of a blocked group whose member list the program does not trust."""

ADDING_STOPPED = "adding-stopped"
"""The code of an add or a create that is not sent, because too many people refused or the account is in danger."""

NOT_READ_BACK = {"not-read-back", "crashed-reading-back"}
"""The codes of groups that could not be read back."""


def require(run: Run, *rules: Iterable[str]) -> None:
    """Fail with everything that the run broke, and with the run."""
    broken = [text for rule in rules for text in rule]
    assert not broken, "\n".join([*broken, str(run)])


# Any command


def any_command(run: Run, *, phones: bool = False) -> Iterator[str]:
    """Hold what holds for a run of any command, whatever others do meanwhile."""
    yield from leaks(run, phones=phones)
    if run.code not in (None, 0, 1, 2, 3, 130):
        yield f"exit code {run.code}"
    if run.interrupted != (run.code == 130):
        yield f"exit code {run.code} of a run that was {'' if run.interrupted else 'not '}interrupted"
    if run.code in (1, 2) and run.effects:
        yield f"exit code {run.code} says that nothing was changed: {[e.kind for e in run.effects]}"


def leaks(run: Run, *, phones: bool = False) -> Iterator[str]:
    """No output has the key, a crash or, unless `phones` were asked for, a phone number."""
    output = run.out + run.err
    if KEY in output + json.dumps(run.report):
        yield "the key is in an output"
    if any(text in output for text in ("Traceback", "this is a bug", "unexpected")):
        yield "the program broke down"
    if not phones and (number := NUMBERS.search(re.sub(r"\d{18,}@g\.us", "", output))):
        yield f"a phone number is in an output: {number[0]}"


def read_only(run: Run, *, phones: bool = False) -> Iterator[str]:
    """A command that reads changes nothing and tries nothing."""
    yield from any_command(run, phones=phones)
    yield from (f"wrote: {call.method} {call.path}" for call in run.writes)
    yield from (f"took effect: {effect.kind}" for effect in run.effects)
    if run.code == 3 and "apply" not in run.arguments:
        yield "exit code 3 of a command that only reads"


# An apply


def apply_alone(
    run: Run,
    expectation: Expectation,
    after: Facts,
    *,
    false_lists: bool = False,
    false_reads: bool = False,
    false_answers: bool = False,
) -> Iterator[str]:
    """Hold everything that holds for an apply during which nobody else changes the world.

    Answers may be false in a way that nobody can see: lists, all reads of a kind, or one answer (`false_answers`).
    """
    yield from any_command(run)
    yield from attempts(run, expectation)
    yield from effects(run, expectation, false_lists=false_lists)
    yield from harmless(run, expectation)
    yield from report(run, after, false_reads=false_reads, false_answers=false_answers)
    if not false_reads:
        yield from converged(run, expectation, after)


def effects(run: Run, expectation: Expectation, *, false_lists: bool = False) -> Iterator[str]:
    """Replay what took effect: each change is expected at that moment, and nothing is created twice."""
    facts, keys = expectation.before.copy(), expectation.keys_by_id()
    for effect in run.effects:
        if effect.kind == "create":
            yield from _create(facts, effect, expectation, false_lists=false_lists)
            keys[effect.group_id] = _key_of_created(effect, expectation)
        elif effect.kind == "join":
            yield from _join(facts, effect, expectation)
        elif effect.group_id not in keys:
            yield f"touched a group that is not in the file: {effect}"
        else:
            yield from _change(facts, effect, keys[effect.group_id], expectation)
        replay(facts, effect)


def _key_of_created(effect: Effect, expectation: Expectation) -> str:
    """Return the key of the group that a create makes, "" for none."""
    name = effect.detail["name"]
    creates = [key for key, change in expectation.changes.items() if change.kind == "create"]
    return next((key for key in creates if same_text(expectation.changes[key].name or "", name)), "")


def _create(facts: Facts, effect: Effect, expectation: Expectation, *, false_lists: bool) -> Iterator[str]:
    key = _key_of_created(effect, expectation)
    if not key:
        yield f"created a group that the file does not ask for: {effect}"
        return
    there = matching_groups(facts, expectation.desired)[key]
    if there and not false_lists:
        yield f"created a second group beside {there}: {effect}"
    if not set(effect.people) <= expectation.changes[key].add:
        yield f"created with people whom the file does not want: {effect}"


def _join(facts: Facts, effect: Effect, expectation: Expectation) -> Iterator[str]:
    joins = [key for key, change in expectation.changes.items() if change.kind == "join"]
    codes = [expectation.desired.groups[key].fields["invite"].rpartition("/")[2] for key in joins]
    if facts.groups[effect.group_id].invite_code not in codes:
        yield f"joined a group that the file does not ask for: {effect}"


def _change(facts: Facts, effect: Effect, key: str, expectation: Expectation) -> Iterator[str]:
    live, change = facts.groups[effect.group_id], expectation.changes.get(key)
    if change is None or change.kind not in ("create", "change", "leave"):
        yield f"changed a group that should stay as it is: {effect}"
    elif effect.kind == "patch":
        for field, old, new in (
            ("name", live.name, change.name),
            ("description", live.description, change.description),
        ):
            text = effect.detail[field]
            if text != old and not same_text(text, new or ""):
                yield f"wrote a text that the file does not ask for: {effect}"
    elif effect.kind == "leave":
        if change.kind != "leave":
            yield f"left a group that the file keeps: {effect}"
    elif not set(effect.people) <= (change.add if effect.kind == "add" else change.remove):
        yield f"added or removed people who should stay where they are: {effect}"


def replay(facts: Facts, effect: Effect) -> None:
    """Make one change that took effect."""
    if effect.kind == "create":
        members = {ME: "owner", **dict.fromkeys(effect.people, "member")}
        facts.groups[effect.group_id] = LiveGroup(effect.detail["name"], "", ME, "", members)
        return
    live = facts.groups[effect.group_id]
    if effect.kind == "patch":
        live.name, live.description = effect.detail["name"], effect.detail["description"]
    elif effect.kind in ("add", "join"):
        live.members.update(dict.fromkeys(effect.people, "member"))
    else:
        for digits in effect.people:
            live.members.pop(digits, None)


def attempts(run: Run, expectation: Expectation) -> Iterator[str]:
    """No call, whether it took effect or not, is about people whom it must not be about."""
    desired, keys = expectation.desired, expectation.keys_by_id()
    for call in run.writes:
        people = {canonical(jid.partition("@")[0]) for jid in body_of(call).get("participants", ())}
        if _removes(call):
            group_id = call.path.partition("/groups/")[2].partition("/")[0]
            if group_id not in keys:
                yield f"tried to remove people from a group that is not in the file: {call}"
            elif wrong := people & _kept(expectation, group_id, keys[group_id]):
                yield f"tried to remove {wrong}: {call}"
        elif people:
            allowed = set().union(*(desired.groups[key].all_members for key in expectation.changes))
            if not people <= allowed:
                yield f"tried to add people whom the file does not want: {call}"


def _removes(call: Call) -> bool:
    return call.method == "DELETE" or call.path.endswith("/participants/remove")


def _kept(expectation: Expectation, group_id: str, key: str) -> set[str]:
    """Return whom no run may remove from a group: those the file wants, the instance, owners, protected people."""
    live = expectation.before.groups.get(group_id, LiveGroup())
    members = expectation.desired.groups[key].all_members
    return members | never_removed(expectation.before, expectation.desired, live)


def harmless(run: Run, expectation: Expectation) -> Iterator[str]:
    """Nobody is removed who must stay, nor from a group that is doubtful, even if others change the world meanwhile."""
    blocked = run.report["blocked"] if run.report is not None else []
    doubtful = {group["group"] for group in blocked if group["code"] in DOUBTFUL}
    keys = expectation.keys_by_id()
    for effect in run.effects:
        if effect.kind == "create":
            keys[effect.group_id] = _key_of_created(effect, expectation)
        if effect.kind != "remove":
            continue
        key = keys.get(effect.group_id)
        if not key:
            yield f"removed from a group that is not in the file: {effect}"
        elif wrong := set(effect.people) & _kept(expectation, effect.group_id, key):
            yield f"removed from {key}: {sorted(wrong)}"
        if key in doubtful:
            yield f"removed from {key}, which the plan calls doubtful"


def created_twice(effects: Iterable[Effect], start: Expectation, allowed: Collection[str] = ()) -> Iterator[str]:
    """No group is created twice in several runs, nor one that was there at the start; names `allowed` aside."""
    created = [effect.detail["name"] for effect in effects if effect.kind == "create"]
    matching = matching_groups(start.before, start.desired)
    there = {live.name for live in start.before.mine().values()}
    there |= {name for key, ids in matching.items() if ids for name in start.desired.groups[key].names[:1]}
    for name in sorted(set(created) - set(allowed)):
        if created.count(name) > 1:
            yield f"{name} was created {created.count(name)} times"
        if name in there:
            yield f"{name} was created, though it is there"


def converged(run: Run, expectation: Expectation, after: Facts) -> Iterator[str]:
    """Exit code 0 says that nothing is left to be done."""
    changes = expected_changes(after, expectation.desired, expectation.targets)
    if run.code == 0 and (rest := remaining_changes(after, changes)):
        yield f"exit code 0, and left to be done: {rest}"


# What an apply reports


def report(
    run: Run,
    after: Facts,
    *,
    beside: Collection[str] = (),
    false_reads: bool = False,
    false_answers: bool = False,
) -> Iterator[str]:
    """The report tells the truth, if nobody else changes the world save the groups `beside`."""
    if run.code == 2:
        yield "exit code 2 of an apply"
    if run.report is None:
        if run.code is not None and run.writes:
            yield f"no report of what was done: {run.writes}"
        return
    if run.report["converged"] != (run.code == 0) or run.report["interrupted"] != (run.code == 130):
        yield f"exit code {run.code}, and the report says otherwise"
    yield from _planned_only(run)
    yield from _effects_are_reported(run)
    if not false_reads:
        alone = [step for step in run.steps if step["group"] not in beside]
        # A false success, or a read-back that is false, makes a step unknown when everything has been sent.
        yield from () if false_answers else _removals_come_last(alone)
        for step in alone:
            if step["status"] == "done" and (wrong := _not_so(step, run, after)):
                yield f"{step['group']}: {step['action']} is reported as done, but {wrong}"


def _planned_only(run: Run) -> Iterator[str]:
    """Every call that writes is one that the plan contains; the plan shown counts them and the read-backs."""
    groups = {step["group"] for step in run.steps}
    alone = {step["group"] for step in run.steps if not _listed_back(step, whole_lists=run.whole_lists)}
    sent = len(run.steps) + len(alone) + _reads_between(run.steps)
    counts = sorted({sent + min(len(groups - alone), pages) for pages in run.list_pages})
    if run.steps and not any(re.search(rf"(?<![\d,]){count} calls?\b", run.out) for count in counts):
        yield f"the plan shown does not count {' or '.join(map(str, counts))} calls"
    for call in run.writes:
        if not any(_sends(step, call) for step in run.steps):
            yield f"not in the plan: {call.method} {call.path} {call.body}"


def _reads_between(steps: Sequence[Step]) -> int:
    """How many groups are read after their adds already: one for each ten people added to groups that lose some."""
    adding = [key for key in sorted({step["group"] for step in steps}) if _adds(steps, key)]
    unseen = reads = 0
    for key in adding[:-1]:
        first, *later = [
            step for step in steps if step["group"] == key and step["action"] in ("add", "create", "remove")
        ]
        if first["action"] != "remove" and any(step["action"] == "remove" for step in later):
            unseen += _adds(steps, key)
        if unseen >= 10:
            unseen, reads = 0, reads + 1
    return reads


def _adds(steps: Sequence[Step], key: str) -> int:
    own = [step for step in steps if step["group"] == key]
    creates = any(step["action"] == "create" for step in own)
    return sum(len(step["people"]) for step in own if step["action"] in ("add", "create")) or int(creates)


def _listed_back(step: Step, *, whole_lists: bool) -> bool:
    """Whether a list of groups shows what a step did: a new name, or in a whole list a text that is there, who went."""
    if step["action"] == "remove":
        return whole_lists
    return step["action"] == "patch" and (step["description"] is None or (whole_lists and bool(step["description"])))


def _effects_are_reported(run: Run) -> Iterator[str]:
    """Every call that took effect is reported as done or unknown."""
    calls = {call.seq: call for call in run.calls}
    for effect in run.effects:
        statuses = [step["status"] for step in run.steps if _sends(step, calls[effect.call])]
        if not {"done", "unknown"} & set(statuses):
            yield f"{effect.kind} of {effect.group_id} took effect, reported {statuses or 'nowhere'}"


def _removals_come_last(steps: list[dict[str, Any]]) -> Iterator[str]:
    """Removals in a group come after everything else there, and only if all of that was done, or nobody is added."""
    for at, step in enumerate(steps):
        before = [earlier for earlier in steps[:at] if earlier["group"] == step["group"]]
        before = [earlier for earlier in before if earlier.get("code") != ADDING_STOPPED]
        if step["action"] in ("remove", "leave"):
            statuses = [earlier["status"] for earlier in before]
            if step["status"] not in ("skipped", "not run") and set(statuses) - {"done"}:
                yield f"{step['group']}: {step['action']} was sent though a step before it was {statuses}"
        elif any(earlier["action"] == "remove" for earlier in before):
            yield f"{step['group']}: {step['action']} comes after a removal"


def _sends(step: Step, call: Call) -> bool:
    """Return whether a call is this step's, or a part of it (the people who are still to come or go)."""
    body = body_of(call)
    within = call.path.partition("/groups")[2]
    group = f"/{step['group_id']}"
    people = set(body.get("participants", ())) <= {who["jid"] for who in step["people"]}
    posts = call.method == "POST" and people
    match step["action"]:
        case "create":
            creates = within == "" and body.get("name") == step["name"]
            return posts and (creates or within == f"{group}/participants")
        case "join":
            return posts and within == "/join" and body in ({"invite_code": step["invite"]}, {"code": step["invite"]})
        case "leave":
            return posts and within == f"{group}/leave"
        case "patch":
            texts = {name: step[name] for name in ("name", "description") if step[name] is not None}
            return call.method == "PATCH" and within == group and body == texts
        case "add":
            return posts and within == f"{group}/participants"
        case _:
            return people and within.startswith(f"{group}/") and _removes(call)


def _not_so(step: Step, run: Run, after: Facts) -> str:
    """Return what contradicts a step that is reported as done; people whom the report names are excepted."""
    live = after.groups.get(step["group_id"] or "")
    if live is None:
        return f"there is no group {step['group_id']}"
    people = {_digits(who) for who in step["people"]} - _excepted(step, run, after)
    inside = set(live.members)
    match step["action"]:
        case "create":
            created = any(e.kind == "create" and e.group_id == step["group_id"] for e in run.effects)
            right = created and same_text(live.name, step["name"])
            return "" if right and people <= inside else f"created: {right}, missing: {people - inside}"
        case "patch":
            texts = {"name": live.name, "description": live.description}
            differ = [n for n, text in texts.items() if step[n] is not None and not same_text(step[n], text)]
            return f"{differ} differ" if differ else ""
        case "add":
            return f"missing: {people - inside}" if people - inside else ""
        case "remove":
            return f"still in: {people & inside}" if people & inside else ""
        case "join":
            return "" if ME in inside else "the instance is not in it"
        case _:
            return "the instance is in it" if ME in inside else ""


def _excepted(step: Step, run: Run, after: Facts) -> set[str]:
    assert run.report is not None
    named = {_digits(person["person"]) for person in run.report["people"] if person["group"] == step["group"]}
    unread = {rest["group"] for rest in run.report["remaining_drift"] if rest["code"] in NOT_READ_BACK}
    # Where nothing was read back, nobody could see who refuses to be added.
    return named | after.never if run.interrupted or step["group"] in unread else named


def _digits(who: Mapping[str, str | None]) -> str:
    return (who["identity"] or "").lstrip("+")
