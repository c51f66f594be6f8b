"""The runs: the program in peace, which must do exactly what the oracle expects, and in all kinds of trouble.

After every run the oracle checks what took effect and what the program says about it. After every apply in peace
nothing is left to do but what the run names: blocked groups, and people whom nobody else can add.
"""

from __future__ import annotations

import copy
import json
from collections import Counter
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, ClassVar

import yaml
from hypothesis import note
from hypothesis import strategies as st
from hypothesis.stateful import invariant, precondition, rule

from tests.oracle.checks import apply_alone, read_only, require
from tests.oracle.desired import Desired
from tests.oracle.expected import (
    Expectation,
    ExpectedChange,
    expected_changes,
    keys_over_limit,
    looks_unreadable,
    matching_groups,
    remaining_changes,
)
from tests.oracle.facts import Facts
from tests.oracle.identity import INSTANCE, KEY, PHONE, same_text
from tests.oracle.run import Run
from tests.oracle.runner import CALM, FALSE_GROUPS, Trouble
from tests.stateful.people import IN_THE_FILE, KEYS, NOBODY
from tests.stateful.strategies import LIMIT, MAYBE_TROUBLE, TROUBLE
from tests.stateful.world import EDITS_BEFORE_RUN, StoryWorld

TARGET = st.one_of(st.none(), st.none(), st.sampled_from(KEYS))
REPORT = ("--report", "report.json")


@dataclass(frozen=True)
class SavedPlan:
    """The file's text, the day, the expectation and the accounts when a plan was saved, and the keys over the limit."""

    text: str
    day: str
    expectation: Expectation
    over_limit: set[str]
    accounts: dict[str, dict[str, Any]]


