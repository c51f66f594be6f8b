"""Git: which commit a name means, which one was applied last, and what git may see and do."""

from __future__ import annotations

import hashlib
import itertools
import os
import subprocess
from pathlib import Path, PurePosixPath

import pytest

from reconciler.config.source_files import is_config_file
from reconciler.errors import RevisionError
from reconciler.history.git import FETCH_HISTORY, find_commit, latest_applied_commit
from reconciler.history.snapshot import Revision, read_revision
from tests.repository import Repository


def read(path: str | Path, ref: str = "HEAD", max_bytes: int = 1000) -> Revision:
    """Read a path as the commands do."""
    return read_revision(Path(path), ref, wanted=lambda name: is_config_file(PurePosixPath(name)), max_bytes=max_bytes)


def contents(revision: Revision) -> dict[str, bytes]:
    """The files without an error."""
    return {each.path: each.data for each in revision.files or () if not each.error}


@pytest.mark.parametrize(
    ("ref", "message"),
    [
        ("nowhere", "has no revision nowhere"),
        ("--help", "has no revision --help"),
        ("-", "has no revision -"),
        ("HEAD~7", "has no revision HEAD~7"),
        ("", "cannot be empty or contain line breaks"),
        ("main\nHEAD", "cannot be empty or contain line breaks"),
        ("HEAD:groups.yaml", "is a blob in git, not a commit"),
        ("HEAD^{tree}", "is a tree in git, not a commit"),
        ("of-a-tree", "the tag of-a-tree is not on a commit"),
    ],
)
def test_a_revision_that_is_not_a_commit_is_an_error(repository: Repository, ref: str, message: str) -> None:
    repository.commit({"groups.yaml": "text"})
    repository.git("tag", "-a", "of-a-tree", "-m", "odd", "HEAD^{tree}")

    with pytest.raises(RevisionError, match=message):
        read("groups.yaml", ref)


def test_the_beginning_of_several_hashes_is_ambiguous(repository: Repository) -> None:
    seen: dict[str, str] = {}
    for content in map(str, itertools.count()):
        start = hashlib.sha1(f"blob {len(content)}\0{content}".encode()).hexdigest()[:4]
        if start in seen:
            break
        seen[start] = content
    repository.commit({"one": seen[start], "other": content})

    with pytest.raises(RevisionError, match="several hashes begin with it"):
        read("groups.yaml", start)


def test_a_repository_without_a_commit_says_so(repository: Repository) -> None:
    with pytest.raises(RevisionError) as caught:
        read("groups.yaml")
    assert caught.value.hint == "it has no commit yet"


def test_a_shallow_clone_has_a_hint_how_to_fetch_the_history(repository: Repository, tmp_path: Path) -> None:
    repository.commit({"groups.yaml": "old"})
    repository.commit({"groups.yaml": "new"})
    clone = tmp_path / "clone"
    repository.git("clone", "-q", "--depth=1", f"file://{repository.folder}", str(clone))

    assert contents(read(clone / "groups.yaml")) == {str(clone / "groups.yaml"): b"new"}
    with pytest.raises(RevisionError) as caught:
        read(clone / "groups.yaml", "HEAD~1")
    assert "fetch-depth: 0" in caught.value.hint


def test_a_path_outside_a_repository_has_a_hint(
    repository: Repository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path))
    outside = tmp_path / "outside"
    outside.mkdir()

    with pytest.raises(RevisionError, match="not in a git repository") as caught:
        read(outside / "groups.yaml")
    assert "inside a git repository" in caught.value.hint
    assert find_commit(outside / "groups.yaml", "HEAD") is None
    with pytest.raises(RevisionError, match="not in a git repository"):
        latest_applied_commit(outside / "groups.yaml")


def test_without_git_the_error_names_it(repository: Repository, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")

    with pytest.raises(RevisionError, match="git is not installed"):
        read("groups.yaml")


def test_a_git_that_cannot_be_started_is_an_error_and_no_traceback(
    repository: Repository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "git").write_text("#!/nowhere/at/all\n")
    (tmp_path / "git").chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))

    with pytest.raises(RevisionError, match="cannot run git"):
        read("groups.yaml")


def test_a_repository_of_another_user_says_how_to_trust_it(
    repository: Repository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "git").write_text(
        "#!/bin/sh\necho 'fatal: detected dubious ownership\ngit config --add safe.directory /x' >&2\nexit 128\n"
    )
    (tmp_path / "git").chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")

    with pytest.raises(RevisionError, match="dubious ownership") as caught:
        read("groups.yaml")
    assert "safe.directory" in caught.value.hint


