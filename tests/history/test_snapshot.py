"""Files as a revision has them, from real repositories."""

from __future__ import annotations

import os
from pathlib import Path, PurePosixPath

import pytest

from reconciler.config.source_files import is_config_file
from reconciler.history.snapshot import Revision, read_revision
from tests.repository import Repository


def read(path: str | Path, ref: str = "HEAD", max_bytes: int = 1000) -> Revision:
    """Read a path as the commands do."""
    return read_revision(Path(path), ref, wanted=lambda name: is_config_file(PurePosixPath(name)), max_bytes=max_bytes)


def contents(revision: Revision) -> dict[str, bytes]:
    """The files without an error."""
    return {each.path: each.data for each in revision.files or () if not each.error}


def errors(revision: Revision) -> dict[str, str]:
    """The files with an error."""
    return {each.path: each.error for each in revision.files or () if each.error}


def test_a_file_is_read_from_the_revision_not_from_the_working_tree(repository: Repository) -> None:
    old = repository.commit({"groups.yaml": "old"})
    new = repository.commit({"groups.yaml": "new"})
    repository.write({"groups.yaml": "not committed"})

    assert contents(read("groups.yaml", "HEAD~1")) == {"groups.yaml": b"old"}
    assert contents(read("groups.yaml")) == {"groups.yaml": b"new"}
    assert read("groups.yaml", "HEAD~1").commit.oid == old
    assert read("groups.yaml", new[:9]).commit.oid == new


@pytest.mark.parametrize("ref", ["main", "HEAD^0", "v1", "annotated", ":/a change", "refs/heads/main", "@"])
def test_every_git_syntax_for_a_commit_works(repository: Repository, ref: str) -> None:
    commit = repository.commit({"groups.yaml": "text"})
    repository.git("tag", "v1")
    repository.git("tag", "-a", "annotated", "-m", "with a message")

    found = read("groups.yaml", ref)
    assert (found.commit.ref, found.commit.oid) == (ref, commit)


def test_a_folder_has_the_files_that_the_loader_would_find_on_disk(repository: Repository) -> None:
    names = ("a.yaml", "b.yml", "deep/er/c.yaml", "notes.txt", ".hidden.yaml", ".git-crypt/d.yaml", "e.yaml.bak")
    repository.commit({f"groups/{name}": name for name in names} | {"other.yaml": "outside"})

    found = read("groups")
    assert contents(found) == {f"groups/{name}": name.encode() for name in ("a.yaml", "b.yml", "deep/er/c.yaml")}
    assert found.is_folder


@pytest.mark.parametrize("spelled", [".", "./", "../repository", "groups/.."])
def test_the_top_of_the_repository_can_be_the_folder(repository: Repository, spelled: str) -> None:
    repository.commit({"a.yaml": "a", "groups/b.yaml": "b"})

    assert sorted(contents(read(spelled)).values()) == [b"a", b"b"]


