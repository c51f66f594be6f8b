"""Pinning puts ids into the files and changes nothing else, byte for byte."""

from __future__ import annotations

import os
from datetime import date
from pathlib import Path

import pytest

from reconciler.config import load
from reconciler.editing.pin import pin
from reconciler.editing.yaml_edit import write_files
from reconciler.errors import ConfigError, ReconcilerError

ID = "120363012345678901@g.us"
OTHER = "120363012345678902@g.us"


def pinned(folder: Path, before: bytes, ids: dict[str, str]) -> bytes:
    path = folder / "groups.yaml"
    path.write_bytes(before)
    pins = pin(path, ids)
    assert path.read_bytes() == before
    assert set(pins.files) <= {path}
    assert pins.not_editable == {}
    return pins.files.get(path, before)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        pytest.param(
            "version: 1\ngroups:\n  a:\n    name: A\n  b:\n    name: B\n",
            "version: 1\ngroups:\n  a:\n    id: %s\n    name: A\n  b:\n    name: B\n",
            id="block",
        ),
        pytest.param(
            "groups:\r\n  a: # one\r\n\r\n      # its\r\n      'name':   \"A\"   # why\r\nversion: 1",
            "groups:\r\n  a: # one\r\n\r\n      # its\r\n      id: %s\r\n      'name':   \"A\"   # why\r\nversion: 1",
            id="CRLF, comments, quotes, odd indentation, no line break at the end",
        ),
        pytest.param(
            "\ufeffversion: 1\ngroups: {a: {name: A}, b: {id: 1@g.us}}\n",
            "\ufeffversion: 1\ngroups: {a: {id: %s, name: A}, b: {id: 1@g.us}}\n",
            id="byte order mark and flow",
        ),
        pytest.param(
            'version: 1\ngroups: {"é😀": 1, "a" : {  "name":"A"}}',
            'version: 1\ngroups: {"é😀": 1, "a" : {  "id": "%s", "name":"A"}}',
            id="JSON-like, after characters of several bytes",
        ),
        pytest.param("groups:\n  a: { }", "groups:\n  a: { id: %s}", id="empty flow"),
        pytest.param("groups:\n  a: {}", "groups:\n  a: {id: %s}", id="empty flow without space"),
        pytest.param("groups:\n a:\n  {\n  name: A}", "groups:\n a:\n  {\n  id: %s, name: A}", id="flow on lines"),
        pytest.param(
            "groups:\n ? a\n : name: A\n   teams: []",
            "groups:\n ? a\n : id: %s\n   name: A\n   teams: []",
            id="explicit key",
        ),
        pytest.param("groups:\n  a: {name: A}", "groups:\n  a: {id: %s, name: A}", id="only line break before"),
        pytest.param("groups:\r  a:\r    name: A\r", "groups:\r  a:\r    id: %s\r    name: A\r", id="old Mac"),
        pytest.param(
            "x: &x [1]\ngroups:\n  a: &a\n    name: A\n    teams: *x",
            "x: &x [1]\ngroups:\n  a: &a\n    id: %s\n    name: A\n    teams: *x",
            id="anchors that no other group uses",
        ),
        pytest.param(
            "x: &x [1]\ngroups:\n  a:\n    name: A\n    teams: &x [2]",
            "x: &x [1]\ngroups:\n  a:\n    id: %s\n    name: A\n    teams: &x [2]",
            id="an anchor that is defined twice",
        ),
    ],
)
def test_an_id_becomes_the_first_line_of_its_group(before: str, after: str, tmp_path: Path) -> None:
    assert pinned(tmp_path, before.encode(), {"a": ID}) == (after % ID).encode()


def test_several_groups_of_one_file_get_their_ids(tmp_path: Path) -> None:
    before = b"groups:\n  b: {name: B}\n  a:\n    name: A\n  c: {name: C}\n"
    after = pinned(tmp_path, before, {"a": ID, "b": OTHER})
    assert (
        after == f"groups:\n  b: {{id: {OTHER}, name: B}}\n  a:\n    id: {ID}\n    name: A\n  c: {{name: C}}\n".encode()
    )


def test_a_group_that_has_an_id_is_never_touched(tmp_path: Path) -> None:
    before = b"groups: {a: {id: 1@g.us, name: A}}"
    assert pinned(tmp_path, before, {"a": ID}) == before


