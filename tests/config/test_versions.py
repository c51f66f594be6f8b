"""Versions that are loaded one after the other mean what each one means alone."""

from __future__ import annotations

import random
from dataclasses import fields
from datetime import date
from pathlib import PurePath

import pytest

from reconciler.config import FileContent, load_contents
from reconciler.config.source_files import find_people_files, is_people_file
from reconciler.config.sources import FileFinder
from reconciler.config.versions import VersionLoader, with_ended_members
from reconciler.errors import ConfigError
from reconciler.history.compare_configs import compare_configs
from reconciler.history.config_diff import ConfigVersion
from reconciler.model.desired import Desired

DAY = date(2026, 6, 1)
BASE = """\
# A comment.
---
version: 1
instance: {id: inst_x, phone: +1 202 555 0100}
region: US

people:
  # The board.
  alice: +1 202 555 0143
  bob:
    phone: +1 202 555 0144
    name: Bob Marsh
  cleo: {phone: "+1 202 555 0145"}

teams:
  board: [alice]
  staff:
    teams: [board]
    members:
      - bob

defaults: {membership: exact}
policy:
  max_members: 5

groups:
  alpha:
    name: Alpha
    description: |
      A text
        with: a key

      # and no comment
    members: [alice,
      cleo]

  beta:
    name: "Be
      ta"
    teams: [staff]  # everybody
    absent: [cleo]
    except: [bob]
  gamma: {name: Gamma, members: [{person: bob, until: 2026-01-31}, +1 303 555 0199]}
"""
PIECES = (
    *("alice", "bob", "cleo", "dan", "+1 202 555 0143", "+1 202 555 0150", "+1 303 555 0199"),
    *("[", "]", "{", "}", '"', "'", "&a ", "*a", "|", "#", "? ", "!!str ", "- ", ": ", ", ", "  "),
    *("\n", "\n  ", "\n    ", "\u2028", "\r\n", "\r", "\t", "\ufeff", "---\n", "...\n", "%YAML 1.1\n"),
    *("people:", "groups:\n", "groups: {}\n", "version: 1\n", "region: DE\n", "  delta:\n    name: Delta\n"),
    *("teams: [board]", "members: []", "name: Alpha", "id: 120363000000000001@g.us", "previously: [Beta]"),
    *("max_members: 2", "until: 2026-12-31", "  alice: +1 202 555 0177\n"),
    "restrictions:\n  - {path: '**', groups: ['*']}\n",
)


RESOLVED = {"groups", "people", "instance_id", "account", "account_since", "policy", "region", "restrictions"}
OF_OTHER_SECTIONS = {"people_files", "rules", "tests", "findings", "failed_tests", "rules_checked"}
LEFT_OUT = {"as_of", "teams", "sources", "warnings", "origins", "account_place", "group_places"}


def alone(contents: list[FileContent], folder: str | None, find: FileFinder) -> Desired | str:
    try:
        return with_ended_members(load_contents(contents, as_of=DAY, folder=folder, name="groups.yaml", find=find))
    except ConfigError as error:
        return str(error.problems)


def check(
    loader: VersionLoader,
    contents: list[FileContent],
    folder: str | None = None,
    find: FileFinder = find_people_files,
) -> bool:
    """Whether the version is valid; it must be, or not be, and mean, what it is alone."""
    expected = alone(contents, folder, find)
    try:
        found: Desired | str = loader.load(contents, as_of=DAY, folder=folder, name="groups.yaml", find=find)
    except ConfigError as error:
        found = str(error.problems)
    assert isinstance(found, Desired) == isinstance(expected, Desired), (found, expected)
    if not isinstance(found, Desired) or not isinstance(expected, Desired):
        assert found == expected
        return False
    # Compared as `diff` compares, places in files apart; spelling and teams as well.
    version = ConfigVersion("any")
    assert not compare_configs(expected, found, version, version).differs
    assert [(group.key, group.listed_members) for group in found.groups] == [
        (group.key, group.listed_members) for group in expected.groups
    ]
    assert (found.people, found.account) == (expected.people, expected.account)
    return True


def edited(text: str, chance: random.Random) -> str:
    """The text with something put in, taken out, or twice."""
    start = chance.randrange(len(text) + 1)
    end = min(len(text), start + chance.choice((0, 0, 0, 1, 4, 30)))
    lines = text.split("\n")
    at = chance.randrange(len(lines))
    return chance.choice(
        (
            text[:start] + chance.choice(PIECES) + text[end:],
            text[:start] + text[end:],
            "\n".join([*lines[:at], *lines[at + 1 :]]),
            "\n".join([*lines[:at], lines[at], *lines[at:]]),
            "\n".join([*lines[:at], chance.choice(PIECES), *lines[at:]]),
        )
    )


@pytest.mark.parametrize("seed", range(12))
def test_a_version_means_what_it_means_alone_whatever_was_loaded_before(seed: int) -> None:
    chance, loader, text = random.Random(seed), VersionLoader(), BASE
    valid = 0
    for _ in range(40):
        new = edited(text, chance)
        is_valid = check(loader, [FileContent("groups.yaml", new.encode())])
        valid += is_valid
        # An invalid version is followed by others, and by the valid one that it was made of.
        text = new if is_valid or chance.random() < 0.1 else text
        text = text if len(text) < 3000 and (is_valid or chance.random() < 0.6) else BASE
    assert valid > 3