def test_a_path_is_read_from_any_working_folder(
    repository: Repository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    repository.commit({"sub/groups.yaml": "text"})

    monkeypatch.chdir(repository.folder / "sub")
    assert contents(read("groups.yaml")) == {"groups.yaml": b"text"}
    monkeypatch.chdir(tmp_path)
    assert contents(read("repository/sub/groups.yaml")) == {"repository/sub/groups.yaml": b"text"}
    assert contents(read(repository.folder / "sub")) == {str(repository.folder / "sub/groups.yaml"): b"text"}


def test_a_path_that_is_no_longer_on_disk_is_read(repository: Repository) -> None:
    repository.commit({"gone/deep/groups.yaml": "text"})
    repository.git("rm", "-q", "-r", "gone")
    repository.commit({"groups.yaml": "now"})

    assert contents(read("gone/deep/groups.yaml", "HEAD~1")) == {"gone/deep/groups.yaml": b"text"}
    assert contents(read("gone", "HEAD~1")) == {"gone/deep/groups.yaml": b"text"}


def test_a_missing_path_is_not_an_empty_folder(repository: Repository) -> None:
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


def test_a_line_break_in_a_name_cannot_inject_another_query(repository: Repository) -> None:
    repository.commit({"groups/a\nHEAD.yaml": "odd", "groups/plain.yaml": "plain"})
    (repository.folder / "groups/l\nink.yaml").symlink_to("plain.yaml")
    repository.commit()

    assert contents(read("groups")) == {"groups/a\nHEAD.yaml": b"odd", "groups/plain.yaml": b"plain"}
    assert list(errors(read("groups"))) == ["groups/l\nink.yaml"]
    assert "line break" in errors(read("groups/a\nHEAD.yaml"))["groups/a\nHEAD.yaml"]


def test_a_name_that_is_not_utf_8_is_read(repository: Repository) -> None:
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
    assert errors(found) == {
        "groups/absolute.yaml": "is a symbolic link that leads out of the repository",
        "groups/loop.yaml": "is a symbolic link that leads to itself",
        "groups/nothing.yaml": "is a symbolic link to nothing in that revision",
        "groups/out.yaml": "is a symbolic link that leads out of the repository",
        "groups/through.yaml": "is a symbolic link through something that is not a folder",
    }
    assert contents(read("linked")) == {"linked": b"b"}
    assert "leads out" in errors(read("groups/out.yaml"))["groups/out.yaml"]


def test_a_folder_behind_a_link_is_read(repository: Repository) -> None:
    repository.commit({"real/a.yaml": "a"})
    (repository.folder / "linked").symlink_to("real")
    repository.commit()

    assert contents(read("linked")) == {"linked/a.yaml": b"a"}


def test_a_submodule_below_the_folder_is_an_error(repository: Repository) -> None:
    commit = repository.commit({"groups/a.yaml": "a"})
    for folder in ("groups/sub", "groups/.hidden", "elsewhere"):
        repository.git("update-index", "--add", "--cacheinfo", f"160000,{commit},{folder}")
    repository.git("commit", "-q", "-m", "submodules")

    assert errors(read("groups")) == {
        "groups/sub": "is a submodule, whose files are not in this repository",
    }
    assert read("elsewhere").files is None


def test_a_git_lfs_pointer_is_an_error_not_a_configuration(repository: Repository) -> None:
    pointer = "version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 12345\n"
    repository.commit({"groups.yaml": pointer})

    assert "Git LFS" in errors(read("groups.yaml"))["groups.yaml"]


def test_a_file_that_is_too_large_is_not_read(repository: Repository) -> None:
    repository.commit({"groups/large.yaml": "#" * 2000, "groups/small.yaml": "#"})

    assert contents(read("groups", max_bytes=1000)) == {"groups/small.yaml": b"#"}
    assert list(errors(read("groups", max_bytes=1000))) == ["groups/large.yaml"]


def test_two_files_with_the_same_content_are_two_files(repository: Repository) -> None:
    repository.commit({"groups/a.yaml": "same", "groups/b.yaml": "same", "groups/empty.yaml": ""})

    assert contents(read("groups")) == {"groups/a.yaml": b"same", "groups/b.yaml": b"same", "groups/empty.yaml": b""}


def test_a_bare_repository_has_files_too(repository: Repository, tmp_path: Path) -> None:
    repository.commit({"groups/a.yaml": "text"})
    bare = tmp_path / "bare.git"
    repository.git("clone", "-q", "--bare", str(repository.folder), str(bare))

    assert contents(read(bare / "groups")) == {str(bare / "groups/a.yaml"): b"text"}


def test_reading_writes_nothing_into_the_repository(repository: Repository) -> None:
    repository.commit({"groups.yaml": "text"})
    before = sorted((path, path.stat().st_mtime_ns) for path in repository.folder.rglob("*"))

    read("groups.yaml")
    assert sorted((path, path.stat().st_mtime_ns) for path in repository.folder.rglob("*")) == before
