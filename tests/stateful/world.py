"""The two things that a random story changes: the file, and the world by hand. `machine` runs the program."""

from __future__ import annotations

import copy
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from hypothesis import note
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule

from reconciler.sandbox import Dialect, Paging, Settings
from tests.oracle.desired import GroupsFile, aliases
from tests.oracle.facts import Facts, read_facts
from tests.oracle.identity import KEY, ME, OWNER, STRANGERS, same_text
from tests.oracle.runner import start_runner
from tests.stateful.people import (
    DAYS,
    HOSTILE_NAMES,
    IN_THE_FILE,
    KEYS,
    NAMES,
    PEOPLE,
    TEAMS,
    TEXTS,
    initial_accounts,
)
from tests.stateful.strategies import FIELDS, PERSON, PLACE

MOST_GROUPS = 8
IN_FILE = 6
"""Places below this count only the groups that are in the file."""
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
        "write_group",
        key=KEY_OF,
        fields=FIELDS,
        pinned=st.sampled_from((*("",) * 6, "live", "live", "gone")),
        place=PLACE,
    ),
    _do("join_by_invite", key=KEY_OF, place=PLACE, with_id=st.booleans()),
    _do("drop_group", key=st.sampled_from(KEYS)),
    _do("toggle_person", key=KEY_OF, person=PERSON, field=st.sampled_from(("members", "absent", "except"))),
    _do("toggle_person", key=KEY_OF, person=PERSON, field=st.just("members")),
    _do("rename_in_file", key=KEY_OF, name=st.sampled_from(NAMES), remember=st.booleans()),
    _do("fill_team", team=st.sampled_from(TEAMS), people=MANY),
    _do("set_policy", **POLICY),
    _do("set_day", day=st.sampled_from(DAYS)),
)
SET_ROLE = _do(
    "set_role_by_hand",
    place=PLACE,
    digits=ANYBODY,
    role=st.sampled_from(("out", "out", "member", "member", "admin", "owner")),
)
MANUAL_EDITS = st.one_of(
    SET_ROLE,
    SET_ROLE,
    SET_ROLE,
    _do(
        "set_role_by_hand",
        place=PLACE,
        digits=st.just(ME),
        role=st.sampled_from(("out", "member", "admin", "admin", "owner", "owner")),
    ),
    _do("create_by_hand", name=st.sampled_from(NAMES), role=ROLES, people=MANY),
    _do("rename_by_hand", place=PLACE, name=st.sampled_from((*NAMES, *HOSTILE_NAMES))),
    _do("describe_by_hand", place=PLACE, text=st.sampled_from((*TEXTS, *HOSTILE_NAMES))),
    _do("delete_by_hand", place=PLACE),
    _do(
        "change_account",
        person=PERSON,
        shows=st.sampled_from(("phone", "phone", "lid_with_phone", "lid")),
        refuses=st.booleans(),
        exists=st.sampled_from((True, True, False)),
        spelling=st.sampled_from(("s.whatsapp.net", "c.us", "device")),
    ),
)
EDITS_BEFORE_RUN = st.lists(st.one_of(SET_ROLE, SET_ROLE, SET_ROLE, MANUAL_EDITS), min_size=1, max_size=4)
"""What changes by hand just before a run, so that there is something to do."""


