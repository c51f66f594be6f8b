"""What CEL expressions and messages of rules may use: each variable by its path, with its type."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from reconciler.model.rules import Each


class ValueType(StrEnum):
    """The type of a variable, in CEL's words."""

    TEXT = "string"
    NUMBER = "int"
    DAY = "timestamp"
    TEXTS = "list(string)"
    LISTS = "map(string, list(string))"


@dataclass(frozen=True, slots=True)
class Variable:
    """A value that an expression may use. An `optional` one can be absent: `has(…)` tells before it is used."""

    type: ValueType
    description: str
    optional: bool = False


_GROUP: Final = {
    "key": Variable(ValueType.TEXT, "The group's key."),
    "name": Variable(ValueType.TEXT, 'The name; `""` where the file does not set one.'),
    "members": Variable(ValueType.TEXTS, "The aliases of the members; a number where somebody has no alias."),
    "teams": Variable(
        ValueType.TEXTS, "The teams through which the group has members, and the teams that contain them."
    ),
    "admins": Variable(ValueType.TEXTS, "The aliases of the admins; in an exact group only of those who are members."),
    "membership": Variable(ValueType.TEXT, "`exact`, `additive` or `observe`."),
    "state": Variable(
        ValueType.TEXT, "`present`, or `left` for a group to leave, which only a rule of `each: group` or `change` has."
    ),
    "size": Variable(ValueType.NUMBER, "How many members the file lists, those of teams included."),
}
_PERSON: Final = {
    "alias": Variable(ValueType.TEXT, 'The first alias; `""` without one.'),
    "label": Variable(ValueType.TEXT, "The name, else the alias, else the number."),
    "country": Variable(ValueType.TEXT, 'The two-letter code of the number\'s country; `""` where it has none.'),
    "teams": Variable(ValueType.TEXTS, "The teams that the person is in, and the teams that contain them."),
    "groups": Variable(ValueType.TEXTS, "The keys of the groups that the person is a member of."),
    "source": Variable(ValueType.TEXT, 'The people file that has the person; `""` without one.'),
}
_MEMBER: Final = {
    "until": Variable(ValueType.DAY, "The last day, at midnight in UTC.", optional=True),
    "reason": Variable(ValueType.TEXT, 'The reason; `""` without one.'),
    "through": Variable(ValueType.TEXTS, "The teams through which the person is a member; empty for a direct member."),
}
_ANYWHERE: Final = {
    "today": Variable(ValueType.DAY, "The day of the check, at midnight in UTC."),
    "file.groups": Variable(ValueType.TEXTS, "The keys of all groups."),
    "file.people": Variable(ValueType.TEXTS, "The aliases of all people; a number where somebody has no alias."),
    "file.teams": Variable(ValueType.LISTS, "The people of each team, by the name of the team."),
}


def _fields(name: str, fields: Mapping[str, Variable]) -> dict[str, Variable]:
    return {f"{name}.{field}": variable for field, variable in fields.items()}


VARIABLES: Final[Mapping[Each, Mapping[str, Variable]]] = MappingProxyType(
    {
        Each.GROUP: _fields("group", _GROUP) | _ANYWHERE,
        Each.MEMBER: _fields("member", _MEMBER)
        | _fields("member.person", _PERSON)
        | _fields("person", _PERSON)
        | _fields("group", _GROUP)
        | _ANYWHERE,
        Each.PERSON: _fields("person", _PERSON) | _ANYWHERE,
        Each.CHANGE: {
            "change.action": Variable(
                ValueType.TEXT, "`create`, `join`, `rename`, `describe`, `add`, `remove` or `leave`."
            )
        }
        | _fields("change.person", _PERSON)
        | _fields("change.group", _GROUP)
        | _ANYWHERE,
    }
)
"""What rules of each kind may use, by path: `member.until`."""
ANYWHERE: Final = frozenset(_ANYWHERE)
"""The variables that have one value for all that a rule is about."""
ROOTS: Final = frozenset(path.partition(".")[0] for variables in VARIABLES.values() for path in variables)
"""The first names of all variables."""
