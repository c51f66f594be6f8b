"""Read a school's roster: the ZIP of CSV files that OneRoster 1.1 and 1.2 define.

The whole roster or nothing: an export of changes, a missing file or a reference to nobody is an error, because people
who are missing from a roster leave the groups.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Set
from dataclasses import dataclass, field
from datetime import date
from typing import Final, Literal, TypeAlias

from reconciler.model.text import folded_name
from reconciler.sources.model import MOBILE, PhoneCell, RowProblem, SourceRow, SourceRows
from reconciler.sources.roster_files import (
    CLASSES,
    ENROLLMENTS,
    ROLES,
    SESSIONS,
    USERS,
    Record,
    RosterFiles,
    has_begun,
    has_not_ended,
    is_active,
    read_roster_files,
)

RosterPeople: TypeAlias = Literal["students", "guardians", "staff"]
RosterTeams: TypeAlias = Literal["class", "grade"]
_STUDENT: Final = frozenset({"student"})
_GUARDIAN: Final = frozenset({"guardian", "parent"})
_STAFF: Final = frozenset(
    {
        "administrator",
        "aide",
        "counselor",
        "districtadministrator",
        "principal",
        "proctor",
        "siteadministrator",
        "systemadministrator",
        "teacher",
    }
)
_ROLES: Final[Mapping[RosterPeople, Set[str]]] = {"students": _STUDENT, "guardians": _GUARDIAN, "staff": _STAFF}
_KNOWN_ROLES: Final = _STUDENT | _GUARDIAN | _STAFF | {"relative"}
_OWN_ROLE: Final = "ext:"
"""Begins a role that a school system adds; nobody knows whether it is staff."""
_PHONES: Final = {"sms": MOBILE, "phone": "phone"}
_DANGLING: Final = "export the whole roster again: a part of it may be missing"


def read_oneroster(data: bytes, people: RosterPeople, teams: RosterTeams, as_of: date) -> SourceRows:
    """Return the students, guardians or staff of a roster, with their classes or grades as teams.

    Enrollments, roles and classes count on the day `as_of`. A guardian is in the teams of the children. Raise
    UnreadableFile for an archive that cannot be read.
    """
    problems: list[RowProblem] = []
    needed = [USERS, *([CLASSES, ENROLLMENTS, SESSIONS] if teams == "class" else [])]
    files = read_roster_files(data, needed, problems)
    if files is None or not _has_columns(files, people, teams, problems):
        return SourceRows((), tuple(problems))
    roster = _Roster.read(files, as_of, problems)
    roles = _STUDENT if people == "guardians" else _ROLES[people]
    if teams == "class":
        by_user = _class_teams(files, roster, roles, as_of, problems)
    else:
        by_user = {id_: set(user.items("grades")) for id_, user in roster.users.items() if roster.has(id_, roles)}
    if people == "guardians":
        by_user = _teams_of_children(roster, by_user, problems)
    ids = (id_ for id_ in roster.users if roster.has(id_, _ROLES[people]))
    rows = tuple(_row(roster.users[id_], by_user.get(id_, ())) for id_ in ids)
    return SourceRows(rows, tuple(dict.fromkeys(problems)))


def _has_columns(files: RosterFiles, people: RosterPeople, teams: RosterTeams, problems: list[RowProblem]) -> bool:
    """Return whether users.csv has the columns without which everybody would be missing."""
    header = files.headers[USERS]
    wanted = {
        "role": files.version == "1.1" and "role" not in header,
        "grades": teams == "grade" and "grades" not in header,
        "agentSourcedIds": people == "guardians" and "agentSourcedIds" not in header,
        " or ".join(_PHONES): not any(column in header for column in _PHONES),
    }
    missing = [column for column, is_missing in wanted.items() if is_missing]
    for column in missing:
        message, hint = f"the table has no column {column}", "have the school's system export it"
        problems.append(RowProblem(part=USERS, row=1, line=1, message=message, hint=hint))
    return not missing


@dataclass(frozen=True, slots=True)
class _Roster:
    """Everybody of a roster by `sourcedId`: the users who count, their roles, and the ids of deleted ones too."""

    users: dict[str, Record] = field(default_factory=dict)
    roles: defaultdict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    known: set[str] = field(default_factory=set)

    @classmethod
    def read(cls, files: RosterFiles, as_of: date, problems: list[RowProblem]) -> _Roster:
        roster = cls()
        for user in files.records(USERS):
            id_ = user["sourcedId"]
            if not id_ or id_ in roster.known:
                message = "{0} is the id of another user, too" if id_ else "the row has no id"
                problems.append(user.problem("sourcedId", message, "give each user one sourcedId"))
            roster.known.add(id_)
            if is_active(user, problems) and _is_enabled(user, problems):
                roster.users[id_] = user
                if files.version == "1.1":
                    roster.roles[id_].add(_role(user, problems))
        for role in files.records(ROLES):
            user_id = roster.user_of(role, problems)
            if _counts(role, as_of, problems):
                roster.roles[user_id].add(_role(role, problems))
        return roster

    def has(self, id_: str, roles: Set[str]) -> bool:
        """Return whether a user counts and has one of the roles."""
        return id_ in self.users and not roles.isdisjoint(self.roles[id_])

    def user_of(self, record: Record, problems: list[RowProblem]) -> str:
        """Return the user that a record names; a problem if there is none."""
        id_ = record["userSourcedId"]
        if id_ not in self.known:
            problems.append(record.problem("userSourcedId", f"{{0}} is not in {USERS}", _DANGLING))
        return id_


def _is_enabled(user: Record, problems: list[RowProblem]) -> bool:
    value = user["enabledUser"].lower()
    if value not in ("true", "false"):
        message = "{0} is neither true nor false"
        problems.append(user.problem("enabledUser", message, "write true, or false for somebody who left"))
    return value == "true"


def _role(record: Record, problems: list[RowProblem]) -> str:
    role = record["role"].lower()
    if role not in _KNOWN_ROLES and not role.startswith(_OWN_ROLE):
        hint = f"write one of {', '.join(sorted(_KNOWN_ROLES))}"
        problems.append(record.problem("role", "{0} is no role of OneRoster", hint))
    return role


def _counts(record: Record, as_of: date, problems: list[RowProblem]) -> bool:
    """Return whether a role or an enrollment is not deleted, and has the day between its dates."""
    checks = (
        is_active(record, problems),
        has_begun(record, "beginDate", as_of, problems),
        has_not_ended(record, as_of, problems),
    )
    return all(checks)


def _class_teams(
    files: RosterFiles, roster: _Roster, roles: Set[str], as_of: date, problems: list[RowProblem]
) -> dict[str, set[str]]:
    """Return the names of the classes in which each user is enrolled with one of the roles."""
    names = _class_names(_current_classes(files, as_of, problems))
    known = {record["sourcedId"] for record in files.records(CLASSES)}
    teams: defaultdict[str, set[str]] = defaultdict(set)
    for enrollment in files.records(ENROLLMENTS):
        user, class_ = roster.user_of(enrollment, problems), enrollment["classSourcedId"]
        if class_ not in known:
            problems.append(enrollment.problem("classSourcedId", f"{{0}} is not in {CLASSES}", _DANGLING))
        is_wanted = _role(enrollment, problems) in roles
        if _counts(enrollment, as_of, problems) and is_wanted and class_ in names:
            teams[user].add(names[class_])
    return teams


def _current_classes(files: RosterFiles, as_of: date, problems: list[RowProblem]) -> list[Record]:
    """Return the classes whose terms have begun and have not ended; between two terms of its own a class goes on."""
    sessions = {session["sourcedId"]: session for session in files.records(SESSIONS)}
    current = []
    for record in files.records(CLASSES):
        terms = [sessions[term] for term in record.items("termSourcedIds") if term in sessions]
        begun = [has_begun(term, "startDate", as_of, problems) for term in terms]
        open_ = [has_not_ended(term, as_of, problems) for term in terms]
        if is_active(record, problems) and (not terms or (any(begun) and any(open_))):
            current.append(record)
    return current


def _class_names(classes: Iterable[Record]) -> dict[str, str]:
    """Return the team of each class by its id: the title, and where another class may be meant, code or id behind it.

    Two classes are never one team, and the order of the rows does not matter.
    """
    names = {
        record["sourcedId"]: [
            name
            for name in (
                record["title"],
                f"{record['title']} {record['classCode']}".strip(),
                f"{record['title']} {record['sourcedId']}".strip(),
            )
            if folded_name(name)
        ]
        for record in classes
    }
    owners: defaultdict[str, set[str]] = defaultdict(set)
    for id_, candidates in names.items():
        for name in candidates:
            owners[folded_name(name)].add(id_)
    return {
        id_: next((name for name in candidates if len(owners[folded_name(name)]) == 1), id_)
        for id_, candidates in names.items()
    }


def _teams_of_children(
    roster: _Roster, teams: Mapping[str, set[str]], problems: list[RowProblem]
) -> dict[str, set[str]]:
    """Return the teams of each guardian: those of the children. Child and guardian name each other, or one does."""
    result: defaultdict[str, set[str]] = defaultdict(set)
    for id_, user in roster.users.items():
        is_child, is_guardian = roster.has(id_, _STUDENT), roster.has(id_, _GUARDIAN)
        for other in user.items("agentSourcedIds") if is_child or is_guardian else ():
            if other not in roster.known:
                message = f"one of {{0}} is not in {USERS}"
                problems.append(user.problem("agentSourcedIds", message, _DANGLING))
            if is_child:
                result[other] |= teams.get(id_, set())
            if is_guardian and roster.has(other, _STUDENT):
                result[id_] |= teams.get(other, set())
    return result


def _row(user: Record, teams: Iterable[str]) -> SourceRow:
    phones = (PhoneCell(user[column], column, label) for column, label in _PHONES.items() if user[column])
    given = user["preferredGivenName"] or user["givenName"]
    family = user["preferredFamilyName"] or user["familyName"]
    return SourceRow(
        part=user.file,
        row=user.row,
        line=user.line,
        id=user["sourcedId"],
        phones=tuple(phones),
        name=f"{given} {family}".strip(),
        teams=tuple(sorted(teams)),
    )
