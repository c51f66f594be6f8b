"""Rules for what each file may define: the first rule whose path matches decides; without one, nothing is allowed.

The file with the rules may define everything unless one of them matches it: people who may change it may change the
rules.

Patterns for paths and keys match the whole text: `*` and `?` stay within one folder, `**` crosses folders.

    sales-*          sales-north, sales-south; not big-sales-north
    sales/*.yaml     sales/north.yaml; not sales/north/a.yaml
    sales/**         everything below sales/, at any depth
    **/people.yaml   people.yaml in any folder, the topmost too

Every other character matches itself, and case matters. No pattern makes a match take for ever.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Final, TypeAlias

GLOBAL_SECTIONS: Final = ("restrictions", "policy", "instance", "defaults", "region")
"""Sections that control safety: with restrictions, they are allowed only in the same file."""
RESTRICTED: Final = ("groups", "people", "teams", "sources")
"""Sections whose keys a rule allows or not."""
Origins: TypeAlias = Mapping[str, Mapping[str, str]]
"""The file of each key, per restricted section. A file is its path below the loaded folder, with slashes; a single file
is its name."""


@dataclass(frozen=True, slots=True)
class Rule:
    """What the files that match `path` may define. `groups` are patterns of keys; `where` is its file and line."""

    path: str
    groups: tuple[str, ...] = ()
    people: bool = False
    teams: bool = False
    sources: bool = False
    where: str = ""

    def allows(self, section: str, key: str) -> bool:
        """Return whether a file of this rule may define this key of a section in `RESTRICTED`."""
        if section == "groups":
            return any(glob_match(pattern, key) for pattern in self.groups)
        return {"people": self.people, "teams": self.teams, "sources": self.sources}[section]


@dataclass(frozen=True, slots=True)
class Restrictions:
    """All rules in their order; `where` is the file and line of the first, `defined_in` the name of that file."""

    rules: tuple[Rule, ...] = ()
    where: str = ""
    defined_in: str = ""

    def rule_for(self, file: str) -> Rule | None:
        """Return the rule that decides about a file, by its path below the folder; None if it may define nothing."""
        own_rule = (
            Rule(file, ("**",), people=True, teams=True, sources=True, where=self.where)
            if file == self.defined_in
            else None
        )
        return next((rule for rule in self.rules if glob_match(rule.path, file)), own_rule)

    def allow(self, file: str, section: str, key: str) -> bool:
        """Return whether this file may define this key."""
        rule = self.rule_for(file)
        return rule is not None and rule.allows(section, key)


def glob_match(pattern: str, text: str) -> bool:
    """Return whether the whole text fits the pattern; both are compared in Unicode's composed form."""
    expression = _compile(unicodedata.normalize("NFC", pattern))
    return expression.fullmatch(unicodedata.normalize("NFC", text)) is not None


_STARS = re.compile(r"((?:(?<=/)|\A)\*\*/|\*\*+)")
"""What crosses folders: `**/` at the beginning of a folder's name, or `**` anywhere."""


@lru_cache(maxsize=1024)
def _compile(pattern: str) -> re.Pattern[str]:
    """Return the pattern as an expression that never backtracks over a wildcard, in the way of `fnmatch.translate`.

    An atomic group keeps the first place where the text up to the next wildcard fits, which is as good as any later
    one; only the text after the last wildcard must reach the end.
    """
    first, *rest = _STARS.split(pattern)
    if not rest:
        return re.compile(_within_folder(first, is_last=True), re.DOTALL)
    blocks = [(_gap(stars), text) for stars, text in zip(rest[::2], rest[1::2], strict=True)]
    middle = [f"(?>{gap}{_within_folder(text, is_last=False)})" for gap, text in blocks[:-1]]
    gap, text = blocks[-1]
    parts = (f"(?>{_within_folder(first, is_last=False)})", *middle, gap, _within_folder(text, is_last=True))
    return re.compile("".join(parts), re.DOTALL)


def _gap(stars: str) -> str:
    return "(?:.*?/)??" if stars == "**/" else ".*?"


def _within_folder(text: str, *, is_last: bool) -> str:
    """Return the expression of a text with `*` and `?`, which stay within one folder."""
    first, *rest = (re.escape(part).replace(r"\?", "[^/]") for part in text.split("*"))
    if not rest:
        return first
    middle = "".join(f"(?>[^/]*?{part})" for part in (rest[:-1] if is_last else rest))
    return f"{first}{middle}[^/]*{rest[-1]}" if is_last else f"{first}{middle}"
