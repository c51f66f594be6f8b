"""What a story wants of its groups, in a form from which both its YAML and the fewest calls follow."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from benchmarks.files import INSTANCE
from benchmarks.numbers import OWN


@dataclass(frozen=True, slots=True)
class Wanted:
    """One group of the file. None: not written, so not managed. People are digits.

    `by_link` are members who come by the invite link alone.
    """

    key: str
    name: str | None = None
    id: str | None = None
    previously: tuple[str, ...] = ()
    description: str | None = None
    members: frozenset[str] | None = None
    by_link: frozenset[str] = frozenset()
    absent: frozenset[str] = frozenset()
    membership: str = "exact"
    invite: str | None = None
    left: bool = False


@dataclass(frozen=True, slots=True)
class File:
    """A whole file: its groups, and the alias of everybody who has one, by digits."""

    groups: tuple[Wanted, ...]
    aliases: Mapping[str, str] = field(default_factory=dict)

    def yaml(self) -> str:
        """The file's text."""
        lines = ["version: 1", f"instance: {{id: {INSTANCE}, phone: {OWN}}}"]
        if self.aliases:
            lines += ["people:", *(f"  {alias}: +{digits}" for digits, alias in self.aliases.items())]
        lines.append("groups:")
        for group in self.groups:
            lines.append(f"  {group.key}:")
            lines += [f"    {line}" for line in self._fields(group)]
        return "\n".join(lines) + "\n"

    def _fields(self, group: Wanted) -> Iterable[str]:
        texts = {"name": group.name, "id": group.id, "description": group.description, "invite": group.invite}
        yield from (f"{key}: {_quoted(value)}" for key, value in texts.items() if value is not None)
        if group.previously:
            yield f"previously: [{', '.join(map(_quoted, group.previously))}]"
        if group.members is not None:
            people = [self._person(p) for p in sorted(group.members - group.by_link)]
            people += [f"{{person: {self._person(p)}, join: invite}}" for p in sorted(group.by_link)]
            yield f"members: [{', '.join(people)}]"
        if group.absent:
            yield f"absent: [{', '.join(map(self._person, sorted(group.absent)))}]"
        yield f"membership: {group.membership}"
        yield f"state: {'left' if group.left else 'present'}"

    def _person(self, digits: str) -> str:
        return self.aliases.get(digits, f"+{digits}")


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)