class Machine(StoryWorld):
    """The program in random stories; `counts` counts steps and runs over all of them."""

    counts: ClassVar[Counter[str]] = Counter()
    saved: SavedPlan | None = None

    @invariant()
    def count(self) -> None:
        self.counts["steps"] += 1

    # Reading

    @rule(json_format=st.booleans(), aim=TARGET, limit=LIMIT)
    def plan(self, json_format: bool, aim: str | None, limit: str | None) -> None:
        expectation = self._expectation(aim)
        options = self._options(aim, limit)
        if looks_unreadable(expectation.before, expectation.desired):
            assert self._read("plan", *options).code == 1
            return
        changes = expectation.changes
        over_limit = keys_over_limit(changes, expectation.desired, limit)
        shown = ("--format", "json", "--show-phones") if json_format else ()
        run = self._read("plan", "--detailed-exitcode", *shown, *options, phones=json_format)
        assert run.code == (1 if over_limit else _plan_code(changes)), f"{changes}\n{run}"
        assert self._read("drift", *options).code == _plan_code(changes)
        dry = self._read("apply", "--dry-run", *options)
        assert dry.code == (1 if over_limit else 0), f"{over_limit}\n{dry}"
        if json_format:
            _same_plan(json.loads(run.out), changes, over_limit)

    @rule(
        command=st.sampled_from(("plan", "drift", "apply --dry-run", "apply", "pin", "pin --dry-run", "import")),
        trouble=TROUBLE,
    )
    def read_in_trouble(self, command: str, trouble: Trouble) -> None:
        options: tuple[str, ...] = () if command.startswith(("pin", "import")) else ("--as-of", self.day)
        if command == "import":
            options = ("--instance-id", INSTANCE, "--output", "imported.yaml")
            (self.runner.folder / "imported.yaml").unlink(missing_ok=True)
        self._read(*command.split(), *options, trouble=trouble)
        (self.runner.folder / "groups.yaml").write_text(self.text, encoding="utf-8")

    @rule()
    def import_everything(self) -> None:
        out = self.runner.folder / "imported.yaml"
        out.unlink(missing_ok=True)  # import never replaces a file
        run = self._read("import", "--instance-id", INSTANCE, "--phone", PHONE, "--output", str(out))
        assert run.code == 0, run
        again = self._read("plan", str(out), "--detailed-exitcode")
        assert again.code == 0, f"the plan of an import has something to do\n{out.read_text()}\n{again}"

    @rule()
    def pin(self) -> None:
        facts, desired = self.facts(), self.file.on(self.day)
        found = {key: ids for key, ids in matching_groups(facts, desired).items() if desired.groups[key].id is None}
        single = [ids[0] for ids in found.values() if len(ids) == 1]
        ids = {key: ids[0] for key, ids in found.items() if len(ids) == 1 and single.count(ids[0]) == 1}
        run = self._read("pin")
        unsure = any(live for key, live in found.items() if key not in ids)
        assert run.code == (1 if looks_unreadable(facts, desired) or (unsure and not ids) else 0), run
        groups = {key: {**group, **({"id": ids[key]} if key in ids else {})} for key, group in self.file.groups.items()}
        file = replace(self.file, groups=groups)
        text = (self.runner.folder / "groups.yaml").read_text(encoding="utf-8")
        assert yaml.load(text, yaml.CBaseLoader) == yaml.load(file.text(), yaml.CBaseLoader), run
        self.file, self.text = file, text

    # Writing

    @rule(trouble=TROUBLE, aim=TARGET, limit=LIMIT, edits=EDITS_BEFORE_RUN)
    def apply_in_trouble(self, trouble: Trouble, aim: str | None, limit: str | None, edits: list[Any]) -> None:
        self.edit_world(edits)
        pinned = all("id" in group for group in self.file.groups.values())
        if trouble.false_lists and not pinned:
            # Nothing tells a list that lacks a group from a world without it, but an id in the file.
            trouble = CALM
        run = self._apply(self._expectation(aim), trouble, *self._options(aim, limit))
        if not trouble.connected:
            assert run.code == 1, run

    @rule(aim=TARGET, limit=LIMIT, parallelism=st.sampled_from(("1", "4")), edits=EDITS_BEFORE_RUN)
    def apply_in_peace(self, aim: str | None, limit: str | None, parallelism: str, edits: list[Any]) -> None:
        self.edit_world(edits)
        expectation = self._expectation(aim)
        over_limit = keys_over_limit(expectation.changes, expectation.desired, limit)
        if looks_unreadable(expectation.before, expectation.desired):
            over_limit = set(expectation.desired.groups)
        run = self._apply(expectation, CALM, "--parallelism", parallelism, *self._options(aim, limit))
        self._is_complete(run, expectation, over_limit)
        if not over_limit:
            again = self._read("plan", "--detailed-exitcode", *self._options(aim, limit))
            assert again.code == _plan_code(self._expectation(aim).changes), again

    @precondition(lambda self: self.file.groups)
    @rule(limit=LIMIT)
    def save_plan(self, limit: str | None) -> None:
        expectation = self._expectation(None)
        run = self._read("plan", "--out", "saved.plan", *self._options(None, limit))
        if looks_unreadable(expectation.before, expectation.desired):
            assert run.code == 1, run
            return
        assert run.code == 0, run
        over_limit = keys_over_limit(expectation.changes, expectation.desired, limit)
        self.saved = SavedPlan(self.text, self.day, expectation, over_limit, copy.deepcopy(self.accounts))

    @precondition(lambda self: self.saved is not None)
    @rule(trouble=MAYBE_TROUBLE)
    def apply_saved_plan(self, trouble: Trouble) -> None:
        saved, now = self.saved, self.facts()
        assert saved is not None
        # The plan is about the groups that it changes, and about no other.
        expectation = copy.copy(saved.expectation)
        expectation.before = now
        expectation.targets = [
            key for key, change in expectation.changes.items() if change.kind in ("create", "change", "leave")
        ]
        if trouble.false_lists:
            trouble = CALM
        run = self._apply(expectation, trouble, path="saved.plan")
        differs = _meaning(self.file.on(saved.day)) != _meaning(saved.expectation.desired)
        if differs or (trouble == CALM and _is_stale(saved.expectation, now)):
            assert run.code == 1, f"a stale plan was not refused\n{run}"
        elif self._adds_ended(expectation):
            assert (run.code, run.effects) == (1, ()), f"somebody whose last day has passed was added\n{run}"
        elif saved.text != self.text:
            return  # the same for all groups of the file; a team that nobody uses may count, or not
        elif trouble == CALM and now == saved.expectation.before and self.accounts == saved.accounts:
            self._is_complete(run, expectation, saved.over_limit)

    def _adds_ended(self, saved: Expectation) -> bool:
        """Return whether a saved plan adds somebody whose membership has ended by the real day, when it is applied."""
        today = self.file.on(datetime.now(UTC).date().isoformat()).groups
        added = {key: change.add for key, change in saved.changes.items() if change.kind in ("create", "change")}
        return any(people - (today[key].members or set()) for key, people in added.items())

    # What holds for every run

    def _expectation(self, target: str | None) -> Expectation:
        desired = self.file.on(self.day)
        return Expectation(self.facts(), desired, [target] if target in desired.groups else list(desired.groups))

    def _options(self, aim: str | None, limit: str | None) -> tuple[str, ...]:
        target = ("--target", aim) if aim is not None and aim in self.file.groups else ()
        return ("--as-of", self.day, *target, *(("--max-removals", limit) if limit else ()))

    def _read(self, *arguments: str, phones: bool = False, trouble: Trouble = CALM) -> Run:
        """Run a command that only reads: whatever happens, nothing changes."""
        before = self.world.snapshot()
        run = self._run(*arguments, trouble=trouble)
        require(run, read_only(run, phones=phones))
        assert self.world.snapshot() == before
        return run

    def _apply(self, expectation: Expectation, trouble: Trouble, *options: str, path: str = "groups.yaml") -> Run:
        run = self._run("apply", path, "--yes", *REPORT, *options, trouble=trouble)
        false = {"false_lists": trouble.false_lists, "false_reads": trouble.false_reads}
        require(run, apply_alone(run, expectation, self.facts(), **false))
        if any(fault.kind in FALSE_GROUPS and fault.skip == 0 == fault.times for fault in trouble.faults):
            # Every read of a group contradicts the list: then nobody is removed.
            counted = self.dialect == "guide" and trouble.faults[0].kind != "stale_group"
            assert not (counted and any(effect.kind == "remove" for effect in run.effects)), run
        return run

    def _run(self, *arguments: str, trouble: Trouble) -> Run:
        run = self.runner.run(*arguments, trouble=trouble)
        self.counts["runs"] += 1
        self.counts["runs in trouble"] += trouble != CALM
        note(f"{trouble}\n{run}")
        return run

    def _is_complete(self, run: Run, expectation: Expectation, over_limit: set[str]) -> None:
        """Hold that a run in peace does all that the oracle expects, and ends with the right code."""
        if over_limit:
            assert (run.code, run.effects) == (1, ()), f"{over_limit}\n{run}"
            return
        after, changes, targets = self.facts(), expectation.changes, expectation.targets or ()
        after.never |= {IN_THE_FILE[NOBODY].digits}
        # Somebody who comes in under a bare LID cannot be seen to be in: that is as good as missing.
        unseen = after.never | (after.hidden - expectation.desired.lids)
        missing = any(
            (change.add & unseen) - set(expectation.before.groups[change.group_id].members if change.group_id else ())
            for change in changes.values()
            if change.kind in ("create", "change")
        )
        blocked = {key for key, change in changes.items() if change.kind == "blocked"}
        if not any(change.kind == "join" for change in changes.values()):
            assert run.code == (3 if blocked or missing else 0), f"{changes}\n{run}"
            left = expected_changes(after, expectation.desired, targets)
            rest = set(remaining_changes(after, left, excuse_refusals=True))
            assert rest == blocked & set(targets), f"not converged: {left}\n{run}"

    def teardown(self) -> None:
        """End every story with one apply in peace, and a look at everything that the program has written."""
        try:
            if hasattr(self, "file"):
                self.apply_in_peace(aim=None, limit="100%", parallelism="4", edits=[])
                assert KEY not in self.runner.files()
        finally:
            super().teardown()


