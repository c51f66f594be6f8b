"""A folder is one configuration, merged by key."""

from __future__ import annotations

import os
from datetime import date
from pathlib import Path

import pytest

from reconciler.config import load
from reconciler.errors import ConfigError
from tests.config.folders import TODAY, load_files, problem_lines


def test_files_are_merged_entry_by_entry(tmp_path: Path) -> None:
    desired = load_files(
        tmp_path,
        {
            "people.yaml": "version: 1\nregion: US\npeople: {alice: 202 555 0143}\ninstance: {id: inst_abc123}",
            "sales/groups.yml": "version: 1\ngroups: {b: {name: B, members: [alice]}}\npolicy: {max_removals: 1}",
            "sales/deep/x.yaml": "instance: {phone: 2025550100}\ngroups: {a: {name: A}}\npolicy: {protected: [alice]}",
            ".hidden.yaml": "no: [yaml",
            ".git/x.yaml": "no: [yaml",
            "notes.txt": "no: [yaml",
        },
    )
    assert [group.key for group in desired.groups] == ["a", "b"]
    assert desired.instance_id == "inst_abc123"
    assert desired.account is not None
    assert desired.policy.protected == {"+12025550143"}
    assert desired.policy.max_removals is not None
    assert [Path(source.path).name for source in desired.sources] == ["people.yaml", "x.yaml", "groups.yml"]


def test_a_key_in_two_files_names_both_places(tmp_path: Path) -> None:
    files = {
        "a.yaml": "version: 1\nregion: US\npeople: {alice: 2025550143}\n"
        "groups: {g: {name: G}}\npolicy: {max_removals: 1}",
        "b.yaml": "region: US\npeople:\n  alice: +1 202 555 0143\ngroups: {g: {name: H}}\npolicy: {max_removals: 1}",
    }
    assert problem_lines(tmp_path, files) == [
        "F/b.yaml:1:1: region: `region` is defined twice, first at F/a.yaml:2:1; keep one of them",
        "F/b.yaml:3:3: people.alice: `alice` is defined twice, first at F/a.yaml:3:10; keep one of them",
        "F/b.yaml:4:10: groups.g: `g` is defined twice, first at F/a.yaml:4:10; keep one of them",
        "F/b.yaml:5:10: policy.max_removals: `max_removals` is defined twice, first at F/a.yaml:5:10; keep one of them",
    ]


def test_problems_of_all_files_are_reported_in_one_run(tmp_path: Path) -> None:
    files = {
        "a.yaml": "groups: {g: {nam: G}}",
        "b.yaml": "people: [x]",
        "c.yaml": "groups: {h: {name: H, members: [x]}}",
    }
    assert problem_lines(tmp_path, files) == [
        "F: `version` is missing; add `version: 1` to one file of the folder",
        "F/a.yaml:1:10: groups.g: needs `name` or `id`",
        "F/a.yaml:1:14: groups.g.nam: unknown key `nam`; did you mean `name`?",
        "F/b.yaml:1:9: people: expected a mapping of aliases to people, found a list",
    ]


def test_an_unreadable_file_stops_loading_before_its_aliases_are_missed(tmp_path: Path) -> None:
    files = {"a.yaml": "version: 1\ngroups: {g: {name: G, members: [alice]}}", "b.yaml": "people: {alice: '"}
    assert problem_lines(tmp_path, files) == [
        "F/b.yaml:1:17: invalid YAML: this quote is never closed; "
        "close it on its own line; write an apostrophe inside single quotes twice"
    ]


def test_two_groups_with_one_id_in_two_files_name_both_places(tmp_path: Path) -> None:
    files = {"a.yaml": "version: 1\ngroups: {a: {id: 1@g.us}}", "b.yaml": "groups: {b: {id: 1@g.us}}"}
    assert problem_lines(tmp_path, files) == [
        "F/b.yaml:1:18: groups.b.id: `b` has the same id as `a` at F/a.yaml:2:18; keep one key for this group"
    ]


