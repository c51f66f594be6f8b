"""A roster is read whole or not at all, on the day that counts, and nobody is in a class of somebody else."""

from __future__ import annotations

from datetime import date

import pytest

from reconciler.sources.model import RowProblem, UnreadableFile
from reconciler.sources.oneroster import RosterPeople, RosterTeams, read_oneroster
from tests.sources.rosters import changed, tables_of, zipped

DAY = date(2026, 10, 5)


def teams(data: bytes, people: RosterPeople = "students", day: date = DAY) -> dict[str, tuple[str, ...]]:
    read = read_oneroster(data, people, "class", day)
    assert read.problems == ()
    return {row.id: row.teams for row in read.rows}


def problems(
    data: bytes, people: RosterPeople = "students", teams: RosterTeams = "class"
) -> list[tuple[str, int, str, str]]:
    """Each problem by its file, row, column and message; with a problem nobody is to be trusted."""
    try:
        found: tuple[RowProblem, ...] = read_oneroster(data, people, teams, DAY).problems
    except UnreadableFile as error:
        found = (error.problem,)
    assert all(problem.severity == "error" and problem.hint for problem in found)
    return [(problem.part, problem.row, problem.column, problem.message.format(*problem.values)) for problem in found]


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (
            ("manifest.csv", "file.users,bulk", "file.users,delta"),
            ("manifest.csv", 0, "", "users.csv has only what changed (delta), not the whole roster"),
        ),
        (
            ("manifest.csv", "file.enrollments,bulk", "file.enrollments,delta"),
            ("manifest.csv", 0, "", "enrollments.csv has only what changed (delta), not the whole roster"),
        ),
        (
            ("manifest.csv", "file.classes,bulk", "file.classes,absent"),
            ("manifest.csv", 0, "", "classes.csv is there, and the manifest lists it as absent"),
        ),
        (
            ("manifest.csv", "file.users,bulk", "file.users,full"),
            ("manifest.csv", 0, "", "the manifest lists users.csv as full, which is not one of bulk, absent, delta"),
        ),
        (
            ("manifest.csv", "oneroster.version,1.1", "oneroster.version,1.0"),
            ("manifest.csv", 0, "", "the manifest does not name the version OneRoster 1.1 or 1.2"),
        ),
        (
            ("manifest.csv", "propertyName,value", "name,value"),
            ("manifest.csv", 1, "", "the table has no column propertyName"),
        ),
        (
            ("users.csv", ",sms,phone,", ",mobile,landline,"),
            ("users.csv", 1, "", "the table has no column sms or phone"),
        ),
        (("users.csv", ",role,", ",kind,"), ("users.csv", 1, "", "the table has no column role")),
        (("users.csv", ",email,sms,", ",sms,sms,"), ("users.csv", 1, "", "several columns are called sms")),
        (
            ("users.csv", "s1,,,true", "s1,,,yes"),
            ("users.csv", 2, "enabledUser", "yes is neither true nor false"),
        ),
        (("users.csv", "s1,,,true", "s1,gone,,true"), ("users.csv", 2, "status", "gone is no status")),
        (("users.csv", "s2,,,true", "s1,,,true"), ("users.csv", 3, "sourcedId", "s1 is the id of another user, too")),
        (("users.csv", "a1,,,true", ",,,true"), ("users.csv", 10, "sourcedId", "the row has no id")),
        (
            ("users.csv", "org-1,teacher", "org-1,coach"),
            ("users.csv", 9, "role", "coach is no role of OneRoster"),
        ),
        (
            ("users.csv", "s2,,,true", "s9,,,true"),
            ("enrollments.csv", 3, "userSourcedId", "s2 is not in users.csv"),
        ),
        (
            ("enrollments.csv", "e1,,,k7a", "e1,,,k9z"),
            ("enrollments.csv", 2, "classSourcedId", "k9z is not in classes.csv"),
        ),
        (
            ("enrollments.csv", "student,,2026-08-15", "student,,15.8.2026"),
            ("enrollments.csv", 2, "beginDate", "15.8.2026 is not a date"),
        ),
        (
            ("academicSessions.csv", "semester,2026-08-15,2026-12-20", "semester,2026-08-15,soon"),
            ("academicSessions.csv", 3, "endDate", "soon is not a date"),
        ),
    ],
)
def test_a_mistake_is_reported_at_its_file_row_and_column(
    change: tuple[str, str, str], expected: tuple[str, int, str, str]
) -> None:
    assert expected in problems(changed("v1.1", change))


@pytest.mark.parametrize("missing", ["users.csv", "classes.csv", "enrollments.csv", "academicSessions.csv"])
def test_a_missing_table_is_an_error(missing: str) -> None:
    tables = tables_of("v1.1")
    del tables[missing]
    expected = ("manifest.csv", 0, "", f"{missing} is missing, and the manifest lists it as there")
    assert problems(zipped(tables)) == [expected]