@pytest.mark.parametrize("seed", range(6))
def test_the_files_of_a_folder_mean_together_what_they_mean_alone(seed: int) -> None:
    chance, loader = random.Random(seed), VersionLoader()
    head, _, groups = BASE.partition("groups:\n")
    files = {"f/a.yaml": head, "f/sales/b.yaml": "groups:\n" + groups}
    files["f/a.yaml"] += "restrictions:\n  - {path: 'sales/**', groups: ['*']}\n" if seed % 2 else ""
    for _ in range(30):
        name = chance.choice(sorted(files))
        changed = {**files, name: edited(files[name], chance)}
        if check(loader, [FileContent(file, text.encode()) for file, text in changed.items()], folder="f"):
            files = changed


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("  alice: +1 202 555 0143", "  alice: +1 202 555 0146"),
        ("  alice: +1 202 555 0143", "  alice: +1 202 555 0145"),
        ('  cleo: {phone: "+1 202 555 0145"}', "  cleo: +1 303 555 0199"),
        ("  board: [alice]", "  board: [cleo]"),
        ("  board: [alice]", "  board: []"),
        ("max_members: 5", "max_members: 1"),
        ("defaults: {membership: exact}", "defaults: {teams: [board]}"),
        ("name: Gamma", "name: Alpha"),
        ("name: Gamma", "name: Gamma, previously: [Alpha]"),
        ("region: US", "region: DE"),
        ("phone: +1 202 555 0100", "phone: +1 202 555 0144"),
        ("    name: Bob Marsh", "    name: Bobby"),
        ("  gamma:", "  beta:"),
        ("version: 1", "# version"),
        ("version: 1", "version: 1\nrestrictions: [{path: groups.yaml, groups: ['**'], people: true, teams: true}]"),
        ("version: 1", "version: 1\nrestrictions: [{path: groups.yaml, groups: [alpha]}]"),
        ("version: 1", "version: 1\nrestrictions: [{path: ../x}]"),
        ("defaults: {membership: exact}", "defaults: {absent: [dan]}\n"),
        ("  cleo:", "  dan: +1 303 555 0111\n  cleo:"),
    ],
)
def test_a_group_changes_with_what_it_refers_to(old: str, new: str) -> None:
    loader = VersionLoader()
    assert old in BASE
    assert check(loader, [FileContent("groups.yaml", BASE.encode())])
    for text in (BASE.replace(old, new), BASE, BASE.replace(old, new)):
        check(loader, [FileContent("groups.yaml", text.encode())])


def test_every_field_of_a_configuration_has_its_place() -> None:
    # A new field is to be resolved in `VersionLoader`, too, or be a section that makes it load the whole.
    assert {each.name for each in fields(Desired)} == RESOLVED | LEFT_OUT | OF_OTHER_SECTIONS


def test_what_did_not_change_is_not_resolved_again() -> None:
    loader = VersionLoader()
    first = loader.load([FileContent("groups.yaml", BASE.encode())], as_of=DAY, folder=None, name="groups.yaml")
    text = BASE.replace("name: Alpha", "name: Alpha Team").replace("people:", "people:\n  dan: +1 202 555 0149")
    second = loader.load([FileContent("groups.yaml", text.encode())], as_of=DAY, folder=None, name="groups.yaml")

    assert [before is after for before, after in zip(first.groups, second.groups, strict=True)] == [False, True, True]


@pytest.mark.parametrize("seed", range(4))
def test_people_files_mean_what_they_mean_alone(seed: int) -> None:
    chance, loader = random.Random(seed), VersionLoader()
    sources = "sources:\n  - {csv: 'r/*.csv', id: no, phone: phone, teams: [class], until: until}\n"
    text = BASE.replace("max_members: 5", "max_members: 50").replace("teams: [staff]", "teams: [staff, class-a]")
    text = text.replace("groups:\n", f"{sources}\ngroups:\n")
    rows = [f"{number},(404) 555-01{number},Class A,\n" for number in range(10, 16)]
    files = {"r/a.csv": "no,phone,class,until\n" + "".join(rows), "r/b.csv": "no,phone,class,until\n20,,Class B,\n"}

    def find(_: str, pattern: str) -> dict[str, FileContent]:
        return {
            name: FileContent(name, data.encode())
            for name, data in files.items()
            if is_people_file(pattern, PurePath(name))
        }

    valid = 0
    for _ in range(40):
        before = text, dict(files)
        if chance.random() < 0.3:
            text = edited(text, chance)
        if chance.random() < 0.7:
            name = chance.choice(sorted(files))
            lines = files[name].splitlines(keepends=True)
            row = f"{chance.randrange(10, 30)},+1 404 555 01{chance.randrange(10, 30)},Class {chance.choice('AB')},"
            lines.insert(
                chance.randrange(1, len(lines) + 1), f"{row}{chance.choice(('', '2026-01-31', '2026-12-31'))}\n"
            )
            del lines[chance.randrange(1, len(lines))]
            files[name] = "".join(lines)
        is_valid = check(loader, [FileContent("groups.yaml", text.encode())], find=find)
        valid += is_valid
        if not is_valid and chance.random() < 0.9:
            text, files = before
    assert valid > 4
