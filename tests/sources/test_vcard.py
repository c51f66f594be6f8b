"""Cards of every version give the same people, and a card that is broken is an error at its line."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.sources.content_lines import joined_lines
from reconciler.sources.model import SourceRow
from reconciler.sources.vcard import read_vcard


def card(*lines: str, version: str = "3.0") -> bytes:
    return "\r\n".join(["BEGIN:VCARD", f"VERSION:{version}", *lines, "END:VCARD", ""]).encode()


def only(data: bytes) -> SourceRow:
    read = read_vcard(data)
    assert read.problems == ()
    (row,) = read.rows
    return row


def problems(data: bytes) -> list[tuple[int, str]]:
    return [(problem.line, problem.message) for problem in read_vcard(data).problems]


@pytest.mark.parametrize(
    ("line", "label"),
    [
        ("TEL;CELL:+1 202 555 0143", "mobile"),
        ("TEL;CELL;VOICE;PREF:+1 202 555 0143", "mobile"),
        ("tel;type=cell:+1 202 555 0143", "mobile"),
        ("TEL;TYPE=CELL,VOICE:+1 202 555 0143", "mobile"),
        ('TEL;TYPE="voice,cell":+1 202 555 0143', "mobile"),
        ("TEL;TYPE=WORK;TYPE=CELL:+1 202 555 0143", "mobile"),
        ("TEL;TYPE=HOME:+1 202 555 0143", "home"),
        ("TEL;VALUE=uri;TYPE=cell:tel:+1 202 555 0143", "mobile"),
        ("TEL;VALUE=uri:TEL:+1 202 555 0143;phone-context=example.org", ""),
        ("TEL:+1 202 555 0143", ""),
        ("item1.TEL:+1 202 555 0143\r\nitem1.X-ABLabel:_$!<Mobile>!$_", "mobile"),
        ("item1.TEL:+1 202 555 0143\r\nitem1.X-ABLabel:Boat House", "boat house"),
        ("TEL;TYPE=FAX,CELL:+1 202 555 0143", "mobile"),
    ],
)
def test_a_number_and_its_label_are_found_in_every_spelling(line: str, label: str) -> None:
    (phone,) = only(card("FN:Alice", line)).phones
    assert (phone.text, phone.column, phone.label) == ("+1 202 555 0143", "TEL", label)


def test_the_mobile_number_comes_first_and_of_several_the_preferred_one() -> None:
    row = only(card("FN:A", "TEL;WORK:1", "TEL;CELL:2", "TEL;CELL;PREF:3", "TEL;PAGER:4", "TEL;FAX:5"))
    assert [phone.text for phone in row.phones] == ["3", "2", "1"]
    row = only(card("FN:A", "TEL;TYPE=home:1", 'TEL;TYPE="home";PREF=1:2', version="4.0"))
    assert [phone.text for phone in row.phones] == ["2", "1"]


def test_a_number_with_an_extension_is_left_out_with_a_warning() -> None:
    read = read_vcard(card("FN:A", "TEL;VALUE=uri:tel:+1-202-555-0100;ext=5", "TEL:+1 202 555 0143"))
    assert [phone.text for phone in read.rows[0].phones] == ["+1 202 555 0143"]
    assert [(problem.line, problem.severity) for problem in read.problems] == [(4, "warning")]


@pytest.mark.parametrize(
    ("lines", "name"),
    [
        (("FN:Bob Marsh", "N:X;Y;;;"), "Bob Marsh"),
        (("N:Marsh;Bob;J.;Dr.;Jr.",), "Bob J. Marsh"),
        (("FN:", "N:;;;;", "NICKNAME:Bo"), "Bo"),
        (("ORG:Boat house;Repairs",), "Boat house;Repairs"),
        ((r"FN:Marsh\, Bob\; \\ \n",), "Marsh, Bob; \\"),
        ((r"N:Marsh\;Hill;Bob\, J.",), "Bob, J. Marsh;Hill"),
        ((), ""),
    ],
)
def test_a_name_is_the_full_one_or_else_its_parts(lines: tuple[str, ...], name: str) -> None:
    assert only(card(*lines)).name == name


@pytest.mark.parametrize(
    ("line", "name"),
    [
        ("FN:AC\\DC", "AC\\DC"),
        ("FN;ENCODING=QUOTED-PRINTABLE;CHARSET=UTF-8:Ren=C3=A9", "René"),
        ("FN;QUOTED-PRINTABLE;CHARSET=iso-8859-1:Ren=E9", "René"),
        ("FN;ENCODING=QUOTED-PRINTABLE:Ren=C3=\r\n=A9 =\r\nMarsh", "René Marsh"),
        ("FN:Bob\r\n Marsh", "Bob Marsh"),
    ],
)
def test_version_2_1_has_its_own_ways_to_join_escape_and_encode(line: str, name: str) -> None:
    assert only(card(line, version="2.1")).name == name


def test_a_folded_line_loses_its_first_space_in_later_versions() -> None:
    assert only(card("FN:Bo\r\n b\r\n\t Marsh")).name == "Bob Marsh"


def test_categories_and_groups_are_teams_each_once() -> None:
    person = card("UID:urn:uuid:A-1", "FN:A", r"CATEGORIES:Crew,Rowing\, seniors", "CATEGORIES:Crew,", version="4.0")
    other = card("UID:b", "FN:B", version="4.0")
    group = card("KIND:group", "FN:Board", "MEMBER:urn:uuid:a-1", "MEMBER:b", version="4.0")
    read = read_vcard(person + group + other)
    assert read.problems == ()
    assert [(row.id, row.teams) for row in read.rows] == [
        ("a-1", ("Board", "Crew", "Rowing, seniors")),
        ("b", ("Board",)),
    ]


def test_a_group_without_a_name_or_with_a_member_who_has_no_card_is_an_error() -> None:
    assert problems(card("FN:A", "UID:a") + card("KIND:group", "MEMBER:a", "MEMBER:b")) == [
        (6, "the group has no name"),
        (10, "the member of this group has no card in the file"),
    ]


def test_places_and_devices_are_no_people() -> None:
    read = read_vcard(card("KIND:location", "FN:Club house", "TEL:1") + card("KIND:individual", "FN:A"))
    assert [row.name for row in read.rows] == ["A"]


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"", [(0, "the file has no vCard")]),
        (b"name,phone\n", [(0, "the file has no vCard")]),
        (card("FN:A")[:-15], [(1, "the card has no END:VCARD")]),
        (card("FN:A")[13:], [(3, "a card ends that did not begin")]),
        (card("FN:A", "no property"), [(4, "the line is no property of a card, which is NAME:value")]),
        (card("FN:A", version="1.0"), [(2, "this version of vCard is not known")]),
        (card("FN;CHARSET=windows-99999:A"), [(3, "the character set of the line is not known")]),
        (card("FN;CHARSET=rot13:A"), [(3, "the character set of the line is not known")]),
        (card("FN;CHARSET=UTF-8;QUOTED-PRINTABLE:=E9"), [(3, "the line is not in the character set that it names")]),
    ],
)
def test_a_broken_card_is_an_error_at_its_line(data: bytes, expected: list[tuple[int, str]]) -> None:
    assert problems(data) == expected


def test_a_quoted_printable_line_that_never_ends_does_not_swallow_the_next_card() -> None:
    read = read_vcard(card("FN;QUOTED-PRINTABLE:A=", version="2.1") + card("FN:B", version="2.1"))
    assert [row.name for row in read.rows] == ["A", "B"]


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
def test_a_mark_tells_the_encoding(encoding: str) -> None:
    assert only(card("FN:René").decode().encode(encoding)).name == "René"


def test_bytes_that_are_not_utf_8_are_read_as_windows_1252_with_one_warning() -> None:
    read = read_vcard(card("FN:René", "NOTE:é").decode().encode("cp1252") * 2)
    assert [row.name for row in read.rows] == ["René", "René"]
    assert [(problem.line, problem.severity) for problem in read.problems] == [(3, "warning")]


@pytest.mark.parametrize("line_break", ["\n", "\r", "\r\n"])
def test_any_line_break_ends_a_line(line_break: str) -> None:
    data = card("FN:Bob", "TEL:1").replace(b"\r\n", line_break.encode())
    assert [number for number, _ in joined_lines(data)] == [1, 2, 3, 4, 5]
    assert only(data).name == "Bob"


_PARTS = st.sampled_from(
    [b"BEGIN:VCARD", b"END:VCARD", b"VERSION:2.1", b"VERSION:4.0", b"FN:", b"N:;;", b"TEL;CELL:", b"\r\n", b"\n ", b"=",
     b";QUOTED-PRINTABLE:", b";CHARSET=", b'"', b"\\", b"\xff\xfe", b"\xe9", b"KIND:group", b"MEMBER:", b"UID:", b"1"]
)  # fmt: skip


@given(st.lists(_PARTS | st.binary(max_size=4), max_size=30).map(b"".join))
def test_any_bytes_are_read_or_refused_and_nothing_else(data: bytes) -> None:
    read = read_vcard(data)
    assert read.rows or read.problems or b"END" in data
