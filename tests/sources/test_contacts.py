"""Which contacts and numbers count, and the id of a contact that has none."""

from __future__ import annotations

import pytest

from reconciler.sources.contacts import RowFilter, filter_rows, with_ids
from reconciler.sources.google import read_google
from reconciler.sources.model import PhoneCell, SourceRow, SourceRows, UnreadableFile
from reconciler.sources.outlook import read_outlook


def row(name: str, *phones: str, teams: tuple[str, ...] = (), id_: str = "") -> SourceRow:
    cells = (phone.partition("|") for phone in phones)
    return SourceRow(
        row=1, id=id_, name=name, phones=tuple(PhoneCell(text, "TEL", label) for text, _, label in cells), teams=teams
    )


def ids(*rows: SourceRow) -> list[str]:
    return [row.id for row in with_ids(rows)]


def test_a_contact_without_an_id_goes_by_its_name() -> None:
    assert ids(row("Alice", "1"), row("Bob", "2", id_="b-1"), row("Carol")) == ["Alice", "b-1", "Carol"]


def test_ids_that_begin_alike_and_are_too_long_for_an_alias_stay_apart_and_stay_the_same() -> None:
    one, other = (f"040000008200E00074C5B7101A82E008{'0' * 60}{end}" for end in "12")
    assert ids(row("A", "1", id_=one), row("B", "2", id_=other)) == ["id-ca2a18c2667a1e12", "id-3bb15bfd489f010f"]
    assert ids(row("A", "1", id_="x" * 50)) == ["x" * 50]


def test_namesakes_all_get_the_end_of_their_number_wherever_they_are_in_the_file() -> None:
    one, other = row("Anna Koch", "+49171 3920011"), row("anna  koch", "+49171 3920022")
    assert ids(one, other) == ["Anna Koch 0011", "anna  koch 0022"]
    assert ids(other, one) == ["anna  koch 0022", "Anna Koch 0011"]


def test_namesakes_with_one_end_of_their_numbers_are_told_apart_by_what_they_have_and_not_by_their_order() -> None:
    one, other = row("Anna", "+1 202 555 0143"), row("Anna", "+1 303 555 0143")
    assert ids(one, other) == ["Anna 0143", "Anna 0143 2"]
    assert ids(other, one) == ["Anna 0143 2", "Anna 0143"]


def test_a_namesake_without_a_number_changes_no_id() -> None:
    assert ids(row("Anna", "1"), row("Anna")) == ["Anna", "Anna"]


def test_a_contact_without_a_name_goes_by_the_end_of_its_number() -> None:
    assert ids(row("", "+1 202 555 0143")) == ["contact 0143"]


CREW = row("Alice", "1|mobile", "2|home", teams=("Crew", "Board"))
BOARD = row("Bob", "3|home", teams=("Board",))
NOBODY = row("Carol", "4|mobile")


def filtered(row_filter: RowFilter, *rows: SourceRow) -> list[tuple[str, list[str], tuple[str, ...]]]:
    read = filter_rows(SourceRows(rows or (CREW, BOARD, NOBODY)), row_filter)
    assert read.problems == ()
    return [(row.id, [phone.text for phone in row.phones], row.teams) for row in read.rows]


def test_only_people_in_a_chosen_team_count_and_no_other_team() -> None:
    assert filtered(RowFilter(teams=("crew",))) == [("Alice", ["1", "2"], ("Crew",))]
    assert [id_ for id_, _, _ in filtered(RowFilter(teams=("*",)))] == ["Alice", "Bob"]


def test_whoever_does_not_count_changes_no_id() -> None:
    rows = (row("Anna", "1", teams=("Crew",)), row("Anna", "2"))
    assert [id_ for id_, _, _ in filtered(RowFilter(teams=("Crew",)), *rows)] == ["Anna"]


def test_of_several_labels_the_first_that_a_contact_has_counts() -> None:
    numbers = [(id_, phones) for id_, phones, _ in filtered(RowFilter(labels=("Home", "mobile")))]
    assert numbers == [("Alice", ["2", "1"]), ("Bob", ["3"]), ("Carol", ["4"])]
    assert filtered(RowFilter(labels=("home",)))[2] == ("Carol", [], ())


@pytest.mark.parametrize(
    ("row_filter", "rows", "message", "hint"),
    [
        (RowFilter(), (), "the file has nobody", "export it again; to do without it, remove it from `sources`"),
        (
            RowFilter(teams=("Crow",)),
            (CREW,),
            "nobody in the file has the team {0}",
            "correct it; the file has {1}, {2}",
        ),
        (
            RowFilter(teams=("Crew",)),
            (NOBODY,),
            "nobody in the file has the team {0}",
            "remove it; the file has no teams",
        ),
        (RowFilter(labels=("cell",)), (BOARD,), "nobody in the file has the label {0}", "correct it; the file has {1}"),
    ],
)
def test_a_file_in_which_nobody_counts_is_an_error(
    row_filter: RowFilter, rows: tuple[SourceRow, ...], message: str, hint: str
) -> None:
    (problem,) = filter_rows(SourceRows(rows), row_filter).problems
    assert (problem.severity, problem.message, problem.hint) == ("error", message, hint)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ("First Name,Last Name,Phone 1 - Value\nA,B,1\n", "the header is not that of an export of Google Contacts"),
        ("Labels,Phone 1 - Value,Phone 1 - Value\nA,1,2\n", "several columns are called {0}"),
        ("", "the file is empty"),
    ],
)
def test_a_table_that_is_no_export_of_google_is_refused(data: str, message: str) -> None:
    with pytest.raises(UnreadableFile) as caught:
        read_google(data.encode())
    assert caught.value.problem.message == message


def test_labels_of_googles_own_are_no_teams_and_several_values_of_a_cell_are_told_apart() -> None:
    header = "Name,Nickname,Group Membership,Phone 1 - Type,Phone 1 - Value,Phone 2 - Value\n"
    (person,) = read_google(f"{header},Al,* myContacts ::: B ::: A ::: B,* Mobile,1 ::: 2,3\n".encode()).rows
    assert (person.name, person.teams) == ("Al", ("A", "B"))
    assert [(phone.text, phone.label) for phone in person.phones] == [("1", "mobile"), ("2", "mobile"), ("3", "")]


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ("Voornaam,Mobiele telefoon\nA,1\n", "the header is not that of an export of Outlook"),
        ("First Name,Categories\nA,B\n", "the header is not that of an export of Outlook"),
        ("First Name,Mobile Phone,Mobile Phone\nA,1,2\n", "several columns are called {0}"),
    ],
)
def test_a_table_that_is_no_export_of_outlook_is_refused(data: str, message: str) -> None:
    with pytest.raises(UnreadableFile) as caught:
        read_outlook(data.encode())
    assert caught.value.problem.message == message


def test_outlook_takes_no_number_of_somebody_else_and_no_fax() -> None:
    header = "First Name,Company,Assistant's Phone,Company Main Phone,Business Fax,Home Phone,MOBILE PHONE\n"
    person, company = read_outlook(f"{header}A,X,1,2,3,4,5\n,Boat house,,,,,6\n".encode()).rows
    assert [(phone.text, phone.label) for phone in person.phones] == [("5", "mobile"), ("4", "home")]
    assert company.name == "Boat house"
