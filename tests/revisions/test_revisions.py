"""Files as a revision has them, from real repositories."""

from __future__ import annotations

import hashlib
import itertools
import os
import subprocess
from pathlib import Path, PurePosixPath

import pytest

from reconciler.config.source_files import is_config_file
from reconciler.errors import RevisionError
from reconciler.history.git import find_commit, latest_applied_commit
from reconciler.history.snapshot import Revision, read_revision
from tests.repository import Repository


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Repository:
    """An empty repository, which is the working folder."""
    made = Repository(tmp_path / "repository", monkeypatch)
    monkeypatch.chdir(made.folder)
    return made


def read(path: str | Path, ref: str = "HEAD", largest: int = 1000) -> Revision:
    """Read a path as the commands do."""
    return read_revision(Path(path), ref, wanted=lambda name: is_config_file(PurePosixPath(name)), largest=largest)


def contents(revision: Revision) -> dict[str, bytes]:
    """The files without trouble."""
    return {each.path: each.data for each in revision.files or () if not each.error}


def troubles(revision: Revision) -> dict[str, str]:
    """The files with trouble."""
    return {each.path: each.error for each in revision.files or () if each.error}


def test_a_file_is_read_as_the_revision_had_it_whatever_the_working_tree_has(repository: Repository) -> None:
    old = repository.commit({"groups.yaml": "old"})
    new = repository.commit({"groups.yaml": "new"})
    repository.write({"groups.yaml": "not committed"})

    assert contents(read("groups.yaml", "HEAD~1")) == {"groups.yaml": b"old"}
    assert contents(read("groups.yaml")) == {"groups.yaml": b"new"}
    assert read("groups.yaml", "HEAD~1").commit.oid == old
    assert read("groups.yaml", new[:9]).commit.short == new[:9]


@pytest.mark.parametrize("ref", ["main", "HEAD^0", "v1", "annotated", ":/a change", "refs/heads/main", "@"])
def test_every_way_of_git_to_name_a_commit_works(repository: Repository, ref: str) -> None:
    commit = repository.commit({"groups.yaml": "text"})
    repository.git("tag", "v1")
    repository.git("tag", "-a", "annotated", "-m", "with a message")

    found = read("groups.yaml", ref)
    assert (found.commit.ref, found.commit.oid) == (ref, commit)


def test_of_a_folder_the_files_are_read_that_the_loader_would_find_on_disk(repository: Repository) -> None:
    names = ("a.yaml", "b.yml", "deep/er/c.yaml", "notes.txt", ".hidden.yaml", ".git-crypt/d.yaml", "e.yaml.bak")
    repository.commit({f"groups/{name}": name for name in names} | {"other.yaml": "outside"})

    found = read("groups")
    assert contents(found) == {f"groups/{name}": name.encode() for name in ("a.yaml", "b.yml", "deep/er/c.yaml")}
    assert found.is_folder


@pytest.mark.parametrize("spelled", [".", "./", "../repository", "groups/.."])
def test_the_top_of_the_repository_can_be_the_folder(repository: Repository, spelled: str) -> None:
    repository.commit({"a.yaml": "a", "groups/b.yaml": "b"})

    assert sorted(contents(read(spelled)).values()) == [b"a", b"b"]


