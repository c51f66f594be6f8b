"""Rules as the file has them, and what breaks them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from reconciler.model.identity import Identity


class Severity(StrEnum):
    """What a broken rule does: ERROR refuses an apply, WARNING is shown, AUDIT is only listed."""

    ERROR = "error"
    WARNING = "warning"
    AUDIT = "audit"


@dataclass(frozen=True, slots=True)
class Exemption:
    """A group or a person that may break a rule until the end of a day (UTC), and why."""

    until: date
    reason: str
    group: str | None = None
    person: Identity | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """A rule that is broken, and by whom.

    `group` is a key and `person` a member of it; each is None where the rule is not about one. `exemption` allows it.
    """

    rule: str
    severity: Severity
    message: str
    group: str | None = None
    person: Identity | None = None
    exemption: Exemption | None = None
