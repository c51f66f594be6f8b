"""Holds one run against the truth: what took effect, what was tried, what was said of it, how it ended."""

from __future__ import annotations

import json
import re
from collections.abc import Collection
from dataclasses import dataclass, field

from reconciler.sandbox.records import Effect
from tests.torture_model.cast import KEY, ME, PEOPLE, STRANGERS, canonical, same
from tests.torture_model.facts import Facts, LiveGroup
from tests.torture_model.oracle import Due, due, matches, untouchable
from tests.torture_model.rig import Ran, addresses
from tests.torture_model.wishes import Wanted

NUMBERS = re.compile("|".join(sorted({s.digits for s in PEOPLE.values()} | set(STRANGERS))))


@dataclass
class Judge:
    """The truth before a run, and what the run was to make of it. `targets` are the keys it was about."""

    before: Facts
    wanted: Wanted
    targets: Collection[str]
    dues: dict[str, Due] = field(init=False)

    def __post_init__(self) -> None:
        self.dues = {key: what for key, what in due(self.before, self.wanted).items() if key in self.targets}

    def effects(self, ran: Ran, *, lists_lie: bool) -> None:
        """Replay what took effect: each change must be due at that moment, and nothing is made twice."""
        facts, keys = self.before.copy(), {what.group_id: key for key, what in self.dues.items() if what.group_id}
        for effect in ran.effects:
            if effect.kind == "create":
                keys[effect.group_id] = self._create(facts, effect, lists_lie=lists_lie)
            elif effect.kind == "join":
                self._join(facts, effect)
            else:
                assert effect.group_id in keys, f"touched a group that was none of its own: {effect}"
                self._change(facts, effect, self.dues[keys[effect.group_id]])
            replay(facts, effect)

    def _create(self, facts: Facts, effect: Effect, *, lists_lie: bool) -> str:
        name = effect.detail["name"]
        keys = [key for key, what in self.dues.items() if what.kind == "create" and same(what.name or "", name)]
        assert len(keys) == 1, f"made a group that nobody was to make: {effect}"
        there = matches(facts, self.wanted)[keys[0]]
        assert lists_lie or not there, f"made a second group beside {there}: {effect}"
        assert set(effect.people) <= self.dues[keys[0]].add, f"made with people who are not wanted: {effect}"
        return keys[0]

    def _join(self, facts: Facts, effect: Effect) -> None:
        codes = [self.wanted.groups[key].fields["invite"] for key, what in self.dues.items() if what.kind == "join"]
        assert facts.groups[effect.group_id].code in codes, f"joined where nobody wanted to: {effect}"

    def _change(self, facts: Facts, effect: Effect, what: Due) -> None:
        assert what.kind in ("create", "change", "leave"), f"changed a group that was to stay as it is: {effect}"
        live = facts.groups[effect.group_id]
        if effect.kind == "patch":
            for told, was, due_text in (
                (effect.detail["name"], live.name, what.name),
                (effect.detail["description"], live.description, what.description),
            ):
                assert told == was or same(told, due_text or ""), f"wrote a text that nobody asked for: {effect}"
        elif effect.kind == "leave":
            assert what.kind == "leave", f"left a group that was to be kept: {effect}"
        else:
            due_people = what.add if effect.kind == "add" else what.remove
            assert set(effect.people) <= due_people, f"moved people who were to stay where they are: {effect}"

    def attempts(self, ran: Ran) -> None:
        """No call, whether it took effect or not, is about people it must not be about."""
        stay = {key: untouchable(self.before, self.wanted, self._live(what)) for key, what in self.dues.items()}
        for call in ran.writes:
            people = {canonical(digits) for digits in addresses(call)}
            if call.method == "DELETE" or call.path.endswith("/participants/remove"):
                keys = [key for key, what in self.dues.items() if what.group_id and f"/{what.group_id}/" in call.path]
                assert len(keys) == 1, f"tried to remove people from a group that is none of its own: {call}"
                wrong = people & (stay[keys[0]] | self.wanted.groups[keys[0]].all_wanted)
                assert not wrong, f"tried to remove {wrong}: {call}"
            elif people:
                named = set().union(*(self.wanted.groups[key].all_wanted for key in self.dues))
                assert people <= named, f"tried to add people who are not wanted: {call}"

    def _live(self, what: Due) -> LiveGroup:
        nowhere = LiveGroup("", "", None, "", {})
        return self.before.groups.get(what.group_id or "", nowhere)

    def end(self, ran: Ran, after: Facts, *, lies: bool) -> None:
        """The exit code tells the truth."""
        assert ran.interrupted == (ran.code == 130), ran
        assert ran.code in (None, 0, 1, 3, 130), ran
        if ran.code == 1:
            assert not ran.effects, f"1 says that nothing was changed\n{ran}"
        if ran.code == 0 and not lies:
            rest = {key: what for key, what in due(after, self.wanted).items() if key in self.targets}
            assert not unsettled(after, rest, refusals=False), f"0 says that all is well, but {rest}\n{ran}"