def test_a_path_is_read_from_wherever_the_program_is_run(
    repository: Repository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    repository.commit({"sub/groups.yaml": "text"})

    monkeypatch.chdir(repository.folder / "sub")
    assert contents(read("groups.yaml")) == {"groups.yaml": b"text"}
    monkeypatch.chdir(tmp_path)
    assert contents(read("repository/sub/groups.yaml")) == {"repository/sub/groups.yaml": b"text"}
    assert contents(read(repository.folder / "sub")) == {str(repository.folder / "sub/groups.yaml"): b"text"}


def test_a_path_can_be_read_that_is_no_longer_on_disk(repository: Repository) -> None:
    repository.commit({"gone/deep/groups.yaml": "text"})
    repository.git("rm", "-q", "-r", "gone")
    repository.commit({"groups.yaml": "now"})

    assert contents(read("gone/deep/groups.yaml", "HEAD~1")) == {"gone/deep/groups.yaml": b"text"}
    assert contents(read("gone", "HEAD~1")) == {"gone/deep/groups.yaml": b"text"}


def test_a_path_that_the_revision_does_not_have_is_told_from_one_without_files(repository: Repository) -> None:
    repository.commit({"folder/notes.txt": "no YAML"})

    assert read("groups.yaml").files is None
    assert read("folder").files == ()


@pytest.mark.parametrize(
    "name", ["-x.yaml", "--output=x.yaml", "a b.yaml", "ü.yaml", "a\tb.yaml", "*.yaml", ":(top)y.yaml"]
)
def test_odd_names_are_read_like_any_other(repository: Repository, name: str) -> None:
    repository.commit({f"groups/{name}": "odd", "groups/plain.yaml": "plain"})

    assert contents(read("groups")) == {f"groups/{name}": b"odd", "groups/plain.yaml": b"plain"}
    assert contents(read(Path("groups", name))) == {f"groups/{name}": b"odd"}


def test_a_line_break_in_a_name_cannot_pass_for_another_question(repository: Repository) -> None:
    repository.commit({"groups/a\nHEAD.yaml": "odd", "groups/plain.yaml": "plain"})
    (repository.folder / "groups/l\nink.yaml").symlink_to("plain.yaml")
    repository.commit()

    assert contents(read("groups")) == {"groups/a\nHEAD.yaml": b"odd", "groups/plain.yaml": b"plain"}
    assert list(troubles(read("groups"))) == ["groups/l\nink.yaml"]
    assert "line break" in troubles(read("groups/a\nHEAD.yaml"))["groups/a\nHEAD.yaml"]


def test_a_name_that_is_no_utf_8_is_read(repository: Repository) -> None:
    (repository.folder / "groups").mkdir()
    Path(os.fsdecode(b"groups/\xff.yaml")).write_bytes(b"odd")
    repository.commit()

    assert contents(read("groups")) == {os.fsdecode(b"groups/\xff.yaml"): b"odd"}


def test_links_are_followed_inside_the_revision_and_never_out_of_it(repository: Repository, tmp_path: Path) -> None:
    (tmp_path / "secret.yaml").write_text("outside")
    repository.commit({"groups/a.yaml": "a", "shared/b.yaml": "b"})
    for link, target in {
        "in": "../shared/b.yaml",
        "out": "../../secret.yaml",
        "absolute": str(tmp_path / "secret.yaml"),
        "nothing": "no.yaml",
        "loop": "loop.yaml",
        "through": "a.yaml/x",
        "folder": "../shared",
    }.items():
        (repository.folder / f"groups/{link}.yaml").symlink_to(target)
    (repository.folder / "linked").symlink_to("groups/in.yaml")
    repository.commit()

    found = read("groups")
    assert contents(found) == {"groups/a.yaml": b"a", "groups/in.yaml": b"b"}
    assert troubles(found) == {
        "groups/absolute.yaml": "is a symbolic link that leads out of the repository",
        "groups/loop.yaml": "is a symbolic link that leads to itself",
        "groups/nothing.yaml": "is a symbolic link to nothing in that revision",
        "groups/out.yaml": "is a symbolic link that leads out of the repository",
        "groups/through.yaml": "is a symbolic link through something that is no folder",
    }
    assert contents(read("linked")) == {"linked": b"b"}
    assert "leads out" in troubles(read("groups/out.yaml"))["groups/out.yaml"]


def test_a_folder_behind_a_link_is_read(repository: Repository) -> None:
    repository.commit({"real/a.yaml": "a"})
    (repository.folder / "linked").symlink_to("real")
    repository.commit()

    assert contents(read("linked")) == {"linked/a.yaml": b"a"}


def test_a_submodule_below_the_folder_is_no_empty_folder(repository: Repository) -> None:
    commit = repository.commit({"groups/a.yaml": "a"})
    for folder in ("groups/sub", "groups/.hidden", "elsewhere"):
        repository.git("update-index", "--add", "--cacheinfo", f"160000,{commit},{folder}")
    repository.git("commit", "-q", "-m", "submodules")

    assert troubles(read("groups")) == {
        "groups/sub": "is a submodule, whose files are not in this repository",
    }
    assert read("elsewhere").files is None


def test_a_pointer_of_git_lfs_is_told_as_what_it_is(repository: Repository) -> None:
    pointer = "version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 12345\n"
    repository.commit({"groups.yaml": pointer})

    assert "Git LFS" in troubles(read("groups.yaml"))["groups.yaml"]


def test_a_file_that_is_too_large_is_not_read(repository: Repository) -> None:
    repository.commit({"groups/large.yaml": "#" * 2000, "groups/small.yaml": "#"})

    assert contents(read("groups", largest=1000)) == {"groups/small.yaml": b"#"}
    assert list(troubles(read("groups", largest=1000))) == ["groups/large.yaml"]


def test_two_files_with_the_same_content_are_two_files(repository: Repository) -> None:
    repository.commit({"groups/a.yaml": "same", "groups/b.yaml": "same", "groups/empty.yaml": ""})

    assert contents(read("groups")) == {"groups/a.yaml": b"same", "groups/b.yaml": b"same", "groups/empty.yaml": b""}


@pytest.mark.parametrize(
    ("ref", "said"),
    [
        ("nowhere", "there is no revision nowhere"),
        ("--help", "there is no revision --help"),
        ("-", "there is no revision -"),
        ("HEAD~7", "there is no revision HEAD~7"),
        ("", "names no revision"),
        ("main\nHEAD", "names no revision"),
        ("HEAD:groups.yaml", "is a blob in git, no revision"),
        ("HEAD^{tree}", "is a tree in git, no revision"),
        ("of-a-tree", "the tag of-a-tree names no commit"),
    ],
)
def test_what_names_no_commit_is_said(repository: Repository, ref: str, said: str) -> None:
    repository.commit({"groups.yaml": "text"})
    repository.git("tag", "-a", "of-a-tree", "-m", "odd", "HEAD^{tree}")

    with pytest.raises(RevisionError, match=said):
        read("groups.yaml", ref)


def test_the_beginning_of_several_hashes_is_not_taken_for_one(repository: Repository) -> None:
    seen: dict[str, str] = {}
    for content in map(str, itertools.count()):
        start = hashlib.sha1(f"blob {len(content)}\0{content}".encode()).hexdigest()[:4]
        if start in seen:
            break
        seen[start] = content
    repository.commit({"one": seen[start], "other": content})

    with pytest.raises(RevisionError, match="the beginning of several hashes"):
        read("groups.yaml", start)


def test_a_repository_without_a_commit_says_so(repository: Repository) -> None:
    with pytest.raises(RevisionError) as caught:
        read("groups.yaml")
    assert caught.value.hint == "it has no commit yet"


def test_in_a_shallow_clone_the_way_to_get_the_whole_history_is_told(repository: Repository, tmp_path: Path) -> None:
    repository.commit({"groups.yaml": "old"})
    repository.commit({"groups.yaml": "new"})
    clone = tmp_path / "clone"
    repository.git("clone", "-q", "--depth=1", f"file://{repository.folder}", str(clone))

    assert contents(read(clone / "groups.yaml")) == {str(clone / "groups.yaml"): b"new"}
    with pytest.raises(RevisionError) as caught:
        read(clone / "groups.yaml", "HEAD~1")
    assert "fetch-depth: 0" in caught.value.hint


def test_a_bare_repository_has_files_too(repository: Repository, tmp_path: Path) -> None:
    repository.commit({"groups/a.yaml": "text"})
    bare = tmp_path / "bare.git"
    repository.git("clone", "-q", "--bare", str(repository.folder), str(bare))

    assert contents(read(bare / "groups")) == {str(bare / "groups/a.yaml"): b"text"}


def test_a_path_in_no_repository_says_what_revisions_need(
    repository: Repository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path))
    outside = tmp_path / "outside"
    outside.mkdir()

    with pytest.raises(RevisionError, match="not a git repository") as caught:
        read(outside / "groups.yaml")
    assert "inside a git repository" in caught.value.hint
    assert find_commit(outside / "groups.yaml", "HEAD") is None
    assert latest_applied_commit(outside / "groups.yaml") is None


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

    with pytest.raises(RevisionError, match="git cannot be run"):
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


