"""The runs: the program in peace, which must do exactly what the oracle says, and in all kinds of trouble.

After every run the judge looks at what took effect and at what was said of it. After every apply in peace nothing
is left to be done but what is named: blocked groups, and people whom nobody but themselves can bring in.
"""

from __future__ import annotations

import copy
import json
from collections import Counter
from collections.abc import Collection
from typing import Any, ClassVar

import yaml
from hypothesis import note
from hypothesis import strategies as st
from hypothesis.stateful import invariant, precondition, rule

from tests.torture_model import judge
from tests.torture_model.cast import INSTANCE, KEY, KEYS, PHONE, digits_of, same
from tests.torture_model.draws import LIMIT, MAYBE_TROUBLE, TROUBLE
from tests.torture_model.facts import Facts
from tests.torture_model.judge import Judge, unsettled
from tests.torture_model.oracle import Due, due, matches, refused, unreadable
from tests.torture_model.rig import CALM, LIES_ABOUT_GROUPS, Ran, Trouble
from tests.torture_model.scene import STIR, Scene
from tests.torture_model.wishes import Wanted, resolve, text_of

TARGET = st.one_of(st.none(), st.none(), st.sampled_from(KEYS))
REPORT = ("--report", "report.json")


class Machine(Scene):
    """The program under trial; `counts` tells over all examples what was tried how often."""

    counts: ClassVar[Counter[str]] = Counter()
    saved: dict[str, Any] | None = None

    @invariant()
    def count(self) -> None:
        self.counts["steps"] += 1

    # Reading

    @rule(json_format=st.booleans(), aim=TARGET, limit=LIMIT)
    def plan(self, json_format: bool, aim: str | None, limit: str | None) -> None:
        facts, wanted, targets = self._asked(aim)
        options = self._options(aim, limit)
        if unreadable(facts, wanted):
            assert self._reads("plan", *options).code == 1
            return
        dues = {key: what for key, what in due(facts, wanted).items() if key in targets}
        too_many = refused(dues, wanted, limit)
        shown = ("--format", "json", "--show-phones") if json_format else ()
        ran = self._reads("plan", "--detailed-exitcode", *shown, *options, phones=json_format)
        pending = any(what.pending for what in dues.values())
        assert ran.code == (2 if pending else 0), f"{dues}\n{ran}"
        assert self._reads("drift", *options).code == ran.code
        dry = self._reads("apply", "--dry-run", *options)
        assert dry.code == (1 if too_many else 0), f"{too_many}\n{dry}"
        if json_format:
            _same_plan(json.loads(ran.out), dues, too_many)

    @rule(
        command=st.sampled_from(("plan", "drift", "apply --dry-run", "apply", "pin", "pin --dry-run", "import")),
        trouble=TROUBLE,
    )
    def read_in_trouble(self, command: str, trouble: Trouble) -> None:
        path = self.rig.folder / "groups.yaml"
        options: tuple[str, ...] = () if command.startswith(("pin", "import")) else ("--as-of", self.day)
        if command == "import":
            options = ("--instance-id", INSTANCE, "--output", "imported.yaml")
        self._reads(*command.split(), *options, trouble=trouble)
        path.write_text(self.text, encoding="utf-8")

    @rule()
    def import_everything(self) -> None:
        out = self.rig.folder / "imported.yaml"
        ran = self._reads("import", "--instance-id", INSTANCE, "--phone", PHONE, "--output", str(out))
        assert ran.code == 0, ran
        again = self._reads("plan", str(out), "--detailed-exitcode")
        assert again.code == 0, f"an import plans to something\n{out.read_text()}\n{again}"

    @rule()
    def pin(self) -> None:
        facts, wanted, _ = self._asked(None)
        found = {key: ids for key, ids in matches(facts, wanted).items() if wanted.groups[key].id is None}
        single = [ids[0] for ids in found.values() if len(ids) == 1]
        ids = {key: ids[0] for key, ids in found.items() if len(ids) == 1 and single.count(ids[0]) == 1}
        ran = self._reads("pin")
        assert ran.code == (1 if unreadable(facts, wanted) else 0), ran
        wish = self._draft()
        for key, group_id in ids.items():
            wish["groups"][key]["id"] = group_id
        text = (self.rig.folder / "groups.yaml").read_text(encoding="utf-8")
        assert yaml.load(text, yaml.CBaseLoader) == yaml.load(text_of(wish), yaml.CBaseLoader), ran
        self.wish, self.text = wish, text

    # Writing

    @rule(trouble=TROUBLE, aim=TARGET, limit=LIMIT, stir=STIR)
    def apply_in_trouble(self, trouble: Trouble, aim: str | None, limit: str | None, stir: list[Any]) -> None:
        self.lay_hands_on_the_world(stir)
        facts, wanted, targets = self._asked(aim)
        pinned = all("id" in group for group in self.wish["groups"].values())
        if trouble.lies_about_lists and not pinned:
            # Nothing tells a list that lacks a group from a world without it, but an id in the file.
            trouble = CALM
        ran = self._applies(Judge(facts, wanted, targets), trouble, *self._options(aim, limit))
        if not trouble.connected:
            assert ran.code == 1, ran

    @rule(aim=TARGET, limit=LIMIT, parallelism=st.sampled_from(("1", "4")), stir=STIR)
    def apply_in_peace(self, aim: str | None, limit: str | None, parallelism: str, stir: list[Any]) -> None:
        self.lay_hands_on_the_world(stir)
        facts, wanted, targets = self._asked(aim)
        judging = Judge(facts, wanted, targets)
        too_many = refused(judging.dues, wanted, limit)
        if unreadable(facts, wanted):
            too_many = set(wanted.groups)
        options = ("--parallelism", parallelism, *self._options(aim, limit))
        ran = self._applies(judging, CALM, *options)
        self._right(ran, judging, too_many)
        if not too_many:
            again = self._reads("plan", "--detailed-exitcode", *self._options(aim, limit))
            left = {key: what for key, what in due(self.facts(), wanted).items() if key in targets}
            assert again.code == (2 if any(what.pending for what in left.values()) else 0), again

    @precondition(lambda self: self.wish["groups"])
    @rule(limit=LIMIT)
    def save_a_plan(self, limit: str | None) -> None:
        facts, wanted, targets = self._asked(None)
        ran = self._reads("plan", "--out", "saved.plan", *self._options(None, limit))
        if unreadable(facts, wanted):
            assert ran.code == 1, ran
            return
        assert ran.code == 0, ran
        judging = Judge(facts, wanted, targets)
        too_many = refused(judging.dues, wanted, limit)
        self.saved = {"text": self.text, "judging": judging, "too_many": too_many, "accounts": self._accounts()}

    @precondition(lambda self: self.saved is not None)
    @rule(trouble=MAYBE_TROUBLE)
    def apply_the_saved_plan(self, trouble: Trouble) -> None:
        assert self.saved is not None
        then: Judge = self.saved["judging"]
        now = self.facts()
        judging = copy.copy(then)
        judging.before = now
        # The plan speaks for the groups that it changes, and for no other.
        judging.targets = [key for key, what in then.dues.items() if what.kind in ("create", "change", "leave")]
        if trouble.lies_about_lists:
            trouble = CALM
        ran = self._applies(judging, trouble, path="saved.plan")
        if self.saved["text"] != self.text or (trouble == CALM and _moved(then, now)):
            assert ran.code == 1, f"a stale plan was not refused\n{ran}"
        elif trouble == CALM and now == then.before and self._accounts() == self.saved["accounts"]:
            self._right(ran, judging, self.saved["too_many"])

    # What every run must keep to

    def _asked(self, target: str | None) -> tuple[Facts, Wanted, Collection[str]]:
        wanted = resolve(self.wish, self.day)
        return self.facts(), wanted, [target] if target in wanted.groups else list(wanted.groups)

    def _options(self, aim: str | None, limit: str | None) -> tuple[str, ...]:
        aimed = ("--target", aim) if aim is not None and aim in self.wish["groups"] else ()
        return ("--as-of", self.day, *aimed, *(("--max-removals", limit) if limit else ()))

    def _accounts(self) -> Any:
        return copy.deepcopy(self.accounts)

    def _reads(self, *arguments: str, phones: bool = False, trouble: Trouble = CALM) -> Ran:
        """Run a command that only reads: whatever happens, nothing is changed."""
        before = self.rig.world.snapshot()
        ran = self.rig.run(*arguments, trouble=trouble)
        self._note(ran, trouble)
        assert ran.effects == (), ran
        assert not ran.writes, ran
        assert self.rig.world.snapshot() == before
        assert ran.interrupted == (ran.code == 130), ran
        assert ran.code in (None, 0, 1, 2, 130) or (ran.arguments[0] == "apply" and ran.code == 3), ran
        judge.secrets(ran, phones=phones)
        return ran

    def _applies(self, judging: Judge, trouble: Trouble, *options: str, path: str = "groups.yaml") -> Ran:
        ran = self.rig.run("apply", path, "--yes", *REPORT, *options, trouble=trouble)
        self._note(ran, trouble)
        after = self.facts()
        judging.attempts(ran)
        judging.effects(ran, lists_lie=trouble.lies_about_lists)
        judge.report(ran, after, lies=trouble.lies)
        judging.end(ran, after, lies=trouble.lies)
        judge.secrets(ran, phones=False)
        if any(fault.kind in LIES_ABOUT_GROUPS and fault.skip == 0 == fault.times for fault in trouble.faults):
            self._removes_nobody(ran, trouble)
        return ran

    def _removes_nobody(self, ran: Ran, trouble: Trouble) -> None:
        """Every read of a group contradicts the list: nobody is removed on such words."""
        counted = self.dialect == "guide" and trouble.faults[0].kind != "stale_group"
        assert not (counted and any(effect.kind == "remove" for effect in ran.effects)), ran

    def _right(self, ran: Ran, judging: Judge, too_many: set[str]) -> None:
        """A run in peace did what the oracle says, all of it, and said how it ended."""
        if too_many:
            assert (ran.code, ran.effects) == (1, ()), f"{too_many}\n{ran}"
            return
        after, dues = self.facts(), judging.dues
        never = after.never | {digits_of("zed")}
        joins = any(what.kind == "join" for what in dues.values())
        # Somebody who comes in under a bare private id cannot be seen to be in: that is as good as missed.
        unseen = never | (after.hidden - judging.wanted.lids)
        missed = any(
            (what.add & unseen) - set(judging.before.groups[what.group_id].members if what.group_id else ())
            for what in dues.values()
            if what.kind in ("create", "change")
        )
        blocked = {key for key, what in dues.items() if what.kind == "blocked"}
        if not joins:
            assert ran.code == (3 if blocked or missed else 0), f"{dues}\n{ran}"
            left = {key: what for key, what in due(after, judging.wanted).items() if key in judging.targets}
            after.never = never
            rest = set(unsettled(after, left, refusals=True))
            assert rest == blocked & set(judging.targets), f"not converged: {left}\n{ran}"

    def _note(self, ran: Ran, trouble: Trouble) -> None:
        self.counts["runs"] += 1
        self.counts["runs in trouble"] += trouble != CALM
        self.counts["killed"] += ran.code is None
        self.counts["interrupted"] += ran.interrupted
        self.counts.update(f"{effect.kind} took effect" for effect in ran.effects)
        self.counts[f"code {ran.code}"] += ran.arguments[0] == "apply"
        note(f"{trouble}\n{ran}")

    def teardown(self) -> None:
        """At the end of every story one apply in peace, and a look at everything the program has written."""
        try:
            if hasattr(self, "wish"):
                self.apply_in_peace(aim=None, limit="100%", parallelism="4", stir=[])
                assert KEY not in self.rig.files()
        finally:
            super().teardown()


