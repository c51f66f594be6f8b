"""An edit changes what it is about, in every layout of YAML, and leaves every other character as it is."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import reconciler.config.yaml_events as yaml_events
from reconciler.config.document import Tree
from reconciler.config.problem_collector import ProblemCollector
from reconciler.config.source_files import decode_utf8
from reconciler.config.yaml_reader import read_yaml
from reconciler.editing.edit_members import with_item
from reconciler.editing.yaml_edit import YamlFile
from reconciler.editing.yaml_layout import NotEditable
from tests.editing.layouts import LAYOUTS, before, with_dave, without_bob


def opened(text: str) -> YamlFile:
    problems = ProblemCollector()
    source = decode_utf8("groups.yaml", text.encode(), problems)
    assert source is not None
    document = read_yaml(source.file, source.text, problems)
    assert document is not None, text
    return YamlFile(source, document.root)


def edited(file: YamlFile, change: Callable[[list[Tree]], list[Tree]]) -> str:
    """The text with other members of the group `a`."""
    groups = file.section("groups")
    group = groups["a"]
    assert isinstance(group, dict)
    members = group.get("members")
    new = change(members if isinstance(members, list) else [])
    if not new and not members:
        return file.encode(file.text).decode()
    text = file.changed({**file.root, "groups": {**groups, "a": {**group, "members": new}}})
    return file.encode(text).decode()


def is_bob(item: Tree) -> bool:
    return item == "bob" or (isinstance(item, dict) and item["person"] == "bob")


@pytest.fixture(params=[True, False], ids=["libyaml", "pure Python"])
def parser(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Either of the two parsers."""
    if not request.param:
        monkeypatch.setattr(yaml_events, "__with_libyaml__", False)


@pytest.mark.usefixtures("parser")
@pytest.mark.parametrize("name", LAYOUTS)
def test_one_who_comes_looks_like_the_neighbours(name: str) -> None:
    file = opened(before(LAYOUTS[name]))
    assert edited(file, lambda members: with_item(members, "dave")) == with_dave(LAYOUTS[name])


@pytest.mark.usefixtures("parser")
@pytest.mark.parametrize("name", LAYOUTS)
def test_one_who_goes_takes_only_what_is_on_their_own_lines(name: str) -> None:
    file = opened(before(LAYOUTS[name]))
    assert edited(file, lambda members: [item for item in members if not is_bob(item)]) == without_bob(LAYOUTS[name])


DRAWN = settings(
    max_examples=2_000 if os.environ.get("RECONCILER_TORTURE") == "full" else 80,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)


# --- every layout that can be drawn ---------------------------------------------------------------------------------


@dataclass
class Writer:
    """Writes a tree as YAML in a style that is drawn anew for each value, with a comment in every gap that is drawn."""

    draw: Callable[[st.SearchStrategy[Any]], Any]
    notes: int = 0
    person: str = ""
    lines: list[str] = field(default_factory=list)

    def chance(self) -> bool:
        return bool(self.draw(st.booleans()))

    def note(self) -> str:
        """A comment that no other line has; within a mapping of a person, it names them."""
        self.notes += 1
        return f"# note{self.notes} {self.person}".rstrip()

    def scalar(self, text: str) -> str:
        return str(self.draw(st.sampled_from([text, text, f"'{text}'", f'"{text}"'])))

    def gap(self, column: int) -> None:
        """Perhaps a blank line, perhaps a comment on a line of its own."""
        if self.chance():
            self.lines.append("" if self.chance() else " " * column + self.note())

    def end(self) -> str:
        return f"  {self.note()}" if self.draw(st.integers(0, 3)) == 0 else ""

    def flow(self, value: Tree, column: int) -> str:
        """A value in brackets or braces, on one line or several; lines but the first are indented."""
        if isinstance(value, str):
            return self.scalar(value)
        assert value is not None
        keys = [f"{self.scalar(key)}: " for key in value] if isinstance(value, dict) else [""] * len(value)
        each = value.values() if isinstance(value, dict) else value
        parts = [key + self.flow(inner, column + 2) for key, inner in zip(keys, each, strict=True)]
        begin, end = "{}" if isinstance(value, dict) else "[]"
        if not parts or self.chance():
            space = self.draw(st.sampled_from(["", " "]))
            comma = "," if parts and self.chance() else ""
            between = str(self.draw(st.sampled_from([", ", ","])))
            return f"{begin}{space}{between.join(parts)}{comma}{space}{end}"
        last = self.draw(st.sampled_from(["", ","]))
        lines = [f"{part},{self.end()}" for part in parts[:-1]] + [f"{parts[-1]}{last}{self.end()}"]
        return "\n".join([begin, *(" " * (column + 2) + line for line in lines), " " * column + end])

    def block(self, value: Tree, column: int, first: str = "") -> None:
        """Lines of a list or a mapping in a block; the first entry may follow a dash on its line."""
        entries = value.items() if isinstance(value, dict) else [("", item) for item in value or ()]
        for key, inner in entries:
            if isinstance(value, dict) and "person" in value:
                self.person = str(value["person"])
            if not first:
                self.gap(column)
            head = (first or " " * column) + (f"{self.scalar(key)}:" if isinstance(value, dict) else "-")
            first = ""
            in_block = bool(inner) and not isinstance(inner, str) and self.chance()
            if not in_block:
                self.lines += f"{head} {self.flow(inner, column + 2)}{self.end()}".split("\n")
            elif isinstance(value, dict):
                self.lines.append(head + self.end())
                self.block(inner, column + self.draw(st.integers(1, 4)))
            else:
                self.block(inner, column + 2, f"{head} ")
            self.person = ""