class StoryWorld(RuleBasedStateMachine):
    """Edits of the file and changes of the world by hand; `dialect` is the server's."""

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
        # The client knows an array for a page by its documented length alone; numbered pages say that they are pages.
        size = 20 if paging is Paging.PAGE and crowd else 2 if paging is Paging.PAGE else 50
        settings = Settings(self.dialect, paging, page_size=size, key=KEY, rate_limit=None, name_bad_participants=names)
        self.stack = ExitStack()
        folder = Path(self.stack.enter_context(TemporaryDirectory()))
        self.runner = self.stack.enter_context(start_runner(settings, folder))
        self.world = self.runner.world
        self.file = GroupsFile(IN_THE_FILE, teams={team: [] for team in TEAMS})
        self.text = ""
        self.day = DAYS[0]
        self.accounts = initial_accounts()
        for digits in self.accounts:
            self._set_account(digits)
        self.most_groups = MOST_GROUPS + crowd
        for name, (role, people) in zip(NAMES, groups_there, strict=False):
            self.create_by_hand(name, role, people)
        for number in range(crowd):
            self.create_by_hand(f"Crowd {number}", "member", [])
        self.set_policy(**policy)
        for at, (key, fields) in enumerate(groups.items()):
            self._write_with(key, {**fields, "name": NAMES[at]})

    def teardown(self) -> None:
        """End the server, the world, the folder."""
        if hasattr(self, "stack"):
            self.stack.close()

    def facts(self) -> Facts:
        """Read what is true now."""
        return read_facts(self.world, self.accounts, names_creator=self.dialect is Dialect.GUIDE)

    def _set_account(self, digits: str) -> None:
        self.world.set_account(digits, **self.accounts[digits])

    def _write(self, file: GroupsFile) -> None:
        """Write a file, if the program can accept it."""
        if file.is_valid() and not self._pins_and_joins_one_group(file):
            self.file, self.text = file, file.text()
            (self.runner.folder / "groups.yaml").write_text(self.text, encoding="utf-8")
            note(self.text)

    def _write_with(self, key: str, group: dict[str, Any]) -> None:
        self._write(replace(self.file, groups={**self.file.groups, key: group}))

    def _pins_and_joins_one_group(self, file: GroupsFile) -> bool:
        """Return whether one key pins the group that another one joins by its invite, which is a contradiction."""
        codes = {group.id: group.invite_code for group in self.world.groups()}
        pinned = {key: codes.get(group.get("id", "")) for key, group in file.groups.items()}
        invites = {key: group["invite"] for key, group in file.groups.items() if "invite" in group}
        return any(code == pinned[other] for key, code in invites.items() for other in pinned if other != key)

    def _place(self, place: int) -> str | None:
        """Return the id of some live group; mostly of one that is in the file."""
        groups = self.world.groups()
        desired = self.file.groups.values()
        in_file = [g for g in groups if any(same_text(g.name, d["name"]) or g.id == d.get("id") for d in desired)]
        chosen = in_file if in_file and place < IN_FILE else groups
        return chosen[place % len(chosen)].id if chosen else None

    @rule(edits=st.lists(EDITS, min_size=1, max_size=3))
    def edit_file(self, edits: list[tuple[str, dict[str, Any]]]) -> None:
        for name, arguments in edits:
            getattr(self, name)(**copy.deepcopy(arguments))

    @rule(edits=st.lists(MANUAL_EDITS, min_size=1, max_size=4))
    def edit_world(self, edits: list[tuple[str, dict[str, Any]]]) -> None:
        for name, arguments in edits:
            getattr(self, name)(**arguments)

    # The file

    def write_group(self, key: str, fields: dict[str, Any], pinned: str, place: int) -> None:
        group_id = self._place(place) if pinned == "live" else "120363999999999999@g.us"
        self._write_with(key, {**fields, "id": group_id} if pinned and group_id is not None else fields)

    def join_by_invite(self, key: str, place: int, with_id: bool) -> None:
        if (group_id := self._place(place)) is not None:
            live = self.world.group(group_id)
            name = live.name if live.name in NAMES else NAMES[0]
            group = {"name": name, "invite": live.invite_code, "membership": "additive"}
            self._write_with(key, {**group, "id": group_id} if with_id else group)

    def drop_group(self, key: str) -> None:
        self._write(replace(self.file, groups={k: group for k, group in self.file.groups.items() if k != key}))

    def toggle_person(self, key: str, person: str, field: str) -> None:
        if (group := self.file.groups.get(key)) is not None:
            listed = group.get(field, [])
            others = [entry for entry, alias in zip(listed, aliases(listed), strict=True) if alias != person]
            self._write_with(key, {**group, field: others if len(others) < len(listed) else [*listed, person]})

    def rename_in_file(self, key: str, name: str, remember: bool) -> None:
        if (group := self.file.groups.get(key)) is not None:
            earlier = {"previously": [group["name"]]} if remember else {}
            self._write_with(key, {**group, **earlier, "name": name})

    def fill_team(self, team: str, people: list[str]) -> None:
        self._write(replace(self.file, teams={**self.file.teams, team: people}))

    def set_policy(self, protected: list[str], ignored: list[str], limit: Any, lids: list[str]) -> None:
        self._write(replace(self.file, protected=protected, ignored=ignored, lids=lids, max_removals=limit))

    def set_day(self, day: str) -> None:
        self.day = day

    # The world

    def create_by_hand(self, name: str, role: str, people: list[str]) -> None:
        if len(self.world.groups()) < self.most_groups:
            members = [*(PEOPLE[alias].digits for alias in people), *([ME] if role == "member" else [])]
            owner, admins = ME if role == "owner" else OWNER, [ME] if role == "admin" else []
            self.world.create_group(name, members, owner=owner, admins=admins)

    def rename_by_hand(self, place: int, name: str) -> None:
        if (group_id := self._place(place)) is not None:
            self.world.rename_group(group_id, name)

    def describe_by_hand(self, place: int, text: str) -> None:
        if (group_id := self._place(place)) is not None:
            self.world.describe_group(group_id, text)

    def delete_by_hand(self, place: int) -> None:
        if (group_id := self._place(place)) is not None:
            self.world.delete_group(group_id)

    def set_role_by_hand(self, place: int, digits: str, role: str) -> None:
        if (group_id := self._place(place)) is None:
            return
        if self.world.group(group_id).member(digits) is not None:
            self.world.remove_participant(group_id, digits)
        if role != "out":
            self.world.add_participant(group_id, digits, admin=role == "admin", owner=role == "owner")

    def change_account(self, person: str, shows: str, refuses: bool, exists: bool, spelling: str) -> None:
        digits = PEOPLE[person].digits
        self.accounts[digits].update(shows=shows, refuses_adds=refuses, exists=exists, spelling=spelling)
        self._set_account(digits)