def test_the_ending_of_a_file_may_have_capitals(tmp_path: Path) -> None:
    (tmp_path / "groups.YAML").write_text("version: 1\ngroups: {a: {name: A}}\n")
    (tmp_path / "more.Yml").write_text("groups: {b: {name: B}}\n")
    assert [group.key for group in load(tmp_path, as_of=TODAY).groups] == ["a", "b"]


def test_a_folder_without_yaml_is_an_error(tmp_path: Path) -> None:
    assert problem_lines(tmp_path, {"a.txt": ""}) == [
        "F: the folder has no YAML file; give each file a name that ends in .yaml or .yml"
    ]


def test_a_missing_path_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        load(tmp_path / "none.yaml", as_of=TODAY)
    (problem,) = caught.value.problems
    assert (problem.file, problem.line) == (str(tmp_path / "none.yaml"), 0)
    assert "no such file" in problem.message


def test_a_dangling_link_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").symlink_to("nowhere.yaml")
    assert problem_lines(tmp_path, {}) == ["F/a.yaml: cannot be read: No such file or directory; check its permissions"]


def test_an_unreadable_folder_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(path: str | os.PathLike[str]) -> None:
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(os, "scandir", refuse)
    assert problem_lines(tmp_path, {}) == ["F: cannot be read: Permission denied; check its permissions"]


def test_a_file_of_more_than_thirty_two_megabytes_is_not_read(tmp_path: Path) -> None:
    with (tmp_path / "a.yaml").open("wb") as stream:
        stream.truncate(32 * 1024 * 1024 + 1)
    assert problem_lines(tmp_path, {}) == [
        "F/a.yaml: the file is larger than 32 MB; split it into several files in one folder"
    ]


def test_a_pipe_in_a_folder_is_an_error_and_is_not_read(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text("version: 1\n", encoding="utf-8")
    os.mkfifo(tmp_path / "pipe.yaml")
    with pytest.raises(ConfigError, match=r"pipe\.yaml: is not a regular file"):
        load(tmp_path, as_of=date(2026, 1, 1))


FOLDER = {
    "groups/people.yaml": "version: 1\npeople: {alice: +1 202 555 0143}\n",
    "groups/sales/a.yaml": "groups: {a: {name: A, members: [alice]}, b: {name: B, members: [alice]}}\n",
}


def test_a_file_that_needs_its_folder_has_one_problem_which_names_the_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    load_files(tmp_path, FOLDER)
    (tmp_path / ".git").mkdir()
    with pytest.raises(ConfigError) as caught:
        load(Path("groups/sales/a.yaml"), as_of=TODAY)
    assert [str(problem) for problem in caught.value.problems] == [
        "groups/sales/a.yaml: this file is part of groups/, and needs the other files there; "
        "name the folder instead: groups"
    ]


def test_a_file_whose_folder_does_not_help_has_its_own_problems(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for name, text in {**FOLDER, "groups/people.yaml": "people: {bob: +1 202 555 0144}\n"}.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text, encoding="utf-8")
    (tmp_path / ".git").mkdir()
    with pytest.raises(ConfigError, match="`alice` is neither an alias"):
        load(Path("groups/sales/a.yaml"), as_of=TODAY)


def test_without_a_repository_nothing_above_a_file_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    load_files(tmp_path, FOLDER)
    with pytest.raises(ConfigError, match="`alice` is neither an alias"):
        load(Path("groups/sales/a.yaml"), as_of=TODAY)


def test_no_line_of_a_file_behind_a_link_is_shown(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("root:x:0:0\n", encoding="utf-8")
    (tmp_path / "groups.yaml").symlink_to("secret")
    for path in (tmp_path, tmp_path / "groups.yaml"):
        with pytest.raises(ConfigError) as caught:
            load(path, as_of=date(2026, 1, 1))
        assert [problem.excerpt for problem in caught.value.problems] == [()]
