"""Read `rules`: each with a name, what must hold, and who may break it until when."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final

from reconciler.config.document import LocatedValue, MergedConfig, as_mapping, as_text
from reconciler.config.expressions import read_expression
from reconciler.config.memberships import Memberships, read_date
from reconciler.config.people import People
from reconciler.config.problem_collector import ProblemCollector, did_you_mean, quote_value
from reconciler.errors import ProblemKind
from reconciler.model.rules import (
    AtLeastAdmins,
    Condition,
    Exemption,
    MaxGroupsPerPerson,
    MustContain,
    Naming,
    RequireConsent,
    RequireEnd,
    Rule,
    Separate,
    Severity,
    Together,
)
from reconciler.model.text import composed
from reconciler.rules.name_pattern import NamePattern

_DAYS: Final = re.compile(r"([0-9]{1,5})d", re.ASCII)
MAX_RULES: Final = 500
"""Rules of all files together: each takes time in every plan."""
_COMMON: Final = frozenset({"name", "use", "message", "severity", "exempt"})


@dataclass(frozen=True, slots=True)
class _Form:
    """The keys that a ready-made rule must have and those that it may have, and what reads its condition."""

    required: tuple[str, ...]
    read: Callable[[RuleReader, LocatedValue], Condition | None]
    optional: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class RuleReader:
    """Reads the rules of a configuration; `texts` has the text of each file, `places` each rule by name."""

    merged: MergedConfig
    people: People
    memberships: Memberships
    problems: ProblemCollector
    texts: Mapping[str, str]
    places: dict[str, LocatedValue] = field(default_factory=dict)

    def rules(self) -> tuple[Rule, ...]:
        """Return the rules in the order of the files; every mistake is among the problems."""
        for entry in self.merged.rules[MAX_RULES : MAX_RULES + 1]:
            message = f"there are {len(self.merged.rules):,} rules; {MAX_RULES} are allowed"
            self.problems.error(ProblemKind.VALUE, entry.place, message, "let one rule say what several do")
        read = (self._rule(entry) for entry in self.merged.rules[:MAX_RULES])
        return tuple(rule for rule in read if rule is not None)

    def _rule(self, entry: LocatedValue) -> Rule | None:
        fields = as_mapping(entry.value)
        if "name" not in fields or not {"use", "require"} & fields.keys():
            return None  # the schema check has reported it
        name = composed(as_text(fields["name"]))
        first = self.places.setdefault(name, entry)
        if first is not entry:
            message = f"the rule {quote_value(name)} is defined twice, first at"
            hint = "give each rule a name of its own"
            other = first.place.at("name")
            self.problems.error(ProblemKind.DUPLICATE_KEY, entry.place.at("name"), message, hint, other=other)
        form = _FORMS[as_text(fields["use"])] if "use" in fields else _EXPRESSION
        if not self._has_its_keys(entry, form):
            return None
        condition, exempt = form.read(self, entry), self._exemptions(entry.field("exempt"))
        groups = self._groups(entry.field("groups"))
        if condition is None:
            return None
        return Rule(
            name=name,
            condition=condition,
            message=as_text(fields["message"]).strip() if "message" in fields else "",
            severity=Severity(as_text(fields["severity"])) if "severity" in fields else Severity.ERROR,
            groups=groups,
            exempt=exempt,
        )

    def _has_its_keys(self, entry: LocatedValue, form: _Form) -> bool:
        """Return whether a rule has the keys that it needs; report what is missing or not known."""
        fields = as_mapping(entry.value)
        main = "use" if "use" in fields else "require"
        use, own = quote_value(as_text(fields["use"]) if "use" in fields else main), (*form.required, *form.optional)
        for key in fields.keys() - _COMMON - set(own):
            takes = f"it takes {' and '.join(f'`{name}`' for name in own)}"
            place = entry.place.at(key).as_key()
            self.problems.error(ProblemKind.UNKNOWN_KEY, place, f"{use} has no key {quote_value(key)}", takes)
        missing = [key for key in form.required if key not in fields]
        for key in missing:
            self.problems.error(ProblemKind.MISSING_KEY, entry.place.at(main), f"{use} needs `{key}`", "add it")
        return not missing

    def teams(self, entry: LocatedValue, key: str) -> tuple[str, ...]:
        """Return the teams of a list; report each that there is not."""
        items = entry.field(key)
        names = [] if items is None else [(composed(as_text(item.value)), item.place) for item in items.items()]
        return tuple(dict.fromkeys(name for name, place in names if self.memberships.has_team(name, place)))

    def team(self, entry: LocatedValue, key: str) -> str | None:
        """Return a team; None, with a problem, where there is no such team."""
        item = entry.field(key)
        name = composed(as_text(item.value)) if item is not None else ""
        return name if item is not None and self.memberships.has_team(name, item.place) else None

    def _groups(self, entry: LocatedValue | None) -> tuple[str, ...]:
        """Return patterns of keys; report a key that no group has."""
        if entry is None:
            return ()
        items = list(entry.items()) if isinstance(entry.value, list) else [entry]
        for item in items:
            pattern = composed(as_text(item.value))
            if not set("*?") & set(pattern):
                self._has_group(pattern, item)
        return tuple(composed(as_text(item.value)) for item in items)

    def _has_group(self, key: str, entry: LocatedValue) -> bool:
        groups = self.merged.sections["groups"]
        if key not in groups and not self.merged.is_broken("groups", key):
            hint = did_you_mean(key, groups) or "use the key of a group"
            message = f"there is no group {quote_value(key)}"
            self.problems.error(ProblemKind.UNKNOWN_REFERENCE, entry.place, message, hint)
        return key in groups

    def _exemptions(self, entry: LocatedValue | None) -> tuple[Exemption, ...]:
        read = (self._exemption(item) for item in entry.items()) if entry is not None else ()
        return tuple(exemption for exemption in read if exemption is not None)

    def _exemption(self, entry: LocatedValue) -> Exemption | None:
        fields = as_mapping(entry.value)
        group, person, identity = entry.field("group"), entry.field("person"), None
        until = read_date(fields.get("until"), entry.place.at("until"), self.problems)
        if group is not None and not self._has_group(composed(as_text(group.value)), group):
            return None
        if person is not None:
            found = self.people.person(as_text(person.value), person.place)
            if found is None:
                return None
            identity = found.identity
        if until is None or "reason" not in fields or (group is None and person is None):
            return None
        key = composed(as_text(group.value)) if group is not None else None
        return Exemption(until, as_text(fields["reason"]).strip(), key, identity)


def _require_end(reader: RuleReader, entry: LocatedValue) -> Condition | None:
    teams, within = reader.teams(entry, "teams"), entry.field("within")
    match = _DAYS.fullmatch(as_text(within.value)) if within is not None else None
    return RequireEnd(teams, int(match[1]) if match is not None else None) if teams else None


def _separate(reader: RuleReader, entry: LocatedValue) -> Condition | None:
    teams, items = reader.teams(entry, "teams"), entry.field("teams")
    if len(teams) == 1 and items is not None and len({composed(as_text(item.value)) for item in items.items()}) == 1:
        message, hint = "a team cannot be separate from itself", "name at least two teams"
        reader.problems.error(ProblemKind.VALUE, items.place, message, hint)
    return Separate(teams) if len(teams) > 1 else None


def _together(reader: RuleReader, entry: LocatedValue) -> Condition | None:
    who, required = reader.teams(entry, "who"), reader.teams(entry, "in")
    return Together(who, required) if who and required else None


def _must_contain(reader: RuleReader, entry: LocatedValue) -> Condition | None:
    team = reader.team(entry, "team")
    return None if team is None else MustContain(team)


def _naming(reader: RuleReader, entry: LocatedValue) -> Condition | None:
    pattern = composed(as_text(as_mapping(entry.value)["pattern"]))
    try:
        NamePattern(pattern)
    except ValueError:
        message = f"{quote_value(pattern)} is not a regular expression that can be used"
        hint = "look-around, back-references and large repetitions are refused; `[0-9]{4}` is a year, `.` any character"
        if _closes_too_early(pattern):
            hint = "a `)` closes no bracket"
        reader.problems.error(ProblemKind.VALUE, entry.place.at("pattern"), message, hint)
        return None
    return Naming(pattern)


def _closes_too_early(pattern: str) -> bool:
    """Return whether there is a `)` before its `(`, escaped ones and those in `[…]` left out."""
    depth = 0
    for bracket in re.findall(r"[()]", re.sub(r"\\.|\[\^?\]?[^\]]*\]", "", pattern)):
        depth += 1 if bracket == "(" else -1
        if depth < 0:
            return True
    return False


def _count(entry: LocatedValue) -> int:
    return int(float(as_text(as_mapping(entry.value)["count"])))


_EXPRESSION: Final = _Form(
    ("require", "each"), lambda reader, entry: read_expression(entry, reader.texts, reader.problems), ("when",)
)
_FORMS: Final[Mapping[str, _Form]] = {
    "require-end": _Form(("teams",), _require_end, ("within", "groups")),
    "separate": _Form(("teams",), _separate),
    "together": _Form(("who", "in"), _together),
    "must-contain": _Form(("team", "groups"), _must_contain),
    "at-least-admins": _Form(("count",), lambda _, entry: AtLeastAdmins(_count(entry)), ("groups",)),
    "max-groups-per-person": _Form(("count",), lambda _, entry: MaxGroupsPerPerson(_count(entry)), ("groups",)),
    "require-consent": _Form((), lambda *_: RequireConsent(), ("groups",)),
    "naming": _Form(("pattern",), _naming, ("groups",)),
}
"""The ready-made rules by their names."""