def test_without_a_manifest_nothing_says_that_the_roster_is_whole() -> None:
    tables = tables_of("v1.1")
    del tables["manifest.csv"]
    assert "this may be only a part of a roster" in problems(zipped(tables))[0][3]


def test_half_a_table_is_an_error_because_other_tables_name_who_is_missing() -> None:
    tables = tables_of("v1.1")
    lines = tables["users.csv"].splitlines(keepends=True)
    tables["users.csv"] = "".join(lines[: len(lines) // 2])
    named = {(column, message.partition(" ")[0]) for _, _, column, message in problems(zipped(tables))}
    assert named == {("userSourcedId", "t7")}
    assert ("users.csv", 3, "agentSourcedIds", "one of g3 is not in users.csv") in problems(zipped(tables), "guardians")


def test_a_table_that_does_not_matter_may_be_absent_or_a_delta() -> None:
    tables = tables_of("v1.1")
    del tables["academicSessions.csv"]
    tables["manifest.csv"] = (
        tables["manifest.csv"]
        .replace("file.academicSessions,bulk", "file.academicSessions,absent")
        .replace("file.orgs,bulk", "file.orgs,delta")
    )
    assert teams(zipped(tables))["s1"] == ("7A 7A-26",)  # without terms last year's 7A is a class of today, too


def test_the_last_day_of_an_enrollment_counts_and_the_day_after_it_does_not() -> None:
    data = changed(
        "v1.1", ("enrollments.csv", "s1,student,,2026-08-15,2027-06-05", "s1,student,,2026-10-05,2026-10-06")
    )
    days = (date(2026, 10, 4), date(2026, 10, 5), date(2026, 10, 6), date(2026, 10, 7))
    assert [teams(data, day=day)["s1"] for day in days] == [(), ("7A",), ("7A",), ()]


def test_a_class_goes_on_between_two_of_its_terms_and_ends_with_the_last_one() -> None:
    data = changed("v1.1", ("enrollments.csv", "2026-08-15,2027-06-05", ","))
    days = (date(2026, 8, 14), date(2026, 12, 31), date(2027, 6, 5), date(2027, 6, 6))
    assert [teams(data, day=day)["s1"] for day in days] == [(), ("7A",), ("7A",), ()]


def test_classes_of_one_title_are_told_apart_by_code_or_id_wherever_their_rows_are() -> None:
    tables = tables_of("v1.2")
    assert set(teams(zipped(tables)).values()) == {("Math M-1",), ("Math M-2",)}
    tables["classes.csv"] = tables["classes.csv"].replace("M-1,", "X,").replace("M-2,", "X,")
    assert set(teams(zipped(tables)).values()) == {("Math m-1",), ("Math m-2",)}
    tables["classes.csv"] = tables["classes.csv"].replace("Math", "")
    assert set(teams(zipped(tables)).values()) == {("m-1",), ("m-2",)}


def test_a_title_that_looks_like_another_class_with_its_code_is_no_second_team_of_it() -> None:
    tables = tables_of("v1.2")
    tables["classes.csv"] += "m-3,,,Math M-1,09,m1,X,scheduled,,org-1,y26,,,3\n"
    tables["enrollments.csv"] += "e5,,,m-3,org-1,u2,student,,,\n"
    assert teams(zipped(tables)) == {"u1": ("m-1",), "u2": ("Math M-1 X", "Math M-2")}


def test_whoever_is_deleted_or_switched_off_is_in_no_class_and_leads_no_guardian_to_one() -> None:
    gone = changed("v1.1", ("users.csv", "s2,,,true", "s2,tobedeleted,,true"))
    assert "s2" not in teams(gone)
    assert teams(gone, "guardians")["g3"] == ()
    off = changed("v1.1", ("users.csv", "s2,,,true", "s2,,,false"))
    assert teams(off, "guardians")["g3"] == ()


def test_a_relative_and_a_role_of_a_systems_own_are_neither_guardian_nor_staff() -> None:
    assert "r1" not in {**teams(changed("v1.1"), "guardians"), **teams(changed("v1.1"), "staff")}
    assert set(teams(changed("v1.2"), "staff")) == {"u3"}


def test_a_role_counts_between_its_dates() -> None:
    assert set(teams(changed("v1.2"), "staff", date(2026, 3, 31))) == {"u3", "u4"}


def test_files_in_one_folder_of_the_archive_and_what_macos_adds_are_fine() -> None:
    tables = {f"export 2026/{name}": text for name, text in tables_of("v1.1").items()}
    extra = {f"__MACOSX/export 2026/._{name}": b"\0\5\x16\7" for name in tables_of("v1.1")}
    assert teams(zipped({"export 2026/": "", **tables, **extra})) == teams(changed("v1.1"))