MEMBER = st.one_of(
    st.integers(0, 9).map(lambda number: f"p{number}x"),
    st.integers(10, 19).map(lambda number: {"person": f"p{number}x", "until": f"p{number}x"}),
)
MEMBERS = st.lists(MEMBER, max_size=4, unique_by=str)
GROUP = st.fixed_dictionaries({"members": MEMBERS}, optional={"name": st.just("N"), "teams": st.just(["t"])})


@st.composite
def written_groups(draw: Callable[[st.SearchStrategy[Any]], Any]) -> tuple[str, str]:
    """A text, and its line break."""
    tree: Tree = {"version": "1", "groups": draw(st.dictionaries(st.sampled_from("abc"), GROUP, min_size=1))}
    writer = Writer(draw)
    if draw(st.integers(0, 5)) == 0:
        writer.lines = writer.flow(tree, 0).split("\n")
    else:
        writer.block(tree, 0)
    line_break = draw(st.sampled_from(["\n", "\r\n"]))
    return line_break.join([*writer.lines, *draw(st.sampled_from([[""], []]))]), line_break


def people_of(text: str) -> set[str]:
    return set(re.findall(r"p\d+x", text))


def text_of(file: YamlFile, wanted: dict[str, Tree]) -> str | None:
    """The edited text; None where comments are between entries in brackets that all go."""
    try:
        return file.changed(wanted)
    except NotEditable as error:
        if error.reason == "comments are between its entries":
            return None
        raise


def has_all_of(line: str, old: str) -> bool:
    """Whether a line has every character of an old one in its order, commas and brackets apart."""
    characters = iter(line)
    return all(character in characters for character in re.sub(r"[,\[\]{} ]", "", old))


@DRAWN
@given(written=written_groups(), data=st.data())
def test_a_text_means_the_edited_tree_and_keeps_every_line_that_the_edit_is_not_about(
    written: tuple[str, str], data: st.DataObject
) -> None:
    text, line_break = written
    file = opened(text)
    groups: Any = file.root["groups"]
    key = data.draw(st.sampled_from(sorted(groups)))
    members = groups[key]["members"]
    gone = data.draw(st.lists(st.sampled_from(members), unique_by=str)) if members else []
    come = data.draw(st.lists(st.sampled_from(["p20x", "p21x"]), unique=True))
    new = [item for item in members if item not in gone]
    for item in come:
        new = with_item(new, item)
    group = {**groups[key], "members": new}
    if data.draw(st.booleans()):
        group = {"id": "p30x", **group}
    wanted = {**file.root, "groups": {**groups, key: group}}

    after = text_of(file, wanted)
    if after is None:
        return
    assert opened(after).root == wanted
    is_touched = people_of(str(gone))
    left = [
        line
        for line in text.split(line_break)
        if is_touched.isdisjoint(people_of(line)) and line.strip()[:1] not in ("]", "}") and line.strip("-[]{}, ")
    ]
    lines = iter(after.split(line_break))
    for line in left:
        assert any(has_all_of(each, line) for each in lines), f"{line!r} is not in {after!r}"
    if line_break == "\r\n":
        assert after.count("\n") == after.count("\r\n")


CHANGES = ["new group", "group gone", "no groups", "name", "name gone", "teams", "description", "terms"]


@DRAWN
@given(written=written_groups(), change=st.sampled_from(CHANGES), data=st.data())
def test_every_kind_of_change_is_possible_in_every_layout(
    written: tuple[str, str], change: str, data: st.DataObject
) -> None:
    file = opened(written[0])
    groups: dict[str, Any] = dict(file.section("groups"))
    key = data.draw(st.sampled_from(sorted(groups)))
    group = dict(groups[key])
    match change:
        case "new group":
            groups[data.draw(st.sampled_from("0z"))] = {"name": "X", "members": ["p1x", {"person": "p2x"}]}
        case "group gone":
            del groups[key]
        case "no groups":
            groups = {}
        case "name":
            groups[key] = {**group, "name": data.draw(st.sampled_from(["plain", "it's", 'a: "b"', "#x", "two\nlines"]))}
        case "name gone":
            groups[key] = {name: value for name, value in group.items() if name != "name"}
        case "teams":
            groups[key] = {**group, "teams": [*group.get("teams", []), "u"]}
        case "description":
            groups[key] = {**group, "description": "two\n  lines\n\nand more"}
        case "terms":
            members = [{"person": each, "until": "u"} if isinstance(each, str) else each for each in group["members"]]
            groups[key] = {**group, "members": members}
    wanted = {**file.root, "groups": groups}
    after = text_of(file, wanted)
    assert after is None or opened(after).root == wanted