def _plan_code(changes: dict[str, ExpectedChange]) -> int:
    return 2 if any(change.is_pending for change in changes.values()) else 0


def _same_plan(plan: dict[str, Any], changes: dict[str, ExpectedChange], over_limit: set[str]) -> None:
    """Hold that the plan's document says what the oracle expects, group by group."""
    assert {refusal["group"] for refusal in plan["refusals"]} == over_limit
    for group in plan["groups"]:
        change = changes.get(group["key"])
        assert change is not None, f"{group['key']} is not a target"
        people = {field: {who["identity"].lstrip("+") for who in group[field]} for field in ("add", "remove")}
        assert people == {"add": change.add, "remove": change.remove}, (group, change)
        assert bool(group["blocked"]) == (change.kind == "blocked"), (group, change)
        texts = {text["field"]: text["new"] for text in group["field_changes"]}
        for field, expected in (("name", change.name), ("description", change.description)):
            if change.kind != "create" or field == "description":
                assert (field in texts) == (expected is not None), (group, change)
            assert expected is None or same_text(texts.get(field, expected), expected), (group, change)


def _meaning(desired: Desired) -> dict[str, Any]:
    """What a file means: its lists resolved, not as they are written."""
    written = {"members", "teams", "absent"}
    groups = {
        key: (group.members, group.invited, group.absent, {k: v for k, v in group.fields.items() if k not in written})
        for key, group in desired.groups.items()
    }
    return {**vars(desired), "groups": groups}


def _is_stale(then: Expectation, now: Facts) -> bool:
    """Return whether a group that a saved plan would change is surely not as it was."""
    for change in then.changes.values():
        if change.kind not in ("change", "leave") or change.group_id is None:
            continue
        old, new = then.before.groups[change.group_id], now.mine().get(change.group_id)
        if new is None:
            return True
        same_texts = same_text(old.name, new.name) and same_text(old.description, new.description)
        if change.kind == "change" and (not same_texts or set(old.members) != set(new.members)):
            return True
    return False
