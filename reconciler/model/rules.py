"""Rules as the file has them, and what breaks them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import ClassVar, TypeAlias

from reconciler.model.identity import Identity


class Severity(StrEnum):
    """What a broken rule does: ERROR refuses an apply, WARNING is shown, AUDIT is only listed."""

    ERROR = "error"
    WARNING = "warning"
    AUDIT = "audit"


@dataclass(frozen=True, slots=True)
class Exemption:
    """A group, a person or one person in one group that may break a rule until the end of a day (UTC), and why."""

    until: date
    reason: str
    group: str | None = None
    person: Identity | None = None


@dataclass(frozen=True, slots=True)
class RequireEnd:
    """Everybody of the teams is in a group only with an `until`, at most `within` days from today (None: any day)."""

    use: ClassVar[str] = "require-end"
    teams: tuple[str, ...]
    within: int | None = None


@dataclass(frozen=True, slots=True)
class Separate:
    """Nobody is in two of the teams."""

    use: ClassVar[str] = "separate"
    teams: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Together:
    """Everybody in one of the teams `who` is in each of the teams `required`, too."""

    use: ClassVar[str] = "together"
    who: tuple[str, ...]
    required: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class MustContain:
    """Everybody of the team is in each of the groups."""

    use: ClassVar[str] = "must-contain"
    team: str


@dataclass(frozen=True, slots=True)
class AtLeastAdmins:
    """Each of the groups has at least so many admins in the file."""

    use: ClassVar[str] = "at-least-admins"
    count: int


@dataclass(frozen=True, slots=True)
class MaxGroupsPerPerson:
    """Nobody is in more of the groups than this."""

    use: ClassVar[str] = "max-groups-per-person"
    count: int


@dataclass(frozen=True, slots=True)
class RequireConsent:
    """Nobody is in one of the groups who did not agree, as a people file has it."""

    use: ClassVar[str] = "require-consent"


@dataclass(frozen=True, slots=True)
class Naming:
    """The whole name of each of the groups matches a regular expression."""

    use: ClassVar[str] = "naming"
    pattern: str


class Each(StrEnum):
    """What an expression is evaluated for, one after the other: groups, their members, people, changes of a plan."""

    GROUP = "group"
    MEMBER = "member"
    PERSON = "person"
    CHANGE = "change"


@dataclass(frozen=True, slots=True)
class Expression:
    """A CEL expression that is true for each, where the expression `when` is true, too ("": everywhere)."""

    use: ClassVar[str] = "require"
    each: Each
    require: str
    when: str = ""


Condition: TypeAlias = (
    RequireEnd
    | Separate
    | Together
    | MustContain
    | AtLeastAdmins
    | MaxGroupsPerPerson
    | RequireConsent
    | Naming
    | Expression
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """A rule of the file. `groups` are patterns of the keys that it is about (none: all groups)."""

    name: str
    condition: Condition
    message: str = ""
    severity: Severity = Severity.ERROR
    groups: tuple[str, ...] = ()
    exempt: tuple[Exemption, ...] = ()

    @property
    def is_about_changes(self) -> bool:
        """Whether it is about what a plan changes, and not about the file."""
        return isinstance(self.condition, Expression) and self.condition.each is Each.CHANGE


@dataclass(frozen=True, slots=True)
class RuleOverride:
    """A rule that an apply may break once, and why."""

    rule: str
    reason: str


class FindingKind(StrEnum):
    """What was found about a rule.

    BROKEN: somebody or something breaks it. EXEMPT: the same, and an exemption allows it. EXEMPTION_ENDED: the last day
    of an exemption has passed. EXEMPTION_UNUSED: nothing needs an exemption. NOTHING_TO_CHECK: the rule is about nobody
    and no group. NOT_EVALUATED: an expression that could not be evaluated, or took too long.
    """

    BROKEN = "broken"
    EXEMPT = "exempt"
    EXEMPTION_ENDED = "exemption-ended"
    EXEMPTION_UNUSED = "exemption-unused"
    NOTHING_TO_CHECK = "nothing-to-check"
    NOT_EVALUATED = "not-evaluated"


@dataclass(frozen=True, slots=True)
class FindingPlace:
    """Where in the files a finding is: line and column from 1, and the path in the document."""

    file: str
    line: int
    column: int
    path: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}" if self.line else f"{self.file}, {self.path}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What was found about a rule: mostly who or what breaks it.

    `group` is a key, `person` somebody and `team` the team whose entry of that person breaks the rule; each is None
    where the finding is not about one. `exemption` is the one that allows it, or that ended or is not used.
    """

    rule: str
    kind: FindingKind = FindingKind.BROKEN
    severity: Severity
    message: str
    group: str | None = None
    person: Identity | None = None
    team: str | None = None
    exemption: Exemption | None = None
    place: FindingPlace | None = None

    @property
    def refuses(self) -> bool:
        """Whether it refuses an apply."""
        return self.severity is Severity.ERROR and self.kind is not FindingKind.EXEMPT