def unsettled(facts: Facts, dues: dict[str, Due], *, refusals: bool) -> dict[str, Due]:
    """What is still to be done, people aside who are in under a private id (and, with `refusals`, who cannot come)."""
    found = {}
    for key, what in dues.items():
        inside = set(facts.groups[what.group_id].members) if what.group_id in facts.groups else set()
        excused = (inside & facts.hidden) | ((facts.never - inside) if refusals else set())
        only_adds = what.kind == "change" and what.name is None and what.description is None and not what.remove
        if what.kind != "nothing" and not (only_adds and what.add <= excused):
            found[key] = what
    return found


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
            del live.members[digits]


def secrets(ran: Ran, *, phones: bool) -> None:
    """The key is in no output, nor, unless they were asked for, a phone number; and nothing broke down."""
    said = ran.out + ran.err
    assert KEY not in said, ran
    assert "Traceback" not in said, ran
    assert "this is a bug" not in said, ran
    if not phones:
        assert not NUMBERS.search(re.sub(r"\d{18,}@g\.us", "", said)), ran


def report(ran: Ran, after: Facts, *, lies: bool) -> None:
    """What the report says of each step is so, and nothing that took effect is missing in it."""
    if ran.report is None:
        assert ran.code is None or not ran.effects, f"no report of what was done\n{ran}"
        return
    steps = ran.report["steps"]
    for effect in ran.effects:
        assert any(_accounts_for(step, effect) for step in steps), f"not in the report: {effect}\n{ran}"
    for step in steps:
        if step["status"] == "done" and not lies:
            said = {_digits(person["who"]) for person in ran.report["people"] if person["group"] == step["group"]}
            unread = {
                left["group"]
                for left in ran.report["remaining_drift"]
                if left["code"] in ("not-read-back", "crashed-reading-back")
            }
            if ran.interrupted or step["group"] in unread:
                # Nothing was read back, so nobody could see who refuses to be added.
                said |= after.never
            assert _is_so(step, after, said), f"reported as done, and not so: {step}\n{ran}"
        if not lies and step["action"] in ("remove", "leave") and step["status"] not in ("skipped", "not run"):
            before = [one["status"] for one in steps[: steps.index(step)] if one["group"] == step["group"]]
            assert set(before) <= {"done"}, f"taken away though something before it failed: {step}\n{ran}"
    assert ran.report["converged"] == (ran.code == 0), ran
    assert ran.report["interrupted"] == (ran.code == 130), ran
    for call in ran.writes:
        assert any(_plans(step, call.method, call.path, addresses(call), call.body) for step in steps), call


def _digits(who: dict[str, str | None]) -> str:
    return (who["identity"] or "").lstrip("+")


def _accounts_for(step: dict[str, object], effect: Effect) -> bool:
    people = {_digits(who) for who in step["people"]}  # type: ignore[attr-defined]  # a report's step
    adds = step["action"] == "create" and effect.kind == "add" and step["group_id"] == effect.group_id
    same_kind = step["action"] == effect.kind and step["group_id"] in (None, effect.group_id)
    fits = effect.kind in ("patch", "leave", "join") or set(effect.people) <= people
    return step["status"] in ("done", "unknown") and (same_kind or adds) and fits


def _is_so(step: dict[str, object], facts: Facts, said: set[str]) -> bool:
    people = {_digits(who) for who in step["people"]} - said  # type: ignore[attr-defined]  # a report's step
    live = facts.groups.get(str(step["group_id"]))
    if live is None:
        return False
    name, description = step["name"], step["description"]
    match step["action"]:
        case "create":
            return same(live.name, str(name)) and people <= set(live.members)
        case "add":
            return people <= set(live.members)
        case "remove":
            return not people & set(live.members)
        case "leave":
            return ME not in live.members
        case "join":
            return ME in live.members
        case _:
            right = name is None or same(live.name, str(name))
            return right and (description is None or same(live.description, str(description)))


def _plans(step: dict[str, object], method: str, path: str, digits: list[str], body: str) -> bool:
    """Whether a step of the plan is what a call was sent for."""
    people = {_digits(who) for who in step["people"]}  # type: ignore[attr-defined]  # a report's step
    fits = {canonical(each) for each in digits} <= people
    inside = f"/groups/{step['group_id']}"
    told = json.loads(body) if body else {}
    match step["action"]:
        case "create":
            makes = method == "POST" and path.endswith("/groups") and told["name"] == step["name"]
            return fits and (makes or (method == "POST" and path.endswith(f"{inside}/participants")))
        case "add":
            return fits and method == "POST" and path.endswith(f"{inside}/participants")
        case "remove":
            return fits and path.endswith((f"{inside}/participants", f"{inside}/participants/remove"))
        case "patch":
            told_all = {key: step[key] for key in ("name", "description") if step[key] is not None}
            return method == "PATCH" and path.endswith(inside) and told == told_all
        case "leave":
            return method == "POST" and path.endswith(f"{inside}/leave")
        case _:
            return method == "POST" and path.endswith("/groups/join") and told == {"invite_code": step["invite"]}
