"""A mistake in YAML is told at its place, in words that say what to write instead."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from reconciler.config import load
from reconciler.errors import ConfigError, Problem
from reconciler.model.desired import Desired


@pytest.fixture
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return Path("groups.yaml")


def read(path: Path, text: str) -> Desired:
    path.write_bytes(f"version: 1\n{text}".encode())
    return load(path, as_of=date(2026, 1, 1))


def problem_of(path: Path, text: str) -> Problem:
    with pytest.raises(ConfigError) as caught:
        read(path, text)
    return caught.value.problems[0]


@pytest.mark.parametrize("sign", ["*", "*Damen*", "@x", "%x", ">x", "|x", ", x", "] x", "} x", "- x", "? x", ": x"])
@pytest.mark.parametrize("key", ["name", "description"])
def test_a_text_that_begins_with_a_sign_of_yaml_is_to_be_put_in_quotes(path: Path, key: str, sign: str) -> None:
    problem = problem_of(path, f"groups:\n  a:\n    id: 1@g.us\n    {key}: {sign}\n    members: []\n")
    assert f"a {key} without quotes cannot begin with `{sign[0]}`" in problem.message
    assert problem.hint == f"put the {key} in quotes"
    assert (problem.line, problem.column) == (5, 7 + len(key))


def test_the_same_holds_in_braces_and_for_a_backtick(path: Path) -> None:
    problem = problem_of(path, "groups: {a: {id: 1@g.us, name: `Board`}}\n")
    assert "a name without quotes cannot begin with a backtick" in problem.message
    assert (problem.line, problem.column, problem.hint) == (2, 32, "put the name in quotes")


@pytest.mark.parametrize("name", ["[Board] 2024", "{A} B", '"A" B', "'A' B"])
def test_a_name_that_goes_on_after_its_bracket_or_quote_is_to_be_put_in_quotes(path: Path, name: str) -> None:
    problem = problem_of(path, f"groups:\n  a:\n    name: {name}\n    members: []\n")
    assert "the name goes on after its" in problem.message
    assert (problem.line, problem.column, problem.hint) == (4, 11, "put the whole name in quotes")


@pytest.mark.parametrize("name", ["&Co KG", "&Co", "!Achtung Leute", "*Damen"])
def test_an_anchor_a_tag_or_an_alias_in_a_name_is_no_silent_loss_of_its_first_word(path: Path, name: str) -> None:
    problem = problem_of(path, f"groups:\n  a:\n    name: {name}\n    members: []\n")
    assert f"`{name.split()[0]}`" in problem.message
    assert (problem.line, problem.column) == (4, 11)
    assert "put the name in quotes" in problem.hint


def test_an_anchor_that_an_alias_uses_may_be_in_a_name(path: Path) -> None:
    groups = read(path, "groups: {a: {name: &x Alpha, description: *x}}\n").groups
    assert (groups[0].name, groups[0].description) == ("Alpha", "Alpha")


@pytest.mark.parametrize(
    ("text", "line", "column"),
    [
        ("groups:\n  a:\n    name:\u00a0Alpha\n    members: []\n", 4, 10),
        ("groups:\n  a:\n    members: []\n    name:\u202fA\n", 5, 10),
        ("groups:\n  a:\n  \u00a0 name: A\n    members: []\n", 4, 3),
        ("groups:\n  a:\n    name:\u00a0Alpha\n", 4, 5),
        ("groups: {a: {id: 1@g.us, name:\u00a0Alpha}}\n", 2, 26),
        ("groups:\n  a:\n    name: A\n    members:\n      -\u00a0+1 202 555 0143\n", 6, 7),
    ],
)
def test_a_space_of_another_kind_is_named_where_yaml_needs_a_plain_one(
    path: Path, text: str, line: int, column: int
) -> None:
    problem = problem_of(path, text)
    assert f"replace the character U+{0x202F if chr(0x202F) in text else 0xA0:04X} with a plain space" in problem.hint
    assert (problem.line, problem.column) == (line, column)


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("groups:\n<<<<<<< HEAD\n  a: {name: A}\n=======\n  a: {name: B}\n>>>>>>> other\n", 3),
        ("groups:\n  a: {name: A}\n=======\n  b: {name: B}\n", 4),
    ],
)
def test_the_marker_of_a_merge_conflict_is_named(path: Path, text: str, line: int) -> None:
    problem = problem_of(path, text)
    assert "a merge conflict is not resolved" in problem.message
    assert (problem.line, problem.column) == (line, 1)


@pytest.mark.parametrize(
    ("escape", "hint"), [("\\ud83d\\ude00", "or \\U0001f600"), ("\\uD83D", "the character itself")]
)
def test_half_a_character_as_json_writes_it_is_named_with_the_whole_one(path: Path, escape: str, hint: str) -> None:
    problem = problem_of(path, f'"groups": {{"a": {{"name": "x {escape}"}}}}\n')
    assert f"`{escape[:6]}` is half of a character" in problem.message
    assert problem.hint.endswith(hint)


@pytest.mark.parametrize("end", ["---\n", "---\n# the end\n---\n", "...\n---\n", "---\n...\n"])
def test_empty_documents_after_the_first_do_not_count(path: Path, end: str) -> None:
    assert read(path, f"groups: {{a: {{name: A}}}}\n{end}").groups[0].key == "a"
    problem = problem_of(path, f"groups: {{a: {{name: A}}}}\n{end}---\nb: c\n")
    assert "several YAML documents" in problem.message
