"""People and teams from a table count as if they stood in the YAML; every mistake is told at its row and column."""

from __future__ import annotations

import gc
import os
import unicodedata
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.config import FileContent, load, load_contents
from reconciler.errors import ConfigError
from reconciler.history.configuration_digest import configuration_digest
from reconciler.model.desired import Desired, DesiredGroup
from reconciler.model.identity import Identity
from reconciler.sources.columns import Columns, read_columns

TODAY = date(2026, 11, 30)
SOURCE = (
    "sources: [{csv: roster.csv, id: no, phone: mobile, name: '{first} {last}', teams: [class], team_prefix: class-}]"
)
GROUPS = "groups: {five-a: {name: Class 5a, teams: [class-5a]}}"
HEADER = "no,first,last,mobile,class\n"
ALICE = "101,Alice,Marsh,+1 202 555 0143,5A\n"
BOB = "102,Bob,Marsh,+1 202 555 0144,5A\n"
CAROL = "103,Carol,Stone,+1 303 555 0145,5B\n"

Load = Callable[..., Desired]


@pytest.fixture
def load_roster(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Load:
    """Writes a people file and a YAML file with a source, and loads it."""
    monkeypatch.chdir(tmp_path)

    def loaded(rows: str | bytes, source: str = SOURCE, more: str = "", groups: str = GROUPS) -> Desired:
        Path("roster.csv").write_bytes(rows if isinstance(rows, bytes) else rows.encode())
        Path("groups.yaml").write_text(f"version: 1\n{source}\n{more}\n{groups}\n", encoding="utf-8")
        return load(Path("groups.yaml"), as_of=TODAY)

    return loaded


@pytest.fixture
def problems_of(load_roster: Load) -> Callable[..., list[str]]:
    """Loads a people file that has mistakes, and returns them as lines."""

    def problems(*arguments: str | bytes, **settings: str) -> list[str]:
        with pytest.raises(ConfigError) as caught:
            load_roster(*arguments, **settings)
        return [str(problem) for problem in caught.value.problems]

    return problems


def group(desired: Desired, key: str = "five-a") -> DesiredGroup:
    return next(group for group in desired.groups if group.key == key)


def labels(desired: Desired, key: str = "five-a") -> list[str]:
    members = group(desired, key).listed_members.values()
    return sorted(member.person.alias or member.person.identity for member in members)


def test_a_roster_means_the_same_as_its_people_and_teams_in_the_yaml(load_roster: Load, tmp_path: Path) -> None:
    by_file = load_roster(HEADER + ALICE + BOB + CAROL)
    yaml = tmp_path / "by_hand.yaml"
    yaml.write_text(
        f"""\
version: 1
people:
  person-101: {{phone: +1 202 555 0143, name: Alice Marsh}}
  person-102: {{phone: +1 202 555 0144, name: Bob Marsh}}
  person-103: {{phone: +1 303 555 0145, name: Carol Stone}}
teams: {{class-5a: [person-101, person-102], class-5b: [person-103]}}
{GROUPS}
""",
        encoding="utf-8",
    )
    by_hand = load(yaml, as_of=TODAY)
    assert by_file.people == by_hand.people
    assert by_file.groups == by_hand.groups
    assert configuration_digest(by_file) == configuration_digest(by_hand)
    assert not by_file.warnings


def test_the_desired_state_tells_who_comes_from_which_file_and_row(load_roster: Load) -> None:
    desired = load_roster(HEADER + BOB + ALICE)
    (file,) = desired.people_files
    assert (file.path, file.name, file.format, file.entry) == ("roster.csv", "roster.csv", "csv", "groups.yaml:2")
    assert {alias: (person.identity, person.row, person.teams) for alias, person in file.people.items()} == {
        "person-101": (Identity("+12025550143"), 3, ("class-5a",)),
        "person-102": (Identity("+12025550144"), 2, ("class-5a",)),
    }
    assert file.teams == {"class-5a"}
    assert [(source.path, source.people_file) for source in desired.sources] == [
        ("groups.yaml", False),
        ("roster.csv", True),
    ]


@given(order=st.permutations([ALICE, BOB, CAROL]), before=st.booleans())
def test_neither_the_order_of_the_rows_nor_further_columns_matter(order: list[str], before: bool) -> None:
    def wide(line: str, cell: str) -> str:
        return f"{cell},{line}" if before else line.replace("\n", f",{cell}\n")

    plain = _loaded(HEADER + ALICE + BOB + CAROL)
    mixed = _loaded(wide(HEADER, "remark") + "".join(wide(line, "x") for line in order))
    assert configuration_digest(plain) == configuration_digest(mixed)


def _loaded(roster: str, source: str = SOURCE) -> Desired:
    content = FileContent("groups.yaml", f"version: 1\n{source}\n{GROUPS}\n".encode())
    files = {"roster.csv": FileContent("roster.csv", roster.encode())}
    return load_contents([content], as_of=TODAY, folder=None, name="groups.yaml", find=lambda file, pattern: files)


def with_keys(keys: str) -> str:
    return SOURCE.replace("}]", f", {keys}}}]")


@pytest.mark.parametrize(
    "text",
    [
        (HEADER + ALICE + "104,Zoë,Weiß,+1 202 555 0146,5A\n").encode("utf-8-sig"),
        (HEADER + ALICE + "104,Zoë,Weiß,+1 202 555 0146,5A\n").encode("utf-16"),
        (HEADER + ALICE + "104,Zoë,Weiß,+1 202 555 0146,5A\n").replace(",", ";").encode(),
        (HEADER + ALICE + "104,Zoë,Weiß,+1 202 555 0146,5A\n").replace(",", "\t").replace("\n", "\r\n").encode(),
        b"sep=;\r\n" + (HEADER + ALICE + "104,Zoë,Weiß,+1 202 555 0146,5A\n").replace(",", ";").encode(),
        (HEADER + ALICE + '104,Zoë,"Weiß",="+1 202 555 0146",5A').encode(),
    ],
    ids=["UTF-8 with mark", "UTF-16", "semicolons", "tabs and CRLF", "a line for Excel", "a cell kept as text"],
)
def test_encodings_and_delimiters_make_no_difference(text: bytes, load_roster: Load) -> None:
    desired = load_roster(text)
    assert labels(desired) == ["person-101", "person-104"]
    assert desired.people[Identity("+12025550146")].name == "Zoë Weiß"
    assert not desired.warnings


def test_windows_1252_is_read_with_a_warning(load_roster: Load) -> None:
    desired = load_roster((HEADER + ALICE + "104,Zoë,Weiß,+1 202 555 0146,5A\n").encode("cp1252"))
    assert desired.people[Identity("+12025550146")].name == "Zoë Weiß"
    assert [str(problem) for problem in desired.warnings] == [
        "roster.csv:3:1: warning: the file is not UTF-8, and is read as Windows-1252; look at the names with accents, "
        "or export it as UTF-8"
    ]


def test_a_cell_may_have_line_breaks_and_the_rows_below_keep_their_numbers(
    problems_of: Callable[..., list[str]],
) -> None:
    rows = HEADER + '101,"Alice\nAnn",Marsh,+1 202 555 0143,5A\n' + "102,Bob,Marsh,+1 202 555,5A\n"
    assert problems_of(rows) == [
        "roster.csv:4:1: row 3, column mobile: `+1 2 ••• ••55` is not a valid phone number; "
        "it is too short for its country"
    ]


@pytest.mark.parametrize(
    ("number", "reason"),
    [
        ("1.2025E+10", "has lost its last digits: a spreadsheet rounded it"),
        ("12025550143.0", "ends in `.0`, as a spreadsheet writes a number"),
        ("12025550111.4", "ends in `.4`, as a spreadsheet writes a number"),
        ("12025550111.4375", "ends in `.4375`, as a spreadsheet writes a number"),
        ("202 555 0143", "is not a valid phone number"),
        ("+1 202 555 0143 or +1 202 555 0144", "contains letters"),
        ("none", "has no digits"),
    ],
)
def test_a_mangled_number_is_an_error_at_its_cell(
    number: str, reason: str, problems_of: Callable[..., list[str]]
) -> None:
    (problem,) = problems_of(f"{HEADER}101,Alice,Marsh,{number},5A\n")
    assert problem.startswith("roster.csv:2:1: row 2, column mobile: ")
    assert reason in problem


def test_a_number_without_its_plus_or_zero_is_read_where_it_is_valid_for_the_region(load_roster: Load) -> None:
    rows = HEADER + "101,Alice,Marsh,12025550143,5A\n" + "102,Bob,Marsh,(202) 555-0144,5A\n"
    desired = load_roster(rows, with_keys("region: us"))
    assert {person.identity for person in desired.people.values()} == {"+12025550143", "+12025550144"}


def test_the_first_phone_column_that_is_filled_counts_and_phones_all_takes_each_number_once(load_roster: Load) -> None:
    rows = (
        "no,mobile,home\n101,,+1 202 555 0143\n102,+1 202 555 0144,+1 202 555 0145\n103,+1 202 555 0146,0012025550146\n"
    )
    source = "sources: [{csv: roster.csv, id: no, phone: [mobile, home], team: all}]"
    groups = "groups: {five-a: {name: Class 5a, teams: [all]}}"
    assert labels(load_roster(rows, source, groups=groups)) == ["person-101", "person-102", "person-103"]
    desired = load_roster(rows, source.replace("team:", "phones: all, team:"), groups=groups)
    assert labels(desired) == ["person-101", "person-102", "person-102-2", "person-103"]
    assert desired.people[Identity("+12025550145")].alias == "person-102-2"


def test_a_second_number_is_an_error_of_its_own_column_and_its_alias_may_be_taken(
    problems_of: Callable[..., list[str]],
) -> None:
    source = "sources: [{csv: roster.csv, id: no, phone: [mobile, home], phones: all}]"
    rows = "no,mobile,home\na,+1 202 555 0143,+1 202\na-2,+1 202 555 0144,\nb,+1 202 555 0145,+1 202 555 0146\n"
    assert [problem.partition(";")[0] for problem in problems_of(rows, source, groups="groups: {}")] == [
        "roster.csv:2:1: row 2, column home: `+1 202` is not a valid phone number",
        "roster.csv:3:1: row 3, column no: the ids `a, number 2` and `a-2` make one alias, `a-2`, at roster.csv:2:1",
    ]


def test_where_keeps_rows_with_a_value_one_of_several_or_any(load_roster: Load) -> None:
    rows = "no,mobile,class,status,bus\n101,+1 202 555 0143,5a,Active,7\n102,+1 202 555 0144,5a,left,7\n"
    rows += "103,+1 202 555 0145,5a,active,\n"
    source = "sources: [{csv: roster.csv, id: no, phone: mobile, teams: [class], team_prefix: class-, where: WHERE}]"
    for where, kept in [
        ("{status: active}", ["person-101", "person-103"]),
        ("{status: [active, left]}", ["person-101", "person-102", "person-103"]),
        ("{bus: '*'}", ["person-101", "person-102"]),
        ("{bus: '*', status: active}", ["person-101"]),
    ]:
        assert labels(load_roster(rows, source.replace("WHERE", where))) == kept


def test_where_that_no_row_fits_is_an_error_with_what_the_rows_have(problems_of: Callable[..., list[str]]) -> None:
    assert problems_of(HEADER + ALICE + CAROL, with_keys("where: {class: 6a}")) == [
        "roster.csv:1:1: row 1: no row counts by `where`; correct `where`: the first rows have `5A`, `5B`"
    ]


def test_until_is_the_last_day_in_the_teams_of_the_row(load_roster: Load) -> None:
    rows = "no,mobile,class,leaves\n101,+1 202 555 0143,5a,2027-07-31\n102,+1 202 555 0144,5a,31.07.2026\n"
    rows += "103,+1 202 555 0145,5a,\n"
    source = "sources: [{csv: roster.csv, id: no, phone: mobile, teams: [class], team_prefix: class-, until: leaves}]"
    desired = load_roster(rows, source)
    until = {member.person.alias: member.until for member in group(desired).listed_members.values()}
    assert until == {"person-101": date(2027, 7, 31), "person-103": None}
    assert [member.person.alias for member in group(desired).expired] == ["person-102"]


def test_a_date_that_may_be_two_days_is_an_error_with_both(problems_of: Callable[..., list[str]]) -> None:
    rows = "no,mobile,class,leaves\n101,+1 202 555 0143,5a,03/04/2026\n"
    source = "sources: [{csv: roster.csv, id: no, phone: mobile, teams: [class], team_prefix: class-, until: leaves}]"
    assert problems_of(rows, source) == [
        "roster.csv:2:1: row 2, column leaves: `03/04/2026` may be 2026-04-03 or 2026-03-04; write it as YYYY-MM-DD"
    ]


def test_who_did_not_agree_is_in_no_team_and_counted_once(load_roster: Load) -> None:
    rows = "no,mobile,class,agreed\n101,+1 202 555 0143,5a,yes\n102,+1 202 555 0144,5a,no\n103,+1 202 555 0145,5a,\n"
    source = (
        "sources: [{csv: roster.csv, id: no, phone: mobile, teams: [class], team_prefix: class-, consent: CONSENT}]"
    )
    desired = load_roster(rows, source.replace("CONSENT", "agreed"))
    assert labels(desired) == ["person-101"]
    assert [problem.message for problem in desired.warnings] == ["2 people are left out without consent"]
    assert desired.people_files[0].without_consent == 2
    assert labels(load_roster(rows, source.replace("CONSENT", "{agreed: '*'}"))) == ["person-101", "person-102"]
    assert labels(load_roster(rows, source.replace("CONSENT", "{agreed: [No, maybe]}"))) == ["person-102"]


def test_an_answer_that_is_neither_yes_nor_no_is_an_error(problems_of: Callable[..., list[str]]) -> None:
    (problem,) = problems_of(
        "no,mobile,ok\n101,+1 202 555 0143,perhaps\n",
        "sources: [{csv: roster.csv, id: no, phone: mobile, consent: ok}]",
        groups="",
    )
    assert problem.startswith("roster.csv:2:1: row 2, column ok: `perhaps` is neither yes nor no; ")


def test_rows_without_a_number_are_counted_or_an_error_each(
    load_roster: Load, problems_of: Callable[..., list[str]]
) -> None:
    rows = HEADER + ALICE + "102,Bob,Marsh,,5A\n" + "103,Carol,Stone, ,5B\n"
    desired = load_roster(rows)
    assert labels(desired) == ["person-101"]
    assert [str(problem) for problem in desired.warnings] == [
        "roster.csv:3:1: row 3: warning: 2 rows are left out, this one first: there is no number; "
        "add the number, or remove the row"
    ]
    assert len(problems_of(rows, more="policy: {rows_without_phone: error}")) == 2


@pytest.mark.parametrize(
    ("rows", "problem"),
    [
        (
            HEADER + ALICE + "101,Eve,Stone,+1 202 555 0147,5A\n",
            "roster.csv:3:1: row 3, column no: the id `101` is in two rows, first at roster.csv:2:1; "
            "keep one row for each person",
        ),
        (
            HEADER + "a 1,Alice,Marsh,+1 202 555 0143,5A\n" + "A-1,Eve,Stone,+1 202 555 0147,5A\n",
            "roster.csv:3:1: row 3, column no: the ids `a 1` and `A-1` make one alias, `a-1`, at roster.csv:2:1; "
            "change one of them",
        ),
        (HEADER + ",Eve,Stone,+1 202 555 0147,5A\n", "roster.csv:2:1: row 2, column no: the cell is empty; "),
        (HEADER + "+1 202 555 0143,A,B,+12025550143,5A\n", "row 2, column no: the id is a phone number, "),
        (HEADER + "202-555-0143,A,B,+12025550143,5A\n", "row 2, column no: the id is a phone number, "),
        (HEADER + "?!,A,B,+12025550143,5A\n", "row 2, column no: the id `?!` has no letter or digit; write an id"),
        (
            HEADER + "101,A,B,+12025550143,5A,more\n",
            "roster.csv:2:1: row 2: the row has 6 cells, and the header has 5; ",
        ),
        (HEADER + "101,A,B", "roster.csv:2:1: row 2: the file ends within this row; "),
        (
            HEADER + '101,A,"B,+12025550143,5A\n',
            "roster.csv:2:1: row 2: a quote that begins in this row is never closed; ",
        ),
        (
            HEADER + '101,A,"B" C,+12025550143,5A\n',
            "roster.csv:2:1: row 2: a quote within a cell is not written twice; ",
        ),
        (HEADER, "roster.csv:1:1: row 1: there is no row below the header; "),
        ("", "roster.csv: the file is empty; "),
        ("no,first,last,mobil,class\n", "roster.csv:1:1: row 1: there is no column `mobile`; did you mean `mobil`?"),
        ("no,first,last,mobile,mobile,class\n", "roster.csv:1:1: row 1: several columns are called `mobile`; "),
        (HEADER + "101,A,B\0,+12025550143,5A\n", "roster.csv:2:1: the file has a NUL byte, which no text has; "),
        (HEADER + "101,A,B,+12025550143,7\n", "`7` makes no name for a team"),
    ],
)
def test_each_mistake_is_told_at_its_row(rows: str, problem: str, problems_of: Callable[..., list[str]]) -> None:
    source = SOURCE.replace(", team_prefix: class-", "") if "no name for a team" in problem else SOURCE
    found = problems_of(rows, source, groups="groups: {}")
    assert len(found) == 1
    assert problem in found[0]


def test_values_that_differ_in_more_than_case_and_spaces_are_not_one_team(
    load_roster: Load, problems_of: Callable[..., list[str]]
) -> None:
    rows = "no,mobile,course\n101,+1 202 555 0143,Art 1\n102,+1 202 555 0144,art-1\n"
    source = "sources: [{csv: roster.csv, id: no, phone: mobile, teams: [course]}]"
    assert labels(load_roster(rows, source, groups="groups: {five-a: {name: A, teams: [art-1]}}")) == [
        "person-101",
        "person-102",
    ]
    rows = "no,mobile,course\n101,+1 202 555 0143,C++\n102,+1 202 555 0144,C#\n"
    (problem,) = problems_of(rows, source, groups="groups: {}")
    assert "`C++` and `C#` make one team, `c`, first at roster.csv:2:1; change one of them in the file" in problem


def test_an_alias_or_team_that_the_yaml_has_too_is_an_error(problems_of: Callable[..., list[str]]) -> None:
    more = "people: {person-101: +1 202 555 0199}\nteams: {class-5a: [person-101]}"
    assert [problem.partition(" is also ")[2] for problem in problems_of(HEADER + ALICE, more=more)] == [
        "under `people`, at groups.yaml:3:10; remove one of the two",
    ]
    more = "teams: {class-5a: [+1 202 555 0199]}"
    assert [problem.partition(" is also ")[2] for problem in problems_of(HEADER + ALICE, more=more)] == [
        "under `teams`, at groups.yaml:3:9; rename that one; it can contain this one: `teams: [NAME]`",
    ]


def test_rows_with_one_number_are_one_person_and_told_once(load_roster: Load) -> None:
    rows = HEADER + ALICE + BOB + "104,Ann,Marsh,+12025550143,5B\n"
    desired = load_roster(rows)
    assert desired.people[Identity("+12025550143")].aliases == ("person-101", "person-104")
    (warning,) = desired.warnings
    assert str(warning).startswith(
        "roster.csv:4:1: row 4, column mobile: warning: 1 row has the number of somebody else"
    )


def test_several_sources_fill_one_team_and_a_pattern_reads_files_in_order(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("rosters").mkdir()
    Path("rosters", "b.csv").write_text(HEADER + BOB, encoding="utf-8")
    Path("rosters", "a.csv").write_text(HEADER + ALICE, encoding="utf-8")
    Path("rosters", ".hidden.csv").write_text("nothing", encoding="utf-8")
    source = SOURCE.replace("roster.csv", "rosters/*.csv")
    Path("groups.yaml").write_text(f"version: 1\n{source}\n{GROUPS}\n", encoding="utf-8")
    desired = load(Path("groups.yaml"), as_of=TODAY)
    assert labels(desired) == ["person-101", "person-102"]
    assert [file.name for file in desired.people_files] == ["rosters/a.csv", "rosters/b.csv"]

    def walk(top: Path, onerror: Callable[[OSError], None] = lambda error: None) -> list[tuple[str, list[str]]]:
        onerror(PermissionError(13, "Permission denied", str(top / "locked")))
        return []

    monkeypatch.setattr(os, "walk", walk)
    with pytest.raises(ConfigError, match="rosters/locked: cannot be read: Permission denied; check its permissions"):
        load(Path("groups.yaml"), as_of=TODAY)


@pytest.mark.parametrize(
    ("path", "problem"),
    [
        ("../roster.csv", "`../roster.csv` leads out of the folder of this file"),
        ("/tmp/roster.csv", "`/tmp/roster.csv` leads out of the folder of this file"),
        ("a\\\\roster.csv", "leads out of the folder of this file"),
        ("other.csv", "there is no file `other.csv` in the folder of this file"),
        ("other/*.csv", "there is no file `other/*.csv` in the folder of this file"),
    ],
)
def test_a_path_stays_below_the_yaml_and_has_a_file(
    path: str, problem: str, problems_of: Callable[..., list[str]]
) -> None:
    (found,) = problems_of(HEADER + ALICE, SOURCE.replace("roster.csv", f'"{path}"'))
    assert found.startswith("groups.yaml:2:")
    assert problem in found


def test_a_people_file_that_cannot_be_read_is_one_problem_and_not_one_for_each_use(
    problems_of: Callable[..., list[str]],
) -> None:
    groups = "groups: {five-a: {name: A, teams: [class-5a], members: [person-101]}}"
    assert len(problems_of(b"PK\x03\x04nothing", groups=groups)) == 1


def test_columns_are_found_whatever_their_white_space_and_accents(load_roster: Load) -> None:
    rows = 'Schüler-Nr,"mobile\n phone",class\n1,+1 202 555 0143,5a\n'
    nfd = unicodedata.normalize("NFD", "Schüler-Nr")
    source = f"sources: [{{csv: roster.csv, id: {nfd}, phone: mobile phone, team: class-5a, where: {{ class: 5A}}}}]"
    assert labels(load_roster(rows, source)) == ["person-1"]


def test_somebody_under_people_with_the_number_of_a_row_is_one_person(load_roster: Load) -> None:
    more = "people: {alice: {phone: +1 202 555 0143, name: Alice M, lid: 7}}"
    desired = load_roster(HEADER + ALICE, more=more)
    assert [(p.aliases, p.name, p.lid) for p in desired.people.values()] == [
        (("alice", "person-101"), "Alice M", "7@lid"),
    ]
    assert labels(desired) == ["alice"]


def test_one_number_in_more_rows_than_a_family_has_is_an_error(problems_of: Callable[..., list[str]]) -> None:
    rows = HEADER + "".join(f"{number},A,B,+1 202 555 0143,5A\n" for number in range(100, 125))
    found = [problem for problem in problems_of(rows) if "warning" not in problem]
    assert "more than 20 rows have this number, first at roster.csv:2:1" in found[0]


def test_a_load_leaves_the_collector_as_it_was(load_roster: Load, problems_of: Callable[..., list[str]]) -> None:
    load_roster(HEADER + ALICE)
    assert gc.isenabled()
    problems_of("")
    assert gc.isenabled()


def test_a_people_file_that_is_too_large_or_not_a_file_is_an_error(
    problems_of: Callable[..., list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    source = SOURCE.replace("roster.csv", "folder")
    Path("folder").mkdir()
    assert problems_of(HEADER, source, groups="groups: {}") == ["folder: is not a regular file; name a file"]
    Path("folder").rmdir()
    os.symlink("nowhere", "folder")
    (problem,) = problems_of(HEADER, source, groups="groups: {}")
    assert problem == "folder: cannot be read: No such file or directory; check its permissions"
    monkeypatch.setattr("reconciler.config.source_files.MAX_FILE_BYTES", 200)
    (problem,) = problems_of(HEADER + ALICE * 10)
    assert problem.startswith("roster.csv: the file is larger than 0 MB; split it into several files")


def test_a_name_may_be_one_column(load_roster: Load) -> None:
    desired = load_roster(HEADER + ALICE, SOURCE.replace("'{first} {last}'", "last"))
    assert [person.name for person in desired.people.values()] == ["Marsh"]


def test_a_source_needs_its_columns(problems_of: Callable[..., list[str]]) -> None:
    assert problems_of(HEADER, "sources: [{csv: roster.csv, id: no}]", groups="groups: {}") == [
        "groups.yaml:2:11: sources[0]: `phone` is missing; expected a column with the number, such as `phone: mobile`"
    ]


def test_a_link_is_followed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("real.csv").write_text(HEADER + ALICE, encoding="utf-8")
    Path("groups.yaml").write_text(f"version: 1\n{SOURCE}\n{GROUPS}\n", encoding="utf-8")
    os.symlink("real.csv", "roster.csv")
    assert labels(load(Path("groups.yaml"), as_of=TODAY)) == ["person-101"]


def test_files_are_read_as_kubernetes_mounts_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("..2026_11_30.1").mkdir()
    os.symlink("..2026_11_30.1", "..data")
    for name, text in {"roster.csv": HEADER + ALICE, "groups.yaml": f"version: 1\n{SOURCE}\n{GROUPS}\n"}.items():
        Path("..data", name).write_text(text, encoding="utf-8")
        os.symlink(f"..data/{name}", name)
    assert labels(load(Path("groups.yaml"), as_of=TODAY)) == ["person-101"]


def test_what_mends_several_files_is_told_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    source = SOURCE.replace("roster.csv", "'*.csv'")
    Path("groups.yaml").write_text(f"version: 1\n{source}\ngroups: {{}}\n", encoding="utf-8")
    for name in ("a.csv", "b.csv"):
        Path(name).write_bytes(b"\xd0\xcf\x11\xe0")
    with pytest.raises(ConfigError) as caught:
        load(Path("groups.yaml"), as_of=TODAY)
    assert [(each.file, each.hint) for each in caught.value.problems] == [
        ("a.csv", "save it as .xlsx or CSV"),
        ("b.csv", ""),
    ]


@pytest.mark.parametrize("target", ["../secret", ".git/config", "/etc/passwd"])
def test_a_link_to_a_file_that_is_no_people_file_is_not_read(
    problems_of: Callable[..., list[str]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, target: str
) -> None:
    folder = tmp_path / "folder"
    (folder / ".git").mkdir(parents=True)
    for file in (folder / ".git/config", tmp_path / "secret"):
        file.write_text("[core]\nbasic c2VjcmV0\n", encoding="utf-8")
    monkeypatch.chdir(folder)
    os.symlink(target, "link.csv")
    source = "sources: [{csv: link.csv, id: '[core]', phone: '[core]', team: t}]"
    assert problems_of(HEADER, source, groups="groups: {}") == [
        "link.csv: is a link that leads out of the folder of the YAML file, or to a name that begins with a dot; "
        "put the file itself into the folder"
    ]


@pytest.mark.parametrize("path", [".git/config", "rosters/.secret.csv", "./.env"])
def test_a_source_names_no_file_or_folder_with_a_dot(problems_of: Callable[..., list[str]], path: str) -> None:
    (problem,) = problems_of(HEADER, SOURCE.replace("roster.csv", path), groups="groups: {}")
    assert f": sources[0].csv: `{path.removeprefix('./')}` has a name that begins with a dot;" in problem


def test_a_message_quotes_at_most_30_characters_of_a_cell(problems_of: Callable[..., list[str]]) -> None:
    (problem,) = problems_of(HEADER + "×" * 40 + ",Alice,Marsh,+1 202 555 0143,5A\n", groups="groups: {}")
    assert f"`{'×' * 29}…`" in problem


@pytest.mark.parametrize(
    ("last", "severity"),
    [("4920", "error"), ("4920\n", None), ('"4920"', None), ("492019", "warning"), ("+49 2019", "warning")],
)
def test_a_last_number_with_fewer_digits_than_all_others_is_cut(last: str, severity: str | None) -> None:
    data = f"no,mobile\n1,492015\n2,\n3,492017\n4,{last}".encode()
    read = read_columns(data, Columns(id=("no",), phone=("mobile",)))
    assert [(each.severity, each.row) for each in read.problems] == ([(severity, 5)] if severity else [])


@pytest.mark.parametrize(("end", "warnings"), [("", 1), ("\n", 0)])
def test_a_number_in_which_a_file_ends_may_be_cut(load_roster: Load, end: str, warnings: int) -> None:
    rows = "no,first,last,class,mobile\n101,Alice,Marsh,5A,+1 202 555 0143" + end
    assert [(each.line, each.message.split(",")[0]) for each in load_roster(rows).warnings] == warnings * [
        (2, "the file ends in this cell without a line break")
    ]


def test_a_last_cell_that_says_nothing_about_who_somebody_is_may_end_a_file(load_roster: Load) -> None:
    assert not load_roster((HEADER + ALICE).rstrip("\n")).warnings


@pytest.mark.parametrize("id_", ["1.0", "1001.00", "1E+5", "1.2E+11"])
def test_an_id_that_a_spreadsheet_changed_is_an_error(problems_of: Callable[..., list[str]], id_: str) -> None:
    (problem,) = problems_of(HEADER + BOB + ALICE.replace("101", id_), groups="groups: {}")
    assert f"row 3, column no: `{id_}` is an id that a spreadsheet changed" in problem


def test_where_nobody_agreed_that_is_the_one_error(problems_of: Callable[..., list[str]]) -> None:
    source = SOURCE.replace("mobile,", "mobile, consent: first,")
    assert problems_of((HEADER + ALICE + BOB).replace("Alice", "no").replace("Bob", "no"), source) == [
        "roster.csv: 2 people are left out without consent, and nobody is left; "
        "if they agreed, correct the column of `consent`"
    ]


@pytest.mark.parametrize(("word", "agreed"), [("WAHR", True), ("vrai", True), ("✔", True), ("FAUX", False)])
def test_what_spreadsheets_write_for_a_ticked_box_is_an_answer(load_roster: Load, word: str, agreed: bool) -> None:
    source = SOURCE.replace("mobile,", "mobile, consent: first,")
    desired = load_roster(HEADER + ALICE.replace("Alice", word) + BOB.replace("Bob", "yes"), source)
    assert ("person-101" in labels(desired)) is agreed