def test_paths_are_read_the_same_way_in_a_git_hook(
    repository: Repository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    repository.commit({"sub/groups.yaml": "text", "top.yaml": "top", "..conf/groups.yaml": "dots"})
    monkeypatch.setenv("GIT_DIR", ".git")

    assert contents(read("sub/groups.yaml")) == {"sub/groups.yaml": b"text"}
    assert contents(read("..conf/groups.yaml")) == {"..conf/groups.yaml": b"dots"}
    assert set(contents(read(".")).values()) == {b"text", b"top"}
    for outside in ("..", tmp_path / "groups.yaml"):
        with pytest.raises(RevisionError, match="outside the current folder"):
            read(outside)


def test_warnings_of_git_are_logged(repository: Repository, caplog: pytest.LogCaptureFixture) -> None:
    repository.commit({"groups.yaml": "text"})
    repository.git("tag", "main")

    read("groups.yaml", "main")
    assert "'main' is ambiguous" in caplog.text


def test_a_commit_is_found_by_name_or_not_at_all(repository: Repository) -> None:
    commit = repository.commit({"groups.yaml": "text"})
    found = find_commit(Path("groups.yaml"), "main")

    assert found is not None
    assert found.oid == commit
    repository.git("tag", "-a", "noted", "-m", "a tag with words")
    tagged = find_commit(Path("groups.yaml"), "noted")
    assert (tagged is not None and tagged.oid) == commit
    assert find_commit(Path("groups.yaml"), "HEAD:groups.yaml") is None
    assert find_commit(Path("groups.yaml"), "nowhere") is None


def test_the_latest_applied_commit_tag_is_the_one_closest_to_head(repository: Repository) -> None:
    repository.commit({"groups.yaml": "1"})
    repository.git("tag", "applied/2026-01-01")
    second = repository.commit({"groups.yaml": "2"})
    repository.git("tag", "-a", "applied/2025-12-31", "-m", "its name says nothing of its age")
    repository.commit({"groups.yaml": "3"})
    repository.git("tag", "other")
    repository.git("checkout", "-q", "-b", "side")
    repository.commit({"groups.yaml": "4"})
    repository.git("tag", "applied/side")
    repository.git("checkout", "-q", "main")

    found = latest_applied_commit(Path("groups.yaml"))
    assert (found.ref, found.oid) == ("applied/2025-12-31", second)


def test_a_shallow_clone_without_applied_tags_is_to_be_fetched_whole(repository: Repository, tmp_path: Path) -> None:
    repository.commit({"groups.yaml": "old"})
    repository.git("tag", "applied/1")
    repository.commit({"groups.yaml": "new"})
    clone = tmp_path / "clone"
    repository.git("clone", "-q", "--depth=1", f"file://{repository.folder}", str(clone))

    with pytest.raises(RevisionError, match="no tag applied/… was found") as caught:
        latest_applied_commit(clone / "groups.yaml")
    assert caught.value.hint == FETCH_HISTORY
    repository.git("-C", str(clone), "fetch", "-q", "--unshallow")
    assert latest_applied_commit(clone / "groups.yaml").ref == "applied/1"


def test_the_newest_applied_commit_counts_not_the_newest_tag(repository: Repository) -> None:
    first = repository.commit({"groups.yaml": "1"})
    repository.git("tag", "applied/1")
    second = repository.commit({"groups.yaml": "2"})
    repository.git("tag", "applied/2")
    repository.git("tag", "applied/3-rolled-back", first)
    found = latest_applied_commit(Path("groups.yaml"))
    assert found.oid == second


def test_an_applied_tag_of_a_tag_names_its_commit(repository: Repository) -> None:
    commit = repository.commit({"groups.yaml": "1"})
    repository.git("tag", "-a", "applied/1", "-m", "")
    repository.git("tag", "-a", "applied/2", "-m", "of another tag", "applied/1")
    repository.git("tag", "-d", "applied/1")
    found = latest_applied_commit(Path("groups.yaml"))
    assert (found.ref, found.oid) == ("applied/2", commit)


def test_an_applied_tag_that_is_not_on_a_commit_does_not_count(repository: Repository) -> None:
    repository.commit({"groups.yaml": "1"})
    repository.git("tag", "-a", "applied/1", "-m", "", "HEAD^{tree}")
    with pytest.raises(RevisionError, match="no tag applied"):
        latest_applied_commit(Path("groups.yaml"))


def test_without_an_applied_tag_there_is_no_applied_commit(repository: Repository) -> None:
    with pytest.raises(RevisionError, match="has no revision HEAD"):
        latest_applied_commit(Path("groups.yaml"))
    repository.commit({"groups.yaml": "1"})
    with pytest.raises(RevisionError, match="no tag applied"):
        latest_applied_commit(Path("groups.yaml"))


def test_git_takes_no_lock_and_runs_without_a_shell(repository: Repository, monkeypatch: pytest.MonkeyPatch) -> None:
    repository.commit({"groups/a.yaml": "text"})
    commands: list[list[str]] = []
    run = subprocess.run

    def noted(command: list[str], **keywords: object) -> object:
        commands.append(command)
        assert "shell" not in keywords
        return run(command, **keywords)  # type: ignore[call-overload]  # passed on as it came

    monkeypatch.setattr(subprocess, "run", noted)
    read("groups", "HEAD")

    assert commands
    assert all(command[1] == "--no-optional-locks" for command in commands)
    assert not any("HEAD" in argument for command in commands for argument in command)


def test_git_gets_no_variable_of_this_program_that_it_could_log(
    repository: Repository, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    own = ("WAPPFY_API_KEY", "WAPPFY_INSTANCE_ID", "RECONCILER_API_KEY_FILE", "RECONCILER_NOTIFY")
    for name in own:
        monkeypatch.setenv(name, f"secret of {name}")
    monkeypatch.setenv("HARMLESS", "left as it is")
    repository.commit({"groups.yaml": "text"})
    monkeypatch.setenv("GIT_TRACE2", "1")
    monkeypatch.setenv("GIT_TRACE2_ENV_VARS", ",".join((*own, "HARMLESS")))

    assert contents(read("groups.yaml")) == {"groups.yaml": b"text"}
    assert "left as it is" in caplog.text
    assert "secret of" not in caplog.text
