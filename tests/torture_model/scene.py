"""The scene: a file that is edited, a world that hands change. What is done with the program stands in `machine`."""

from __future__ import annotations

import copy
from contextlib import ExitStack
from typing import Any

from hypothesis import note
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule

from reconciler.sandbox import Dialect, Paging, Settings
from tests.torture_model.cast import (
    DAYS,
    HOSTILE_NAMES,
    KEY,
    KEYS,
    ME,
    NAMES,
    NOBODY,
    OWNER,
    PEOPLE,
    STRANGERS,
    TEAMS,
    TEXTS,
    same,
)
from tests.torture_model.draws import FIELDS, PERSON, PLACE
from tests.torture_model.facts import Facts, everybody, facts_of
from tests.torture_model.rig import rig_with
from tests.torture_model.wishes import Wish, aliases, empty_wish, is_valid, text_of

MOST_GROUPS = 8
MEANT = 6
"""Places below this are counted among the groups that the file is about."""
ROLES = st.sampled_from((*("owner",) * 5, "admin", "admin", "member", "out"))
KEY_OF = st.sampled_from((*KEYS, *KEYS[:2]))
MANY = st.lists(PERSON, min_size=2, max_size=6, unique=True)
FEW = st.lists(PERSON, max_size=2, unique=True)
ANYBODY = st.sampled_from((*(someone.digits for someone in PEOPLE.values()), *STRANGERS))


def _do(method: str, /, **arguments: st.SearchStrategy[Any]) -> st.SearchStrategy[tuple[str, dict[str, Any]]]:
    return st.tuples(st.just(method), st.fixed_dictionaries(arguments))


POLICY = {
    "protected": FEW,
    "ignored": FEW,
    "limit": st.sampled_from((None, None, "25%", "100%", "0%", 2)),
    "lids": st.lists(PERSON, max_size=3, unique=True),
}
EDITS = st.one_of(
    _do(
        "write_a_group",
        key=KEY_OF,
        fields=FIELDS,
        pinned=st.sampled_from((*("",) * 6, "live", "live", "gone")),
        place=PLACE,
    ),
    _do("invite_oneself", key=KEY_OF, place=PLACE, with_id=st.booleans()),
    _do("drop_a_group", key=st.sampled_from(KEYS)),
    _do("move_a_person", key=KEY_OF, person=PERSON, field=st.sampled_from(("members", "members", "absent"))),
    _do("move_a_person", key=KEY_OF, person=PERSON, field=st.just("members")),
    _do("rename_in_the_file", key=KEY_OF, name=st.sampled_from(NAMES), remember=st.booleans()),
    _do("fill_a_team", team=st.sampled_from(TEAMS), people=MANY),
    _do("set_the_policy", **POLICY),
    _do("another_day", day=st.sampled_from(DAYS)),
)
MOVE = _do(
    "move_by_hand",
    place=PLACE,
    digits=ANYBODY,
    role=st.sampled_from(("out", "out", "member", "member", "admin", "owner")),
)
HANDS = st.one_of(
    MOVE,
    MOVE,
    MOVE,
    _do(
        "move_by_hand",
        place=PLACE,
        digits=st.just(ME),
        role=st.sampled_from(("out", "member", "admin", "admin", "owner", "owner")),
    ),
    _do("found_by_hand", name=st.sampled_from(NAMES), role=ROLES, people=MANY),
    _do("rename_by_hand", place=PLACE, name=st.sampled_from((*NAMES, *HOSTILE_NAMES))),
    _do("describe_by_hand", place=PLACE, text=st.sampled_from((*TEXTS, *HOSTILE_NAMES))),
    _do("delete_by_hand", place=PLACE),
    _do(
        "change_an_account",
        person=PERSON,
        shows=st.sampled_from(("phone", "phone", "lid_with_phone", "lid")),
        refuses=st.booleans(),
        exists=st.sampled_from((True, True, False)),
        spelling=st.sampled_from(("s.whatsapp.net", "c.us", "device")),
    ),
)
STIR = st.lists(st.one_of(MOVE, MOVE, MOVE, HANDS), min_size=1, max_size=4)
"""What hands do just before a run, so that there is something to be done."""


