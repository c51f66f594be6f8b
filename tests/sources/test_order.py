"""The order of rows, columns and cards never matters, nor do further columns and properties."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from datetime import date
from pathlib import Path
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.sources.contacts import RowFilter, filter_rows
from reconciler.sources.google import read_google
from reconciler.sources.model import SourceRows
from reconciler.sources.oneroster import RosterPeople, RosterTeams, read_oneroster
from reconciler.sources.outlook import read_outlook
from reconciler.sources.table import read_table
from reconciler.sources.vcard import read_vcard
from tests.sources.rosters import tables_of, zipped

DATA = Path(__file__).parents[1] / "data" / "sources"
GOOD = {
    folder: [path for path in sorted((DATA / folder).glob(f"*.{ending}")) if not path.name.startswith("bad-")]
    for folder, ending in (("google", "csv"), ("outlook", "csv"), ("vcard", "vcf"))
}


def people(read: SourceRows) -> set[tuple[object, ...]]:
    """Everybody without the place where they are in the file."""
    rows = filter_rows(read, RowFilter()).rows
    return {(row.id, row.name, row.teams, tuple((phone.text, phone.label) for phone in row.phones)) for row in rows}


def shuffled_table(data: bytes, random: Random) -> bytes:
    """The same table with its rows and columns in another order, and two columns more."""
    table = read_table(data, ())
    rows = [[*table.header.cells, "Extra", "More"]]
    rows += ([*row.cells, *[random.choice(["", "x, y", '"'])] * 2] for row in table.rows)
    order = list(range(len(rows[0])))
    random.shuffle(order)
    below = rows[1:]
    random.shuffle(below)
    text = io.StringIO()
    csv.writer(text).writerows([[row[place] for place in order] for row in (rows[0], *below)])
    return text.getvalue().encode()


def shuffled_cards(data: bytes, random: Random) -> bytes:
    """The same cards in another order, with one property more."""
    mark = b"END:VCARD"
    cards = [card.strip() + b"\r\n" for card in data.removeprefix(b"\xef\xbb\xbf").split(mark)[:-1]]
    random.shuffle(cards)
    return b"".join(card + b"X-FAVOURITE-COLOUR:blue\r\n" + mark + b"\r\n" for card in cards)


@pytest.mark.parametrize("path", GOOD["google"] + GOOD["outlook"], ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_the_order_of_rows_and_columns_of_contacts_does_not_matter(path: Path) -> None:
    read: Callable[[bytes], SourceRows] = read_google if path.parent.name == "google" else read_outlook
    data = path.read_bytes()
    for seed in range(5):
        assert people(read(shuffled_table(data, Random(seed)))) == people(read(data))


@pytest.mark.parametrize("path", GOOD["vcard"], ids=lambda path: path.stem)
def test_the_order_of_cards_does_not_matter(path: Path) -> None:
    data = path.read_bytes()
    for seed in range(5):
        assert people(read_vcard(shuffled_cards(data, Random(seed)))) == people(read_vcard(data))


@pytest.mark.parametrize("who", ["students", "guardians", "staff"])
@pytest.mark.parametrize("teams", ["class", "grade"])
@pytest.mark.parametrize("version", ["v1.1", "v1.2"])
def test_the_order_of_rows_and_columns_of_a_roster_does_not_matter(
    version: str, teams: RosterTeams, who: RosterPeople
) -> None:
    tables, day = {name: text.encode() for name, text in tables_of(version).items()}, date(2026, 10, 5)
    expected = people(read_oneroster(zipped(tables), who, teams, day))
    for seed in range(3):
        other = {name: shuffled_table(data, Random(seed)) for name, data in sorted(tables.items(), reverse=True)}
        assert people(read_oneroster(zipped(other), who, teams, day)) == expected


_NAMES = st.sampled_from(["Anna Koch", "anna koch", "Bo", ""])
_CONTACTS = st.lists(st.tuples(_NAMES, st.sampled_from(["", "111", "2111", "+1 111", "7777"])), max_size=8)


@given(_CONTACTS, st.randoms())
def test_the_ids_of_namesakes_do_not_depend_on_their_order(contacts: list[tuple[str, str]], random: Random) -> None:
    def read(rows: list[tuple[str, str]]) -> list[tuple[str, str, str]]:
        lines = [f"{name},,{number}" for name, number in rows]
        found = read_google("\n".join(["Name,Labels,Phone 1 - Value", *lines, ""]).encode())
        return sorted(
            (row.id, row.name, row.phones[0].text) for row in filter_rows(found, RowFilter()).rows if row.phones
        )

    other = random.sample(contacts, len(contacts))
    assert read(other) == read(contacts)
    ids = [id_ for id_, _, _ in read(contacts)]
    assert len(ids) == len(set(ids))
