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
    """Runs `reconciler diff` in a repository, without an API key."""

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
    """Create a repository with a commit of the old version and one of the new."""
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

    ran = shell.diff("old.yaml", "new.yaml")
    assert (ran.code, ran.err) == (0, "")
    assert ran.out == ('alpha  "Alpha"\n  + bob\n\nDiff: 1 group changed, 1 person added · 1 group unchanged\n')


def test_two_revisions_of_the_default_file_are_compared(shell: Shell) -> None:
    ran = shell.diff("HEAD~1", "HEAD")

    assert ran.code == 0
    assert "+ bob" in ran.out


def test_a_renamed_key_with_its_group_shows_only_real_changes(shell: Shell) -> None:
    renamed = NEW.replace("alpha: {name: Alpha, members: [alice, bob]", "zulu: {name: Zulu, previously: [Alpha]")
    shell.repository.write(
        {"groups.yaml": renamed.replace("previously: [Alpha]", "previously: [Alpha], members: [bob]")}
    )

    ran = shell.diff("HEAD", "groups.yaml")
    assert "~ key          alpha → zulu (same group, matched by name)" in ran.out
    assert "- alice" in ran.out
    assert ran.out.endswith("Diff: 1 group changed, 1 person removed · 1 group unchanged\n")


def test_a_new_group_with_previous_names_shows_its_risks(shell: Shell) -> None:
    new = "  gamma: {name: Gamma, previously: [Secret Board], description: '', max_removals: 100%, members: [bob]}\n"
    shell.repository.write({"groups.yaml": NEW + new})

    ran = shell.diff("HEAD", "groups.yaml").out
    assert '  + previously   "Secret Board"\n  ! previously: if no live group has its name' in ran
    assert "  + description  (none)\n" in ran
    assert "  + max_removals  100%\n  ! max_removals: allows more removals" in ran
    comment = shell.diff("HEAD", "groups.yaml", "--format", "markdown").out
    assert "Secret Board" in comment
    assert "100%" in comment


def test_a_revision_is_compared_with_a_file(shell: Shell) -> None:
    shell.repository.write({"groups.yaml": HEAD + "groups: {}\n"})

    ran = shell.diff("HEAD", "groups.yaml")
    assert "2 groups removed" in ran.out
    assert "No differences" in shell.diff("groups.yaml", "groups.yaml").out


def test_a_revision_is_compared_with_a_folder(shell: Shell) -> None:
    shell.repository.commit({"all/a.yaml": OLD})
    shell.repository.write({"all/a.yaml": NEW})

    assert "+ bob" in shell.diff("HEAD", "all").out
    assert "- bob" in shell.diff("all", "HEAD").out
    assert "+ bob" in shell.diff("HEAD", "groups.yaml", "all").out


def test_only_detailed_exitcode_reports_a_difference(shell: Shell) -> None:
    assert shell.diff("HEAD~1", "HEAD", "--detailed-exitcode").code == 2
    assert shell.diff("HEAD", "HEAD", "--detailed-exitcode").code == 0
    assert shell.diff("HEAD~1", "HEAD").code == 0


def test_a_path_overrides_a_revision_of_its_name_with_a_warning(shell: Shell) -> None:
    shell.repository.git("branch", "other", "HEAD~1")
    shell.repository.write({"other": HEAD + "groups: {}\n"})

    ran = shell.diff("HEAD", "other", "groups.yaml")
    assert "2 groups removed" in ran.out
    assert "other is a path and also a revision" in ran.err
    revision = shell.diff("HEAD", "other^0", "groups.yaml")
    assert "- bob" in revision.out
    assert revision.err == ""


