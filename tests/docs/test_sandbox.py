"""The page about the embedded server: its files load, its tables are complete, its faults end as the page shows."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from reconciler.cli.commands.sandbox import serve
from reconciler.sandbox import Fault, FaultKind, SandboxError, Server, World, load_faults, seed, seed_world
from reconciler.sandbox.faults import fault_path
from tests.docs.pages import DOCS, blocks
from tests.stage import Stage, point_program_at

PAGE = (DOCS / "sandbox.md").read_text(encoding="utf-8")
FILES = {
    block.text.partition("\n")[0].removeprefix("# "): block.text for block in blocks(PAGE) if block.language == "yaml"
}
_KIND_ROW = re.compile(r"^\| `(\w+)` \|[^|]+\|([^|]*)\| `(\{kind: [^`]+)` \| (\d)", re.MULTILINE)
KINDS = {
    kind: (re.findall(r"`(\w+)`", keys), example, int(code)) for kind, keys, example, code in _KIND_ROW.findall(PAGE)
}

CONFIGURATION = """\
version: 1
instance: {id: inst_demo, phone: +1 202 555 0100}
groups:
  coaches:
    id: 120363400000000001@g.us
    name: Rowing Coaches
    members: [+1 202 555 0143, +1 404 555 0146]
  parents: {name: Parents, members: [+1 202 555 0143]}
  neighbours: {name: Neighbours}
"""
"""A file that renames one group of the page's first state, and adds and removes one person."""


def written(folder: Path, name: str, text: str) -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def rows_of(heading: str) -> dict[str, str]:
    """Return the rows of the first table below a heading: the first cell and the rest of the row."""
    section = PAGE.partition(f"\n## {heading}\n")[2].partition("\n## ")[0]
    return dict(re.findall(r"^\| ([^|]+) \| (.+) \|$", section, re.MULTILINE))


def test_the_page_names_every_option_of_serve() -> None:
    named = re.findall(r"--[\w-]+", " ".join(rows_of("Options of `sandbox serve`")))
    own = [param.opts[0] for param in serve.params if type(param).__name__ != "GlobalOption"]
    assert sorted(named) == sorted(own)


def test_the_page_names_every_section_of_a_first_state_and_only_keys_that_it_accepts(tmp_path: Path) -> None:
    rows = rows_of("The first state")
    with World.open() as world, pytest.raises(SandboxError, match="known: instance, accounts, groups, contacts"):
        seed_world(world, written(tmp_path, "unknown.yaml", "sections: []"))
    for section, known in {"accounts": seed._ACCOUNT_KEYS, "contacts": seed._CONTACT_KEYS}.items():
        assert {key for key in known if f"`{key}" not in rows[f"`{section}`"]} == set()
    assert {"`instance`", "`accounts`", "`groups`", "`contacts`"} <= rows.keys()


def test_the_first_state_of_the_page_fills_a_world(tmp_path: Path) -> None:
    with World.open() as world:
        seed_world(world, written(tmp_path, "first-state.yaml", FILES["first-state.yaml"]))
        assert [group.name for group in world.groups("inst_demo")] == ["Coaches", "Parents", "Neighbours"]


def test_the_faults_file_of_the_page_loads(tmp_path: Path) -> None:
    faults = load_faults(written(tmp_path, "faults.yaml", FILES["faults.yaml"]))
    assert [fault.kind for fault in faults] == [FaultKind.LATENCY, FaultKind.STATUS]


def test_the_page_names_every_key_of_a_fault() -> None:
    common = set(re.findall(r"`(\w+)`", " ".join(rows_of("Faults"))))
    assert {*common, *(key for keys, _, _ in KINDS.values() for key in keys)} >= set(Fault.__dataclass_fields__)


def test_the_page_has_every_kind_of_fault_with_its_own_keys() -> None:
    assert KINDS.keys() == {str(kind) for kind in FaultKind}
    assert {kind: tuple(keys) for kind, (keys, _, _) in KINDS.items() if keys} == seed._FAULT_KEYS_BY_KIND


@pytest.mark.parametrize("kind", KINDS)
def test_apply_ends_with_the_exit_code_of_the_page(
    kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    _, example, code = KINDS[kind]
    written(tmp_path, "groups.yaml", CONFIGURATION)
    (fault,) = load_faults(written(tmp_path, "faults.yaml", f"- {example}\n"))
    with World.open() as world:
        seed_world(world, written(tmp_path, "first-state.yaml", FILES["first-state.yaml"]))
        with Server(world, faults=[fault]) as server:
            point_program_at(server, tmp_path, monkeypatch)
            ran = Stage(world, server, tmp_path, capsys).run("apply", "--yes", "--timeout", "1")
        calls = [(call.method, fault_path(call.path.partition("?")[0]), call.body) for call in world.calls()]
    assert ran.code == code, ran.out + ran.err
    assert len([call for call in calls if fault.matches(*call)]) > fault.skip, "the fault met no call"
