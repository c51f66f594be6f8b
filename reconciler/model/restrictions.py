"""Which file may say what: rules by path, of which the first that matches decides. No match: nothing is allowed.

The file that holds the rules is free unless one of them is for it: whoever may change it may change the rules.


Anchored patterns for paths and keys: `*` and `?` stay within one folder, `**` goes through folders.

    sales-*          sales-north, sales-south; not big-sales-north
    sales/*.yaml     sales/north.yaml; not sales/north/a.yaml
    sales/**         everything below sales/, at any depth
    **/people.yaml   people.yaml in any folder, the topmost too

A pattern is for the whole text. Every other character stands for itself, capitals are no small letters. A match takes
time in proportion to both lengths, whatever the pattern: nobody can write one that never ends.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from functools import lru_cache
from typing import Final, TypeAlias

GLOBAL_SECTIONS: Final = ("restrictions", "policy", "instance", "defaults", "region")
"""Sections that steer safety: once there are restrictions, they stand in the file that has these and in no other."""


RESTRICTED: Final = ("groups", "people", "teams")
"""Sections whose keys a rule allows or not."""


Origins: TypeAlias = Mapping[str, Mapping[str, str]]
"""Per restricted section: which file says each key. A file goes by its path below the folder that was loaded, with
slashes; a single file by its name."""


@dataclass(frozen=True, slots=True)
class Rule:
    """What the files that match `path` may say. `groups` are patterns of keys; `where` is the rule's file and line."""

    path: str
    groups: tuple[str, ...] = ()
    people: bool = False
    teams: bool = False
    where: str = ""

    def allows(self, section: str, key: str) -> bool:
        """Whether a file of this rule may say this key of `groups`, `people` or `teams`."""
        if section == "groups":
            return any(glob_match(pattern, key) for pattern in self.groups)
        return self.people if section == "people" else self.teams


@dataclass(frozen=True, slots=True)
class Restrictions:
    """All rules in their order; `where` is the file and line at which they begin, `defined_in` is the name of that file."""

    rules: tuple[Rule, ...] = ()
    where: str = ""
    defined_in: str = ""

    def rule_for(self, file: str) -> Rule | None:
        """The rule that decides about a file, by its path below the folder; None where nothing is allowed."""
        free = Rule(file, ("**",), people=True, teams=True, where=self.where) if file == self.defined_in else None
        return next((rule for rule in self.rules if glob_match(rule.path, file)), free)

    def allow(self, file: str, section: str, key: str) -> bool:
        """Whether this file may say this key."""
        rule = self.rule_for(file)
        return rule is not None and rule.allows(section, key)


class _Wild(Enum):
    """What a piece of a pattern stands for, where it is no plain character."""

    ONE = "?"
    SOME = "*"
    ANY = "**"
    FOLDERS = "**/"
    """No folder at all, or those that the `WITHIN` after it runs through."""
    WITHIN = "within **/"


_Piece = str | _Wild


_PIECES = re.compile(r"(?:(?<=/)|\A)\*\*/|\*\*+|\*|\?|[^*?]", re.DOTALL)


def glob_match(pattern: str, text: str) -> bool:
    """Whether the whole text fits the pattern; both are compared in Unicode's composed form."""
    pieces = _pieces(unicodedata.normalize("NFC", pattern))
    reached = _with_empty({0}, pieces)
    for char in unicodedata.normalize("NFC", text):
        reached = _with_empty(_after(char, reached, pieces), pieces)
        if not reached:
            return False
    return len(pieces) in reached


@lru_cache(maxsize=1024)
def _pieces(pattern: str) -> tuple[_Piece, ...]:
    pieces: list[_Piece] = []
    for piece in _PIECES.findall(pattern):
        if piece == "**/":
            pieces += [_Wild.FOLDERS, _Wild.WITHIN]
        elif piece.startswith("**"):
            pieces.append(_Wild.ANY)
        else:
            pieces.append({"*": _Wild.SOME, "?": _Wild.ONE}.get(piece, piece))
    return tuple(pieces)


def _with_empty(reached: set[int], pieces: tuple[_Piece, ...]) -> set[int]:
    """These places in the pattern, and those that can be reached from them without any text."""
    found: set[int] = set()
    waiting = list(reached)
    while waiting:
        at = waiting.pop()
        if at in found:
            continue
        found.add(at)
        piece = pieces[at] if at < len(pieces) else ""
        if piece in (_Wild.SOME, _Wild.ANY):
            waiting.append(at + 1)
        elif piece is _Wild.FOLDERS:
            waiting += [at + 1, at + 2]
    return found


def _after(char: str, reached: set[int], pieces: tuple[_Piece, ...]) -> set[int]:
    """The places in the pattern after one more character of the text."""
    found: set[int] = set()
    for at in reached:
        piece = pieces[at] if at < len(pieces) else _Wild.FOLDERS
        if piece == char or (piece is _Wild.ONE and char != "/"):
            found.add(at + 1)
        elif piece in (_Wild.ANY, _Wild.WITHIN) or (piece is _Wild.SOME and char != "/"):
            found.add(at)
            if piece is _Wild.WITHIN and char == "/":
                found.add(at + 1)
    return found