@pytest.mark.parametrize(
    "before",
    [
        "groups: {a: &a {name: A}, b: *a}",
        "groups: {b: &a {name: A}, a: *a}",
        "groups: &g {a: {name: A}}\nother: *g",
        "groups:\n  a:\n    ? name\n    : A\n",
    ],
)
def test_a_group_whose_text_is_shared_cannot_be_edited(before: str, tmp_path: Path) -> None:
    path = tmp_path / "groups.yaml"
    path.write_bytes(before.encode())
    pins = pin(path, {"a": ID})
    assert pins.files == {}
    assert list(pins.not_editable) == ["a"]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("groups: {a: &a {name: A}, b: *a, c: {name: C}}", "groups: {a: &a {name: A}, b: *a, c: {id: %s, name: C}}"),
        (
            "groups:\n  a:\n    ? name\n    : A\n  c:\n    name: C\n",
            "groups:\n  a:\n    ? name\n    : A\n  c:\n    id: %s\n    name: C\n",
        ),
    ],
)
def test_a_group_that_cannot_be_edited_does_not_stop_the_others(before: str, after: str, tmp_path: Path) -> None:
    path = tmp_path / "groups.yaml"
    path.write_bytes(before.encode())
    pins = pin(path, {"a": ID, "c": OTHER})
    assert pins.files == {path: (after % OTHER).encode()}
    assert list(pins.not_editable) == ["a"]


def test_an_invalid_key_or_id_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(ReconcilerError, match="is not a group's id"):
        pinned(tmp_path, b"groups: {a: {name: A}}", {"a": "x: y"})
    with pytest.raises(ReconcilerError, match="has no group `b`, `c`"):
        pinned(tmp_path, b"groups: {a: {name: A}}", {"a": ID, "c": ID, "b": ID})
    with pytest.raises(ReconcilerError, match="has no group `a`"):
        pinned(tmp_path, b"groups: [a]", {"a": ID})
    with pytest.raises(ConfigError, match="invalid YAML"):
        pinned(tmp_path, b"groups: {", {"a": ID})


def test_a_folder_gives_only_the_files_that_change(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text("version: 1\ngroups:\n  a:\n    name: A\n", encoding="utf-8")
    (tmp_path / "b.yaml").write_text("groups:\n  b:\n    name: B\n", encoding="utf-8")
    (tmp_path / "people.yaml").write_text("people: {}\n", encoding="utf-8")
    write_files(pin(tmp_path, {"b": ID}).files)
    assert (tmp_path / "a.yaml").read_text(encoding="utf-8") == "version: 1\ngroups:\n  a:\n    name: A\n"
    assert [group.id for group in load(tmp_path, as_of=date(2026, 1, 1)).groups] == [None, ID]
    assert pin(tmp_path, {"b": ID}).files == {}


def test_the_example_can_be_pinned_and_means_the_same(tmp_path: Path) -> None:
    path = tmp_path / "groups.yaml"
    path.write_bytes((Path(__file__).parents[2] / "examples" / "groups.yaml").read_bytes())
    before = load(path, as_of=date(2026, 1, 1))
    write_files(pin(path, {group.key: f"{number}@g.us" for number, group in enumerate(before.groups)}).files)
    after = load(path, as_of=date(2026, 1, 1))
    assert [group.id for group in after.groups] == [f"{number}@g.us" for number in range(len(before.groups))]
    assert [group.members for group in after.groups] == [group.members for group in before.groups]


def test_a_written_file_keeps_its_mode_and_a_link_stays_a_link(tmp_path: Path) -> None:
    target, link = tmp_path / "target.yaml", tmp_path / "link.yaml"
    target.write_bytes(b"old")
    target.chmod(0o640)
    link.symlink_to(target.name)
    write_files({link: b"new"})
    assert link.is_symlink()
    assert target.read_bytes() == b"new"
    assert target.stat().st_mode & 0o777 == 0o640
    assert sorted(path.name for path in tmp_path.iterdir()) == ["link.yaml", "target.yaml"]


def test_a_failed_write_leaves_the_file_and_nothing_else(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.yaml"
    path.write_bytes(b"old")

    def refuse(*_: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(os, "replace", refuse)
    with pytest.raises(ReconcilerError, match=r"a\.yaml cannot be written: Permission denied"):
        write_files({path: b"new"})
    assert [entry.name for entry in tmp_path.iterdir()] == ["a.yaml"]
    assert path.read_bytes() == b"old"


@pytest.mark.parametrize("end", ["", "---\n"])
def test_a_key_is_found_in_either_of_unicodes_forms_and_stays_as_it_is(tmp_path: Path, end: str) -> None:
    before = f"version: 1\ngroups:\n  cafe\u0301:\n    name: A\n{end}"
    after = before.replace("    name", f"    id: {ID}\n    name")
    assert pinned(tmp_path, before.encode(), {"caf\u00e9": ID}) == after.encode()