class Scene(RuleBasedStateMachine):
    """Edits of the file and hand-made changes of the world; `dialect` is the server's."""

    dialect = Dialect.GUIDE

    @initialize(
        paging=st.sampled_from(list(Paging)),
        names=st.booleans(),
        groups_there=st.lists(st.tuples(ROLES, MANY), min_size=1, max_size=3),
        crowd=st.sampled_from((0, 0, 0, 48)),
        groups=st.fixed_dictionaries(dict.fromkeys(KEYS[:2], FIELDS), optional=dict.fromkeys(KEYS[2:], FIELDS)),
        policy=st.fixed_dictionaries(POLICY),
    )
    def begin(
        self,
        paging: Paging,
        names: bool,
        groups_there: list[tuple[str, list[str]]],
        crowd: int,
        groups: dict[str, Any],
        policy: dict[str, Any],
    ) -> None:
        # An array is known for a page by its documented length alone; numbered pages say that they are pages.
        size = 20 if paging is Paging.PAGE and crowd else 2 if paging is Paging.PAGE else 50
        settings = Settings(self.dialect, paging, page_size=size, key=KEY, rate_limit=None, name_bad_participants=names)
        self.stack = ExitStack()
        self.rig = self.stack.enter_context(rig_with(settings))
        self.wish: Wish = empty_wish()
        self.day = DAYS[0]
        self.accounts = everybody()
        self.text = ""
        for digits in self.accounts:
            self._tell(digits)
        self.most_groups = MOST_GROUPS + crowd
        for name, (role, people) in zip(NAMES, groups_there, strict=False):
            self.found_by_hand(name, role, people)
        for number in range(crowd):
            self.found_by_hand(f"Crowd {number}", "member", [])
        self.set_the_policy(**policy)
        for at, (key, fields) in enumerate(groups.items()):
            self._write({**self.wish, "groups": {**self.wish["groups"], key: {**fields, "name": NAMES[at]}}})

    def teardown(self) -> None:
        """End the server, the world, the folder."""
        if hasattr(self, "stack"):
            self.stack.close()

    def facts(self) -> Facts:
        """What is true now."""
        return facts_of(self.rig.world, self.accounts, tells_creator=self.dialect is Dialect.GUIDE)

    def _tell(self, digits: str) -> None:
        self.rig.world.set_account(digits, **self.accounts[digits])

    def _write(self, wish: Wish) -> None:
        """Take a wish for the file's, if a file may ask for it."""
        if is_valid(wish) and not self._holds_twice(wish):
            self.wish = wish
            self.text = text_of(wish)
            (self.rig.folder / "groups.yaml").write_text(self.text, encoding="utf-8")
            note(self.text)

    def _holds_twice(self, wish: Wish) -> bool:
        """Whether one key holds by its id the group that another one joins by its invite: no file can mean that."""
        codes = {group.id: group.invite_code for group in self.rig.world.groups()}
        held = {key: codes.get(group.get("id", "")) for key, group in wish["groups"].items()}
        invites = {key: group["invite"] for key, group in wish["groups"].items() if "invite" in group}
        return any(code == held[other] for key, code in invites.items() for other in held if other != key)

    def _draft(self) -> Wish:
        return copy.deepcopy(self.wish)

    def _place(self, place: int) -> str | None:
        """The id of some live group; mostly of one that the file is about."""
        groups = self.rig.world.groups()
        wanted = self.wish["groups"].values()
        meant = [g for g in groups if any(same(g.name, w["name"]) or g.id == w.get("id") for w in wanted)]
        chosen = meant if meant and place < MEANT else groups
        return chosen[place % len(chosen)].id if chosen else None

    @rule(edits=st.lists(EDITS, min_size=1, max_size=3))
    def edit_the_file(self, edits: list[tuple[str, dict[str, Any]]]) -> None:
        for name, arguments in edits:
            getattr(self, name)(**copy.deepcopy(arguments))

    @rule(hands=st.lists(HANDS, min_size=1, max_size=4))
    def lay_hands_on_the_world(self, hands: list[tuple[str, dict[str, Any]]]) -> None:
        for name, arguments in hands:
            getattr(self, name)(**arguments)

    # The file

    def write_a_group(self, key: str, fields: dict[str, Any], pinned: str, place: int) -> None:
        wish = self._draft()
        wish["groups"][key] = copy.deepcopy(fields)
        group_id = self._place(place) if pinned == "live" else "120363999999999999@g.us"
        if pinned and group_id is not None:
            wish["groups"][key]["id"] = group_id
        self._write(wish)

    def invite_oneself(self, key: str, place: int, with_id: bool) -> None:
        group_id, wish = self._place(place), self._draft()
        if group_id is not None:
            group = self.rig.world.group(group_id)
            name = group.name if group.name in NAMES else NAMES[0]
            wish["groups"][key] = {"name": name, "invite": group.invite_code, "membership": "additive"}
            if with_id:
                wish["groups"][key]["id"] = group_id
            self._write(wish)

    def drop_a_group(self, key: str) -> None:
        wish = self._draft()
        if wish["groups"].pop(key, None) is not None:
            self._write(wish)

    def move_a_person(self, key: str, person: str, field: str) -> None:
        wish = self._draft()
        group = wish["groups"].get(key)
        if group is None:
            return
        listed = group.get(field, [])
        kept = [entry for entry, alias in zip(listed, aliases(listed), strict=True) if alias != person]
        group[field] = kept if len(kept) < len(listed) else [*listed, person]
        self._write(wish)

    def rename_in_the_file(self, key: str, name: str, remember: bool) -> None:
        wish = self._draft()
        group = wish["groups"].get(key)
        if group is not None:
            if remember:
                group["previously"] = [group["name"]]
            group["name"] = name
            self._write(wish)

    def fill_a_team(self, team: str, people: list[str]) -> None:
        wish = self._draft()
        wish["teams"][team] = people
        self._write(wish)

    def set_the_policy(self, protected: list[str], ignored: list[str], limit: Any, lids: list[str]) -> None:
        wish = self._draft()
        wish["policy"] = {"protected": protected, "ignored": ignored}
        wish["lids"] = lids
        if limit is not None:
            wish["policy"]["max_removals"] = limit
        self._write(wish)

    def another_day(self, day: str) -> None:
        self.day = day

    # The world

    def found_by_hand(self, name: str, role: str, people: list[str]) -> None:
        if len(self.rig.world.groups()) >= self.most_groups:
            return
        members = [PEOPLE[alias].digits for alias in people]
        owner = ME if role == "owner" else OWNER
        admins = [ME] if role == "admin" else []
        self.rig.world.create_group(name, [*members, *([ME] if role == "member" else [])], owner=owner, admins=admins)

    def rename_by_hand(self, place: int, name: str) -> None:
        if (group_id := self._place(place)) is not None:
            self.rig.world.rename_group(group_id, name)

    def describe_by_hand(self, place: int, text: str) -> None:
        if (group_id := self._place(place)) is not None:
            self.rig.world.describe_group(group_id, text)

    def delete_by_hand(self, place: int) -> None:
        if (group_id := self._place(place)) is not None:
            self.rig.world.delete_group(group_id)

    def move_by_hand(self, place: int, digits: str, role: str) -> None:
        group_id = self._place(place)
        if group_id is None:
            return
        if self.rig.world.group(group_id).member(digits) is not None:
            self.rig.world.remove_participant(group_id, digits)
        if role != "out":
            self.rig.world.add_participant(group_id, digits, admin=role == "admin", owner=role == "owner")

    def change_an_account(self, person: str, shows: str, refuses: bool, exists: bool, spelling: str) -> None:
        assert person != NOBODY
        account = self.accounts[PEOPLE[person].digits]
        account.update(shows=shows, refuses_adds=refuses, exists=exists, spelling=spelling)
        self._tell(PEOPLE[person].digits)