def _same_plan(told: dict[str, Any], dues: dict[str, Due], too_many: set[str]) -> None:
    """The plan's document says what the oracle says, group by group."""
    assert {refusal["group"] for refusal in told["refusals"]} == too_many
    for group in told["groups"]:
        what = dues.get(group["key"])
        assert what is not None, f"{group['key']} was not asked for"
        people = {field: {who["identity"].lstrip("+") for who in group[field]} for field in ("add", "remove")}
        assert people == {"add": what.add, "remove": what.remove}, (group, what)
        assert bool(group["blocked"]) == (what.kind == "blocked"), (group, what)
        texts = {text["field"]: text["new"] for text in group["field_changes"]}
        for field, wanted in (("name", what.name), ("description", what.description)):
            if what.kind != "create" or field == "description":
                assert (field in texts) == (wanted is not None), (group, what)
            assert wanted is None or same(texts.get(field, wanted), wanted), (group, what)


def _moved(then: Judge, now: Facts) -> bool:
    """Whether a group that a saved plan would change is surely another than it was."""
    for what in then.dues.values():
        if what.kind not in ("change", "leave") or what.group_id is None:
            continue
        was, is_now = then.before.groups[what.group_id], now.mine().get(what.group_id)
        if is_now is None:
            return True
        texts = same(was.name, is_now.name) and same(was.description, is_now.description)
        if what.kind == "change" and (not texts or set(was.members) != set(is_now.members)):
            return True
    return False
