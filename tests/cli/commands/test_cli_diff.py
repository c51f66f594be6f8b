"""`reconciler diff`: files, folders and revisions, offline."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema
import pytest

from reconciler.cli.main import run
from reconciler.json_schemas import schema_text
from tests.repository import Repository
from tests.stage import Ran

PEOPLE = "people: {alice: +1 202 555 0143, bob: +1 202 555 0144}\n"
HEAD = "version: 1\ninstance: {id: inst_x, phone: +1 202 555 0100}\n" + PEOPLE
OLD = HEAD + "groups:\n  alpha: {name: Alpha, members: [alice]}\n  beta: {name: Beta}\n"
NEW = HEAD + "groups:\n  alpha: {name: Alpha, members: [alice, bob]}\n  beta: {name: Beta}\n"


class Shell:
    """The program in a repository, without a key."""

    def __init__(self, repository: Repository, capsys: pytest.CaptureFixture[str]) -> None:
        self.repository = repository
        self._capsys = capsys

    def diff(self, *arguments: str) -> Ran:
        self._capsys.readouterr()
        code = run(["diff", *arguments])
        captured = self._capsys.readouterr()
        return Ran(code, captured.out, captured.err)


@pytest.fixture
def shell(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Shell:
    """A repository with the old version committed before the new one."""
    monkeypatch.delenv("WAPPFY_API_KEY", raising=False)
    repository = Repository(tmp_path / "repository", monkeypatch)
    monkeypatch.chdir(repository.folder)
    repository.commit({"groups.yaml": OLD})
    repository.commit({"groups.yaml": NEW})
    return Shell(repository, capsys)


def test_two_files_are_compared_without_a_repository_and_without_a_key(
    shell: Shell, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PATH", "")
    (tmp_path / "old.yaml").write_text(OLD)
    (tmp_path / "new.yaml").write_text(NEW)

    told = shell.diff("old.yaml", "new.yaml")
    assert (told.code, told.err) == (0, "")
    assert told.out == ('alpha  "Alpha"\n  + bob\n\nDiff: 1 group changed, 1 person enters · 1 group as before\n')


def test_two_revisions_of_the_default_file_are_compared(shell: Shell) -> None:
    told = shell.diff("HEAD~1", "HEAD")

    assert told.code == 0
    assert "+ bob" in told.out


def test_a_key_renamed_with_its_group_tells_who_goes_and_not_that_all_come(shell: Shell) -> None:
    renamed = NEW.replace("alpha: {name: Alpha, members: [alice, bob]", "zulu: {name: Zulu, previously: [Alpha]")
    shell.repository.write(
        {"groups.yaml": renamed.replace("previously: [Alpha]", "previously: [Alpha], members: [bob]")}
    )

    told = shell.diff("HEAD", "groups.yaml")
    assert "~ key          alpha → zulu (the same group, by its name)" in told.out
    assert "- alice" in told.out
    assert told.out.endswith("Diff: 1 group changed, 1 person leaves · 1 group as before\n")


def test_a_new_group_that_takes_another_one_over_shows_what_that_may_cost(shell: Shell) -> None:
    new = "  gamma: {name: Gamma, previously: [Secret Board], description: '', max_removals: 100%, members: [bob]}\n"
    shell.repository.write({"groups.yaml": NEW + new})

    told = shell.diff("HEAD", "groups.yaml").out
    assert '  + previously   "Secret Board"\n  ! previously: where no live group bears its name' in told
    assert "  + description  (none)\n" in told
    assert "  + max_removals  100%\n  ! max_removals: a plan may take more people out" in told
    comment = shell.diff("HEAD", "groups.yaml", "--format", "markdown").out
    assert "Secret Board" in comment
    assert "100%" in comment


def test_a_revision_is_compared_with_the_file_that_is_there(shell: Shell) -> None:
    shell.repository.write({"groups.yaml": HEAD + "groups: {}\n"})

    told = shell.diff("HEAD", "groups.yaml")
    assert "2 groups gone" in told.out
    assert "No difference" in shell.diff("groups.yaml", "groups.yaml").out


def test_a_folder_is_compared_with_its_revision_when_it_is_the_side_that_is_there(shell: Shell) -> None:
    shell.repository.commit({"all/a.yaml": OLD})
    shell.repository.write({"all/a.yaml": NEW})

    assert "+ bob" in shell.diff("HEAD", "all").out
    assert "- bob" in shell.diff("all", "HEAD").out
    assert "+ bob" in shell.diff("HEAD", "groups.yaml", "all").out


def test_the_exit_code_tells_of_a_difference_only_when_asked(shell: Shell) -> None:
    assert shell.diff("HEAD~1", "HEAD", "--detailed-exitcode").code == 2
    assert shell.diff("HEAD", "HEAD", "--detailed-exitcode").code == 0
    assert shell.diff("HEAD~1", "HEAD").code == 0


def test_a_path_wins_over_a_revision_of_its_name_and_that_is_said(shell: Shell) -> None:
    shell.repository.git("branch", "other", "HEAD~1")
    shell.repository.write({"other": HEAD + "groups: {}\n"})

    told = shell.diff("HEAD", "other", "groups.yaml")
    assert "2 groups gone" in told.out
    assert "other is a path and also a revision" in told.err
    revision = shell.diff("HEAD", "other^0", "groups.yaml")
    assert "- bob" in revision.out
    assert revision.err == ""


def test_a_path_that_nothing_is_read_at_is_an_error_and_one_from_the_environment_is_not(
    shell: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    shell.repository.commit({"a.yaml": OLD, "b.yaml": NEW})

    told = shell.diff("a.yaml", "b.yaml", "groups.yaml")
    assert told.code == 1
    assert "a.yaml and b.yaml are both there as paths" in told.err
    monkeypatch.setenv("RECONCILER_PATH", "a.yaml")
    assert "+ bob" in shell.diff("a.yaml", "b.yaml").out
    assert "No difference" in shell.diff("HEAD", "HEAD^0").out


def test_what_is_neither_a_path_nor_a_revision_says_both(shell: Shell) -> None:
    told = shell.diff("HEAD", "nowhere")

    assert told.code == 1
    assert "nowhere is no file or folder here, and no revision of groups.yaml can be had" in told.err


def test_a_revision_without_the_file_counts_as_empty(shell: Shell) -> None:
    shell.repository.git("rm", "-q", "groups.yaml")
    shell.repository.commit()

    assert "2 groups gone" in shell.diff("HEAD~1", "HEAD").out
    added = shell.diff("HEAD", "HEAD~1")
    assert "2 groups added" in added.out
    assert "which does not have the file" in added.out
    neither = shell.diff("HEAD", "HEAD", "nowhere.yaml")
    assert neither.code == 1
    assert "neither HEAD nor HEAD has nowhere.yaml" in neither.err


def test_a_version_that_is_not_valid_says_where(shell: Shell) -> None:
    shell.repository.commit({"groups.yaml": NEW.replace("members", "membres")})

    told = shell.diff("HEAD~1", "HEAD")
    assert told.code == 1
    assert "HEAD:groups.yaml:5:24: groups.alpha.membres: unknown key" in told.err


def test_both_versions_are_of_the_same_day(shell: Shell) -> None:
    until = NEW.replace("bob]", "{person: bob, until: 2026-06-30}]")
    shell.repository.write({"a.yaml": NEW, "b.yaml": until})

    assert "- bob (until 2026-06-30)" in shell.diff("a.yaml", "b.yaml", "--as-of", "2026-07-01").out
    assert "~ bob: no end → until 2026-06-30" in shell.diff("a.yaml", "b.yaml", "--as-of", "2026-06-30").out
    assert shell.diff("b.yaml", "b.yaml", "--as-of", "2026-07-01", "--detailed-exitcode").code == 0


def test_json_holds_to_the_published_schema_and_can_go_to_a_file(shell: Shell) -> None:
    validator = jsonschema.Draft202012Validator(json.loads(schema_text("diff.schema.json")))
    document = json.loads(shell.diff("HEAD~1", "HEAD", "--format", "json").out)
    validator.validate(document)
    assert document["old"] == {"named": "HEAD~1", "commit": shell.repository.git("rev-parse", "HEAD~1"), "there": True}
    assert document["masked"] is True

    assert shell.diff("HEAD~1", "HEAD", "--format", "json", "--show-phones", "--output", "out.json").out == ""
    written = shell.repository.folder / "out.json"
    assert written.stat().st_mode & 0o777 == 0o600
    assert "+12025550144" in written.read_text()


def test_markdown_is_a_comment(shell: Shell) -> None:
    assert shell.diff("HEAD~1", "HEAD", "--format", "markdown").out.startswith("<!-- reconciler:diff -->\n")


def test_what_restrictions_forbid_to_remove_is_shown_and_ends_with_an_error(shell: Shell) -> None:
    rules = 'restrictions: [{path: "a.yaml", groups: ["*"], people: true}]\n'
    gone = "groups: {gamma: {name: Gamma}}\n"
    free = 'restrictions: [{path: "**", groups: ["*"], people: true}]\n'
    shell.repository.commit({"all/a.yaml": NEW + free, "all/b.yaml": gone})
    shell.repository.write({"all/a.yaml": NEW + rules, "all/b.yaml": None})

    told = shell.diff("HEAD", "all", "--detailed-exitcode")
    assert told.code == 1
    assert "gone from the file" in told.out
    assert "Forbidden by `restrictions`" in told.out
    assert "removes what its files may not remove" in told.err


def test_warnings_of_the_newer_version_are_told(shell: Shell) -> None:
    shell.repository.write({"a.yaml": NEW.replace("[alice, bob]", "[alice, bob, +1 202 555 0144]")})

    told = shell.diff("HEAD", "a.yaml", "groups.yaml")
    assert "Warnings\n  ! a.yaml:5:" in told.out
    assert "0144" not in told.out


def test_the_key_is_not_handed_to_git_which_could_be_told_to_show_it(
    shell: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WAPPFY_API_KEY", "wk_0123456789abcdef")
    monkeypatch.setenv("GIT_TRACE2", "1")
    monkeypatch.setenv("GIT_TRACE2_ENV_VARS", "WAPPFY_API_KEY")

    told = shell.diff("HEAD~1", "HEAD")
    assert told.code == 0
    assert "git: " in told.err
    assert "0123456789abcdef" not in told.out + told.err