def test_git_is_asked_the_same_way_when_it_runs_us_as_a_hook(
    repository: Repository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    repository.commit({"sub/groups.yaml": "text", "top.yaml": "top", "..conf/groups.yaml": "dots"})
    monkeypatch.setenv("GIT_DIR", ".git")

    assert contents(read("sub/groups.yaml")) == {"sub/groups.yaml": b"text"}
    assert contents(read("..conf/groups.yaml")) == {"..conf/groups.yaml": b"dots"}
    assert set(contents(read(".")).values()) == {b"text", b"top"}
    for outside in ("..", tmp_path / "groups.yaml"):
        with pytest.raises(RevisionError, match="outside this folder"):
            read(outside)


def test_what_git_warns_of_is_passed_on(repository: Repository, caplog: pytest.LogCaptureFixture) -> None:
    repository.commit({"groups.yaml": "text"})
    repository.git("tag", "main")

    read("groups.yaml", "main")
    assert "'main' is ambiguous" in caplog.text


def test_reading_writes_nothing_into_the_repository(repository: Repository) -> None:
    repository.commit({"groups.yaml": "text"})
    before = sorted((path, path.stat().st_mtime_ns) for path in repository.folder.rglob("*"))

    read("groups.yaml")
    assert sorted((path, path.stat().st_mtime_ns) for path in repository.folder.rglob("*")) == before


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
    assert found is not None
    assert (found.ref, found.oid) == ("applied/2025-12-31", second)


def test_where_a_shallow_clone_ends_before_any_applied_tag_that_is_said(
    repository: Repository, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    repository.commit({"groups.yaml": "old"})
    repository.git("tag", "applied/1")
    repository.commit({"groups.yaml": "new"})
    clone = tmp_path / "clone"
    repository.git("clone", "-q", "--depth=1", f"file://{repository.folder}", str(clone))

    assert latest_applied_commit(clone / "groups.yaml") is None
    assert "no tag applied/… was found" in caplog.text
    assert "fetch-depth: 0" in caplog.text
    repository.git("-C", str(clone), "fetch", "-q", "--unshallow")
    caplog.clear()
    found = latest_applied_commit(clone / "groups.yaml")
    assert (found is not None and found.ref, caplog.text) == ("applied/1", "")


def test_of_several_applied_tags_the_newest_commit_counts_not_the_newest_tag(repository: Repository) -> None:
    first = repository.commit({"groups.yaml": "1"})
    repository.git("tag", "applied/1")
    second = repository.commit({"groups.yaml": "2"})
    repository.git("tag", "applied/2")
    repository.git("tag", "applied/3-rolled-back", first)
    found = latest_applied_commit(Path("groups.yaml"))
    assert found is not None
    assert found.oid == second


def test_an_applied_tag_of_a_tag_names_its_commit(repository: Repository) -> None:
    commit = repository.commit({"groups.yaml": "1"})
    repository.git("tag", "-a", "applied/1", "-m", "")
    repository.git("tag", "-a", "applied/2", "-m", "of another tag", "applied/1")
    repository.git("tag", "-d", "applied/1")
    found = latest_applied_commit(Path("groups.yaml"))
    assert found is not None
    assert (found.ref, found.oid) == ("applied/2", commit)


def test_an_applied_tag_of_what_is_no_commit_notes_nothing(repository: Repository) -> None:
    repository.commit({"groups.yaml": "1"})
    repository.git("tag", "-a", "applied/1", "-m", "", "HEAD^{tree}")
    assert latest_applied_commit(Path("groups.yaml")) is None


def test_without_an_applied_tag_nothing_was_noted(repository: Repository) -> None:
    assert latest_applied_commit(Path("groups.yaml")) is None
    repository.commit({"groups.yaml": "1"})
    assert latest_applied_commit(Path("groups.yaml")) is None


def test_no_lock_is_taken_and_no_shell_is_asked(repository: Repository, monkeypatch: pytest.MonkeyPatch) -> None:
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


def test_git_gets_none_of_this_programs_variables_and_can_write_none_of_them_down(
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
