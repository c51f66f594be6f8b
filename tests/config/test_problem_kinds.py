"""The kinds of what is found in folders, in whole files and beside the errors; `bad/` has those of single mistakes."""

from __future__ import annotations

from pathlib import Path

import pytest

from reconciler.config import FileContent, load, load_contents
from reconciler.errors import ConfigError, ProblemKind
from tests.config.folders import TODAY, load_files, load_problems

PEOPLE = "version: 1\npeople: {alice: +1 202 555 0143}\n"
RULES = 'version: 1\nrestrictions: [{path: "sales/**", groups: ["sales-*"]}]\n'

FOLDERS: dict[str, tuple[dict[str, str], ProblemKind]] = {
    "no YAML": ({"readme.txt": ""}, ProblemKind.FILE),
    "no version": ({"a.yaml": "groups: {}"}, ProblemKind.MISSING_KEY),
    "a section twice": ({"a.yaml": "version: 1\nregion: US", "b.yaml": "region: US"}, ProblemKind.DUPLICATE_KEY),
    "a key twice": ({"a.yaml": PEOPLE, "b.yaml": PEOPLE}, ProblemKind.DUPLICATE_KEY),
    "a section that steers": ({"main.yaml": RULES, "sales/a.yaml": "region: US"}, ProblemKind.RESTRICTION),
    "a group that no rule allows": ({"main.yaml": RULES, "a.yaml": "groups: {a: {name: A}}"}, ProblemKind.RESTRICTION),
    "a group that the rule forbids": (
        {"main.yaml": RULES, "sales/a.yaml": "groups: {a: {name: A}}"},
        ProblemKind.RESTRICTION,
    ),
}


@pytest.mark.parametrize("name", FOLDERS)
def test_a_problem_of_a_folder_has_its_kind(name: str, tmp_path: Path) -> None:
    files, kind = FOLDERS[name]
    assert {problem.kind for problem in load_problems(tmp_path, files)} == {kind}


DOUBTFUL = {
    "teams: {t: [alice]}\npolicy: {ignored: [alice]}\ngroups: {a: {name: A, teams: [t]}}": ProblemKind.CONTRADICTION,
    "policy: {protected: [alice]}\ngroups: {a: {name: A, absent: [alice]}}": ProblemKind.CONTRADICTION,
    "teams: {t: [alice]}\ngroups: {a: {name: A, teams: [t], absent: [alice]}}": ProblemKind.CONTRADICTION,
    "groups: {a: {name: A, members: [], admins: [alice]}}": ProblemKind.CONTRADICTION,
    "groups: {a: {name: A, members: [alice, +1 202 555 0143]}}": ProblemKind.SAME_TWICE,
    'groups: {a: {name: " A"}}': ProblemKind.WHITE_SPACE,
}


@pytest.mark.parametrize("text", DOUBTFUL)
def test_a_warning_has_its_kind(text: str, tmp_path: Path) -> None:
    warnings = load_files(tmp_path, {"a.yaml": f"{PEOPLE}{text}"}).warnings
    assert [(problem.severity, problem.kind) for problem in warnings] == [("warning", DOUBTFUL[text])]


def test_a_symbolic_link_has_the_kind_file_or_with_rules_restriction(tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "a.yaml").write_text("groups: {}", encoding="utf-8")
    folder = tmp_path / "F"
    folder.mkdir()
    (folder / "sales").symlink_to(outside)
    (folder / "a.yaml").symlink_to(outside / "a.yaml")
    assert [problem.kind for problem in load_files(folder, {"main.yaml": PEOPLE}).warnings] == [ProblemKind.FILE]
    assert [problem.kind for problem in load_problems(folder, {"main.yaml": RULES})] == [
        ProblemKind.RESTRICTION,
        ProblemKind.RESTRICTION,
    ]


def test_a_missing_path_and_an_unavailable_revision_file_have_the_kind_file() -> None:
    with pytest.raises(ConfigError) as missing:
        load(Path("no-such.yaml"), as_of=TODAY)
    with pytest.raises(ConfigError) as gone:
        load_contents([FileContent("a.yaml", error="is kept in Git LFS")], as_of=TODAY, folder=None, name="a.yaml")
    assert [problem.kind for problem in (*missing.value.problems, *gone.value.problems)] == [
        ProblemKind.FILE,
        ProblemKind.FILE,
    ]


@pytest.mark.parametrize("words", ["LID", "this is no YAML", "x is defined twice", "has no digits", "`", "the same"])
def test_file_names_and_content_do_not_change_the_kind_of_a_problem(words: str, tmp_path: Path) -> None:
    team = words.replace(" ", "-").replace("`", "x")
    text = f'version: 1\nteams: {{{team}: {{teams: [{team}]}}}}\ngroups: {{a: {{"{words}": 1, name: A}}}}\n'
    found_problems = load_problems(
        tmp_path / words, {f"{words}.yaml": text, f"{words} too.yaml": "groups: {a: {name: A}}"}
    )
    assert {problem.kind for problem in found_problems} == {
        ProblemKind.DUPLICATE_KEY,
        ProblemKind.TEAM_CYCLE,
        ProblemKind.UNKNOWN_KEY,
    }