def test_an_unused_path_is_an_error_only_on_the_command_line(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    shell.repository.commit({"a.yaml": OLD, "b.yaml": NEW})

    ran = shell.diff("a.yaml", "b.yaml", "groups.yaml")
    assert ran.code == 1
    assert "a.yaml and b.yaml are both paths" in ran.err
    monkeypatch.setenv("RECONCILER_PATH", "a.yaml")
    assert "+ bob" in shell.diff("a.yaml", "b.yaml").out
    assert "No differences" in shell.diff("HEAD", "HEAD^0").out


def test_a_name_that_is_neither_a_path_nor_a_revision_is_an_error(shell: Shell) -> None:
    ran = shell.diff("HEAD", "nowhere")

    assert ran.code == 1
    assert "nowhere is neither a file or folder nor a revision of groups.yaml" in ran.err


def test_a_revision_without_the_file_counts_as_empty(shell: Shell) -> None:
    shell.repository.git("rm", "-q", "groups.yaml")
    shell.repository.commit()

    assert "2 groups removed" in shell.diff("HEAD~1", "HEAD").out
    added = shell.diff("HEAD", "HEAD~1")
    assert "2 groups added" in added.out
    assert "which does not have the path" in added.out
    neither = shell.diff("HEAD", "HEAD", "nowhere.yaml")
    assert neither.code == 1
    assert "neither HEAD nor HEAD has nowhere.yaml" in neither.err


def test_an_invalid_version_is_reported_with_its_location(shell: Shell) -> None:
    shell.repository.commit({"groups.yaml": NEW.replace("members", "membres")})

    ran = shell.diff("HEAD~1", "HEAD")
    assert ran.code == 1
    assert "HEAD:groups.yaml:5:24: groups.alpha.membres: unknown key" in ran.err


def test_both_versions_are_of_the_same_day(shell: Shell) -> None:
    until = NEW.replace("bob]", "{person: bob, until: 2026-06-30}]")
    shell.repository.write({"a.yaml": NEW, "b.yaml": until})

    assert "- bob (until 2026-06-30)" in shell.diff("a.yaml", "b.yaml", "--as-of", "2026-07-01").out
    assert "~ bob: no end → until 2026-06-30" in shell.diff("a.yaml", "b.yaml", "--as-of", "2026-06-30").out
    assert shell.diff("b.yaml", "b.yaml", "--as-of", "2026-07-01", "--detailed-exitcode").code == 0


def test_json_is_valid_by_its_schema_and_can_go_to_a_file(shell: Shell) -> None:
    validator = jsonschema.Draft202012Validator(json.loads(schema_text("diff.schema.json")))
    document = json.loads(shell.diff("HEAD~1", "HEAD", "--format", "json").out)
    validator.validate(document)
    assert document["old"] == {"name": "HEAD~1", "commit": shell.repository.git("rev-parse", "HEAD~1"), "exists": True}
    assert document["masked"] is True

    assert shell.diff("HEAD~1", "HEAD", "--format", "json", "--show-phones", "--output", "out.json").out == ""
    written = shell.repository.folder / "out.json"
    assert written.stat().st_mode & 0o777 == 0o600
    assert "+12025550144" in written.read_text()


def test_markdown_is_a_comment(shell: Shell) -> None:
    assert shell.diff("HEAD~1", "HEAD", "--format", "markdown").out.startswith("<!-- reconciler:diff -->\n")


def test_forbidden_removals_are_shown_and_exit_with_1(shell: Shell) -> None:
    rules = 'restrictions: [{path: "a.yaml", groups: ["*"], people: true}]\n'
    removed = "groups: {gamma: {name: Gamma}}\n"
    free = 'restrictions: [{path: "**", groups: ["*"], people: true}]\n'
    shell.repository.commit({"all/a.yaml": NEW + free, "all/b.yaml": removed})
    shell.repository.write({"all/a.yaml": NEW + rules, "all/b.yaml": None})

    ran = shell.diff("HEAD", "all", "--detailed-exitcode")
    assert ran.code == 1
    assert "removed from the configuration" in ran.out
    assert "Forbidden by `restrictions`" in ran.out
    assert "removes keys from files that may not define them" in ran.err


def test_warnings_of_the_newer_version_are_reported(shell: Shell) -> None:
    shell.repository.write({"a.yaml": NEW.replace("[alice, bob]", "[alice, bob, +1 202 555 0144]")})

    ran = shell.diff("HEAD", "a.yaml", "groups.yaml")
    assert "Warnings\n  ! a.yaml:5:" in ran.out
    assert "0144" not in ran.out


def test_the_api_key_is_not_passed_to_git(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WAPPFY_API_KEY", "wk_0123456789abcdef")
    monkeypatch.setenv("GIT_TRACE2", "1")
    monkeypatch.setenv("GIT_TRACE2_ENV_VARS", "WAPPFY_API_KEY")

    ran = shell.diff("HEAD~1", "HEAD")
    assert ran.code == 0
    assert "git: " in ran.err
    assert "0123456789abcdef" not in ran.out + ran.err
