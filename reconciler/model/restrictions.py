"""Which file may say what: rules by path, of which the first that matches decides. No match: nothing is allowed.

The file that holds the rules is free unless one of them is for it: whoever may change it may change the rules.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, TypeAlias

from reconciler.model.globs import matches

STEERING: Final = ("restrictions", "policy", "instance", "defaults", "region")
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
            return any(matches(pattern, key) for pattern in self.groups)
        return self.people if section == "people" else self.teams


@dataclass(frozen=True, slots=True)
class Restrictions:
    """All rules in their order; `where` is the file and line at which they begin, `holder` is the name of that file."""

    rules: tuple[Rule, ...] = ()
    where: str = ""
    holder: str = ""

    def rule_for(self, file: str) -> Rule | None:
        """The rule that decides about a file, by its path below the folder; None where nothing is allowed."""
        free = Rule(file, ("**",), people=True, teams=True, where=self.where) if file == self.holder else None
        return next((rule for rule in self.rules if matches(rule.path, file)), free)

    def allow(self, file: str, section: str, key: str) -> bool:
        """Whether this file may say this key."""
        rule = self.rule_for(file)
        return rule is not None and rule.allows(section, key)
